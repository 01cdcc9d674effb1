/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/register.h"

#include "base/encoding.h"
#include "base/list.h"
#include "platform/page/conflict.h"
#include "platform/record/audit.h"
#include "sector/changes.h"
#include "sector/text.h"

#define NAME_BYTES        ((size_t)200)
#define PLACE_BYTES       ((size_t)100)
#define WEBSITE_BYTES     ((size_t)250)
#define SERIAL_BYTES      ((size_t)80)
#define FINGERPRINT_BYTES 32

static bool check_line(struct str text, const char *field, size_t limit, struct error *err)
{
    if (text.len > limit)
        return fail_about(err, INVALID, field, N_("This is too long; %s characters fit here."), "%zu",
                          limit);
    if (!utf8_valid(text) || !is_plain_line(text))
        return fail(err, INVALID, field, N_("This has a character that does not belong in it."));
    return true;
}

static bool check_name(struct str name, struct error *err)
{
    if (!str_trim(name).len)
        return fail(err, INVALID, "name", N_("Fill in a name."));
    return check_line(name, "name", NAME_BYTES, err);
}

static bool check_website(struct arena *arena, struct str website, struct error *err)
{
    if (!check_line(website, "website", WEBSITE_BYTES, err))
        return false;
    if (website.len && !website_href(arena, website).len)
        return fail(err, INVALID, "website",
                    N_("Fill in a web address, like www.example.nl, or leave it empty."));
    return true;
}

static bool check_version(const struct deed *deed, int64_t version, struct error *err)
{
    if (deed->version == ANY_VERSION || deed->version == version)
        return true;
    return fail(err, CONFLICT, NULL,
                N_("Somebody else changed this in the meantime. Look at what it is now, and change "
                   "it again."));
}

/* The trail of a change: history and event, and the audit row. */
static bool leave_trail(struct tx *tx, const struct deed *deed, const struct change_note *note,
                        struct error *err)
{
    struct arena *arena = tx_arena(tx);
    const struct audit_entry entry = {
        .who = deed->who,
        .what = str_format(arena, "sector.%s-%s", note->kind, change_name(note->what)).at,
        .subject = str_format(arena, "%s:%.*s", note->kind, FMT(note->id)),
    };
    return note_change(tx, deed->now, note, err) && audit_add(tx, deed->now, &entry, err);
}

bool register_vendor(struct tx *tx, const struct deed *deed, const struct vendor *vendor,
                     struct error *err)
{
    struct vendor_row known = { 0 };
    bool found;
    if (!check_name(vendor->name, err) || !check_website(tx_arena(tx), vendor->website, err)
        || !store_find_vendor(tx, &vendor->oin, &known, &found, err))
        return false;
    if (found && deed->version == 0)
        return fail(err, CONFLICT, "oin", N_("There is a vendor with this OIN already."));
    if (!check_version(deed, known.version, err))
        return false;
    struct node *changes = node_map(tx_arena(tx));
    changes_text(changes, "name", known.vendor.name, vendor->name);
    changes_text(changes, "website", known.vendor.website, vendor->website);
    bool turned = !known.vendor.ended != !vendor->ended;
    if (found && !changes->count && !turned)
        return true;
    struct vendor_row row = { .vendor = *vendor,
                              .source = deed->source,
                              .version = known.version + 1 };
    const struct change_note note = {
        .kind = "vendor",
        .id = ID_STR(vendor->oin),
        .version = row.version,
        .what = !found ? ADDED : !turned ? CHANGED : vendor->ended ? ENDED : RETURNED,
        .changes = found ? changes : NULL,
    };
    return store_put_vendor(tx, &row, err) && leave_trail(tx, deed, &note, err);
}

bool register_board(struct tx *tx, const struct deed *deed, const struct board *board,
                    struct error *err)
{
    struct board_row known = { 0 };
    bool found;
    if (!check_name(board->name, err) || !check_line(board->place, "place", PLACE_BYTES, err)
        || !store_find_board(tx, &board->number, &known, &found, err))
        return false;
    if (!found)
        return fail_about(err, NOT_FOUND, NULL, N_("There is no school board with number %s."), "%.*s",
                          FMT(ID_STR(board->number)));
    if (!check_version(deed, known.version, err))
        return false;
    struct node *changes = node_map(tx_arena(tx));
    changes_text(changes, "name", known.board.name, board->name);
    changes_text(changes, "place", known.board.place, board->place);
    if (!changes->count)
        return true;
    struct board_row row = { .board = *board,
                             .source = deed->source,
                             .version = known.version + 1 };
    row.board.ended = known.board.ended;
    const struct change_note note = { .kind = "board",
                                      .id = ID_STR(board->number),
                                      .version = row.version,
                                      .what = CHANGED,
                                      .changes = changes };
    return store_put_board(tx, &row, err) && leave_trail(tx, deed, &note, err);
}

bool fingerprint_parse(struct arena *arena, struct str text, struct str *fingerprint,
                       struct error *err)
{
    unsigned char bytes[FINGERPRINT_BYTES];
    struct buf hex = { .arena = arena };
    struct str lower = str_lower(arena, text);
    for (size_t i = 0; i < lower.len; i++)
        if (lower.at[i] != ':' && !is_space(lower.at[i]))
            buf_byte(&hex, lower.at[i]);
    if (!hex_read(buf_str(&hex), bytes, sizeof bytes))
        return fail(err, INVALID, "fingerprint",
                    N_("The SHA-256 fingerprint of a certificate is 64 hexadecimal characters."));
    *fingerprint = buf_str(&hex);
    return true;
}

int64_t certificate_version(const struct certificate *certificate)
{
    char from[DAY_TEXT], until[DAY_TEXT];
    const struct str values[] = { certificate->serial, instant_day(certificate->not_before, from),
                                  instant_day(certificate->not_after, until) };
    return version_of(values, count_of(values));
}

/* Is the certificate there already as it is given? Another vendor's, and one that has other values
 * than the person saw, stay as they are. */
static bool check_certificate(struct tx *tx, const struct deed *deed, const struct oin *vendor,
                              const struct certificate *certificate, bool *same, struct error *err)
{
    struct oin owner;
    struct certificate known;
    bool found;
    *same = false;
    if (!store_find_certificate(tx, certificate->fingerprint, &owner, &known, &found, err))
        return false;
    if (!found)
        return true;
    if (!str_eq(ID_STR(owner), ID_STR(*vendor)))
        return fail_about(err, CONFLICT, "fingerprint",
                          N_("This certificate is registered for another vendor, with OIN %s."), "%.*s",
                          FMT(ID_STR(owner)));
    *same = certificate_version(&known) == certificate_version(certificate);
    return *same || check_version(deed, certificate_version(&known), err);
}

bool register_certificate(struct tx *tx, const struct deed *deed, const struct oin *vendor,
                          const struct certificate *certificate, struct error *err)
{
    struct vendor_row known;
    bool found, same;
    if (!check_line(certificate->serial, "serial", SERIAL_BYTES, err))
        return false;
    if (certificate->not_after <= certificate->not_before)
        return fail(err, INVALID, "not_after",
                    N_("The last day must come after the first day of the certificate."));
    if (!store_find_vendor(tx, vendor, &known, &found, err))
        return false;
    if (!found)
        return fail_about(err, NOT_FOUND, NULL, N_("There is no vendor with OIN %s."), "%.*s",
                          FMT(ID_STR(*vendor)));
    if (!check_certificate(tx, deed, vendor, certificate, &same, err))
        return false;
    if (same)
        return true;
    const struct audit_entry entry = {
        .who = deed->who,
        .what = "sector.certificate-added",
        .subject = str_format(tx_arena(tx), "vendor:%.*s", FMT(ID_STR(*vendor))),
        .detail = str_format(tx_arena(tx), "{\"fingerprint\":\"%.*s\"}",
                             FMT(certificate->fingerprint)),
    };
    return store_put_certificate(tx, vendor, certificate, err)
        && audit_add(tx, deed->now, &entry, err);
}
