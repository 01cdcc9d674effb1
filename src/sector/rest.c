/* SPDX-License-Identifier: EUPL-1.2 */
/* Each kind of thing: its members as JSON Schema, and the function that writes them. Then the
 * answers. */
#include "sector/rest.h"

#include "base/encoding.h"
#include "sector/changes.h"
#include "sector/named.h"

#define LIMIT_MOST     200
#define LIMIT_STANDARD 50
#define SEARCH_BYTES   100

/* Members */

#define TEXT(name)  "\"" name "\":{\"type\":\"string\"}"
#define COUNT(name) "\"" name "\":{\"type\":\"integer\",\"minimum\":0}"
#define BRIN_TYPE   "{\"type\":\"string\",\"pattern\":\"^[0-9]{2}[A-Z]{2}$\"}"
#define BOARD_TYPE  "{\"type\":\"string\",\"pattern\":\"^[0-9]{5}$\"}"
#define OIN_TYPE    "{\"type\":\"string\",\"pattern\":\"^[0-9]{8}[0-9A-Z]{12}$\"}"
#define KIND        "\"kind\":{\"type\":\"string\",\"enum\":[\"po\",\"vo\",\"so\"]}"
#define PUPILS      "\"pupils\":{\"type\":[\"integer\",\"null\"],\"minimum\":0}"
#define ENDED       "\"ended\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"

#define OBJECT(required, members)                                                                  \
    "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" members "}}"
#define LIST(item)                                                                                 \
    OBJECT("\"items\",\"next\"", "\"items\":{\"type\":\"array\",\"items\":" item "},"              \
           "\"next\":{\"type\":[\"string\",\"null\"],\"description\":"                             \
           "\"Ask on with after=<next>; null: there is no more.\"}")

#define BOARD                                                                                      \
    OBJECT("\"number\",\"name\",\"place\",\"schools\",\"ended\"",                                  \
           "\"number\":" BOARD_TYPE "," TEXT("name") "," TEXT("place") "," COUNT("schools")        \
           "," ENDED)

#define SCHOOL                                                                                     \
    OBJECT("\"brin\",\"oin\",\"name\",\"kind\",\"board\",\"place\",\"municipality\","              \
           "\"province\",\"denomination\",\"website\",\"pupils\",\"locations\",\"ended\"",         \
           "\"brin\":" BRIN_TYPE ",\"oin\":" OIN_TYPE "," TEXT("name") "," KIND ",\"board\":"      \
           BOARD_TYPE "," TEXT("place") "," TEXT("municipality") "," TEXT("province") ","          \
           TEXT("denomination") "," TEXT("website") "," PUPILS "," COUNT("locations") "," ENDED)

#define LOCATION                                                                                   \
    OBJECT("\"code\",\"name\",\"street\",\"number\",\"postcode\",\"place\",\"municipality\","      \
           "\"province\",\"telephone\",\"website\",\"denomination\",\"structure\",\"pupils\","     \
           "\"ended\"",                                                                            \
           "\"code\":{\"type\":\"string\",\"pattern\":\"^[0-9]{2}[A-Z]{2}[0-9]{2}$\"},"            \
           TEXT("name") "," TEXT("street") "," TEXT("number") "," TEXT("postcode") ","             \
           TEXT("place") "," TEXT("municipality") "," TEXT("province") "," TEXT("telephone") ","   \
           TEXT("website") "," TEXT("denomination") "," TEXT("structure") "," PUPILS "," ENDED)

#define VENDOR                                                                                     \
    OBJECT("\"oin\",\"name\",\"website\",\"ended\"",                                               \
           "\"oin\":" OIN_TYPE "," TEXT("name") "," TEXT("website") "," ENDED)

#define PARTNERSHIP                                                                                \
    OBJECT("\"code\",\"name\",\"kind\",\"place\",\"members\",\"ended\"",                           \
           "\"code\":{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}[0-9]{4}$\"}," TEXT("name") ","   \
           KIND "," TEXT("place") "," COUNT("members") "," ENDED)

static void put_id(struct node *node, const char *key, const char *id, size_t size)
{
    node_put_text(node, key, str_copy(node->arena, (struct str){ id, size }));
}
#define PUT_ID(node, key, id) put_id(node, key, (id).text, sizeof(id).text)

static void put_ended(struct node *node, instant ended)
{
    char text[INSTANT_TEXT];
    if (ended)
        node_put_text(node, "ended", str_copy(node->arena, instant_format(ended, text)));
    else
        node_put_null(node, "ended");
}

static void put_pupils(struct node *node, int64_t pupils)
{
    if (pupils >= 0)
        node_put_int(node, "pupils", pupils);
    else
        node_put_null(node, "pupils");
}

void put_board_json(struct node *node, const struct board *board)
{
    PUT_ID(node, "number", board->number);
    node_put_text(node, "name", board->name);
    node_put_text(node, "place", board->place);
    node_put_int(node, "schools", board->schools);
    put_ended(node, board->ended);
}

void put_school_json(struct node *node, const struct school *school)
{
    struct oin oin = school_oin(&school->brin);
    PUT_ID(node, "brin", school->brin);
    PUT_ID(node, "oin", oin);
    node_put_text(node, "name", school->name);
    node_put_text(node, "kind", kind_word(school->kind));
    PUT_ID(node, "board", school->board);
    node_put_text(node, "place", school->place);
    node_put_text(node, "municipality", school->municipality);
    node_put_text(node, "province", school->province);
    node_put_text(node, "denomination", school->denomination);
    node_put_text(node, "website", school->website);
    put_pupils(node, school->pupils);
    node_put_int(node, "locations", school->locations);
    put_ended(node, school->ended);
}

void put_location_json(struct node *node, const struct location *location)
{
    PUT_ID(node, "code", location->code);
    node_put_text(node, "name", location->name);
    node_put_text(node, "street", location->street);
    node_put_text(node, "number", location->number);
    node_put_text(node, "postcode", location->postcode);
    node_put_text(node, "place", location->place);
    node_put_text(node, "municipality", location->municipality);
    node_put_text(node, "province", location->province);
    node_put_text(node, "telephone", location->telephone);
    node_put_text(node, "website", location->website);
    node_put_text(node, "denomination", location->denomination);
    node_put_text(node, "structure", location->structure);
    put_pupils(node, location->pupils);
    put_ended(node, location->ended);
}

void put_vendor_json(struct node *node, const struct vendor *vendor)
{
    PUT_ID(node, "oin", vendor->oin);
    node_put_text(node, "name", vendor->name);
    node_put_text(node, "website", vendor->website);
    put_ended(node, vendor->ended);
}

void put_partnership_json(struct node *node, const struct partnership *partnership)
{
    node_put_text(node, "code", partnership->code);
    node_put_text(node, "name", partnership->name);
    node_put_text(node, "kind", kind_word(partnership->kind));
    node_put_text(node, "place", partnership->place);
    node_put_int(node, "members", partnership->members);
    put_ended(node, partnership->ended);
}

static const struct api_param list_params[] = {
    { "q", "Words in the name, the place or the identifier; case and diacritics do not matter.", false },
    { "limit", "At most this many items, 1 to 200; 50 when absent.", false },
    { "after", "Go on after this item: the `next` of the answer before.", false },
    { NULL },
};

static const struct api_param school_params[] = {
    { "q", "Words in the name, the place or the BRIN; case and diacritics do not matter.", false },
    { "board", "Only schools of the board with this number.", false },
    { "brin", "Only the school with this BRIN.", false },
    { "limit", "At most this many items, 1 to 200; 50 when absent.", false },
    { "after", "Go on after this BRIN: the `next` of the answer before.", false },
    { NULL },
};

const struct api boards_api = { "School boards that are active, by number", list_params, LIST(BOARD),
                                NULL };
const struct api board_api = { "One school board", NULL, BOARD, NULL };
const struct api schools_api = { "Schools that are active, by BRIN", school_params, LIST(SCHOOL), NULL };
const struct api school_api = { "One school", NULL, SCHOOL, NULL };
const struct api locations_api = { "The locations of a school; first the active ones, then those "
                                   "that ended", NULL, LIST(LOCATION), NULL };
const struct api vendors_api = { "Vendors that are active, by OIN", list_params, LIST(VENDOR), NULL };
const struct api vendor_api = { "One vendor", NULL, VENDOR, NULL };
const struct api partnerships_api = { "Partnerships of school boards (samenwerkingsverbanden), by code",
                                      list_params, LIST(PARTNERSHIP), NULL };

/* Answers */

/* With an entity tag; a client that has the same answer already gets 304 (RFC 9110, 13.1.2). */
static bool reply_tagged(struct request *request, const struct node *json)
{
    struct buf body = { .arena = request->arena };
    node_to_json(json, &body);
    struct str tag = str_format(request->arena, "\"%016llx\"",
                                (unsigned long long)str_hash(buf_str(&body)));
    reply_header(request, "ETag", tag);
    reply_header(request, "Cache-Control", STR("no-cache"));
    if (str_find(request_header(request, "If-None-Match"), tag) >= 0) {
        request->reply.status = 304;
        return true;
    }
    return reply_bytes(request, "application/json", buf_str(&body));
}

/* `after` must be an identifier of the kind that the list has: `is_id` says so. */
static bool read_keyset(struct request *request, bool (*is_id)(struct str text, struct error *err),
                        struct keyset *keyset, struct tx **tx, struct error *err)
{
    struct str search = request_query(request, "q");
    *keyset = (struct keyset){ .after = request_query(request, "after") };
    if (search.len > SEARCH_BYTES)
        return fail(err, INVALID, "q", N_("Search with at most 100 characters."));
    keyset->search = fold(request->arena, search);
    return (!keyset->after.len || is_id(keyset->after, err))
        && request_query_int(request, "limit", 1, LIMIT_MOST, LIMIT_STANDARD, &keyset->limit, err)
        && request_tx(request, tx, err);
}

/* The answer to a list: `last` is the identifier of its last item. */
static bool reply_items(struct request *request, struct node *items, const struct keyset *keyset,
                        struct str last)
{
    struct node *json = node_map(request->arena);
    node_put(json, "items", items);
    if (keyset && (int64_t)items->count == keyset->limit)
        node_put_text(json, "next", last);
    else
        node_put_null(json, "next");
    return reply_tagged(request, json);
}

static bool is_board_number(struct str text, struct error *err)
{
    struct board_number number;
    return board_number_parse(text, &number, err);
}

static bool is_brin(struct str text, struct error *err)
{
    struct brin brin;
    return brin_parse(text, &brin, err);
}

static bool is_oin(struct str text, struct error *err)
{
    struct oin oin;
    return oin_parse(text, &oin, err);
}

static bool is_partnership_code(struct str text, struct error *err)
{
    struct str code;
    return partnership_code_parse(text, &code, err);
}

bool answer_boards(struct request *request, struct error *err)
{
    struct board_list boards = { 0 };
    struct keyset keyset;
    struct tx *tx;
    if (!read_keyset(request, is_board_number, &keyset, &tx, err)
        || !store_boards_after(tx, &keyset, &boards, err))
        return false;
    struct node *items = node_list(request->arena);
    for (size_t i = 0; i < boards.len; i++)
        put_board_json(node_add_map(items), &boards.at[i]);
    return reply_items(request, items, &keyset,
                       boards.len ? ID_STR(boards.at[boards.len - 1].number) : STR(""));
}

bool answer_board(struct request *request, struct error *err)
{
    struct board board;
    struct tx *tx;
    if (!named_board(request, &tx, &board, err))
        return false;
    struct node *json = node_map(request->arena);
    put_board_json(json, &board);
    return reply_tagged(request, json);
}

/* The school of the query's `brin`, as a list of one or none. */
static bool answer_school_by_brin(struct request *request, struct tx *tx, struct str text,
                                  struct error *err)
{
    struct node *items = node_list(request->arena);
    struct school school;
    struct brin brin;
    bool found;
    if (!brin_parse(text, &brin, err) || !sector_find_school(tx, &brin, &school, &found, err))
        return false;
    if (found && !school.ended)
        put_school_json(node_add_map(items), &school);
    return reply_items(request, items, NULL, STR(""));
}

bool answer_schools(struct request *request, struct error *err)
{
    struct school_list schools = { 0 };
    struct keyset keyset;
    struct tx *tx;
    struct str brin = request_query(request, "brin"), board = request_query(request, "board");
    if (!read_keyset(request, is_brin, &keyset, &tx, err)
        || (board.len && !is_board_number(board, err)))
        return false;
    if (brin.len)
        return answer_school_by_brin(request, tx, brin, err);
    keyset.board = board;
    if (!store_schools_after(tx, &keyset, &schools, err))
        return false;
    struct node *items = node_list(request->arena);
    for (size_t i = 0; i < schools.len; i++)
        put_school_json(node_add_map(items), &schools.at[i]);
    return reply_items(request, items, &keyset,
                       schools.len ? ID_STR(schools.at[schools.len - 1].brin) : STR(""));
}

static bool find_school(struct request *request, struct tx **tx, struct school *school,
                        struct error *err)
{
    struct brin brin;
    bool found;
    if (!brin_parse(request_param(request, "brin"), &brin, err) || !request_tx(request, tx, err)
        || !sector_find_school(*tx, &brin, school, &found, err))
        return false;
    return found
        || fail_about(err, NOT_FOUND, NULL, N_("There is no school with BRIN %s."), "%.*s",
                      FMT(ID_STR(brin)));
}

bool answer_school(struct request *request, struct error *err)
{
    struct school school;
    struct tx *tx;
    if (!find_school(request, &tx, &school, err))
        return false;
    struct node *json = node_map(request->arena);
    put_school_json(json, &school);
    return reply_tagged(request, json);
}

bool answer_locations(struct request *request, struct error *err)
{
    struct location_list locations = { 0 };
    struct school school;
    struct tx *tx;
    if (!find_school(request, &tx, &school, err)
        || !store_locations_of(tx, &school.brin, &locations, err))
        return false;
    struct node *items = node_list(request->arena);
    for (size_t i = 0; i < locations.len; i++)
        put_location_json(node_add_map(items), &locations.at[i]);
    return reply_items(request, items, NULL, STR(""));
}

bool answer_vendors(struct request *request, struct error *err)
{
    struct vendor_list vendors = { 0 };
    struct keyset keyset;
    struct tx *tx;
    if (!read_keyset(request, is_oin, &keyset, &tx, err)
        || !store_vendors_after(tx, &keyset, &vendors, err))
        return false;
    struct node *items = node_list(request->arena);
    for (size_t i = 0; i < vendors.len; i++)
        put_vendor_json(node_add_map(items), &vendors.at[i]);
    return reply_items(request, items, &keyset,
                       vendors.len ? ID_STR(vendors.at[vendors.len - 1].oin) : STR(""));
}

bool answer_vendor(struct request *request, struct error *err)
{
    struct vendor vendor;
    struct tx *tx;
    if (!named_vendor(request, &tx, &vendor, err))
        return false;
    struct node *json = node_map(request->arena);
    put_vendor_json(json, &vendor);
    return reply_tagged(request, json);
}

bool answer_partnerships(struct request *request, struct error *err)
{
    struct partnership_list partnerships = { 0 };
    struct keyset keyset;
    struct tx *tx;
    if (!read_keyset(request, is_partnership_code, &keyset, &tx, err)
        || !store_partnerships_after(tx, &keyset, &partnerships, err))
        return false;
    struct node *items = node_list(request->arena);
    for (size_t i = 0; i < partnerships.len; i++)
        put_partnership_json(node_add_map(items), &partnerships.at[i]);
    return reply_items(request, items, &keyset,
                       partnerships.len ? partnerships.at[partnerships.len - 1].code : STR(""));
}
