/* SPDX-License-Identifier: EUPL-1.2 */
/* Sessions (platform/people/accounts.h). `expires` in the database is the sooner of the two limits: it moves
 * on while the session is used, so a look at it needs no settings. */
#include "platform/people/accounts.h"

#include "base/encoding.h"
#include "base/random.h"
#include "platform/config.h"
#include "platform/keys/keys.h"
#include "platform/organisations/working.h"
#include "platform/people/factors.h"
#include "platform/people/people.h"

#define COOKIE_BYTES 32
#define COOKIE_CHARS 43 /* of COOKIE_BYTES in base64url */
#define TOUCH_EVERY  MINUTE

static const struct statement insert_session =
    SQL("INSERT INTO session (token_hash, account, created, last_seen, expires, proof, proven, browser)"
        " VALUES ($1, $2, $3, $3, $4, $5, $3, $6)");
static const struct statement find_session =
    SQL("SELECT account.id, account.name, account.login, session.last_seen, session.proof,"
        "       session.proven,"
        "       CASE WHEN EXISTS (SELECT 1 FROM totp WHERE totp.account = account.id)"
        "              OR EXISTS (SELECT 1 FROM passkey WHERE passkey.account = account.id)"
        "            THEN 1 ELSE 0 END"
        "  FROM session JOIN account ON account.id = session.account"
        " WHERE session.token_hash = $1 AND session.expires > $2 AND account.disabled = 0");
static const struct statement list_memberships =
    SQL("SELECT role, organisation FROM membership WHERE account = $1 ORDER BY role, organisation");
static const struct statement list_sessions =
    SQL("SELECT token_hash, created, last_seen, browser FROM session"
        " WHERE account = $1 AND expires > $2 ORDER BY last_seen DESC, token_hash");
static const struct statement find_created =
    SQL("SELECT created FROM session WHERE token_hash = $1");
static const struct statement touch_session =
    SQL("UPDATE session SET last_seen = $2, expires = $3 WHERE token_hash = $1 AND last_seen < $2");
static const struct statement delete_session = SQL("DELETE FROM session WHERE token_hash = $1");
static const struct statement delete_others =
    SQL("DELETE FROM session WHERE account = $1 AND token_hash <> $2");
static const struct statement delete_one =
    SQL("DELETE FROM session WHERE account = $1 AND token_hash = $2");
static const struct statement prove_session =
    SQL("UPDATE session SET proof = $2, proven = $3 WHERE token_hash = $1");
static const struct statement delete_expired = SQL("DELETE FROM session WHERE expires <= $1");

struct session_limits session_limits(const struct config *config)
{
    return (struct session_limits){
        .idle = config_int(config, "session.idle_minutes") * MINUTE,
        .lifetime = config_int(config, "session.hours") * HOUR,
    };
}

struct str session_hash(struct arena *arena, struct str cookie)
{
    return sha256_of(arena, cookie);
}

static instant end_of(instant created, instant now, const struct session_limits *limits)
{
    instant idle = now + limits->idle, last = created + limits->lifetime;
    return idle < last ? idle : last;
}

bool session_start(struct tx *tx, const struct new_session *made, instant now,
                   const struct session_limits *limits, struct str *cookie, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    *cookie = random_token(arena, COOKIE_BYTES);
    return db_do(tx, &delete_expired, ARGS(arg_int(now)), NULL, err)
           && db_do(tx, &insert_session,
                    ARGS(arg_bytes(session_hash(arena, *cookie)), arg_text(made->account), arg_int(now),
                         arg_int(end_of(now, now, limits)), arg_int(made->proof),
                         arg_text(made->browser)),
                    NULL, err);
}

bool session_prove(struct tx *tx, struct str cookie, enum proof proof, instant now,
                   struct error *err)
{
    return db_do(tx, &prove_session,
                 ARGS(arg_bytes(session_hash(tx_arena(tx), cookie)), arg_int(proof), arg_int(now)), NULL,
                 err);
}

bool session_end(struct tx *tx, struct str cookie, struct error *err)
{
    return db_do(tx, &delete_session, ARGS(arg_bytes(session_hash(tx_arena(tx), cookie))), NULL, err);
}

bool session_end_others(struct tx *tx, struct str account, struct str cookie, struct error *err)
{
    return db_do(tx, &delete_others,
                 ARGS(arg_text(account), arg_bytes(session_hash(tx_arena(tx), cookie))), NULL, err);
}

bool session_end_one(struct tx *tx, struct str account, struct str id, struct error *err)
{
    char hash[SHA256_BYTES];
    int64_t ended = 0;
    if (hex_read(id, hash, sizeof hash)
        && !db_do(tx, &delete_one,
                  ARGS(arg_text(account), arg_bytes((struct str){ hash, sizeof hash })), &ended,
                  err))
        return false;
    return ended == 1
           || fail(err, NOT_FOUND, NULL, N_("That browser was logged out already."));
}

/* ---- What a session may ---- */

bool role_needs_factor(enum role role)
{
    return role == ROLE_BOARD_ADMIN || role == ROLE_OPERATOR;
}

static bool load_memberships(struct tx *tx, struct session *session, struct error *err)
{
    list_of(struct membership) list = { 0 };
    struct rows rows;
    if (!db_query(tx, &list_memberships, ARGS(arg_text(session->account)), &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct membership membership = { .organisation = row_text(&rows, 1) };
        /* A role that a newer version wrote gives nothing here. */
        if (role_parse(row_text(&rows, 0), &membership.role))
            *list_add(tx_arena(tx), &list) = membership;
    }
    session->memberships = list.at;
    session->membership_count = list.len;
    return rows_end(&rows, err);
}

/* A password alone gives no role that needs more, and whoever has such a role gets none of the others
 * either: there is one thing to do first. */
static bool limit_to_proof(struct tx *tx, struct session *session, struct error *err)
{
    bool exempt, needed = false;
    for (size_t i = 0; i < session->membership_count; i++)
        needed |= role_needs_factor(session->memberships[i].role);
    if (session->proof >= PROOF_FACTOR || !needed)
        return true;
    if (!demo_account_known(tx, session->login, &exempt, err))
        return false;
    session->factor_missing = !exempt;
    if (!exempt)
        session->membership_count = 0;
    return true;
}

static struct session *read_session(struct tx *tx, struct rows *rows, instant now)
{
    struct session *session = arena_new(tx_arena(tx), struct session);
    session->account = row_text(rows, 0);
    session->name = row_text(rows, 1);
    session->login = row_text(rows, 2);
    session->touch = row_int(rows, 3) <= now - TOUCH_EVERY;
    session->proof = row_int(rows, 4) >= PROOF_FACTOR ? PROOF_FACTOR : PROOF_PASSWORD;
    session->proven = row_int(rows, 5);
    session->has_factor = row_int(rows, 6) != 0;
    /* Made by a password where more is asked: by a node of the version before, or just before the
     * factor was set. */
    bool half = session->has_factor && session->proof < PROOF_FACTOR;
    return half ? NULL : session;
}

bool session_load(struct tx *tx, struct str cookie, instant now, const struct session **session,
                  struct error *err)
{
    struct rows rows;
    *session = NULL;
    if (cookie.len != COOKIE_CHARS)
        return true;
    if (!db_query(tx, &find_session,
                  ARGS(arg_bytes(session_hash(tx_arena(tx), cookie)), arg_int(now)), &rows, err))
        return false;
    struct session *loaded = rows_next(&rows) ? read_session(tx, &rows, now) : NULL;
    if (!rows_end(&rows, err)
        || (loaded && !(load_memberships(tx, loaded, err) && limit_to_proof(tx, loaded, err))))
        return false;
    /* Whom and what they work for now; nothing, while there is something to do first. */
    if (loaded && !loaded->factor_missing
        && !working_load(tx, session_hash(tx_arena(tx), cookie), now, loaded, err))
        return false;
    *session = loaded;
    return true;
}

bool session_touch(struct tx *tx, struct str cookie, instant now,
                   const struct session_limits *limits, struct error *err)
{
    struct str hash = session_hash(tx_arena(tx), cookie);
    int64_t created;
    return db_number(tx, &find_created, ARGS(arg_bytes(hash)), 0, &created, err)
           && db_do(tx, &touch_session,
                    ARGS(arg_bytes(hash), arg_int(now), arg_int(end_of(created, now, limits))),
                    NULL, err);
}

bool session_list(struct tx *tx, struct str account, struct str cookie, instant now,
                  struct session_uses *uses, struct error *err)
{
    struct rows rows;
    struct str here = session_hash(tx_arena(tx), cookie);
    *uses = (struct session_uses){ 0 };
    if (!db_query(tx, &list_sessions, ARGS(arg_text(account), arg_int(now)), &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), uses) = (struct session_use){
            .id = hex_encode(tx_arena(tx), row_bytes(&rows, 0)),
            .here = str_eq_secret(row_bytes(&rows, 0), here),
            .created = row_int(&rows, 1),
            .last_seen = row_int(&rows, 2),
            .browser = row_text(&rows, 3),
        };
    return rows_end(&rows, err);
}
