/* SPDX-License-Identifier: EUPL-1.2 */
/* The demo's people. Their password stands on the log-in page, so they are only ever made by
 * `fundament demo`. */
#include "base/list.h"
#include "platform/people/accounts.h"
#include "platform/people/people.h"

#define DEMO_SERIES "demo"

const struct demo_account demo_accounts[] = {
    { "bestuur", "Iris van Dam", N_("decides for a school board"), ROLE_BOARD_ADMIN,
      "board:10001" },
    { "school", "Sem Bakker", N_("keeps the systems of a school"), ROLE_SCHOOL_ICT,
      "school:90AA" },
    { "leverancier", "Noor Smit", N_("builds software at a vendor"), ROLE_VENDOR,
      "vendor:00000003000000000001" },
    { "beheer", "Daan Visser", N_("runs this installation"), ROLE_OPERATOR, "" },
    { .login = NULL },
};

#define ACCOUNTS (count_of(demo_accounts) - 1)

static const struct statement demo_number = SQL("SELECT last FROM series WHERE name = $1");
static const struct statement count_accounts = SQL("SELECT COUNT(*) FROM account");
/* What an installation does by itself when it starts for the first time does not count. */
static const struct statement count_deeds = SQL(
    "SELECT COUNT(*) FROM audit WHERE who <> 'system:keys'");

static bool read_marker(struct tx *tx, void *with, struct error *err)
{
    return db_number(tx, &demo_number, ARGS(arg_text(STR(DEMO_SERIES))), 0, with, err);
}

bool is_demo(struct db *db, struct arena *arena, bool *demo, struct error *err)
{
    int64_t number = 0;
    bool ok = db_read(db, arena, read_marker, &number, err);
    *demo = number > 0;
    return ok;
}

bool demo_account_known(struct tx *tx, struct str login, bool *known, struct error *err)
{
    int64_t marker;
    *known = false;
    for (const struct demo_account *demo = demo_accounts; demo->login; demo++)
        *known |= str_eq(login, str_of(demo->login));
    if (!*known)
        return true;
    bool read = read_marker(tx, &marker, err);
    *known = read && marker > 0;
    return read;
}

struct hashes {
    struct str at[ACCOUNTS];
};

static bool add_account(struct tx *tx, const struct demo_account *demo, struct str hash,
                        struct error *err)
{
    struct account account;
    if (account_find(tx, str_of(demo->login), &account, err))
        return true;
    if (err->kind != NOT_FOUND)
        return false;
    *err = (struct error){ 0 };
    return account_add(tx, str_of(demo->login), str_of(demo->name), hash, &account, err)
           && account_add_role(tx, account.id, demo->role, str_of(demo->organisation), err);
}

/* Accounts whose passwords everybody knows never come where there is something already. */
static bool check_unused(struct tx *tx, struct error *err)
{
    int64_t accounts, deeds;
    if (!db_number(tx, &count_accounts, NO_ARGS, 0, &accounts, err)
        || !db_number(tx, &count_deeds, NO_ARGS, 0, &deeds, err))
        return false;
    return (accounts == 0 && deeds == 0)
           || fail(err, CONFLICT, NULL,
                   N_("This data folder is in use: a demo, with accounts whose passwords everybody "
                      "knows, is only made in an empty one."));
}

static bool add_accounts(struct tx *tx, void *with, struct error *err)
{
    const struct hashes *hashes = with;
    int64_t number;
    if (!check_unused(tx, err))
        return false;
    for (size_t i = 0; i < ACCOUNTS; i++)
        if (!add_account(tx, &demo_accounts[i], hashes->at[i], err))
            return false;
    return db_next_number(tx, DEMO_SERIES, &number, err);
}

bool seed_demo_accounts(struct app *app, struct arena *arena, int64_t schools, struct error *err)
{
    struct hashes hashes;
    (void)schools;
    if (app->demo)
        return true;
    for (size_t i = 0; i < ACCOUNTS; i++)
        hashes.at[i] = password_hash(arena, STR(DEMO_PASSWORD));
    app->demo = db_write(app->db, arena, add_accounts, &hashes, err);
    return app->demo;
}
