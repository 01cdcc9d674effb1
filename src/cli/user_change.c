/* SPDX-License-Identifier: EUPL-1.2 */
#include "cli/user.h"

#include "platform/organisations/invitations.h"
#include "platform/organisations/roles.h"
#include "platform/mail/mail.h"
#include "platform/people/factors.h"
#include "platform/people/people.h"
#include "platform/service.h"
#include "services/services.h"

#include <stdio.h>

#define LISTED INT64_C(1000000)

/* What is done with one account. */
struct deed {
    struct app app;
    struct actor actor;
    struct str login, organisation;
    enum role role;
    bool (*with_account)(struct tx *tx, const struct deed *deed, struct str account,
                         struct error *err);
};

static struct actor actor_here(const struct app *app)
{
    return (struct actor){ .app = app, .who = STR("command:user"), .now = instant_now() };
}

static bool do_deed(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    struct account account;
    return account_find(tx, deed->login, &account, err)
           && deed->with_account(tx, deed, account.id, err);
}

static bool run_deed(struct command_line *line, struct deed *deed, struct error *err)
{
    if (!app_open(line->arena, line->data, all_services, false, &deed->app, err))
        return false;
    deed->actor = actor_here(&deed->app);
    bool done = db_write(deed->app.db, line->arena, do_deed, deed, err);
    app_close(&deed->app);
    return done;
}

/* ---- disable, enable ---- */

static bool disable(struct tx *tx, const struct deed *deed, struct str account, struct error *err)
{
    return account_set_disabled(tx, &deed->actor, account, true, err);
}

static bool enable(struct tx *tx, const struct deed *deed, struct str account, struct error *err)
{
    return account_set_disabled(tx, &deed->actor, account, false, err);
}

static bool run_login(struct command_line *line, struct deed *deed, struct error *err)
{
    if (line->count != 1)
        return cli_usage(&command_user, err);
    deed->login = str_of(line->words[0]);
    return run_deed(line, deed, err);
}

bool user_disable(struct command_line *line, struct error *err)
{
    return run_login(line, &(struct deed){ .with_account = disable }, err);
}

bool user_enable(struct command_line *line, struct error *err)
{
    return run_login(line, &(struct deed){ .with_account = enable }, err);
}

/* ---- reset-factors ---- */

static bool reset(struct tx *tx, const struct deed *deed, struct str account, struct error *err)
{
    return factors_reset(tx, deed->actor.now, deed->actor.who, STR(""), account, err);
}

bool user_reset_factors(struct command_line *line, struct error *err)
{
    if (!run_login(line, &(struct deed){ .with_account = reset }, err))
        return false;
    puts("The second factors and recovery codes are gone, and the sessions are ended.");
    return true;
}

/* ---- role add, role remove ---- */

static bool give(struct tx *tx, const struct deed *deed, struct str account, struct error *err)
{
    return role_give(tx, &deed->actor, account, deed->role, deed->organisation, err);
}

static bool take(struct tx *tx, const struct deed *deed, struct str account, struct error *err)
{
    return role_take(tx, &deed->actor, account, deed->role, deed->organisation, err);
}

static bool run_role(struct command_line *line, struct deed *deed, struct error *err)
{
    if (line->count < 2 || line->count > 3)
        return cli_usage(&command_user, err);
    deed->login = str_of(line->words[0]);
    deed->organisation = str_of(line->count == 3 ? line->words[2] : "");
    return user_role(line->words[1], &deed->role, err) && run_deed(line, deed, err);
}

bool user_role_add(struct command_line *line, struct error *err)
{
    return run_role(line, &(struct deed){ .with_account = give }, err);
}

bool user_role_remove(struct command_line *line, struct error *err)
{
    return run_role(line, &(struct deed){ .with_account = take }, err);
}

/* ---- list ---- */

static void print_account(const struct account_row *account, const struct colleagues *roles)
{
    printf("%.*s\t%.*s\t%s", FMT(account->login), FMT(account->name),
           account->disabled ? "disabled" : "enabled");
    for (size_t i = 0; i < roles->len; i++)
        printf("\t%s%s%.*s", role_name(roles->at[i].role),
               roles->at[i].organisation.len ? " " : "", FMT(roles->at[i].organisation));
    putchar('\n');
}

static bool print_all(struct tx *tx, void *with, struct error *err)
{
    struct account_rows list;
    struct colleagues roles;
    int64_t total;
    (void)with;
    if (!accounts_list(tx, STR(""), LISTED, 0, &list, &total, err))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        if (!roles_of_account(tx, list.at[i].id, &roles, err))
            return false;
        print_account(&list.at[i], &roles);
    }
    return true;
}

bool user_list(struct command_line *line, struct error *err)
{
    struct app app;
    if (line->count)
        return cli_usage(&command_user, err);
    if (!app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool listed = db_read(app.db, line->arena, print_all, NULL, err);
    app_close(&app);
    return listed;
}

/* ---- invite ---- */

static bool find_name(struct tx *tx, void *with, struct error *err)
{
    struct invite *invite = with;
    struct organisation organisation;
    bool found = false;
    if (!invite->organisation.len) {
        invite->organisation_name = config_text(invite->actor.app->config, "organisation");
        return true;
    }
    if (!organisations_of(invite->actor.app)
             ->find(tx, invite->organisation, &organisation, &found, err))
        return false;
    invite->organisation_name = organisation.name;
    return found
           || fail(err, NOT_FOUND, "organisation",
                   N_("The register has no such active organisation. Boards are written like "
                      "board:41804, schools like school:00AV, vendors like vendor:OIN."));
}

/* Who hands the link over by hand can also mend its beginning. */
static bool find_base(const struct app *app, struct arena *arena, struct str *base,
                      struct error *err)
{
    return people_address(app, arena, base, err) || !mail_is_on(app);
}

static bool send(struct command_line *line, struct app *app, struct invite *invite,
                 struct error *err)
{
    invite->actor = actor_here(app);
    if (!find_base(app, line->arena, &invite->base, err)
        || !db_read(app->db, line->arena, find_name, invite, err)
        || !account_role_fits(invite->role, invite->organisation, err)
        || !invite_prepare(app, line->arena, invite, err)
        || !db_write(app->db, line->arena, invite_write, invite, err))
        return false;
    if (invite->mailed)
        puts("The invitation will be sent by the server that runs.");
    else
        printf("%.*s\n", FMT(invite->link));
    return true;
}

bool user_invite(struct command_line *line, struct error *err)
{
    struct app app;
    const char *name = cli_option(line, "--name");
    struct invite invite = { .language = cli_language() };
    if (line->count < 2 || line->count > 3)
        return cli_usage(&command_user, err);
    invite.address = str_of(line->words[0]);
    invite.name = str_of(name ? name : line->words[0]);
    invite.organisation = str_of(line->count == 3 ? line->words[2] : "");
    if (!user_role(line->words[1], &invite.role, err)
        || !app_open(line->arena, line->data, all_services, false, &app, err))
        return false;
    bool sent = send(line, &app, &invite, err);
    app_close(&app);
    return sent;
}
