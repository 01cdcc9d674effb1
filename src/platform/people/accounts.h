/* SPDX-License-Identifier: EUPL-1.2 */
/* People: accounts with a password (Argon2id), their roles per organisation, and their sessions.
 * An organisation is written "board:41804", "school:00AV", "vendor:00000003272448340204"; the
 * platform compares it and knows no more. Sessions are in the database: any node serves them. */
#ifndef PLATFORM_ACCOUNTS_H
#define PLATFORM_ACCOUNTS_H

#include "platform/config.h"
#include "platform/db/db.h"
#include "platform/http/http.h"

struct membership {
    enum role role;
    struct str organisation; /* empty for ROLE_OPERATOR */
    bool aside;              /* the person works for another organisation now: it does not count */
};

/* An operator who acts for a board, for a reason that the board reads
 * (platform/organisations/acting.h). */
struct acting {
    struct str id;
    struct str organisation, reason;
    instant started, ends;
};

/* What a person proved when logging in. Who has a second factor (platform/people/factors.h) has no
 * session before it was shown. */
enum proof {
    PROOF_PASSWORD = 1,
    PROOF_FACTOR = 2,        /* a passkey, or a password and a code */
};

struct session {
    bool touch;              /* last_seen is more than a minute ago */
    struct str account;      /* id */
    struct str login;
    struct str name;         /* as the person is called on pages */
    enum proof proof;
    instant proven;          /* when the person last gave proof of who they are */
    bool has_factor;
    bool factor_missing;     /* a role of theirs needs a second factor and there is none: until it is
                                set up they have no role at all, and routes let them pass only where
                                they say so (before_factor) */
    const struct membership *memberships;
    size_t membership_count;
    const struct acting *acting; /* NULL: they work in their own name */
};

/* Does the session (NULL: nobody's) have this role, for any organisation that the person works for
 * now? An admin of a board is a member too. */
bool session_has(const struct session *session, enum role role);
/* ... and for this organisation? */
bool session_acts_for(const struct session *session, enum role role, struct str organisation);
/* The organisation for which the person has this role now; empty when there is none. */
struct str session_organisation(const struct session *session, enum role role);

const char *role_name(enum role role);              /* "board-admin": as commands and the database say it */
bool role_parse(struct str name, enum role *role);

struct account {
    struct str id, login, name;
    struct str password_hash; /* empty: nobody can log in with a password */
    bool disabled;
};

/* Makes an account. The login is kept in lower case: letters, digits and . _ - @, at most 64. The
 * hash is that of password_hash, or empty. A login that is taken is a CONFLICT. */
bool account_add(struct tx *tx, struct str login, struct str name, struct str hash,
                 struct account *account, struct error *err);
/* NOT_FOUND when there is none. */
bool account_find(struct tx *tx, struct str login, struct account *account, struct error *err);
bool account_find_id(struct tx *tx, struct str id, struct account *account, struct error *err);
bool account_set_password(struct tx *tx, struct str id, struct str hash, struct error *err);
/* Is the organisation of the kind that the role is for? An operator has none. */
bool account_role_fits(enum role role, struct str organisation, struct error *err);
bool account_add_role(struct tx *tx, struct str id, enum role role, struct str organisation,
                      struct error *err);

/* Where a second factor is set up. */
#define FACTOR_PATH "/account/tweede-stap"

#define PASSWORD_MAX 256 /* bytes */

/* May this be somebody's password: at least 12 characters, at most PASSWORD_MAX bytes? */
bool password_allowed(struct str password, struct error *err);

/* A password's Argon2id string (RFC 9106), and its check, which takes as long for an empty hash as
 * for any other. Both take some 20 ms and 19 MiB on purpose: never inside a write transaction. */
struct str password_hash(struct arena *arena, struct str password);
bool password_check(struct arena *arena, struct str hash, struct str password);

/* __Host-: another host of the same domain cannot plant one (RFC 6265bis, section 4.1.3.2). */
#define SESSION_COOKIE "__Host-fundament_session"

/* Sessions. The cookie is 32 random bytes in base64url; the database has its SHA-256 only, so that
 * who reads the database cannot become somebody. */
struct session_limits {
    instant idle;     /* a session that is not used this long ends */
    instant lifetime; /* and it ends this long after logging in */
};
struct new_session {
    struct str account;
    enum proof proof;
    struct str browser; /* coarse words of the User-Agent, browser_words(); may be empty */
};
bool session_start(struct tx *tx, const struct new_session *made, instant now,
                   const struct session_limits *limits, struct str *cookie, struct error *err);
/* Under what the database knows the session of a cookie. */
struct str session_hash(struct arena *arena, struct str cookie);
/* The person gave proof anew, in this session. */
bool session_prove(struct tx *tx, struct str cookie, enum proof proof, instant now,
                   struct error *err);
bool session_end(struct tx *tx, struct str cookie, struct error *err);
/* Ends all sessions of the account but this one (all, when `cookie` is empty). */
bool session_end_others(struct tx *tx, struct str account, struct str cookie, struct error *err);

/* Ends one of the account's sessions by the id that session_list gave. NOT_FOUND: it has no such. */
bool session_end_one(struct tx *tx, struct str account, struct str id, struct error *err);

struct session_use {
    struct str id;      /* the hash of its cookie, in hex: opens nothing */
    struct str browser; /* as in new_session */
    instant created, last_seen;
    bool here;        /* it is the one of this cookie */
};
struct session_uses {
    list_of(struct session_use);
};
bool session_list(struct tx *tx, struct str account, struct str cookie, instant now,
                  struct session_uses *uses, struct error *err);

/* Used by the router: the session of a cookie, or NULL. Here alone is decided what a session may: a
 * password alone gives nobody a role that needs a second factor. When `touch` is set, session_touch is due. */
bool session_load(struct tx *tx, struct str cookie, instant now, const struct session **session,
                  struct error *err);
/* Notes that the session is in use, which keeps it from ending: at most once a minute. */
bool session_touch(struct tx *tx, struct str cookie, instant now,
                   const struct session_limits *limits, struct error *err);
struct session_limits session_limits(const struct config *config);

/* The pages of people, the tables behind them and the settings session.idle_minutes and
 * session.hours. */
extern const struct service people_service;

#endif
