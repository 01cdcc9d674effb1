/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/chain.h"

#include "platform/record/inbox.h"

#include <endian.h>
#include <openssl/evp.h>

#define AUDIT_COLUMNS 8
#define EVENT_COLUMNS 6
#define MANY          16 /* rows in one statement, where there are so many */

static const char *const series[RECORD_KINDS] = { "audit", "event" };

/* The first of `$2` numbers that nobody else gets. */
static const struct statement take_numbers = SQL(
    "INSERT INTO series (name, last) VALUES ($1, $2)"
    " ON CONFLICT (name) DO UPDATE SET last = series.last + $2"
    " RETURNING last");

static const struct statement find_hash = SQL("SELECT hash FROM audit WHERE number = $1");

#define ADD_AUDIT "INSERT INTO audit (number, at, who, on_behalf, what, subject, detail, hash) VALUES "
#define ADD_EVENT "INSERT INTO event (number, at, kind, subject, payload, organisations) VALUES "

static const struct statement add_one[RECORD_KINDS] = {
    SQL(ADD_AUDIT "($1, $2, $3, $4, $5, $6, $7, $8)"),
    SQL(ADD_EVENT "($1, $2, $3, $4, $5, $6)"),
};
static const struct statement add_many[RECORD_KINDS] = { SQL(ADD_AUDIT
    "($1, $2, $3, $4, $5, $6, $7, $8), ($9, $10, $11, $12, $13, $14, $15, $16), ($17, $18, $19, $20, $21, $22, $23, $24), "
    "($25, $26, $27, $28, $29, $30, $31, $32), ($33, $34, $35, $36, $37, $38, $39, $40), ($41, $42, $43, $44, $45, $46, $47, $48), "
    "($49, $50, $51, $52, $53, $54, $55, $56), ($57, $58, $59, $60, $61, $62, $63, $64), ($65, $66, $67, $68, $69, $70, $71, $72), "
    "($73, $74, $75, $76, $77, $78, $79, $80), ($81, $82, $83, $84, $85, $86, $87, $88), ($89, $90, $91, $92, $93, $94, $95, $96), "
    "($97, $98, $99, $100, $101, $102, $103, $104), ($105, $106, $107, $108, $109, $110, $111, $112), ($113, $114, $115, $116, $117, $118, $119, $120), "
    "($121, $122, $123, $124, $125, $126, $127, $128)"), SQL(ADD_EVENT
    "($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24), "
    "($25, $26, $27, $28, $29, $30), ($31, $32, $33, $34, $35, $36), ($37, $38, $39, $40, $41, $42), ($43, $44, $45, $46, $47, $48), "
    "($49, $50, $51, $52, $53, $54), ($55, $56, $57, $58, $59, $60), ($61, $62, $63, $64, $65, $66), ($67, $68, $69, $70, $71, $72), "
    "($73, $74, $75, $76, $77, $78), ($79, $80, $81, $82, $83, $84), ($85, $86, $87, $88, $89, $90), ($91, $92, $93, $94, $95, $96)") };

/* ---- Hashes ---- */

struct str hash_str(const struct hash *hash)
{
    return (struct str){ (const char *)hash->bytes, HASH_BYTES };
}

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

bool chain_hash(const struct record *record, int64_t number, const struct hash *before,
                struct hash *hash, struct error *err)
{
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    bool ok = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL)
           && hash_field(sum, hash_str(before)) && hash_number(sum, number)
           && hash_number(sum, record->at);
    for (size_t i = 0; ok && i < RECORD_FIELDS; i++)
        ok = hash_field(sum, record->fields[i]);
    ok = ok && EVP_DigestFinal_ex(sum, hash->bytes, NULL);
    EVP_MD_CTX_free(sum);
    return ok || fail_internal(err, "SHA-256 failed");
}

/* ---- Rows ---- */

/* Rows of one kind on their way into the table. */
struct writer {
    struct tx *tx;
    enum record_kind kind;
    int64_t number;   /* of the last row */
    struct hash hash; /* of that row, in the audit trail */
    struct arg args[MANY * AUDIT_COLUMNS];
    struct hash hashes[MANY];
    size_t rows;
};

static const size_t field_counts[RECORD_KINDS] = { 5, 4 };

static size_t columns_of(enum record_kind kind)
{
    return kind == RECORD_AUDIT ? AUDIT_COLUMNS : EVENT_COLUMNS;
}

static bool write_rows(struct writer *writer, struct error *err)
{
    const size_t columns = columns_of(writer->kind);
    const size_t rows = writer->rows;
    writer->rows = 0;
    if (rows == MANY)
        return db_do_last(writer->tx, &add_many[writer->kind],
                          (struct args){ MANY * columns, writer->args }, err);
    for (size_t i = 0; i < rows; i++)
        if (!db_do_last(writer->tx, &add_one[writer->kind],
                        (struct args){ columns, writer->args + i * columns }, err))
            return false;
    return true;
}

static bool write_record(struct writer *writer, const struct record *record, struct error *err)
{
    struct arg *args = writer->args + writer->rows * columns_of(writer->kind);
    struct hash *hash = &writer->hashes[writer->rows];
    *args++ = arg_int(++writer->number);
    *args++ = arg_int(record->at);
    for (size_t i = 0; i < field_counts[writer->kind]; i++)
        *args++ = arg_text(record->fields[i]);
    if (writer->kind == RECORD_AUDIT) {
        if (!chain_hash(record, writer->number, &writer->hash, hash, err))
            return false;
        writer->hash = *hash;
        *args = arg_bytes(hash_str(hash));
    }
    return ++writer->rows < MANY || write_rows(writer, err);
}

static bool find_head(struct tx *tx, int64_t number, struct hash *head, struct error *err)
{
    struct rows rows;
    *head = (struct hash){ 0 };
    if (number == 0)
        return true;
    if (!db_query(tx, &find_hash, ARGS(arg_int(number)), &rows, err))
        return false;
    struct str found = rows_next(&rows) ? row_bytes(&rows, 0) : STR("");
    if (found.len == HASH_BYTES)
        memcpy(head->bytes, found.at, HASH_BYTES);
    if (!rows_end(&rows, err))
        return false;
    return found.len == HASH_BYTES
        || fail_internal(err, "audit row %lld is gone", (long long)number);
}

static int64_t count_kind(const struct tx_note *records, enum record_kind kind)
{
    int64_t count = 0;
    for (const struct tx_note *note = records; note; note = note->next)
        count += ((const struct record *)note)->kind == kind;
    return count;
}

/* Behind which row the records of this kind come. */
static bool start_writer(struct writer *writer, const struct tx_note *records, struct error *err)
{
    int64_t last, count = count_kind(records, writer->kind);
    struct str name = str_of(series[writer->kind]);
    if (count == 0)
        return true;
    if (!db_number(writer->tx, &take_numbers, ARGS(arg_text(name), arg_int(count)), 0, &last, err))
        return false;
    writer->number = last - count;
    return writer->kind != RECORD_AUDIT || find_head(writer->tx, writer->number, &writer->hash, err);
}

static bool write_kind(struct writer *writer, const struct tx_note *records, struct error *err)
{
    for (const struct tx_note *note = records; note; note = note->next) {
        const struct record *record = (const struct record *)note;
        if (record->kind == writer->kind && !write_record(writer, record, err))
            return false;
    }
    return write_rows(writer, err);
}

/* All that needs an answer first: the rows then travel together. */
bool chain_records(struct tx *tx, const struct tx_note *records, struct error *err)
{
    struct writer audit = { .tx = tx, .kind = RECORD_AUDIT };
    struct writer events = { .tx = tx, .kind = RECORD_EVENT };
    return start_writer(&audit, records, err) && start_writer(&events, records, err)
        && write_kind(&audit, records, err) && write_kind(&events, records, err);
}

static bool flush(struct tx *tx, const struct tx_note *records, struct error *err)
{
    return tx_numbers_later(tx) ? inbox_put(tx, records, err) : chain_records(tx, records, err);
}

void record_leave(struct tx *tx, const struct record *record)
{
    struct arena *arena = tx_home(tx);
    struct record *kept = arena_new(arena, struct record);
    *kept = *record;
    for (size_t i = 0; i < RECORD_FIELDS; i++)
        kept->fields[i] = str_copy(arena, record->fields[i]);
    db_note(tx, &kept->note, flush);
}
