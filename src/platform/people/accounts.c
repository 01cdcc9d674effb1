/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/accounts.h"

#include "base/encoding.h"
#include "base/list.h"
#include "base/random.h"
#include "platform/config.h"

#include <argon2.h>

/* ---- Roles ---- */

static const struct str role_names[ROLES] = {
    [ROLE_ANYONE] = S(""),
    [ROLE_PERSON] = S(""),
    [ROLE_BOARD_MEMBER] = S("board-member"),
    [ROLE_BOARD_ADMIN] = S("board-admin"),
    [ROLE_SCHOOL_ICT] = S("school-ict"),
    [ROLE_VENDOR] = S("vendor"),
    [ROLE_OPERATOR] = S("operator"),
};

const char *role_name(enum role role)
{
    return role_names[role].at;
}

bool role_parse(struct str name, enum role *role)
{
    for (enum role r = 0; r < ROLES; r++) {
        if (!name.len || !str_eq(role_names[r], name))
            continue;
        *role = r;
        return true;
    }
    return false;
}

static bool gives(const struct membership *membership, enum role wanted)
{
    return !membership->aside
           && (membership->role == wanted
               || (membership->role == ROLE_BOARD_ADMIN && wanted == ROLE_BOARD_MEMBER));
}

bool session_has(const struct session *session, enum role role)
{
    if (role == ROLE_ANYONE)
        return true;
    if (!session || role == ROLE_PERSON)
        return session != NULL;
    for (size_t i = 0; i < session->membership_count; i++)
        if (gives(&session->memberships[i], role))
            return true;
    return false;
}

bool session_acts_for(const struct session *session, enum role role, struct str organisation)
{
    for (size_t i = 0; session && i < session->membership_count; i++)
        if (gives(&session->memberships[i], role)
            && str_eq(session->memberships[i].organisation, organisation))
            return true;
    return false;
}

struct str session_organisation(const struct session *session, enum role role)
{
    for (size_t i = 0; session && i < session->membership_count; i++)
        if (gives(&session->memberships[i], role))
            return session->memberships[i].organisation;
    return STR("");
}

/* ---- Passwords ---- */

#define PASSWORD_MIN 12 /* characters */

/* Argon2id with 19 MiB, two passes, one lane: the least that OWASP's cheat sheet on password storage
 * advises; RFC 9106, section 4, explains the choice of parameters. */
#define PASSES       2
#define MEMORY_KIB   19456
#define LANES        1
#define SALT_BYTES   16
#define HASH_BYTES   32
#define ENCODED_ROOM 160

/* Of nobody's password, with the parameters above: what a missing hash is checked against, so that
 * the time tells nothing of whether there is an account. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUuLg$"
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_allowed(struct str password, struct error *err)
{
    if (utf8_count(password) < PASSWORD_MIN)
        return fail(err, INVALID, "password", N_("Choose a password of at least 12 characters."));
    if (password.len > PASSWORD_MAX)
        return fail(err, INVALID, "password", N_("Choose a password of at most 256 characters."));
    return true;
}

struct str password_hash(struct arena *arena, struct str password)
{
    char salt[SALT_BYTES], encoded[ENCODED_ROOM];
    random_bytes(salt, sizeof salt);
    if (argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.at, password.len, salt,
                              sizeof salt, HASH_BYTES, encoded, sizeof encoded) != ARGON2_OK)
        arena_exhausted(arena); /* the only way in which it fails */
    return str_copy(arena, str_of(encoded));
}

bool password_check(struct arena *arena, struct str hash, struct str password)
{
    const char *encoded = hash.len ? str_c(arena, hash) : nobody;
    int result = argon2id_verify(encoded, password.at, password.len);
    if (result == ARGON2_MEMORY_ALLOCATION_ERROR)
        arena_exhausted(arena);
    return result == ARGON2_OK && hash.len > 0;
}

/* ---- Accounts ---- */

static const struct statement insert_account =
    SQL("INSERT INTO account (id, login, name, password, created, disabled)"
        " VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (login) DO NOTHING");
static const struct statement find_by_login =
    SQL("SELECT id, login, name, password, disabled FROM account WHERE login = $1");
static const struct statement find_by_id =
    SQL("SELECT id, login, name, password, disabled FROM account WHERE id = $1");
static const struct statement set_password =
    SQL("UPDATE account SET password = $2 WHERE id = $1");
static const struct statement insert_membership =
    SQL("INSERT INTO membership (account, role, organisation) VALUES ($1, $2, $3)"
        " ON CONFLICT (account, role, organisation) DO NOTHING");

#define LOGIN_CHARS 64
#define NAME_CHARS  100

static bool is_login(struct str login)
{
    for (size_t i = 0; i < login.len; i++) {
        char c = login.at[i];
        if (!is_lower(c) && !is_digit(c) && !str_has(STR("._-@"), c))
            return false;
    }
    return login.len > 0 && login.len <= LOGIN_CHARS;
}

bool account_add(struct tx *tx, struct str login, struct str name, struct str hash,
                 struct account *account, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    int64_t added;
    *account = (struct account){
        .id = random_token(arena, 12), .login = str_lower(arena, login), .name = name,
        .password_hash = hash,
    };
    if (!is_login(account->login))
        return fail(err, INVALID, "login",
                    N_("A login name has letters, digits, dots, hyphens, underscores or @; at most "
                       "64 of them."));
    if (!name.len || utf8_count(name) > NAME_CHARS || !utf8_is_text(name))
        return fail(err, INVALID, "name", N_("Fill in a name of at most 100 characters."));
    if (!db_do(tx, &insert_account,
               ARGS(arg_text(account->id), arg_text(account->login), arg_text(name),
                    arg_text(hash), arg_int(instant_now())),
               &added, err))
        return false;
    return added || fail(err, CONFLICT, "login", N_("There is an account with this login name."));
}

static bool find_account(struct tx *tx, const struct statement *statement, struct str key,
                         struct account *account, struct error *err)
{
    struct rows rows;
    if (!db_query(tx, statement, ARGS(arg_text(key)), &rows, err))
        return false;
    bool found = rows_next(&rows);
    if (found)
        *account = (struct account){
            .id = row_text(&rows, 0), .login = row_text(&rows, 1), .name = row_text(&rows, 2),
            .password_hash = row_text(&rows, 3), .disabled = row_int(&rows, 4) != 0,
        };
    return rows_end(&rows, err)
           && (found || fail(err, NOT_FOUND, "login", N_("There is no account with this login name.")));
}

bool account_find(struct tx *tx, struct str login, struct account *account, struct error *err)
{
    return find_account(tx, &find_by_login, str_lower(tx_arena(tx), login), account, err);
}

bool account_find_id(struct tx *tx, struct str id, struct account *account, struct error *err)
{
    return find_account(tx, &find_by_id, id, account, err);
}

bool account_set_password(struct tx *tx, struct str id, struct str hash, struct error *err)
{
    return db_do(tx, &set_password, ARGS(arg_text(id), arg_text(hash)), NULL, err);
}

/* Roles that stand for an organisation need one; an operator has none. */
static bool fits(enum role role, struct str organisation)
{
    static const struct str prefixes[ROLES] = {
        [ROLE_BOARD_MEMBER] = S("board:"), [ROLE_BOARD_ADMIN] = S("board:"),
        [ROLE_SCHOOL_ICT] = S("school:"),  [ROLE_VENDOR] = S("vendor:"),
    };
    if (role == ROLE_OPERATOR)
        return organisation.len == 0;
    return prefixes[role].len && str_starts(organisation, prefixes[role])
           && organisation.len > prefixes[role].len && utf8_is_text(organisation);
}

bool account_role_fits(enum role role, struct str organisation, struct error *err)
{
    return fits(role, organisation)
           || fail(err, INVALID, "organisation",
                   N_("Board roles need an organisation like board:41804, school-ict one like "
                      "school:00AV, vendor one like vendor:OIN; an operator has none."));
}

bool account_add_role(struct tx *tx, struct str id, enum role role, struct str organisation,
                      struct error *err)
{
    return account_role_fits(role, organisation, err)
           && db_do(tx, &insert_membership,
                    ARGS(arg_text(id), arg_text(role_names[role]), arg_text(organisation)), NULL,
                    err);
}
