/* SPDX-License-Identifier: EUPL-1.2 */
/* The platform's own pages, as a browser meets them. */
#include "tests/unit/http_world.h"

#include "base/list.h"
#include "platform/keys/keeper.h"
#include "platform/people/accounts.h"
#include "platform/people/factor_store.h"
#include "platform/people/guesses.h"
#include "platform/people/people.h"
#include "platform/people/totp.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define HOST "Host: localhost\nAccept: text/html\nAccept-Language: en\n"

struct browser {
    struct test *t;
    struct world *world;
    struct str cookies; /* a Cookie header with its newline, or empty */
    struct str token;
};

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

/* The value of a cookie that an answer sets; empty when it does not. */
static struct str set_cookie(const struct answer *answer, const char *name)
{
    struct str head = answer->head;
    while (str_more(head)) {
        struct str line = str_cut(&head, '\n'), mark = str_of("et-cookie: ");
        ptrdiff_t at = str_find(line, mark);
        if (at < 0)
            at = str_find(line, STR("et-Cookie: "));
        if (at < 0)
            continue;
        struct str value = str_slice(line, (size_t)at + mark.len, line.len);
        if (str_eq(str_cut(&value, '='), str_of(name)))
            return str_cut(&value, ';');
    }
    return STR("");
}

static struct answer get(struct browser *b, const char *path)
{
    return ask(b->t, b->world->people, NULL,
               str_format(b->t->arena, "GET %s HTTP/1.1\n" HOST "%.*s\n", path,
                          FMT(b->cookies)).at);
}

static struct answer post(struct browser *b, const char *path, const char *fields)
{
    struct str body = str_format(b->t->arena, "form_token=%.*s&%s", FMT(b->token), fields);
    return ask(b->t, b->world->people, NULL,
               str_format(b->t->arena,
                          "POST %s HTTP/1.1\n" HOST "%.*sContent-Type: "
                          "application/x-www-form-urlencoded\nContent-Length: %zu\n\n%.*s",
                          path, FMT(b->cookies), body.len, FMT(body)).at);
}

static void read_token(struct browser *b, const struct answer *answer)
{
    struct str mark = STR("name=\"form_token\" value=\"");
    ptrdiff_t at = str_find(answer->body, mark);
    CHECK(at >= 0);
    struct str rest = str_slice(answer->body, (size_t)at + mark.len, answer->body.len);
    b->token = str_cut(&rest, '"');
}

static struct browser given_browser(struct test *t, struct world *world)
{
    struct browser b = { .t = t, .world = world };
    struct answer page = get(&b, "/inloggen");
    CHECK_INT(page.status, 200);
    read_token(&b, &page);
    b.cookies = str_format(t->arena, "Cookie: __Host-fundament_form=%.*s\n",
                           FMT(set_cookie(&page, "__Host-fundament_form")));
    return b;
}

static struct world *given_demo(struct test *t)
{
    struct world *world = given_server(t, "limit.login = 0\n");
    struct error err = { 0 };
    CHECK_OK(seed_demo_accounts(&world->app, t->arena, 1, &err), err);
    return world;
}

/* Logs in and takes the session's cookie and form token. */
static struct browser given_person(struct test *t, struct world *world)
{
    struct browser b = given_browser(t, world);
    struct answer answer = post(&b, "/inloggen", "login=Bestuur&password=" DEMO_PASSWORD);
    CHECK_INT(answer.status, 303);
    struct str form = str_slice(b.cookies, 0, b.cookies.len - 1);
    b.cookies = str_format(t->arena, "%.*s; __Host-fundament_session=%.*s"
                                     "; __Host-fundament_device=%.*s\n", FMT(form),
                           FMT(set_cookie(&answer, "__Host-fundament_session")),
                           FMT(set_cookie(&answer, "__Host-fundament_device")));
    struct answer page = get(&b, "/account");
    CHECK_INT(page.status, 200);
    read_token(&b, &page);
    return b;
}

TEST(who_logs_in_comes_back_where_they_were)
{
    struct world *world = given_demo(t);
    struct browser b = given_browser(t, world);
    struct answer asked = get(&b, "/account");
    CHECK_INT(asked.status, 303);
    CHECK_STR(answer_header(&asked, "Location"), STR("/inloggen?naar=%2Faccount"));
    struct answer done =
        post(&b, "/inloggen", "naar=%2Faccount&login=bestuur&password=" DEMO_PASSWORD);
    CHECK_INT(done.status, 303);
    CHECK_STR(answer_header(&done, "Location"), STR("/account"));
    CHECK_INT(set_cookie(&done, "__Host-fundament_session").len, 43);
    end_server(world);
}

/* Only so many passwords are checked at once: a check that memory ended gives its place back too. */
TEST(who_could_not_be_checked_for_want_of_memory_can_log_in_later)
{
    struct world *world = given_demo(t);
    struct browser b = given_browser(t, world);
    struct rlimit before;
    long long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
#if defined(__SANITIZE_ADDRESS__)
    test_skip("their shadow memory is terabytes of address space");
#endif
    CHECK(statm && fscanf(statm, "%lld", &pages) == 1 && fclose(statm) == 0);
    CHECK_INT(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit tight = { (rlim_t)(pages * sysconf(_SC_PAGESIZE) + (4 << 20)), before.rlim_max };
    for (int i = 0; i <= CHECKS_AT_ONCE; i++) {
        CHECK_INT(setrlimit(RLIMIT_AS, &tight), 0);
        struct answer refused = post(&b, "/inloggen", "login=bestuur&password=" DEMO_PASSWORD);
        CHECK_INT(setrlimit(RLIMIT_AS, &before), 0);
        CHECK_INT(refused.status, 503);
    }
    CHECK_INT(post(&b, "/inloggen", "login=bestuur&password=" DEMO_PASSWORD).status, 303);
    end_server(world);
}

TEST(logging_in_leads_to_no_other_site)
{
    static const char *const away[] = { "https%3A%2F%2Fevil.example", "%2F%2Fevil.example",
                                        "%2F%5Cevil.example", "%2Fa%0D%0ASet-Cookie:x", "" };
    struct world *world = given_demo(t);
    for (size_t i = 0; i < sizeof away / sizeof *away; i++) {
        struct browser b = given_browser(t, world);
        struct answer done =
            post(&b, "/inloggen",
                 str_format(t->arena, "naar=%s&login=school&password=" DEMO_PASSWORD, away[i]).at);
        CHECK_INT(done.status, 303);
        CHECK_STR(answer_header(&done, "Location"), STR("/"));
        struct answer language =
            get(&b, str_format(t->arena, "/taal/en?naar=%s", away[i]).at);
        CHECK_STR(answer_header(&language, "Location"), STR("/"));
    }
    end_server(world);
}

TEST(a_wrong_password_and_an_unknown_login_get_the_same_answer)
{
    struct world *world = given_demo(t);
    struct browser b = given_browser(t, world);
    struct answer wrong = post(&b, "/inloggen", "login=bestuur&password=wrong");
    struct answer unknown = post(&b, "/inloggen", "login=nobody&password=wrong");
    CHECK_INT(wrong.status, 422);
    CHECK_INT(unknown.status, 422);
    CHECK(has(wrong.body, "The login name or the password is not right."));
    CHECK(has(unknown.body, "The login name or the password is not right."));
    CHECK(has(wrong.body, "value=\"bestuur\"")); /* what was typed is kept */
    CHECK(!has(wrong.body, "value=\"wrong\""));  /* but not the password */
    end_server(world);
}

/* Whoever guessed wrong so far did it very often, and this very moment: a test that guesses until it is
 * slowed down would wait on a slow machine until it is not any more. */
static bool make_frequent(struct tx *tx, void *with, struct error *err)
{
    static const struct statement frequent = SQL("UPDATE wrong_guess SET failures = 30, last = $1");
    (void)with;
    return db_do(tx, &frequent, ARGS(arg_int(instant_now() + HOUR)), NULL, err);
}

static void guess_often(struct test *t, struct browser *b, const char *login)
{
    struct error err = { 0 };
    CHECK_INT(post(b, "/inloggen", str_format(t->arena, "login=%s&password=wrong", login).at).status,
              422);
    CHECK_OK(db_write(b->world->app.db, t->arena, make_frequent, NULL, &err), err);
}

TEST(guessing_is_slowed_down)
{
    struct world *world = given_demo(t);
    struct browser b = given_browser(t, world);
    int tries = 0;
    struct answer answer;
    do
        answer = post(&b, "/inloggen", "login=bestuur&password=wrong");
    while (answer.status == 422 && ++tries < 20);
    CHECK_INT(answer.status, 429);
    CHECK(tries >= 4);
    CHECK(answer_header(&answer, "Retry-After").len > 0);
    answer = post(&b, "/inloggen", "login=school&password=" DEMO_PASSWORD);
    CHECK_INT(answer.status, 303);
    end_server(world);
}

TEST(logging_out_ends_the_session)
{
    struct world *world = given_demo(t);
    struct browser b = given_person(t, world);
    CHECK_INT(post(&b, "/uitloggen", "").status, 303);
    CHECK_INT(get(&b, "/account").status, 303);
    end_server(world);
}

TEST(a_form_without_its_token_is_refused)
{
    struct world *world = given_demo(t);
    struct browser b = given_person(t, world);
    b.token = STR("AAAA");
    CHECK_INT(post(&b, "/uitloggen", "").status, 403);
    CHECK_INT(get(&b, "/account").status, 200);
    end_server(world);
}

TEST(a_password_is_changed_by_who_knows_the_present_one)
{
    struct world *world = given_demo(t);
    struct browser b = given_person(t, world), other = given_person(t, world);
    struct answer wrong =
        post(&b, "/account/wachtwoord", "current=nonsense&password=a%20brand%20new%20one");
    CHECK_INT(wrong.status, 422);
    CHECK(has(wrong.body, "id=\"current-error\">This is not your present password."));
    struct answer shorter =
        post(&b, "/account/wachtwoord", "current=" DEMO_PASSWORD "&password=short");
    CHECK_INT(shorter.status, 422);
    CHECK(has(shorter.body, "aria-describedby=\"password-error password-hint\""));
    CHECK_INT(post(&b, "/account/wachtwoord",
                   "current=" DEMO_PASSWORD "&password=a%20brand%20new%20one%20").status, 303);
    CHECK_INT(get(&b, "/account").status, 200);
    CHECK_INT(get(&other, "/account").status, 303); /* logged out elsewhere */
    struct browser fresh = given_browser(t, world);
    CHECK_INT(post(&fresh, "/inloggen", "login=bestuur&password=" DEMO_PASSWORD).status, 422);
    CHECK_INT(post(&fresh, "/inloggen",
                   "login=bestuur&password=a%20brand%20new%20one%20").status, 303);
    end_server(world);
}

TEST(pages_are_in_the_language_that_was_chosen)
{
    struct world *world = given_demo(t);
    struct browser b = given_browser(t, world);
    CHECK(has(get(&b, "/").body, "<html lang=\"en\">"));
    struct answer chosen = get(&b, "/taal/nl?naar=%2Fover");
    CHECK_STR(answer_header(&chosen, "Location"), STR("/over"));
    b.cookies = str_format(t->arena, "Cookie: taal=%.*s\n", FMT(set_cookie(&chosen, "taal")));
    CHECK(has(get(&b, "/over").body, "<html lang=\"nl\">"));
    CHECK_INT(get(&b, "/taal/fr").status, 404);
    end_server(world);
}

TEST(the_demo_shows_its_accounts_and_another_installation_does_not)
{
    struct world *world = given_server(t, "");
    struct browser b = given_browser(t, world);
    CHECK(!has(get(&b, "/inloggen").body, DEMO_PASSWORD));
    struct error err = { 0 };
    CHECK_OK(seed_demo_accounts(&world->app, t->arena, 1, &err), err);
    CHECK_OK(seed_demo_accounts(&world->app, t->arena, 1, &err), err);
    CHECK(has(get(&b, "/inloggen").body, DEMO_PASSWORD));
    end_server(world);
}

static bool add_somebody(struct tx *tx, void *with, struct error *err)
{
    struct account *account = with;
    return account_add(tx, STR("somebody"), STR("Somebody"), STR("x"), account, err);
}

TEST(a_demo_is_never_made_where_somebody_works)
{
    struct world *world = given_server(t, "");
    struct account account;
    struct error err = { 0 };
    CHECK_OK(db_write(world->app.db, t->arena, add_somebody, &account, &err), err);
    CHECK(!seed_demo_accounts(&world->app, t->arena, 1, &err));
    CHECK_INT(err.kind, CONFLICT);
    struct browser b = given_browser(t, world);
    CHECK(!has(get(&b, "/inloggen").body, DEMO_PASSWORD));
    end_server(world);
}

TEST(a_browser_that_logged_in_before_is_not_slowed_by_guesses_elsewhere)
{
    struct world *world = given_demo(t);
    struct browser known = given_person(t, world), other = given_browser(t, world);
    CHECK_INT(post(&known, "/uitloggen", "").status, 303);
    struct answer page = get(&known, "/inloggen");
    read_token(&known, &page);
    guess_often(t, &other, "bestuur");
    CHECK_INT(post(&other, "/inloggen", "login=bestuur&password=" DEMO_PASSWORD).status, 429);
    CHECK_INT(post(&known, "/inloggen", "login=bestuur&password=" DEMO_PASSWORD).status, 303);
    end_server(world);
}

TEST(a_device_cookie_of_another_account_makes_nobody_known)
{
    struct world *world = given_demo(t);
    struct browser known = given_person(t, world), other = given_browser(t, world);
    CHECK_INT(post(&known, "/uitloggen", "").status, 303);
    struct answer page = get(&known, "/inloggen");
    read_token(&known, &page);
    guess_often(t, &other, "school");
    CHECK_INT(post(&known, "/inloggen", "login=school&password=" DEMO_PASSWORD).status, 429);
    end_server(world);
}

static bool age_proof(struct tx *tx, void *with, struct error *err)
{
    static const struct statement age = SQL("UPDATE session SET proven = $1");
    (void)with;
    return db_do(tx, &age, ARGS(arg_int(instant_now() - 11 * MINUTE)), NULL, err);
}

TEST(sensitive_deeds_ask_for_proof_when_the_last_one_is_old)
{
    struct world *world = given_demo(t);
    struct browser b = given_person(t, world);
    struct error err = { 0 };
    CHECK_INT(get(&b, "/account/passkeys").status, 200);
    CHECK_OK(db_write(world->app.db, t->arena, age_proof, NULL, &err), err);
    static const char *const pages[] = { "/account/passkeys", "/account/code-app" };
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct answer asked = get(&b, pages[i]);
        CHECK_INT(asked.status, 303);
        CHECK(str_starts(answer_header(&asked, "Location"), STR("/account/bevestigen?naar=")));
    }
    struct answer change =
        post(&b, "/account/wachtwoord", "current=" DEMO_PASSWORD "&password=a%20brand%20new%20one");
    CHECK(str_starts(answer_header(&change, "Location"), STR("/account/bevestigen")));
    CHECK_INT(post(&b, "/account/bevestigen", "password=wrong").status, 422);
    CHECK_INT(get(&b, "/account/passkeys").status, 303);
    struct answer done =
        post(&b, "/account/bevestigen", "naar=%2Faccount%2Fpasskeys&password=" DEMO_PASSWORD);
    CHECK_STR(answer_header(&done, "Location"), STR("/account/passkeys"));
    CHECK_INT(get(&b, "/account/passkeys").status, 200);
    end_server(world);
}

TEST(a_step_cookie_that_was_not_made_here_leads_back_to_the_password)
{
    struct world *world = given_demo(t);
    struct browser b = given_browser(t, world);
    struct str form = str_slice(b.cookies, 0, b.cookies.len - 1);
    b.cookies = str_format(t->arena, "%.*s; __Host-fundament_step=AAAAAAAAAAAAAAAAAAAAAAAA"
                                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", FMT(form));
    struct answer asked = get(&b, "/inloggen/code");
    CHECK_INT(asked.status, 303);
    CHECK_STR(answer_header(&asked, "Location"), STR("/inloggen"));
    end_server(world);
}

/* ---- Many who guess the second step at once ---- */

#define GUESSERS    12
#define APP_SECRET  "12345678901234567890"

struct second_step {
    struct test *t;
    struct world *world;
    struct recovery_set set;
    struct str sealed;
    struct browser browser; /* between the password and the code */
};

static bool add_zoe(struct tx *tx, void *with, struct error *err)
{
    struct second_step *step = with;
    struct account zoe;
    struct arena *arena = tx_arena(tx);
    if (!account_add(tx, STR("zoe"), STR("Zoe"), password_hash(arena, STR(DEMO_PASSWORD)), &zoe, err)
        || !keeper_seal(step->world->app.keeper, arena, ACCOUNTS_KEY, zoe.id, STR(APP_SECRET),
                        &step->sealed, err))
        return false;
    recovery_make(step->t->arena, zoe.id, &step->set);
    return totp_put(tx, zoe.id, step->sealed, 0, instant_now(), err)
           && recovery_put(tx, zoe.id, &step->set, err);
}

static struct second_step given_second_step(struct test *t)
{
    struct second_step step = { .t = t, .world = given_server(t, "limit.login = 0\n") };
    struct error err = { 0 };
    CHECK_OK(db_write(step.world->app.db, t->arena, add_zoe, &step, &err), err);
    step.browser = given_browser(t, step.world);
    struct answer answer = post(&step.browser, "/inloggen", "login=zoe&password=" DEMO_PASSWORD);
    CHECK_STR(answer_header(&answer, "Location"), STR("/inloggen/code"));
    struct str form = str_slice(step.browser.cookies, 0, step.browser.cookies.len - 1);
    step.browser.cookies = str_format(t->arena, "%.*s; __Host-fundament_step=%.*s\n", FMT(form),
                                      FMT(set_cookie(&answer, "__Host-fundament_step")));
    return step;
}

struct guesser {
    const struct second_step *step;
    const char *fields;
    _Atomic bool *go;
    int status;
};

static void *guess_code(void *with)
{
    struct guesser *guesser = with;
    struct arena arena = { 0 };
    struct test own = *guesser->step->t;
    struct browser browser = guesser->step->browser;
    own.arena = &arena;
    browser.t = &own;
    while (!atomic_load(guesser->go))
        sched_yield();
    guesser->status = post(&browser, "/inloggen/code", guesser->fields).status;
    arena_free(&arena);
    return NULL;
}

/* How many of those who sent these fields at the same moment got this status. */
static int guess_at_once(const struct second_step *step, const char *fields, int status)
{
    struct guesser guessers[GUESSERS];
    pthread_t threads[GUESSERS];
    _Atomic bool go = false;
    int count = 0;
    for (size_t i = 0; i < GUESSERS; i++) {
        guessers[i] = (struct guesser){ step, fields, &go, 0 };
        CHECK(pthread_create(&threads[i], NULL, guess_code, &guessers[i]) == 0);
    }
    atomic_store(&go, true);
    for (size_t i = 0; i < GUESSERS; i++) {
        pthread_join(threads[i], NULL);
        count += guessers[i].status == status;
    }
    return count;
}

/* So many wrong ones that the next one makes a wait of a quarter of an hour; the wait for these is over
 * or has just begun. */
struct many {
    instant last;
};

static bool count_many(struct tx *tx, void *with, struct error *err)
{
    static const struct statement many = SQL("UPDATE wrong_guess SET failures = 14, last = $1");
    const struct many *counted = with;
    return db_do(tx, &many, ARGS(arg_int(counted->last)), NULL, err);
}

static void given_many_wrong(struct second_step *step, instant ago)
{
    struct error err = { 0 };
    struct many many = { instant_now() - ago };
    CHECK_INT(post(&step->browser, "/inloggen/code", "code=000000").status, 422);
    CHECK_OK(db_write(step->world->app.db, step->t->arena, count_many, &many, &err), err);
}

struct holding {
    struct db *db;
    _Atomic bool held;
};

/* Holds the counts for a while, so that all guessers wait for them at the same place. */
static bool hold_counts(struct tx *tx, void *with, struct error *err)
{
    static const struct statement hold = SQL("UPDATE wrong_guess SET last = last");
    struct holding *holding = with;
    bool well = db_do(tx, &hold, NO_ARGS, NULL, err);
    atomic_store(&holding->held, true);
    usleep(300000);
    return well;
}

static void *hold_apart(void *with)
{
    struct holding *holding = with;
    struct arena arena = { 0 };
    struct error err;
    db_write(holding->db, &arena, hold_counts, holding, &err);
    arena_free(&arena);
    return NULL;
}

TEST_DB(of_many_who_guess_a_code_at_once_as_many_are_looked_at_as_of_one)
{
    struct second_step step = given_second_step(t);
    struct holding holding = { .db = step.world->app.db };
    pthread_t holder;
    given_many_wrong(&step, 20 * MINUTE);
    CHECK(pthread_create(&holder, NULL, hold_apart, &holding) == 0);
    while (!atomic_load(&holding.held))
        sched_yield();
    CHECK_INT(guess_at_once(&step, "code=000000", 422), 1);
    pthread_join(holder, NULL);
    end_server(step.world);
}

TEST_DB(a_code_of_the_app_lets_one_in_of_many_who_send_it_at_once)
{
    struct second_step step = given_second_step(t);
    uint64_t now = (uint64_t)totp_step(instant_now());
    const char *fields = str_format(t->arena, "code=%06lld",
                                    (long long)hotp(STR(APP_SECRET), now, TOTP_DIGITS)).at;
    CHECK_INT(guess_at_once(&step, fields, 303), 1);
    end_server(step.world);
}

TEST_DB(a_recovery_code_lets_one_in_of_many_who_send_it_at_once)
{
    struct second_step step = given_second_step(t);
    const char *fields = str_format(t->arena, "code=%.*s", FMT(step.set.codes[0])).at;
    CHECK_INT(guess_at_once(&step, fields, 303), 1);
    CHECK_INT(guess_at_once(&step, fields, 303), 0);
    end_server(step.world);
}

TEST_DB(a_right_code_behind_too_many_wrong_ones_waits_and_is_not_told)
{
    struct second_step step = given_second_step(t);
    given_many_wrong(&step, 0);
    const char *fields = str_format(t->arena, "code=%.*s", FMT(step.set.codes[0])).at;
    CHECK_INT(guess_at_once(&step, fields, 429), GUESSERS);
    end_server(step.world);
}
