/* SPDX-License-Identifier: EUPL-1.2 */
/* What the register keeps of a board or a vendor, for its export. */
#include "sector/export.h"

#define KIND_OF(column) "CASE " column " WHEN 0 THEN 'po' WHEN 1 THEN 'vo' ELSE 'so' END"

const struct export_table sector_exports[] = {
    { "board", "The board itself.", "board", false,
      SQL("SELECT number, name, place, source, ended FROM sector_board WHERE number = $1"),
      { { "number", EXPORT_TEXT, "Number of the competent authority (bevoegd gezag)." },
        { "name" }, { "place" },
        { "source", EXPORT_TEXT, "Where the register has it from." },
        { "ended", EXPORT_INSTANT, "Since when it is no more." } } },
    { "schools", "The board's schools, also those that are no more.", "board", false,
      SQL("SELECT brin, " KIND_OF("kind") ", name, place, municipality, province, denomination,"
          "       website, pupils, source, ended"
          "  FROM sector_school WHERE board = $1 ORDER BY brin"),
      { { "brin", EXPORT_TEXT, "Number of the institution." },
        { "kind", EXPORT_TEXT, "po, vo or so." }, { "name" }, { "place" }, { "municipality" },
        { "province" }, { "denomination" }, { "website" },
        { "pupils", EXPORT_NUMBER }, { "source" }, { "ended", EXPORT_INSTANT } } },
    { "locations", "The locations of those schools.", "board", false,
      SQL("SELECT l.code, l.school, l.name, l.street, l.house, l.postcode, l.place, l.municipality,"
          "       l.province, l.telephone, l.website, l.denomination, l.structure, l.pupils,"
          "       l.source, l.ended"
          "  FROM sector_location l JOIN sector_school s ON s.brin = l.school"
          " WHERE s.board = $1 ORDER BY l.code"),
      { { "code" }, { "school", EXPORT_TEXT, "BRIN of the school." }, { "name" }, { "street" },
        { "house" }, { "postcode" }, { "place" }, { "municipality" }, { "province" },
        { "telephone" }, { "website" }, { "denomination" }, { "structure" },
        { "pupils", EXPORT_NUMBER }, { "source" }, { "ended", EXPORT_INSTANT } } },
    { "partnerships", "The partnerships of which the board is a member.", "board", false,
      SQL("SELECT p.code, p.name, p.place, m.ended"
          "  FROM sector_partnership_member m JOIN sector_partnership p ON p.code = m.partnership"
          " WHERE m.board = $1 ORDER BY p.code"),
      { { "code" }, { "name" }, { "place" },
        { "ended", EXPORT_INSTANT, "Since when the board is no member." } } },
    { "contacts", "Whom to reach at the board and its schools.", "board", false,
      SQL("SELECT c.organisation, c.role, c.name, c.email, c.ended FROM sector_contact c"
          " WHERE c.organisation = 'board:' || $1 OR c.organisation IN"
          "       (SELECT 'school:' || s.brin FROM sector_school s WHERE s.board = $1)"
          " ORDER BY c.organisation, c.role, c.id"),
      { { "organisation" }, { "role" }, { "name" }, { "email" }, { "ended", EXPORT_INSTANT } } },
    { "register-history", "What changed in the register of the board, its schools and locations.",
      "board", false,
      SQL("SELECT h.kind, h.id, h.version, h.at, h.what, h.changes FROM sector_history h"
          " WHERE (h.kind = 'board' AND h.id = $1)"
          "    OR (h.kind = 'school' AND h.id IN"
          "        (SELECT brin FROM sector_school WHERE board = $1))"
          "    OR (h.kind = 'location' AND h.id IN"
          "        (SELECT l.code FROM sector_location l JOIN sector_school s ON s.brin = l.school"
          "          WHERE s.board = $1))"
          " ORDER BY h.at, h.kind, h.id, h.version"),
      { { "kind" }, { "id" }, { "version", EXPORT_NUMBER }, { "at", EXPORT_INSTANT }, { "what" },
        { "changes", EXPORT_JSON } } },
    { "vendor", "The vendor itself.", "vendor", false,
      SQL("SELECT oin, name, website, source, ended FROM sector_vendor WHERE oin = $1"),
      { { "oin" }, { "name" }, { "website" }, { "source" }, { "ended", EXPORT_INSTANT } } },
    { "certificates", "The vendor's client certificates.", "vendor", false,
      SQL("SELECT fingerprint, serial, not_before, not_after, ended"
          "  FROM sector_vendor_certificate WHERE vendor = $1 ORDER BY not_before, fingerprint"),
      { { "fingerprint", EXPORT_TEXT, "SHA-256, hexadecimal." }, { "serial" },
        { "not_before", EXPORT_INSTANT }, { "not_after", EXPORT_INSTANT },
        { "ended", EXPORT_INSTANT } } },
    { .name = NULL },
};
