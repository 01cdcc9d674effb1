/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/commands.h"
#include "platform/people/factors.h"
#include "platform/record/audit.h"
#include "services/services.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct new_user {
    struct str login, name, password_hash, organisation;
    enum role role;
};

static bool add_user(struct tx *tx, void *with, struct error *err)
{
    const struct new_user *user = with;
    struct account account;
    if (!account_add(tx, user->login, user->name, user->password_hash, &account, err)
        || !account_add_role(tx, account.id, user->role, user->organisation, err))
        return false;
    struct audit_entry entry = {
        .who = STR("command:user"),
        .on_behalf = user->organisation,
        .what = "account.added",
        .subject = str_format(tx_arena(tx), "account:%.*s", FMT(account.id)),
    };
    return audit_add(tx, instant_now(), &entry, err);
}

/* The password comes from standard input: an argument could be seen by other users. */
static bool read_password(struct arena *arena, struct str *password, struct error *err)
{
    char line[PASSWORD_MAX + 4]; /* one byte too many is seen, also with \r\n behind it */
    if (isatty(STDIN_FILENO))
        fputs("Password (at least 12 characters): ", stderr);
    if (!fgets(line, sizeof line, stdin))
        line[0] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    *password = str_copy(arena, str_of(line));
    explicit_bzero(line, sizeof line);
    return password_allowed(*password, err);
}

static bool reset_factors(struct tx *tx, void *with, struct error *err)
{
    const struct str *login = with;
    struct account account;
    return account_find(tx, *login, &account, err)
           && factors_reset(tx, instant_now(), STR("command:user"), STR(""), account.id, err);
}

static bool run_reset(struct command_line *line, struct error *err)
{
    struct app app;
    struct str login = str_of(line->words[1]);
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool reset = db_write(app.db, line->arena, reset_factors, &login, err);
    app_close(&app);
    if (reset)
        puts("The second factors and recovery codes are gone, and the sessions are ended.");
    return reset;
}

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    struct new_user user = { 0 };
    struct str password;
    const char *name = cli_option(line, "--name");
    if (line->count == 2 && strcmp(line->words[0], "reset-factors") == 0)
        return run_reset(line, err);
    if (line->count < 3 || line->count > 4 || strcmp(line->words[0], "add") != 0)
        return cli_usage(&command_user, err);
    user.login = str_of(line->words[1]);
    user.name = str_of(name ? name : line->words[1]);
    user.organisation = str_of(line->count == 4 ? line->words[3] : "");
    if (!role_parse(str_of(line->words[2]), &user.role))
        return fail(err, INVALID, "role",
                    N_("The role must be board-member, board-admin, school-ict, vendor or "
                       "operator."));
    if (!read_password(line->arena, &password, err))
        return false;
    user.password_hash = password_hash(line->arena, password);
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool added = db_write(app.db, line->arena, add_user, &user, err);
    app_close(&app);
    return added;
}

const struct command command_user = {
    .name = "user",
    .usage = "add LOGIN ROLE [ORGANISATION] [--name NAME] | reset-factors LOGIN",
    .help = "Adds an account; its password is read from standard input. An organisation is written "
            "board:41804, school:00AV or vendor:OIN. reset-factors takes somebody's second factors "
            "and recovery codes away and ends their sessions: first make sure that it is they who ask.",
    .run = run,
};
