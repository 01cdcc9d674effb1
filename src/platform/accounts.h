/* SPDX-License-Identifier: EUPL-1.2 */
/* People: accounts with a password (Argon2id), their roles per organisation, and their sessions.
 * An organisation is written "board:41804", "school:00AV", "vendor:00000003272448340204"; the
 * platform compares it and knows no more. Sessions are in the database: any node serves them. */
#ifndef PLATFORM_ACCOUNTS_H
#define PLATFORM_ACCOUNTS_H

#include "platform/db.h"
#include "platform/http.h"

struct membership {
    enum role role;
    struct str organisation; /* empty for ROLE_OPERATOR */
};

struct session {
    struct str account;      /* id */
    struct str name;         /* as the person is called on pages */
    const struct membership *memberships;
    size_t membership_count;
};

/* Does the session have this role (for any organisation)? An admin of a board is a member too. */
bool session_has(const struct session *session, enum role role);
/* ... and for this organisation? */
bool session_acts_for(const struct session *session, enum role role, struct str organisation);
/* The organisation of the first membership with this role; empty when there is none. */
struct str session_organisation(const struct session *session, enum role role);

const char *role_name(enum role role);              /* "board-admin", for commands and the database */
bool role_parse(struct str name, enum role *role);

struct account {
    struct str id, login, name;
};

/* Makes an account; the password may be empty (then nobody can log in with one). */
bool account_add(struct tx *tx, struct str login, struct str name, struct str password,
                 struct account *account, struct error *err);
bool account_find(struct tx *tx, struct str login, struct account *account, struct error *err);
bool account_set_password(struct tx *tx, struct str id, struct str password, struct error *err);
bool account_add_role(struct tx *tx, struct str id, enum role role, struct str organisation,
                      struct error *err);

/* A password's Argon2id string (RFC 9106), and its check in constant time. Slow on purpose: never
 * inside a write transaction. account_add takes the plain password's hash: */
struct str password_hash(struct arena *arena, struct str password);
bool password_check(struct str hash, struct str password);

/* Used by the router: the session of a cookie, or NULL. */
bool session_load(struct tx *tx, struct str cookie, instant now, const struct session **session,
                  struct error *err);

/* The routes /inloggen and /uitloggen and the tables behind all this are part of the platform's own
 * descriptor: */
extern const struct service platform_service;

#endif
