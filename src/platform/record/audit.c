/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/audit.h"

#include "platform/people/accounts.h"

#include <endian.h>
#include <openssl/evp.h>

#define SERIES     "audit"
#define HASH_BYTES 32
#define PAGE       1000 /* rows in memory at once while the chain is walked */

struct hash {
    unsigned char bytes[HASH_BYTES];
};

static struct str hash_str(const struct hash *hash)
{
    return (struct str){ (const char *)hash->bytes, HASH_BYTES };
}

static const struct statement find_hash = SQL("SELECT hash FROM audit WHERE number = $1");

static const struct statement add_row = SQL(
    "INSERT INTO audit (number, at, who, on_behalf, what, subject, detail, hash)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

static const struct statement next_rows = SQL(
    "SELECT number, at, who, on_behalf, what, subject, detail, hash"
    "  FROM audit WHERE number > $1 ORDER BY number LIMIT $2");

static const struct statement last_number = SQL("SELECT last FROM series WHERE name = $1");

/* ---- The chain ---- */

struct row {
    int64_t number;
    instant at;
    struct str who, on_behalf, what, subject, detail;
};

static bool hash_field(EVP_MD_CTX *sum, struct str field)
{
    uint64_t len = htobe64(field.len);
    return EVP_DigestUpdate(sum, &len, sizeof len) && EVP_DigestUpdate(sum, field.at, field.len);
}

static bool hash_number(EVP_MD_CTX *sum, int64_t number)
{
    uint64_t bytes = htobe64((uint64_t)number);
    return hash_field(sum, (struct str){ (const char *)&bytes, sizeof bytes });
}

/* SHA-256 over the hash before and every field, each with its length (8 bytes, big-endian) before
 * it. The first row's hash before is all zero. */
static bool hash_row(const struct row *row, struct str before, struct hash *hash,
                     struct error *err)
{
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    bool ok = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) && hash_field(sum, before)
           && hash_number(sum, row->number) && hash_number(sum, row->at)
           && hash_field(sum, row->who) && hash_field(sum, row->on_behalf)
           && hash_field(sum, row->what) && hash_field(sum, row->subject)
           && hash_field(sum, row->detail) && EVP_DigestFinal_ex(sum, hash->bytes, NULL);
    EVP_MD_CTX_free(sum);
    return ok || fail_internal(err, "SHA-256 failed");
}

/* ---- Adding ---- */

static bool hash_before(struct tx *tx, int64_t number, struct hash *before, struct error *err)
{
    struct rows rows;
    *before = (struct hash){ 0 };
    if (number == 1)
        return true;
    if (!db_query(tx, &find_hash, ARGS(arg_int(number - 1)), &rows, err))
        return false;
    struct str found = rows_next(&rows) ? row_bytes(&rows, 0) : STR("");
    if (found.len == HASH_BYTES)
        memcpy(before->bytes, found.at, HASH_BYTES);
    if (!rows_end(&rows, err))
        return false;
    return found.len == HASH_BYTES
        || fail_internal(err, "audit row %lld is gone", (long long)(number - 1));
}

/* The detail with the acting in front. */
static struct str acting_detail(struct tx *tx, const struct acting *acting, struct str detail)
{
    struct str more = detail.len > 2 ? str_slice(detail, 1, detail.len) : STR("}");
    return str_format(tx_arena(tx), "{\"acting\":\"%.*s\"%s%.*s", FMT(acting->id),
                      detail.len > 2 ? "," : "", FMT(more));
}

bool audit_add(struct tx *tx, instant now, const struct audit_entry *entry, struct error *err)
{
    struct row row = { .at = now,
                       .who = entry->who,
                       .on_behalf = entry->on_behalf,
                       .what = str_of(entry->what),
                       .subject = entry->subject,
                       .detail = entry->detail };
    struct hash before, hash;
    const struct acting *acting = tx_acting(tx);
    if (acting) {
        row.on_behalf = acting->organisation;
        row.detail = acting_detail(tx, acting, entry->detail);
    }
    return db_next_number(tx, SERIES, &row.number, err)
        && hash_before(tx, row.number, &before, err)
        && hash_row(&row, hash_str(&before), &hash, err)
        && db_do(tx, &add_row,
                 ARGS(arg_int(row.number), arg_int(row.at), arg_text(row.who),
                      arg_text(row.on_behalf), arg_text(row.what), arg_text(row.subject),
                      arg_text(row.detail), arg_bytes(hash_str(&hash))),
                 NULL, err);
}

struct str audit_who(const struct request *request)
{
    if (request->session)
        return str_format(request->arena, "account:%.*s", FMT(request->session->account));
    if (request->client)
        return str_format(request->arena, "client:%.*s", FMT(request->client->serial_number));
    return STR("anyone");
}

/* ---- Verifying ---- */

static bool misfit(int64_t number, struct error *err)
{
    return fail_about(err, CONFLICT, NULL,
                      N_("The audit trail does not fit at row %s: that row or one before it was "
                         "changed or taken away."),
                      "%lld", (long long)number);
}

/* Checks one page after row `*number`, whose hash is `*last`; moves both on. */
static bool verify_page(struct tx *tx, int64_t *number, struct hash *last, int64_t *found,
                        struct error *err)
{
    struct rows rows;
    bool fits = true;
    *found = 0;
    if (!db_query(tx, &next_rows, ARGS(arg_int(*number), arg_int(PAGE)), &rows, err))
        return false;
    while (fits && rows_next(&rows)) {
        struct row row = { .number = row_int(&rows, 0),
                           .at = row_int(&rows, 1),
                           .who = row_text(&rows, 2),
                           .on_behalf = row_text(&rows, 3),
                           .what = row_text(&rows, 4),
                           .subject = row_text(&rows, 5),
                           .detail = row_text(&rows, 6) };
        struct hash hash;
        fits = row.number == *number + 1 && hash_row(&row, hash_str(last), &hash, err)
            && str_eq(hash_str(&hash), row_bytes(&rows, 7));
        if (fits) {
            *last = hash;
            ++*number;
            ++*found;
        }
    }
    return rows_end(&rows, err) && (fits || misfit(*number + 1, err));
}

bool audit_verify(struct tx *tx, int64_t *checked, struct error *err)
{
    struct arena *outer = tx_arena(tx);
    struct arena *page = arena_within(outer);
    struct hash last = { 0 };
    int64_t number = 0, found, promised;
    bool ok;
    tx_use_arena(tx, page);
    do {
        ok = verify_page(tx, &number, &last, &found, err);
        arena_reset(page);
    } while (ok && found > 0);
    tx_use_arena(tx, outer);
    arena_free(page);
    if (!ok || !db_number(tx, &last_number, ARGS(arg_text(STR(SERIES))), 0, &promised, err))
        return false;
    if (promised != number)
        return misfit(number + 1, err);
    *checked = number;
    return true;
}
