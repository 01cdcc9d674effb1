/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit trail for people: what was done in a board's name, and for operators all of it. */
#include "platform/format/json.h"
#include "platform/people/accounts.h"
#include "platform/record/audit.h"
#include "platform/record/filing.h"
#include "platform/record/pages.h"

#define HEAD_SHOWN 64

static const struct column columns[] = {
    { "at", N_("When"), false, false },      { "what", N_("What was done"), false, false },
    { "subject", N_("To what"), false, false }, { "detail", N_("Details"), false, false },
    { "who", N_("By whom"), false, false },  { .key = NULL },
};
/* ---- Details ---- */

static const struct {
    const char *key;
    const char *title;
} detail_words[] = {
    { "acting", N_("an operator acted in your name") },
    { "added", N_("added") },         { "by", N_("by means of") },         { "changed", N_("changed") },
    { "ended", N_("ended") },         { "fingerprint", N_("fingerprint") },
    { "name", N_("name") },           { "pending", N_("later") },
    { "reason", N_("reason") },       { "refused", N_("refused") },
    { "role", N_("role") },           { "unchanged", N_("unchanged") },
    { "vendor", N_("vendor") },
};

static struct str detail_word(const struct request *request, struct str key)
{
    for (size_t i = 0; i < count_of(detail_words); i++)
        if (str_eq(key, str_of(detail_words[i].key)))
            return tr(request, detail_words[i].title);
    return key;
}

/* By means of what somebody showed who they are. */
static const struct {
    const char *code;
    const char *text;
} means[] = {
    { "code", N_("a code of the app") },
    { "passkey", N_("a passkey") },
    { "password", N_("a password") },
    { "recovery-code", N_("a recovery code") },
};

static struct str means_text(const struct request *request, struct str code)
{
    for (size_t i = 0; i < count_of(means); i++)
        if (str_eq(code, str_of(means[i].code)))
            return tr(request, means[i].text);
    return code;
}

static struct str detail_value(struct request *request, struct tx *tx, struct known_names *names,
                               const struct node *value)
{
    struct arena *arena = request->arena;
    if (value->kind == NODE_INT)
        return str_format(arena, "%lld", (long long)value->number);
    if (str_eq(value->key, STR("vendor")))
        return party_text(request, tx, names, str_format(arena, "vendor:%.*s", FMT(value->text)));
    if (str_eq(value->key, STR("by")))
        return means_text(request, value->text);
    return value->kind == NODE_TEXT ? value->text : STR("");
}

/* {"vendor":"0000"} as "vendor: its name". */
static struct str detail_text(struct request *request, struct tx *tx, struct known_names *names,
                              struct str detail)
{
    const struct node *map;
    struct error ignored;
    struct buf out = { .arena = request->arena };
    if (detail.len <= 2 || !json_parse(request->arena, detail, &map, &ignored))
        return STR("");
    for (const struct node *value = map->first; value; value = value->next) {
        if (out.len)
            buf_lit(&out, ", ");
        buf_add(&out, detail_word(request, value->key));
        struct str text = detail_value(request, tx, names, value);
        if (!text.len || str_eq(value->key, STR("acting")))
            continue;
        buf_lit(&out, ": ");
        buf_add(&out, text);
    }
    return buf_str(&out);
}

/* ---- The question ---- */

static bool read_question(const struct request *request, const struct table *table,
                          struct audit_question *question, struct error *err)
{
    question->what = request_query(request, "kind");
    question->search = str_lower(request->arena, table->search);
    return audit_read_days(request_query(request, "from"), request_query(request, "to"), question,
                           err);
}

static void put_filter(struct request *request, struct node *page, const struct error *why)
{
    struct node *filter = node_put_map(page, "filter");
    struct str chosen = request_query(request, "kind");
    page_field(filter, "from", "date", tr(request, N_("From")), request_query(request, "from"));
    page_field(filter, "to", "date", tr(request, N_("Up to and including")),
               request_query(request, "to"));
    struct node *kind = page_field(filter, "kind", "select", tr(request, N_("Kind of deed")), chosen);
    page_option(kind, STR(""), tr(request, N_("All kinds")), !chosen.len);
    for (const struct service *const *s = request->app->services; *s; s++)
        for (const struct deed_kind *deed = (*s)->deeds; deed && deed->what; deed++)
            page_option(kind, str_of(deed->what), tr(request, deed->sentence),
                        str_eq(chosen, str_of(deed->what)));
    if (why)
        page_form_error(request, filter, why);
}

/* ---- Rows ---- */

/* Who it was; and for whom, where others than they themselves look. */
static struct str who_text(struct request *request, struct tx *tx, struct known_names *names,
                           const struct audit_row *row, bool for_whom)
{
    struct str who = party_text(request, tx, names, row->who);
    if (!for_whom || !row->on_behalf.len)
        return who;
    return trf(request, N_("%.*s, on behalf of %.*s"), FMT(who),
               FMT(party_text(request, tx, names, row->on_behalf)));
}

static void put_row(struct request *request, struct tx *tx, struct known_names *names,
                    struct node *rows, const struct audit_row *from, bool for_whom)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "at", show_time(request->arena, request->language, from->at));
    node_put_text(row, "what", deed_text(request, from->what));
    node_put_text(row, "subject", party_text(request, tx, names, from->subject));
    node_put_text(row, "detail", detail_text(request, tx, names, from->detail));
    node_put_text(row, "who", who_text(request, tx, names, from, for_whom));
}

static bool find_rows(struct request *request, struct tx *tx, const struct table *table,
                      const struct audit_question *question, struct node *rows, int64_t *total,
                      struct error *err)
{
    struct audit_rows found;
    struct known_names names = { 0 };
    if (!audit_list(tx, question, table->limit, table->offset, &found, total, err))
        return false;
    for (size_t i = 0; i < found.len; i++)
        put_row(request, tx, &names, rows, &found.at[i],
                !str_eq(found.at[i].on_behalf, question->organisation));
    return true;
}

/* ---- Pages ---- */

static bool put_check(struct request *request, struct tx *tx, struct node *page,
                      struct error *err)
{
    struct audit_result result;
    if (!audit_last_result(tx, &result, err))
        return false;
    struct node *check = node_put_map(page, "check");
    node_put_flag(check, "done", result.at != 0);
    node_put_flag(check, "fits", result.at != 0 && !result.problem.len);
    node_put_text(check, "at", show_time(request->arena, request->language, result.at));
    node_put_text(check, "rows", show_number(request->arena, request->language, result.checked));
    node_put_text(check, "head", str_slice(result.head, 0, HEAD_SHOWN));
    node_put_text(check, "problem", result.problem);
    return true;
}

static bool reply_trail(struct request *request, struct str title, struct audit_question question,
                        struct error *err)
{
    const bool all = !question.organisation.len;
    struct table table;
    struct tx *tx;
    struct error why = { 0 };
    int64_t total = 0;
    struct node *rows = node_list(request->arena);
    if (!table_read(request, columns, &table, err) || !record_settle(request->app, err)
        || !request_tx_anew(request, &tx, err)) /* one that sees what was settled */
        return false;
    bool asked = read_question(request, &table, &question, &why);
    if (asked && !find_rows(request, tx, &table, &question, rows, &total, err))
        return false;
    if (table.csv && asked)
        return table_reply_csv(request, "verslag.csv", columns, rows);
    struct node *page = page_new(request, title);
    page_crumb(page, "/", tr(request, N_("Home")));
    node_put_text(page, "action", request->path);
    node_put_flag(page, "all", all);
    put_filter(request, page, asked ? NULL : &why);
    table_put(request, page, "trail", columns, &table, rows, total);
    if (all && !put_check(request, tx, page, err))
        return false;
    return reply_page(request, "platform/record/pages/trail", page);
}

bool show_own_trail(struct request *request, struct error *err)
{
    struct str board = session_organisation(request->session, ROLE_BOARD_MEMBER);
    if (!board.len)
        board = session_organisation(request->session, ROLE_BOARD_ADMIN);
    if (!board.len)
        return fail(err, FORBIDDEN, NULL, N_("Your account does not work for a school board."));
    return reply_trail(request, tr(request, N_("Everything done in our name")),
                       (struct audit_question){ .organisation = board }, err);
}

bool show_trail(struct request *request, struct error *err)
{
    return reply_trail(request, tr(request, N_("Audit trail")),
                       (struct audit_question){ 0 }, err);
}
