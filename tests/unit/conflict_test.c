/* SPDX-License-Identifier: EUPL-1.2 */
/* Two people who change the same thing at the same time, each in a browser of their own. */
#include "platform/page/conflict.h"

#include "base/encoding.h"
#include "base/file.h"
#include "platform/people/people.h"
#include "services/services.h"
#include "sector/sector.h"
#include "tests/unit/http_client.h"

#include <signal.h>

#define HOST   "Host: localhost\nAccept: text/html\nAccept-Language: en\n"
#define BOARD  "/besturen/10001/wijzigen"
#define VENDOR "00000003000000000001"
#define VENDOR_PATH "/leveranciers/" VENDOR "/wijzigen"

struct house {
    struct test *t;
    struct app app;
    int port;
};

struct person {
    struct house *house;
    struct str cookies; /* as they stand in a Cookie header */
    struct str token;
};

static struct house *given_house(struct test *t)
{
    struct error err = { 0 };
    struct house *house = arena_new(t->arena, struct house);
    struct str text = str_format(t->arena,
                                 "database = %.*s\npeople.port = 0\nmachines.port = 0\n"
                                 "limit.login = 0\nlog.level = error\nhttp.threads = 2\n",
                                 FMT(t->db_url));
    house->t = t;
    signal(SIGPIPE, SIG_IGN);
    CHECK_OK(file_write(str_format(t->arena, "%s/fundament.conf", t->folder).at, text, 0600, &err),
             err);
    CHECK_OK(app_open(t->arena, t->folder, all_services, true, &house->app, &err), err);
    for (size_t i = 0; all_services[i]; i++)
        if (all_services[i]->seed_demo)
            CHECK_OK(all_services[i]->seed_demo(&house->app, t->arena, 3, &err), err);
    CHECK_OK(server_start(&house->app, &err), err);
    house->port = server_port(house->app.server, PEOPLE);
    return house;
}

static void end_house(struct house *house)
{
    server_stop(&house->app, 5 * SECOND);
    app_close(&house->app);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

/* What stands between two texts, the first time. */
static struct str between(struct str text, const char *before, const char *after)
{
    ptrdiff_t at = str_find(text, str_of(before));
    if (at < 0)
        return STR("");
    struct str rest = str_slice(text, (size_t)at + strlen(before), text.len);
    ptrdiff_t end = str_find(rest, str_of(after));
    return end < 0 ? STR("") : str_slice(rest, 0, (size_t)end);
}

static void keep_cookies(struct person *person, const struct answer *answer)
{
    struct str head = answer->head;
    while (str_more(head)) {
        struct str value = str_cut(&head, '\n');
        struct str name = str_cut(&value, ':');
        struct str cookie = str_trim(str_cut(&value, ';'));
        if (str_eq_nocase(name, STR("Set-Cookie")))
            person->cookies = str_format(person->house->t->arena, "%.*s; %.*s", FMT(cookie),
                                         FMT(person->cookies));
    }
}

static struct answer get(struct person *person, const char *path)
{
    struct test *t = person->house->t;
    struct answer answer = ask(t, person->house->port, NULL,
                               str_format(t->arena, "GET %s HTTP/1.1\n" HOST "Cookie: %.*s\n\n",
                                          path, FMT(person->cookies)).at);
    struct str token = between(answer.body, "name=\"form_token\" value=\"", "\"");
    if (token.len)
        person->token = token;
    return answer;
}

static struct answer post(struct person *person, const char *path, struct str fields)
{
    struct test *t = person->house->t;
    struct str body = str_format(t->arena, "form_token=%.*s&%.*s", FMT(person->token), FMT(fields));
    return ask(t, person->house->port, NULL,
               str_format(t->arena,
                          "POST %s HTTP/1.1\n" HOST "Cookie: %.*s\nContent-Type: "
                          "application/x-www-form-urlencoded\nContent-Length: %zu\n\n%.*s",
                          path, FMT(person->cookies), body.len, FMT(body)).at);
}

static struct person given_person(struct house *house, const char *login)
{
    struct person person = { .house = house };
    struct answer page = get(&person, "/inloggen");
    keep_cookies(&person, &page);
    struct answer in = post(&person, "/inloggen",
                            str_format(house->t->arena, "login=%s&password=" DEMO_PASSWORD, login));
    CHECK_INT(in.status, 303);
    keep_cookies(&person, &in);
    return person;
}

/* The hidden fields of a page's own form, as they will be sent, but for the form token. */
static struct str hidden_fields(struct test *t, struct str page)
{
    struct buf out = { .arena = t->arena };
    ptrdiff_t main_at = str_find(page, STR("<main"));
    struct str rest = str_slice(page, main_at < 0 ? 0 : (size_t)main_at, page.len);
    for (;;) {
        static const struct str mark = S("<input type=\"hidden\" name=\"");
        ptrdiff_t at = str_find(rest, mark);
        if (at < 0)
            return buf_str(&out);
        rest = str_slice(rest, (size_t)at + mark.len, rest.len);
        struct str name = str_cut(&rest, '"'), value = between(rest, "value=\"", "\">");
        if (!str_eq(name, STR("form_token")))
            buf_addf(&out, "&%.*s=%.*s", FMT(percent_encode(t->arena, name)),
                     FMT(percent_encode(t->arena, value)));
    }
}

/* Opens a form and keeps it open: what is sent later carries what it showed now. */
static struct str open_form(struct person *person, const char *path)
{
    struct answer page = get(person, path);
    CHECK_INT(page.status, 200);
    return hidden_fields(person->house->t, page.body);
}

static struct answer send(struct person *person, const char *path, const char *typed,
                          struct str hidden)
{
    return post(person, path,
                str_format(person->house->t->arena, "%s%.*s", typed, FMT(hidden)));
}

static int64_t audit_rows(struct house *house, const char *what);

TEST_DB(who_saves_second_sees_the_difference_and_nothing_is_overwritten)
{
    struct house *house = given_house(t);
    struct person first = given_person(house, "beheer"), second = given_person(house, "beheer");
    struct str opened = open_form(&first, BOARD), also = open_form(&second, BOARD);
    struct str start = between(also, "start.name=", "&");
    CHECK_INT(send(&first, BOARD, "name=First&place=Ede", opened).status, 303);
    struct answer page = send(&second, BOARD, "name=Second&place=Urk", also);
    CHECK_INT(page.status, 409);
    CHECK(has(page.body, "Somebody else changed this while you were at it."));
    CHECK(has(page.body, "Yours: \u2068Second\u2069"));
    CHECK(has(page.body, "In the register now: \u2068First\u2069"));
    CHECK(has(page.body, "When you opened the form: "));
    CHECK(start.len > 0);
    CHECK(has(get(&first, "/besturen/10001").body, "First"));
    CHECK(!has(get(&first, "/besturen/10001").body, "Second<"));
    end_house(house);
}

TEST_DB(after_choosing_the_second_person_saves)
{
    struct house *house = given_house(t);
    struct person first = given_person(house, "beheer"), second = given_person(house, "beheer");
    struct str opened = open_form(&first, BOARD), also = open_form(&second, BOARD);
    send(&first, BOARD, "name=First&place=Ede", opened);
    struct answer page = send(&second, BOARD, "name=Second&place=Urk", also);
    struct str chosen = hidden_fields(t, page.body);
    CHECK_INT(send(&second, BOARD, "name=Second&place=Ede", chosen).status, 303);
    struct answer board = get(&second, "/besturen/10001");
    CHECK(has(board.body, "Second") && has(board.body, "Ede"));
    end_house(house);
}

TEST_DB(a_field_that_only_the_other_changed_keeps_what_the_other_made_of_it)
{
    struct house *house = given_house(t);
    struct person first = given_person(house, "beheer"), second = given_person(house, "beheer");
    struct str opened = open_form(&first, BOARD), also = open_form(&second, BOARD);
    struct str name = between(also, "start.name=", "&");
    send(&first, BOARD, str_format(t->arena, "name=%.*s&place=Ede", FMT(name)).at, opened);
    struct str place = between(also, "start.place=", "&");
    if (!place.len) /* it is the last one */
        place = str_slice(also, (size_t)str_find(also, STR("start.place=")) + 12, also.len);
    struct answer page =
        send(&second, BOARD, str_format(t->arena, "name=Second&place=%.*s", FMT(place)).at, also);
    CHECK_INT(page.status, 409);
    struct str choice = between(page.body, "id=\"place\"", "</fieldset>");
    CHECK(has(choice, "value=\"Ede\" checked"));
    choice = between(page.body, "id=\"name\"", "</fieldset>");
    CHECK(has(choice, "value=\"Second\" checked"));
    end_house(house);
}

TEST_DB(a_second_click_on_save_is_no_conflict_and_no_second_change)
{
    struct house *house = given_house(t);
    struct person person = given_person(house, "beheer");
    struct str opened = open_form(&person, BOARD);
    CHECK_INT(send(&person, BOARD, "name=Once&place=Ede", opened).status, 303);
    CHECK_INT(send(&person, BOARD, "name=Once&place=Ede", opened).status, 303);
    CHECK_INT(audit_rows(house, "sector.board-changed"), 1);
    end_house(house);
}

TEST_DB(a_vendor_that_ends_meanwhile_is_not_brought_back_unseen)
{
    struct house *house = given_house(t);
    struct person first = given_person(house, "beheer"), second = given_person(house, "beheer");
    struct str opened = open_form(&first, VENDOR_PATH), also = open_form(&second, VENDOR_PATH);
    CHECK_INT(send(&first, VENDOR_PATH, "name=A&website=&ended=yes", opened).status, 303);
    struct answer page = send(&second, VENDOR_PATH, "name=B&website=", also);
    CHECK_INT(page.status, 409);
    CHECK(has(page.body, "In the register now: This vendor has ended"));
    end_house(house);
}

TEST_DB(adding_a_vendor_that_is_there_shows_both)
{
    struct house *house = given_house(t);
    struct person person = given_person(house, "beheer");
    static const char path[] = "/leveranciers/toevoegen";
    struct str opened = open_form(&person, path);
    struct answer page = send(&person, path, "oin=" VENDOR "&name=Mine&website=", opened);
    CHECK_INT(page.status, 409);
    CHECK(has(page.body, "This is in the register already"));
    CHECK(has(page.body, "action=\"" VENDOR_PATH "\""));
    struct str chosen = hidden_fields(t, page.body);
    CHECK_INT(send(&person, VENDOR_PATH, "name=Mine&website=", chosen).status, 303);
    CHECK(has(get(&person, "/leveranciers/" VENDOR).body, "Mine"));
    end_house(house);
}

TEST_DB(adding_the_same_vendor_twice_is_a_second_click)
{
    struct house *house = given_house(t);
    struct person person = given_person(house, "beheer");
    static const char path[] = "/leveranciers/toevoegen";
    static const char typed[] = "oin=00000003272448340204&name=Leerpad&website=";
    struct str opened = open_form(&person, path);
    CHECK_INT(send(&person, path, typed, opened).status, 303);
    CHECK_INT(send(&person, path, typed, opened).status, 303);
    CHECK_INT(audit_rows(house, "sector.vendor-added"), 1);
    end_house(house);
}

#define CERTIFICATE "/leveranciers/" VENDOR "/certificaat"
#define FINGERPRINT                                                                                \
    "fingerprint=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

TEST_DB(a_certificate_is_not_moved_or_changed_unseen)
{
    struct house *house = given_house(t);
    struct person person = given_person(house, "beheer");
    struct str opened = open_form(&person, CERTIFICATE);
    static const char *const typed = FINGERPRINT "&serial=1&not_before=2026-01-01&not_after=2027-01-01";
    CHECK_INT(send(&person, CERTIFICATE, typed, opened).status, 303);
    CHECK_INT(send(&person, CERTIFICATE, typed, opened).status, 303); /* a second click */
    CHECK_INT(audit_rows(house, "sector.certificate-added"), 1);
    struct answer page = send(&person, CERTIFICATE,
                              FINGERPRINT "&serial=2&not_before=2026-01-01&not_after=2027-01-01", opened);
    CHECK_INT(page.status, 409);
    CHECK(has(page.body, "Yours: \u20682\u2069"));
    struct str chosen = hidden_fields(t, page.body);
    CHECK_INT(send(&person, CERTIFICATE, "serial=2", chosen).status, 303);
    page = send(&person, "/leveranciers/00000003000000000002/certificaat", typed, opened);
    CHECK_INT(page.status, 422);
    CHECK(has(page.body, "registered for another vendor"));
    end_house(house);
}

#define CONCEPTS "/nummervoorziening/beheer/begrippen"
#define CONCEPT  "soort=sector&id=urn%3Aa&"

TEST_DB(a_chain_or_sector_is_not_overwritten_unseen)
{
    struct house *house = given_house(t);
    struct person first = given_person(house, "beheer"), second = given_person(house, "beheer");
    static const char *const chosen_path = "/nummervoorziening/beheer?soort=sector&begrip=urn%3Aa";
    open_form(&first, "/nummervoorziening/beheer");
    CHECK_INT(send(&first, CONCEPTS, CONCEPT "begrip=A&betekenis=One", STR("")).status, 303);
    CHECK_INT(send(&first, CONCEPTS, CONCEPT "begrip=A&betekenis=One", STR("")).status, 303);
    CHECK_INT(audit_rows(house, "nummervoorziening.concept-changed"), 1);
    struct str opened = open_form(&first, chosen_path), also = open_form(&second, chosen_path);
    CHECK_INT(send(&first, CONCEPTS, CONCEPT "begrip=B&betekenis=One", opened).status, 303);
    struct answer page = send(&second, CONCEPTS, CONCEPT "begrip=C&betekenis=Two", also);
    CHECK_INT(page.status, 409);
    CHECK(has(page.body, "In the register now: \u2068B\u2069"));
    CHECK(has(page.body, "When you opened the form: \u2068A\u2069"));
    struct str chosen = hidden_fields(t, page.body);
    CHECK_INT(send(&second, CONCEPTS, "begrip=B&betekenis=Two", chosen).status, 303);
    CHECK(has(get(&second, chosen_path).body, "value=\"Two\""));
    end_house(house);
}

#define CALLERS "/nummervoorziening/beheer/aanroepers"
#define CALLER  "oin=00000003272448340204&"

TEST_DB(a_system_is_not_renamed_unseen_and_ended_once)
{
    struct house *house = given_house(t);
    struct person person = given_person(house, "beheer");
    open_form(&person, "/nummervoorziening/beheer");
    int64_t before = audit_rows(house, "nummervoorziening.caller-admitted");
    CHECK_INT(send(&person, CALLERS, CALLER "naam=One", STR("")).status, 303);
    CHECK_INT(send(&person, CALLERS, CALLER "naam=One", STR("")).status, 303);
    CHECK_INT(audit_rows(house, "nummervoorziening.caller-admitted") - before, 1);
    struct answer page = send(&person, CALLERS, CALLER "naam=Two", STR(""));
    CHECK_INT(page.status, 409);
    struct str chosen = hidden_fields(t, page.body);
    CHECK_INT(send(&person, CALLERS, "naam=Two", chosen).status, 303);
    CHECK_INT(send(&person, CALLERS, CALLER "wat=beeindigen", STR("")).status, 303);
    CHECK_INT(send(&person, CALLERS, CALLER "wat=beeindigen", STR("")).status, 303);
    CHECK_INT(audit_rows(house, "nummervoorziening.caller-dismissed"), 1);
    end_house(house);
}

#define SIGN_UP "/nummervoorziening/aansluiten"

TEST_DB(what_is_confirmed_is_what_was_shown)
{
    struct house *house = given_house(t);
    struct person first = given_person(house, "bestuur"), second = given_person(house, "bestuur");
    static const char *const end = "wens=stoppen&school=*&leverancier=" VENDOR;
    static const char *const away = "wens=afmelden&school=*";
    open_form(&first, SIGN_UP), open_form(&second, SIGN_UP);
    struct answer seen = send(&first, SIGN_UP, end, STR("")), other = send(&second, SIGN_UP, away, STR(""));
    CHECK_INT(seen.status, 200);
    CHECK_INT(send(&second, SIGN_UP, "", hidden_fields(t, other.body)).status, 303);
    struct answer page = send(&first, SIGN_UP, "", hidden_fields(t, seen.body));
    CHECK_INT(page.status, 303); /* all that was asked is so already */
    seen = send(&first, SIGN_UP, "wens=toestaan&school=*&leverancier=" VENDOR, STR(""));
    other = send(&second, SIGN_UP, "wens=toestaan&school=*&leverancier=00000003000000000002", STR(""));
    CHECK_INT(send(&second, SIGN_UP, "", hidden_fields(t, other.body)).status, 303);
    page = send(&first, SIGN_UP, "", hidden_fields(t, seen.body));
    CHECK_INT(page.status, 409);
    CHECK(has(page.body, "What you were shown"));
    struct str again = hidden_fields(t, page.body);
    CHECK_INT(send(&first, SIGN_UP, "", again).status, 303);
    int64_t deeds = audit_rows(house, "nummervoorziening.vendor-allowed");
    CHECK_INT(send(&first, SIGN_UP, "", again).status, 303); /* a second click */
    CHECK_INT(audit_rows(house, "nummervoorziening.vendor-allowed"), deeds);
    end_house(house);
}

TEST(a_version_stands_for_all_its_values)
{
    const struct str a[] = { S("ab"), S("c") }, b[] = { S("a"), S("bc") }, c[] = { S("c"), S("ab") };
    CHECK(version_of(a, 2) != version_of(b, 2));
    CHECK(version_of(a, 2) != version_of(c, 2));
    CHECK(version_of(a, 2) == version_of(a, 2) && version_of(a, 2) > 0);
    CHECK(version_of(a, 0) > 0);
}

struct counting {
    const char *what;
    int64_t count;
};

static bool do_count(struct tx *tx, void *with, struct error *err)
{
    static const struct statement count = SQL("SELECT COUNT(*) FROM audit WHERE what = $1");
    struct counting *counting = with;
    return db_number(tx, &count, ARGS(arg_text(str_of(counting->what))), 0, &counting->count, err);
}

static int64_t audit_rows(struct house *house, const char *what)
{
    struct counting counting = { what, 0 };
    struct error err = { 0 };
    CHECK_OK(db_read(house->app.db, house->t->arena, do_count, &counting, &err), err);
    return counting.count;
}
