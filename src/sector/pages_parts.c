/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/accounts.h"
#include "platform/format/json.h"
#include "sector/changes.h"
#include "sector/pages.h"
#include "sector/text.h"

#include <stdlib.h>

const struct column board_columns[] = {
    { "name", N_("Name"), true, false },
    { "number", N_("Number"), true, false },
    { "place", N_("Place"), true, false },
    { "schools", N_("Schools"), true, true },
    { NULL },
};

const struct column school_columns[] = {
    { "name", N_("Name"), true, false },
    { "brin", N_("BRIN"), true, false },
    { "kind", N_("Education"), true, false },
    { "place", N_("Place"), true, false },
    { "board", N_("School board"), false, false },
    { "pupils", N_("Pupils"), true, true },
    { NULL },
};

const struct column partnership_columns[] = {
    { "name", N_("Name"), true, false },
    { "code", N_("Code"), true, false },
    { "kind", N_("Education"), false, false },
    { "place", N_("Place"), true, false },
    { "members", N_("School boards"), false, true },
    { NULL },
};

/* How a stored field is called on a page. */
static const struct {
    struct str field;
    const char *title;
} field_titles[] = {
    { S("name"), N_("Name") },
    { S("street"), N_("Street") },
    { S("number"), N_("House number") },
    { S("postcode"), N_("Postcode") },
    { S("place"), N_("Place") },
    { S("municipality"), N_("Municipality") },
    { S("province"), N_("Province") },
    { S("telephone"), N_("Telephone") },
    { S("website"), N_("Website") },
    { S("denomination"), N_("Denomination") },
    { S("structure"), N_("Structure") },
    { S("pupils"), N_("Pupils") },
    { S("board"), N_("School board") },
    { S("kind"), N_("Education") },
};

bool may_edit(const struct request *request)
{
    return session_has(request->session, ROLE_OPERATOR);
}

struct str kind_title(const struct request *request, enum school_kind kind)
{
    static const char *const titles[SCHOOL_KINDS] = {
        N_("Primary education"), N_("Secondary education"), N_("Special education")
    };
    return kind < SCHOOL_KINDS ? tr(request, titles[kind]) : STR("");
}

struct str name_or_ended(const struct request *request, struct str name, instant ended)
{
    if (!ended)
        return name;
    return str_format(request->arena, "%.*s (%.*s)", FMT(name), FMT(tr(request, N_("ended"))));
}

void put_fact(struct request *request, struct node *facts, const char *label, struct str value,
              struct str href)
{
    if (!value.len)
        return;
    struct node *fact = node_add_map(facts);
    node_put_text(fact, "label", tr(request, label));
    node_put_text(fact, "value", value);
    node_put_text(fact, "href", href);
}

void put_website(struct request *request, struct node *facts, struct str website)
{
    put_fact(request, facts, N_("Website"), website, website_href(request->arena, website));
}

static struct str value_text(const struct request *request, const struct node *value)
{
    if (value->kind == NODE_INT)
        return value->number < 0 ? tr(request, N_("unknown"))
                                 : show_number(request->arena, request->language, value->number);
    return value->text.len ? value->text : tr(request, N_("empty"));
}

static void put_change(const struct request *request, struct node *list, const struct node *pair)
{
    for (size_t i = 0; i < count_of(field_titles); i++) {
        if (!str_eq(pair->key, field_titles[i].field) || pair->count != 2)
            continue;
        struct node *change = node_add_map(list);
        node_put_text(change, "field", tr(request, field_titles[i].title));
        node_put_text(change, "before", value_text(request, pair->first));
        node_put_text(change, "after", value_text(request, pair->last));
    }
}

static void put_history_entry(struct request *request, struct node *list,
                              const struct history *entry)
{
    static const char *const what[CHANGES] = { N_("Added"), N_("Changed"), N_("Ended"),
                                               N_("Came back") };
    char text[INSTANT_TEXT];
    struct error ignored = { 0 };
    const struct node *changes;
    struct node *node = node_add_map(list);
    node_put_text(node, "at", str_copy(request->arena, instant_format(entry->at, text)));
    node_put_text(node, "day", show_day(request->arena, request->language, entry->at));
    node_put_text(node, "what", tr(request, what[entry->what]));
    node_put_text(node, "id", entry->id);
    struct node *pairs = node_put_list(node, "pairs");
    if (str_eq(entry->changes, STR("{}"))
        || !json_parse(request->arena, entry->changes, &changes, &ignored))
        return;
    for (const struct node *pair = changes->first; pair; pair = pair->next)
        put_change(request, pairs, pair);
}

static int newest_first(const void *a, const void *b)
{
    const struct history *x = a, *y = b;
    return (x->at < y->at) - (x->at > y->at);
}

void put_history(struct request *request, struct node *page, struct history_list *history)
{
    if (history->len)
        qsort(history->at, history->len, sizeof *history->at, newest_first);
    struct node *list = node_put_list(page, "changes");
    for (size_t i = 0; i < history->len; i++)
        put_history_entry(request, list, &history->at[i]);
    node_put_flag(page, "has_changes", history->len > 0);
}

/* The fixed words for what a contact does. */
static struct str contact_role(const struct request *request, struct str role)
{
    static const struct {
        struct str word;
        const char *title;
    } roles[] = {
        { S("bestuurder"), N_("Director") },
        { S("privacy"), N_("Privacy officer") },
        { S("ict"), N_("ICT") },
        { S("techniek"), N_("Technical contact") },
    };
    for (size_t i = 0; i < count_of(roles); i++)
        if (str_eq(role, roles[i].word))
            return tr(request, roles[i].title);
    return role;
}

bool put_contacts(struct request *request, struct node *page, struct str organisation,
                  struct error *err)
{
    struct contact_list contacts = { 0 };
    struct tx *tx;
    if (!request->session)
        return true;
    if (!request_tx(request, &tx, err) || !store_contacts_of(tx, organisation, &contacts, err))
        return false;
    struct node *list = node_put_list(page, "contacts");
    for (size_t i = 0; i < contacts.len; i++) {
        struct node *node = node_add_map(list);
        node_put_text(node, "role", contact_role(request, contacts.at[i].role));
        node_put_text(node, "name", contacts.at[i].name);
        node_put_text(node, "email", contacts.at[i].email);
    }
    node_put_flag(page, "has_contacts", contacts.len > 0);
    return true;
}

void put_board_row(struct request *request, struct node *rows, const struct board *board)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "name", name_or_ended(request, board->name, board->ended));
    node_put_text(row, "href", str_format(request->arena, "/besturen/%.*s", FMT(ID_STR(board->number))));
    node_put_text(row, "number", ID_STR(board->number));
    node_put_text(row, "place", place_text(request->arena, board->place));
    node_put_int(row, "schools", board->schools);
}

void put_school_row(struct request *request, struct node *rows, const struct school *school,
                    struct str board_name)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "name", name_or_ended(request, school->name, school->ended));
    node_put_text(row, "href", str_format(request->arena, "/scholen/%.*s", FMT(ID_STR(school->brin))));
    node_put_text(row, "brin", ID_STR(school->brin));
    node_put_text(row, "kind", kind_title(request, school->kind));
    node_put_text(row, "place", place_text(request->arena, school->place));
    node_put_text(row, "board", board_name);
    if (school->pupils >= 0)
        node_put_int(row, "pupils", school->pupils);
    else
        node_put_text(row, "pupils", STR(""));
}

void put_partnership_row(struct request *request, struct node *rows,
                         const struct partnership *partnership)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "name", name_or_ended(request, partnership->name, partnership->ended));
    node_put_text(row, "href", str_format(request->arena, "/samenwerkingsverbanden/%.*s",
                                          FMT(partnership->code)));
    node_put_text(row, "code", partnership->code);
    node_put_text(row, "kind", kind_title(request, partnership->kind));
    node_put_text(row, "place", place_text(request->arena, partnership->place));
    node_put_int(row, "members", partnership->members);
}
