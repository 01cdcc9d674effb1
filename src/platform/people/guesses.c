/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/guesses.h"

#include "platform/keys/keeper.h"
#include "platform/people/people.h"

#include <arpa/inet.h>
#include <stdatomic.h>

#define KEEP DAY

static const struct statement find_guess =
    SQL("SELECT failures, last FROM wrong_guess WHERE what = $1");
static const struct statement add_guess =
    SQL("INSERT INTO wrong_guess (what, failures, last) VALUES ($1, 1, $2)"
        " ON CONFLICT (what) DO UPDATE"
        "  SET failures = CASE WHEN wrong_guess.last < $3 THEN 1 ELSE wrong_guess.failures + 1 END,"
        "      last = $2");
/* Changes nothing but locks the row, also where there was none. */
static const struct statement hold_guess =
    SQL("INSERT INTO wrong_guess (what, failures, last) VALUES ($1, 0, $2)"
        " ON CONFLICT (what) DO UPDATE SET last = wrong_guess.last");
static const struct statement delete_guess = SQL("DELETE FROM wrong_guess WHERE what = $1");
static const struct statement delete_old = SQL("DELETE FROM wrong_guess WHERE last < $1");

/* How failures are counted: so many cost nothing, then the wait doubles up to `longest` seconds; after
 * `forget` without one the count begins anew. A code has a million values at most and follows a right
 * password, so it is given fewer tries. */
struct pace {
    int free, longest;
    instant forget;
};
static const struct pace own_pace[GUESS_KINDS] = {
    [GUESS_PASSWORD] = { 4, 60, 30 * MINUTE },
    [GUESS_CODE] = { 4, 15 * 60, DAY },
};
static const struct pace account_pace[GUESS_KINDS] = {
    [GUESS_PASSWORD] = { 20, 60, 30 * MINUTE },
    [GUESS_CODE] = { 10, 15 * 60, DAY },
};

/* Who has one address of an IPv6 network has them all: the first 64 bits count (RFC 6177). */
static struct str network_of(struct arena *arena, struct str peer)
{
    struct in6_addr address;
    if (inet_pton(AF_INET6, str_c(arena, peer), &address) != 1)
        return peer;
    return (struct str){ arena_copy(arena, &address, 8), 8 };
}

bool guess_read(struct request *request, enum guess_kind kind, struct str login,
                struct guess *guess, struct error *err)
{
    struct str device;
    struct str name = kind == GUESS_CODE ? STR("code") : STR("password");
    *guess = (struct guess){ .kind = kind };
    if (!device_known(request, login, &device, err))
        return false;
    guess->known = device.len > 0;
    struct str all[] = { STR("guess"), name, login };
    struct str own[] = { STR("guess"), name, login,
                         guess->known ? STR("device") : STR("address"),
                         guess->known ? device : network_of(request->arena, request->peer) };
    struct keeper *keeper = request->app->keeper;
    return keeper_mac256(keeper, ACCOUNTS_MAC_KEY, all, count_of(all), guess->account, err)
           && keeper_mac256(keeper, ACCOUNTS_MAC_KEY, own, count_of(own), guess->own, err);
}

static struct str mac_str(const unsigned char *mac)
{
    return (struct str){ (const char *)mac, 32 };
}

static int wait_after(const struct pace *pace, int64_t failures)
{
    int wait = 1;
    if (failures < pace->free)
        return 0;
    for (int64_t i = pace->free; i < failures && wait < pace->longest; i++)
        wait *= 2;
    return wait < pace->longest ? wait : pace->longest;
}

/* Raises `*seconds` to what this count asks. */
static bool look(struct tx *tx, const unsigned char *mac, const struct pace *pace, instant now,
                 int *seconds, struct error *err)
{
    struct rows rows;
    if (!db_query(tx, &find_guess, ARGS(arg_bytes(mac_str(mac))), &rows, err))
        return false;
    if (rows_next(&rows)) {
        instant last = row_int(&rows, 1);
        instant left = last + wait_after(pace, row_int(&rows, 0)) * SECOND - now;
        if (now - last <= pace->forget && left > *seconds * SECOND)
            *seconds = (int)((left + SECOND - 1) / SECOND);
    }
    return rows_end(&rows, err);
}

bool guess_wait(struct tx *tx, const struct guess *guess, instant now, int *seconds,
                struct error *err)
{
    *seconds = 0;
    return look(tx, guess->own, &own_pace[guess->kind], now, seconds, err)
           && (guess->known
               || look(tx, guess->account, &account_pace[guess->kind], now, seconds, err));
}

static bool hold(struct tx *tx, const unsigned char *mac, instant now, struct error *err)
{
    return db_do(tx, &hold_guess, ARGS(arg_bytes(mac_str(mac)), arg_int(now)), NULL, err);
}

/* One's own first, then the account's, always: so nobody waits in a circle. */
bool guess_wait_held(struct tx *tx, const struct guess *guess, instant now, int *seconds,
                     struct error *err)
{
    return hold(tx, guess->own, now, err) && (guess->known || hold(tx, guess->account, now, err))
           && guess_wait(tx, guess, now, seconds, err);
}

static bool count(struct tx *tx, const unsigned char *mac, const struct pace *pace, instant now,
                  struct error *err)
{
    return db_do(tx, &add_guess,
                 ARGS(arg_bytes(mac_str(mac)), arg_int(now), arg_int(now - pace->forget)), NULL,
                 err);
}

bool guess_failed(struct tx *tx, const struct guess *guess, instant now, struct error *err)
{
    return db_do(tx, &delete_old, ARGS(arg_int(now - KEEP)), NULL, err)
           && count(tx, guess->own, &own_pace[guess->kind], now, err)
           && (guess->known || count(tx, guess->account, &account_pace[guess->kind], now, err));
}

bool guess_right(struct tx *tx, const struct guess *guess, struct error *err)
{
    return db_do(tx, &delete_guess, ARGS(arg_bytes(mac_str(guess->own))), NULL, err);
}

/* ---- Checks at once ---- */

struct checks {
    _Atomic int running;
};

struct checks *checks_new(struct arena *arena)
{
    return arena_new(arena, struct checks);
}

bool checks_enter(struct checks *checks)
{
    if (atomic_fetch_add(&checks->running, 1) < CHECKS_AT_ONCE)
        return true;
    checks_leave(checks);
    return false;
}

void checks_leave(struct checks *checks)
{
    atomic_fetch_sub(&checks->running, 1);
}
