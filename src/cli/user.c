/* SPDX-License-Identifier: EUPL-1.2 */
/* `fundament user`: accounts at the command line, where whoever may read the data folder may do all.
 * What is done with accounts that are there stands in user_change.c. */
#include "cli/user.h"

#include "base/list.h"
#include "platform/people/accounts.h"
#include "platform/record/audit.h"
#include "services/services.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- add ---- */

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

bool user_role(const char *word, enum role *role, struct error *err)
{
    return role_parse(str_of(word), role)
           || fail(err, INVALID, "role",
                   N_("The role must be board-member, board-admin, school-ict, vendor or "
                      "operator."));
}

static bool add(struct command_line *line, struct error *err)
{
    struct app app;
    struct new_user user = { 0 };
    struct str password;
    const char *name = cli_option(line, "--name");
    if (line->count < 2 || line->count > 3)
        return cli_usage(&command_user, err);
    user.login = str_of(line->words[0]);
    user.name = str_of(name ? name : line->words[0]);
    user.organisation = str_of(line->count == 3 ? line->words[2] : "");
    if (!user_role(line->words[1], &user.role, err)
        || !read_password(line->arena, &password, err))
        return false;
    user.password_hash = password_hash(line->arena, password);
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool added = db_write(app.db, line->arena, add_user, &user, err);
    app_close(&app);
    return added;
}

/* ---- The words ---- */

static const struct {
    const char *word, *second; /* second: "role add" */
    bool (*run)(struct command_line *line, struct error *err);
} deeds[] = {
    { "add", NULL, add },
    { "disable", NULL, user_disable },
    { "enable", NULL, user_enable },
    { "invite", NULL, user_invite },
    { "list", NULL, user_list },
    { "reset-factors", NULL, user_reset_factors },
    { "role", "add", user_role_add },
    { "role", "remove", user_role_remove },
};

static bool run(struct command_line *line, struct error *err)
{
    for (size_t i = 0; i < count_of(deeds); i++) {
        int words = deeds[i].second ? 2 : 1;
        if (line->count < words || strcmp(line->words[0], deeds[i].word) != 0
            || (words == 2 && strcmp(line->words[1], deeds[i].second) != 0))
            continue;
        line->words += words;
        line->count -= words;
        return deeds[i].run(line, err);
    }
    return cli_usage(&command_user, err);
}

const struct command command_user = {
    .name = "user",
    .usage = "list | add LOGIN ROLE [ORGANISATION] [--name NAME]"
             " | invite ADDRESS ROLE [ORGANISATION] [--name NAME] | disable LOGIN | enable LOGIN"
             " | role add|remove LOGIN ROLE [ORGANISATION] | reset-factors LOGIN",
    .help = "Accounts and their roles. `add` reads the password from standard input; `invite` sends a "
            "link by mail, or prints it where there is no mail server. An organisation is written "
            "board:41804, school:00AV or vendor:OIN; an operator has none. `reset-factors` takes "
            "somebody's second factors and recovery codes away and ends their sessions: first make "
            "sure that it is they who ask.",
    .run = run,
};
