/* SPDX-License-Identifier: EUPL-1.2 */
/* What the Nummervoorziening keeps of a board or a vendor, for its export. Pseudonyms are nobody's to
 * take along: they follow from the key and the pupil's number at the school. */
#include "services/nummervoorziening/export.h"

#define BOARDS_SCHOOLS "(SELECT brin FROM nummervoorziening_school WHERE board = $1)"

const struct export_table nummervoorziening_exports[] = {
    { "nummervoorziening-schools", "Schools that the board signed up.", "board", false,
      SQL("SELECT brin, since, until FROM nummervoorziening_school WHERE board = $1 ORDER BY brin"),
      { { "brin" }, { "since", EXPORT_INSTANT }, { "until", EXPORT_INSTANT } } },
    { "nummervoorziening-permissions", "Which vendors may ask for which schools.", "board", false,
      SQL("SELECT brin, oin, since, until FROM nummervoorziening_permission"
          " WHERE brin IN " BOARDS_SCHOOLS " ORDER BY brin, oin"),
      { { "brin" }, { "oin", EXPORT_TEXT, "The vendor." }, { "since", EXPORT_INSTANT },
        { "until", EXPORT_INSTANT } } },
    { "nummervoorziening-use", "How much was asked, by day, vendor and operation.", "board", false,
      SQL("SELECT brin, day, oin, operation, calls, pseudonyms FROM nummervoorziening_use"
          " WHERE brin IN " BOARDS_SCHOOLS " ORDER BY brin, day, oin, operation"),
      { { "brin" }, { "day" }, { "oin" }, { "operation" }, { "calls", EXPORT_NUMBER },
        { "pseudonyms", EXPORT_NUMBER } } },
    { "nummervoorziening-batches", "Batches that were submitted for the schools.", "board", false,
      SQL("SELECT id, oin, brin, state, items, failed, submitted, finished, retrieved, expires"
          "  FROM nummervoorziening_batch WHERE brin IN " BOARDS_SCHOOLS " ORDER BY submitted, id"),
      { { "id" }, { "oin" }, { "brin" }, { "state" }, { "items", EXPORT_NUMBER },
        { "failed", EXPORT_NUMBER }, { "submitted", EXPORT_INSTANT },
        { "finished", EXPORT_INSTANT }, { "retrieved", EXPORT_INSTANT },
        { "expires", EXPORT_INSTANT } } },
    { "nummervoorziening-substitutions",
      "That a pupil got another number; the numbers themselves are sealed.", "board", false,
      SQL("SELECT brin, oin, requested, effective FROM nummervoorziening_substitution"
          " WHERE brin IN " BOARDS_SCHOOLS " ORDER BY requested, brin"),
      { { "brin" }, { "oin" }, { "requested", EXPORT_INSTANT },
        { "effective", EXPORT_INSTANT } } },
    { "nummervoorziening-permissions", "Schools for which this vendor may ask.", "vendor", false,
      SQL("SELECT brin, since, until FROM nummervoorziening_permission WHERE oin = $1 ORDER BY brin"),
      { { "brin" }, { "since", EXPORT_INSTANT }, { "until", EXPORT_INSTANT } } },
    { .name = NULL },
};
