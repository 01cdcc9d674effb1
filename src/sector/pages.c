/* SPDX-License-Identifier: EUPL-1.2 */
/* Looking in the register: the four lists, and the page of one board, school, vendor and
 * partnership. */
#include "sector/pages.h"

#include "platform/people/accounts.h"
#include "platform/service.h"
#include "sector/named.h"
#include "sector/text.h"

#define HISTORY_SHOWN 20

static const struct column vendor_columns[] = {
    { "name", N_("Name"), true, false },
    { "oin", N_("OIN"), true, false },
    { "website", N_("Website"), false, false },
    { NULL },
};

/* Without the board: they stand on its page. */
static const struct column board_school_columns[] = {
    { "name", N_("Name"), false, false },
    { "brin", N_("BRIN"), false, false },
    { "kind", N_("Education"), false, false },
    { "place", N_("Place"), false, false },
    { "pupils", N_("Pupils"), false, true },
    { NULL },
};

static const struct column location_columns[] = {
    { "name", N_("Name"), false, false },
    { "code", N_("Location"), false, false },
    { "address", N_("Address"), false, false },
    { "place", N_("Place"), false, false },
    { "structure", N_("Structure"), false, false },
    { "pupils", N_("Pupils"), false, true },
    { NULL },
};

static const struct column certificate_columns[] = {
    { "serial", N_("Serial number"), false, false },
    { "from", N_("Valid from"), false, false },
    { "until", N_("Valid until"), false, false },
    { "fingerprint", N_("SHA-256 fingerprint"), false, false },
    { NULL },
};

/* A list's page or its CSV, once the rows are there. */
static bool reply_list(struct request *request, const char *title, const char *file_name,
                       const char *template, const struct column *columns,
                       const struct table *table, struct node *rows, int64_t total)
{
    if (table->csv)
        return table_reply_csv(request, file_name, columns, rows);
    struct node *page = page_new(request, tr(request, title));
    page_crumb(page, "/", tr(request, N_("Home")));
    node_put_flag(page, "nothing_yet", !total && !table->search.len);
    node_put_flag(page, "may_edit", may_edit(request));
    table_put(request, page, "table", columns, table, rows, total);
    return reply_page(request, template, page);
}

static bool read_list(struct request *request, const struct column *columns, struct table *table,
                      struct list_query *query, struct tx **tx, struct error *err)
{
    if (!table_read(request, columns, table, err) || !request_tx(request, tx, err))
        return false;
    *query = (struct list_query){ .search = table->folded,
                                  .sort = table->sort,
                                  .descending = table->descending,
                                  .limit = table->limit,
                                  .offset = table->offset };
    return true;
}

bool show_boards(struct request *request, struct error *err)
{
    struct board_list boards = { 0 };
    struct list_query query;
    struct table table;
    struct tx *tx;
    int64_t total;
    if (!read_list(request, board_columns, &table, &query, &tx, err)
        || !store_list_boards(tx, &query, &boards, &total, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < boards.len; i++)
        put_board_row(request, rows, &boards.at[i]);
    return reply_list(request, N_("School boards"), "besturen.csv", "sector/pages/boards",
                      board_columns, &table, rows, total);
}

bool show_schools(struct request *request, struct error *err)
{
    struct listed_schools schools = { 0 };
    struct list_query query;
    struct table table;
    struct tx *tx;
    int64_t total;
    if (!read_list(request, school_columns, &table, &query, &tx, err)
        || !store_list_schools(tx, &query, &schools, &total, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < schools.len; i++)
        put_school_row(request, rows, &schools.at[i].school, schools.at[i].board_name);
    return reply_list(request, N_("Schools"), "scholen.csv", "sector/pages/schools",
                      school_columns, &table, rows, total);
}

bool show_vendors(struct request *request, struct error *err)
{
    struct vendor_list vendors = { 0 };
    struct list_query query;
    struct table table;
    struct tx *tx;
    int64_t total;
    if (!read_list(request, vendor_columns, &table, &query, &tx, err)
        || !store_list_vendors(tx, &query, &vendors, &total, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < vendors.len; i++) {
        const struct vendor *vendor = &vendors.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "name", name_or_ended(request, vendor->name, vendor->ended));
        node_put_text(row, "href",
                      str_format(request->arena, "/leveranciers/%.*s", FMT(ID_STR(vendor->oin))));
        node_put_text(row, "oin", ID_STR(vendor->oin));
        node_put_text(row, "website", vendor->website);
    }
    return reply_list(request, N_("Vendors"), "leveranciers.csv", "sector/pages/vendors",
                      vendor_columns, &table, rows, total);
}

bool show_partnerships(struct request *request, struct error *err)
{
    struct partnership_list partnerships = { 0 };
    struct list_query query;
    struct table table;
    struct tx *tx;
    int64_t total;
    if (!read_list(request, partnership_columns, &table, &query, &tx, err)
        || !store_list_partnerships(tx, &query, &partnerships, &total, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < partnerships.len; i++)
        put_partnership_row(request, rows, &partnerships.at[i]);
    return reply_list(request, N_("Partnerships"), "samenwerkingsverbanden.csv",
                      "sector/pages/partnerships", partnership_columns, &table, rows, total);
}

/* The page of one thing: its name as the title, its list as the crumb before it. */
static struct node *thing_page(struct request *request, struct str name, instant ended,
                               const char *list, const char *list_title)
{
    struct node *page = page_new(request, name);
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, list, tr(request, list_title));
    node_put_flag(page, "may_edit", may_edit(request));
    if (ended)
        page_notice(page, "warning",
                    trf(request, N_("This ended on %s."),
                        str_c(request->arena, show_day(request->arena, request->language, ended))));
    return page;
}

static bool put_partnerships_of(struct node *page, struct tx *tx, const struct board_number *board,
                                struct error *err)
{
    struct partnership_list partnerships = { 0 };
    if (!store_partnerships_of(tx, board, &partnerships, err))
        return false;
    struct node *list = node_put_list(page, "partnerships");
    for (size_t i = 0; i < partnerships.len; i++) {
        struct node *node = node_add_map(list);
        node_put_text(node, "name", partnerships.at[i].name);
        node_put_text(node, "code", partnerships.at[i].code);
    }
    node_put_flag(page, "has_partnerships", partnerships.len > 0);
    return true;
}

static void put_board_schools(struct request *request, struct node *page,
                              const struct school_list *schools)
{
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < schools->len; i++)
        put_school_row(request, rows, &schools->at[i], STR(""));
    table_put(request, page, "schools", board_school_columns, NULL, rows, (int64_t)schools->len);
}

bool show_board(struct request *request, struct error *err)
{
    struct board board;
    struct school_list schools = { 0 };
    struct history_list history = { 0 };
    struct tx *tx;
    if (!named_board(request, &tx, &board, err)
        || !sector_schools_of(tx, &board.number, &schools, err)
        || !store_history_of(tx, "board", ID_STR(board.number), HISTORY_SHOWN, &history, err))
        return false;
    struct node *page = thing_page(request, board.name, board.ended, "/besturen", N_("School boards"));
    struct node *facts = node_put_list(page, "facts");
    put_fact(request, facts, N_("Number"), ID_STR(board.number), STR(""));
    put_fact(request, facts, N_("Place"), place_text(request->arena, board.place), STR(""));
    put_fact(request, facts, N_("Schools"),
             show_number(request->arena, request->language, board.schools), STR(""));
    node_put_text(page, "number", ID_STR(board.number));
    put_board_schools(request, page, &schools);
    put_history(request, page, &history);
    return put_partnerships_of(page, tx, &board.number, err)
        && put_contacts(request, page, board_organisation(request->arena, &board.number), err)
        && reply_page(request, "sector/pages/board", page);
}

/* "VBO/MAVO/HAVO" as a list that a narrow column can break. */
static struct str structure_text(struct arena *arena, struct str structure)
{
    struct buf out = { .arena = arena };
    for (struct str rest = structure; rest.len;) {
        buf_add(&out, str_cut(&rest, '/'));
        if (rest.len)
            buf_lit(&out, ", ");
    }
    return buf_str(&out);
}

static void put_locations(struct request *request, struct node *page,
                          const struct location_list *locations)
{
    struct arena *arena = request->arena;
    struct node *rows = node_list(arena);
    for (size_t i = 0; i < locations->len; i++) {
        const struct location *location = &locations->at[i];
        struct node *row = node_add_map(rows);
        struct str place = place_text(arena, location->place);
        node_put_text(row, "name", name_or_ended(request, location->name, location->ended));
        node_put_text(row, "code", ID_STR(location->code));
        node_put_text(row, "address",
                      str_trim(str_format(arena, "%.*s %.*s", FMT(location->street),
                                          FMT(location->number))));
        node_put_text(row, "place",
                      str_trim(str_format(arena, "%.*s %.*s", FMT(location->postcode), FMT(place))));
        node_put_text(row, "structure", structure_text(arena, location->structure));
        if (location->pupils >= 0)
            node_put_int(row, "pupils", location->pupils);
        else
            node_put_text(row, "pupils", STR(""));
    }
    table_put(request, page, "locations", location_columns, NULL, rows, (int64_t)locations->len);
}

/* The first page of a service that this person may open. */
static const struct entry *entry_for(const struct request *request, const struct service *service)
{
    for (const struct entry *entry = service->entries; entry && entry->path; entry++)
        if (entry->role == ROLE_ANYONE || session_has(request->session, entry->role))
            return entry;
    return NULL;
}

/* What this installation offers to schools: the services above the register. */
static void put_services(struct request *request, struct node *page)
{
    struct node *list = node_put_list(page, "services");
    for (size_t i = 0; request->app->services[i]; i++) {
        const struct service *service = request->app->services[i];
        const struct entry *entry = entry_for(request, service);
        if (service == request->service || !entry || strcmp(service->name, "platform") == 0)
            continue;
        struct node *node = node_add_map(list);
        node_put_text(node, "title", tr(request, service->title));
        node_put_text(node, "path", str_of(entry->path));
    }
    node_put_flag(page, "has_services", list->count > 0);
}

static void put_school_facts(struct request *request, struct node *page,
                             const struct listed_school *listed)
{
    struct arena *arena = request->arena;
    const struct school *school = &listed->school;
    struct oin oin = school_oin(&school->brin);
    struct node *facts = node_put_list(page, "facts");
    put_fact(request, facts, N_("School board"), listed->board_name,
             str_format(arena, "/besturen/%.*s", FMT(ID_STR(school->board))));
    put_fact(request, facts, N_("BRIN"), str_copy(arena, ID_STR(school->brin)), STR(""));
    put_fact(request, facts, N_("OIN"), str_copy(arena, ID_STR(oin)), STR(""));
    put_fact(request, facts, N_("Education"), kind_title(request, school->kind), STR(""));
    put_fact(request, facts, N_("Denomination"), school->denomination, STR(""));
    put_fact(request, facts, N_("Place"), place_text(arena, school->place), STR(""));
    put_fact(request, facts, N_("Municipality"), place_text(arena, school->municipality), STR(""));
    put_fact(request, facts, N_("Province"), school->province, STR(""));
    if (school->pupils >= 0)
        put_fact(request, facts, N_("Pupils"),
                 show_number(arena, request->language, school->pupils), STR(""));
    put_website(request, facts, school->website);
}

/* The school's own history and that of its locations, without the locations that came with it. */
static bool put_school_history(struct request *request, struct node *page, struct tx *tx,
                               const struct brin *brin, struct error *err)
{
    struct history_list history = { 0 }, locations = { 0 };
    if (!store_history_of(tx, "school", ID_STR(*brin), HISTORY_SHOWN, &history, err)
        || !store_location_history(tx, brin, HISTORY_SHOWN, &locations, err))
        return false;
    instant came = history.len ? history.at[history.len - 1].at : 0;
    for (size_t i = 0; i < locations.len; i++)
        if (locations.at[i].what != ADDED || locations.at[i].at != came)
            *list_add(request->arena, &history) = locations.at[i];
    put_history(request, page, &history);
    return true;
}

bool show_school(struct request *request, struct error *err)
{
    struct brin brin;
    struct listed_school listed;
    struct location_list locations = { 0 };
    struct tx *tx;
    bool found;
    if (!brin_parse(request_param(request, "brin"), &brin, err) || !request_tx(request, &tx, err)
        || !store_find_school(tx, &brin, &listed, &found, err))
        return false;
    if (!found)
        return fail_about(err, NOT_FOUND, NULL, N_("There is no school with BRIN %s."), "%.*s",
                          FMT(ID_STR(brin)));
    if (!store_locations_of(tx, &brin, &locations, err))
        return false;
    struct node *page = thing_page(request, listed.school.name, listed.school.ended, "/scholen",
                                   N_("Schools"));
    put_school_facts(request, page, &listed);
    put_locations(request, page, &locations);
    put_services(request, page);
    return put_school_history(request, page, tx, &brin, err)
        && reply_page(request, "sector/pages/school", page);
}

static bool put_certificates(struct request *request, struct node *page, struct tx *tx,
                             const struct oin *oin, struct error *err)
{
    struct certificate_list certificates = { 0 };
    if (!store_certificates_of(tx, oin, &certificates, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < certificates.len; i++) {
        const struct certificate *certificate = &certificates.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "serial", certificate->serial);
        node_put_text(row, "from",
                      show_day(request->arena, request->language, certificate->not_before));
        node_put_text(row, "until",
                      show_day(request->arena, request->language, certificate->not_after));
        node_put_text(row, "fingerprint", certificate->fingerprint);
    }
    node_put_flag(page, "has_certificates", certificates.len > 0);
    table_put(request, page, "certificates", certificate_columns, NULL, rows,
              (int64_t)certificates.len);
    return true;
}

bool show_vendor(struct request *request, struct error *err)
{
    struct vendor vendor;
    struct history_list history = { 0 };
    struct tx *tx;
    if (!named_vendor(request, &tx, &vendor, err)
        || !store_history_of(tx, "vendor", ID_STR(vendor.oin), HISTORY_SHOWN, &history, err))
        return false;
    struct node *page = thing_page(request, vendor.name, vendor.ended, "/leveranciers", N_("Vendors"));
    struct node *facts = node_put_list(page, "facts");
    put_fact(request, facts, N_("OIN"), ID_STR(vendor.oin), STR(""));
    put_website(request, facts, vendor.website);
    node_put_text(page, "oin", ID_STR(vendor.oin));
    put_history(request, page, &history);
    return put_certificates(request, page, tx, &vendor.oin, err)
        && put_contacts(request, page, vendor_organisation(request->arena, &vendor.oin), err)
        && reply_page(request, "sector/pages/vendor", page);
}

bool show_partnership(struct request *request, struct error *err)
{
    struct str code;
    struct partnership partnership;
    struct board_list boards = { 0 };
    struct tx *tx;
    bool found;
    if (!partnership_code_parse(request_param(request, "code"), &code, err)
        || !request_tx(request, &tx, err)
        || !store_find_partnership(tx, code, &partnership, &found, err))
        return false;
    if (!found)
        return fail_about(err, NOT_FOUND, NULL, N_("There is no partnership with code %s."), "%.*s",
                          FMT(code));
    if (!store_members_of(tx, code, &boards, err))
        return false;
    struct node *page = thing_page(request, partnership.name, partnership.ended,
                                   "/samenwerkingsverbanden", N_("Partnerships"));
    struct node *facts = node_put_list(page, "facts");
    put_fact(request, facts, N_("Code"), partnership.code, STR(""));
    put_fact(request, facts, N_("Education"), kind_title(request, partnership.kind), STR(""));
    put_fact(request, facts, N_("Place"), place_text(request->arena, partnership.place), STR(""));
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < boards.len; i++)
        put_board_row(request, rows, &boards.at[i]);
    table_put(request, page, "boards", board_columns, NULL, rows, (int64_t)boards.len);
    return reply_page(request, "sector/pages/partnership", page);
}
