/* SPDX-License-Identifier: EUPL-1.2 */
/* The register itself: the demo sector, changes by people, lists, and what the API says of it. */
#include "platform/people/accounts.h"
#include "platform/format/json.h"
#include "sector/demo.h"
#include "sector/register.h"
#include "sector/rest.h"
#include "sector/text.h"
#include "platform/organisations/organisations.h"
#include "tests/unit/sector_world.h"

#define NOW ((instant)1700000000 * SECOND)

static const struct statement demo_rows = SQL(
    "SELECT (SELECT count(*) FROM sector_board) * 1000000 + (SELECT count(*) FROM sector_school) * 1000"
    " + (SELECT count(*) FROM sector_location)");
static const struct statement history_rows = SQL("SELECT count(*) FROM sector_history");

static struct db *given_demo(struct test *t, int64_t schools)
{
    struct db *db = given_register(t);
    struct error err = { 0 };
    CHECK_OK(demo_fill(db, t->arena, schools, NOW, &err), err);
    return db;
}

TEST_DB(the_demo_sector_is_the_same_each_time)
{
    struct error err = { 0 };
    struct db *db = given_demo(t, 24);
    int64_t rows = ask_number(t, db, &demo_rows), history = ask_number(t, db, &history_rows);
    struct school school = find_school(t, db, "90AB");
    CHECK_OK(demo_fill(db, t->arena, 24, NOW + DAY, &err), err);
    CHECK_INT(ask_number(t, db, &demo_rows), rows);
    CHECK_INT(ask_number(t, db, &history_rows), history);
    CHECK_OK(demo_fill(db, t->arena, 60, NOW + DAY, &err), err);
    struct school again = find_school(t, db, "90AB");
    CHECK_STR(again.name, school.name);
    CHECK_INT(again.pupils, school.pupils);
    CHECK_INT(find_board(t, db, "10001").schools, 6);
    CHECK_STR(find_vendor(t, db, "00000003000000000001").name, STR("Leerpad"));
    db_close(db);
}

TEST(demo_schools_of_any_number_have_a_brin_of_their_own)
{
    CHECK_STR(ID_STR(demo_brin(0)), STR("90AA"));
    CHECK_STR(ID_STR(demo_brin(26)), STR("90BA"));
    CHECK_STR(ID_STR(demo_brin(6759)), STR("99ZZ"));
    CHECK_STR(ID_STR(demo_brin(6760)), STR("80AA"));
    CHECK_STR(ID_STR(demo_brin(19999)), STR("79PF"));
}

struct looking {
    struct board_number board;
    struct school_list schools;
    struct vendor_list vendors;
};

static bool do_look(struct tx *tx, void *with, struct error *err)
{
    struct looking *looking = with;
    return sector_schools_of(tx, &looking->board, &looking->schools, err)
        && sector_vendors(tx, &looking->vendors, err);
}

TEST_DB(the_schools_of_a_board_and_the_vendors_are_found)
{
    struct error err = { 0 };
    struct db *db = given_demo(t, 12);
    struct looking looking = { .board = a_board("10002") };
    CHECK_OK(db_read(db, t->arena, do_look, &looking, &err), err);
    CHECK_INT(looking.schools.len, 6);
    CHECK_INT(looking.vendors.len, DEMO_VENDORS);
    for (size_t i = 0; i < 6; i++)
        CHECK_STR(ID_STR(looking.schools.at[i].board), STR("10002"));
    CHECK_STR(looking.vendors.at[0].name, STR("Kennisoever"));
    db_close(db);
}

struct governed {
    const char *id;
    struct str by;
};

static bool do_govern(struct tx *tx, void *with, struct error *err)
{
    struct governed *governed = with;
    return sector_organisations.governor(tx, str_of(governed->id), &governed->by, err);
}

TEST_DB(a_school_is_governed_by_its_board_and_a_board_by_nobody)
{
    struct error err = { 0 };
    struct db *db = given_demo(t, 12);
    struct governed governed[] = { { "school:90AA", STR("") }, { "school:00ZZ", STR("") },
                                   { "board:10001", STR("") }, { "school:what", STR("") } };
    for (size_t i = 0; i < count_of(governed); i++)
        CHECK_OK(db_read(db, t->arena, do_govern, &governed[i], &err), err);
    CHECK_STR(governed[0].by, str_format(t->arena, "board:%.*s",
                                         FMT(ID_STR(find_school(t, db, "90AA").board))));
    for (size_t i = 1; i < count_of(governed); i++)
        CHECK_STR(governed[i].by, STR(""));
    db_close(db);
}

/* Changing a vendor */

struct putting {
    struct vendor vendor;
    int64_t version;
};

static bool do_put(struct tx *tx, void *with, struct error *err)
{
    const struct putting *putting = with;
    const struct deed deed = { NOW, STR("account:1"), SOURCE_PERSON, putting->version };
    return register_vendor(tx, &deed, &putting->vendor, err);
}

static bool put_vendor(struct test *t, struct db *db, struct str name, struct str website,
                       int64_t version, struct error *err)
{
    struct putting putting = { { .oin = an_oin("00000003272448340204"), .name = name,
                                 .website = website }, version };
    return db_write(db, t->arena, do_put, &putting, err);
}

TEST_DB(a_vendor_is_added_changed_and_keeps_its_history)
{
    struct error err = { 0 };
    struct db *db = given_register(t);
    CHECK_OK(put_vendor(t, db, STR("Leerpad"), STR(""), 0, &err), err);
    CHECK_OK(put_vendor(t, db, STR("Leerpad BV"), STR("www.leerpad.example"), 1, &err), err);
    CHECK_OK(put_vendor(t, db, STR("Leerpad BV"), STR("www.leerpad.example"), 2, &err), err);
    struct history_list history = find_history(t, db, "vendor", "00000003272448340204");
    CHECK_INT(history.len, 2);
    CHECK_STR(history.at[0].changes,
              STR("{\"name\":[\"Leerpad\",\"Leerpad BV\"],\"website\":[\"\",\"www.leerpad.example\"]}"));
    CHECK_STR(find_vendor(t, db, "00000003272448340204").name, STR("Leerpad BV"));
    db_close(db);
}

TEST_DB(two_people_who_change_the_same_vendor_do_not_overwrite_each_other)
{
    struct error err = { 0 };
    struct db *db = given_register(t);
    CHECK_OK(put_vendor(t, db, STR("Leerpad"), STR(""), 0, &err), err);
    CHECK_OK(put_vendor(t, db, STR("Een"), STR(""), 1, &err), err);
    CHECK(!put_vendor(t, db, STR("Twee"), STR(""), 1, &err));
    CHECK_INT(err.kind, CONFLICT);
    CHECK(!put_vendor(t, db, STR("Drie"), STR(""), 0, &err));
    CHECK_STR(str_of(err.field), STR("oin"));
    CHECK_STR(find_vendor(t, db, "00000003272448340204").name, STR("Een"));
    db_close(db);
}

TEST_DB(a_vendor_with_a_wrong_name_or_address_is_refused_with_the_field)
{
    struct error err = { 0 };
    struct db *db = given_register(t);
    CHECK(!put_vendor(t, db, STR("  "), STR(""), 0, &err));
    CHECK_STR(str_of(err.field), STR("name"));
    CHECK(!put_vendor(t, db, STR("Regel\neinde"), STR(""), 0, &err));
    CHECK(!put_vendor(t, db, STR("omgekeerd \xe2\x80\xae"), STR(""), 0, &err));
    CHECK(!put_vendor(t, db, STR("Goed"), STR("javascript:alert(1)"), 0, &err));
    CHECK_STR(str_of(err.field), STR("website"));
    CHECK_INT(ask_number(t, db, &history_rows), 0);
    db_close(db);
}

/* Lists */

struct listing {
    struct list_query query;
    struct listed_schools schools;
    int64_t total;
};

static bool do_list(struct tx *tx, void *with, struct error *err)
{
    struct listing *listing = with;
    return store_list_schools(tx, &listing->query, &listing->schools, &listing->total, err);
}

static struct listing list_schools(struct test *t, struct db *db, struct list_query query)
{
    struct listing listing = { .query = query };
    struct error err = { 0 };
    CHECK_OK(db_read(db, t->arena, do_list, &listing, &err), err);
    return listing;
}

TEST_DB(a_search_forgives_diacritics_and_finds_words_in_order)
{
    struct db *db = given_demo(t, 60);
    struct listing all = list_schools(t, db, (struct list_query){ .search = STR(""), .limit = 25 });
    CHECK_INT(all.total, 60);
    CHECK_INT(all.schools.len, 25);
    struct listing some = list_schools(t, db, (struct list_query){ .search = STR("egelantier"), .limit = 25 });
    CHECK(some.total > 0 && some.total < 60);
    CHECK(str_starts(some.schools.at[0].school.name, STR("De \xc3\x89gelantier")));
    struct listing brin = list_schools(t, db, (struct list_query){ .search = STR("90ab"), .limit = 25 });
    CHECK_INT(brin.total, 1);
    CHECK_STR(brin.schools.at[0].board_name, find_board(t, db, "10001").name);
    struct listing none = list_schools(t, db, (struct list_query){ .search = STR("zzzz"), .limit = 25 });
    CHECK_INT(none.total, 0);
    db_close(db);
}

TEST_DB(a_list_is_sorted_both_ways_and_paged)
{
    struct db *db = given_demo(t, 60);
    struct listing up = list_schools(t, db, (struct list_query){ .search = STR(""), .sort = "pupils",
                                                                 .limit = 60 });
    struct listing down = list_schools(t, db, (struct list_query){ .search = STR(""), .sort = "pupils",
                                                                   .descending = true, .limit = 1 });
    for (size_t i = 1; i < up.schools.len; i++)
        CHECK(up.schools.at[i - 1].school.pupils <= up.schools.at[i].school.pupils);
    CHECK_INT(down.schools.at[0].school.pupils, up.schools.at[59].school.pupils);
    struct listing page = list_schools(t, db, (struct list_query){ .search = STR(""), .sort = "brin",
                                                                   .limit = 10, .offset = 50 });
    CHECK_INT(page.schools.len, 10);
    CHECK_STR(ID_STR(page.schools.at[0].school.brin), STR("90BY"));
    db_close(db);
}

struct walking {
    struct keyset keyset;
    size_t seen;
};

static bool do_walk(struct tx *tx, void *with, struct error *err)
{
    struct walking *walking = with;
    for (;;) {
        struct school_list schools = { 0 };
        if (!store_schools_after(tx, &walking->keyset, &schools, err))
            return false;
        walking->seen += schools.len;
        if (!schools.len)
            return true;
        walking->keyset.after = ID_STR(schools.at[schools.len - 1].brin);
    }
}

TEST_DB(the_cursor_of_the_api_passes_each_school_once)
{
    struct error err = { 0 };
    struct db *db = given_demo(t, 60);
    struct walking all = { .keyset = { .after = STR(""), .search = STR(""), .limit = 7 } };
    struct walking board = { .keyset = { .after = STR(""), .search = STR(""), .limit = 4,
                                         .board = STR("10003") } };
    CHECK_OK(db_read(db, t->arena, do_walk, &all, &err), err);
    CHECK_INT(all.seen, 60);
    CHECK_OK(db_read(db, t->arena, do_walk, &board, &err), err);
    CHECK_INT(board.seen, 6);
    db_close(db);
}

/* The API */

/* Each member of the answer stands in the schema, and the other way round. */
static void check_members(struct test *t, const struct api *api, const struct node *answer)
{
    const struct node *schema;
    struct error err = { 0 };
    CHECK_OK(json_parse(t->arena, str_of(api->answer), &schema, &err), err);
    const struct node *items = node_get(node_get(node_get(schema, STR("properties")), STR("items")),
                                        STR("items"));
    const struct node *object = items ? items : schema;
    const struct node *properties = node_get(object, STR("properties"));
    CHECK_INT(properties->count, answer->count);
    CHECK_INT(node_get(object, STR("required"))->count, answer->count);
    for (const struct node *member = answer->first; member; member = member->next)
        CHECK(node_get(properties, member->key));
}

TEST(the_schemas_of_the_api_say_what_is_answered)
{
    const struct board board = { .number = a_board("10001") };
    const struct school school = { .brin = a_brin("90AA"), .board = a_board("10001") };
    const struct location location = { .code = { "90AA00" } };
    const struct vendor vendor = { .oin = an_oin("00000003000000000001") };
    const struct partnership partnership = { .code = STR("PO9001") };
    struct node *json = node_map(t->arena);
    put_board_json(json, &board);
    check_members(t, &boards_api, json);
    check_members(t, &board_api, json);
    put_school_json(json = node_map(t->arena), &school);
    check_members(t, &schools_api, json);
    check_members(t, &school_api, json);
    put_location_json(json = node_map(t->arena), &location);
    check_members(t, &locations_api, json);
    put_vendor_json(json = node_map(t->arena), &vendor);
    check_members(t, &vendors_api, json);
    check_members(t, &vendor_api, json);
    put_partnership_json(json = node_map(t->arena), &partnership);
    check_members(t, &partnerships_api, json);
}

/* Whom a request speaks for */

TEST(a_person_speaks_for_the_board_or_vendor_of_the_account)
{
    const struct membership memberships[] = { { ROLE_BOARD_MEMBER, S("board:41804") },
                                              { ROLE_VENDOR, S("vendor:00000003272448340204") } };
    const struct session session = { .memberships = memberships, .membership_count = 2 };
    const struct session operator = { .memberships = &(struct membership){ ROLE_OPERATOR, S("") },
                                      .membership_count = 1 };
    struct request request = { .arena = t->arena, .session = &session };
    struct board_number board;
    struct error err = { 0 };
    CHECK_OK(request_board(&request, ROLE_BOARD_MEMBER, &board, &err), err);
    CHECK_STR(ID_STR(board), STR("41804"));
    CHECK(!request_board(&request, ROLE_BOARD_ADMIN, &board, &err));
    CHECK_INT(err.kind, FORBIDDEN);
    request.session = &operator;
    CHECK(!request_board(&request, ROLE_BOARD_MEMBER, &board, &err));
    CHECK_INT(err.kind, FORBIDDEN);
    request.session = NULL;
    CHECK(!request_board(&request, ROLE_BOARD_MEMBER, &board, &err));
}

TEST(a_machine_is_known_by_the_serial_number_of_its_certificate)
{
    struct client client = { .serial_number = S("00000003272448340204") };
    struct request request = { .arena = t->arena, .client = &client };
    struct oin oin;
    struct error err = { 0 };
    CHECK_OK(request_client_oin(&request, &oin, &err), err);
    CHECK_STR(ID_STR(oin), STR("00000003272448340204"));
    client.serial_number = STR("1234");
    CHECK(!request_client_oin(&request, &oin, &err));
    CHECK_INT(err.kind, FORBIDDEN);
    request.client = NULL;
    CHECK(!request_client_oin(&request, &oin, &err));
    CHECK_INT(err.kind, UNAUTHENTICATED);
}

/* Texts */

TEST(a_place_in_capitals_is_shown_as_people_write_it)
{
    static const struct {
        struct str stored, shown;
    } cases[] = {
        { S("ZOETERMEER"), S("Zoetermeer") },
        { S("'S-GRAVENHAGE"), S("'s-Gravenhage") },
        { S("ALPHEN AAN DEN RIJN"), S("Alphen aan den Rijn") },
        { S("DEN HAAG"), S("Den Haag") },
        { S("IJSSELSTEIN UT"), S("IJsselstein Ut") },
        { S("S\xc3\x9a" "DWEST-FRYSL\xc3\x82N"), S("S\xc3\xba" "dwest-Frysl\xc3\xa2n") },
        { S("Al goed"), S("Al goed") },
        { S(""), S("") },
    };
    for (size_t i = 0; i < count_of(cases); i++)
        CHECK_STR(place_text(t->arena, cases[i].stored), cases[i].shown);
}

TEST(only_a_web_address_becomes_a_link)
{
    CHECK_STR(website_href(t->arena, STR("www.example.nl/pad?x=1")), STR("https://www.example.nl/pad?x=1"));
    CHECK_STR(website_href(t->arena, STR("HTTP://example.nl")), STR("HTTP://example.nl"));
    static const struct str bad[] = { S(""), S("javascript:alert(1)"), S("JaVaScRiPt:a.b"),
                                      S("//evil.example"), S("a b.nl"), S("x.nl\"onload=1"),
                                      S("data:text/html,x.y"), S("geen adres") };
    for (size_t i = 0; i < count_of(bad); i++)
        CHECK_INT(website_href(t->arena, bad[i]).len, 0);
}

TEST(a_fingerprint_is_read_with_and_without_colons)
{
    struct str fingerprint;
    struct error err = { 0 };
    struct buf text = { .arena = t->arena };
    for (int i = 0; i < 32; i++)
        buf_lit(&text, "AB:");
    CHECK_OK(fingerprint_parse(t->arena, buf_str(&text), &fingerprint, &err), err);
    CHECK_INT(fingerprint.len, 64);
    CHECK(str_starts(fingerprint, STR("abab")));
    CHECK(!fingerprint_parse(t->arena, STR("abc"), &fingerprint, &err));
    CHECK(!fingerprint_parse(t->arena, STR("zz"), &fingerprint, &err));
}
