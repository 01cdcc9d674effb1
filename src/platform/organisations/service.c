/* SPDX-License-Identifier: EUPL-1.2 */
/* Who acts for an organisation, who invited them, and when an operator acts in its name. */
#include "platform/organisations/exports.h"
#include "platform/organisations/invitations.h"
#include "platform/organisations/pages.h"
#include "platform/service.h"

static const struct migration migrations[] = {
    { 1, "platform/organisations/schema/001-organisations.sql" },
    { 0 },
};

static const struct route routes[] = {
    { GET, "/organisaties", show_organisations, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/organisaties/kiezen", choose_organisation, .on = PEOPLE, .role = ROLE_PERSON },
    { GET, "/organisaties/{organisation}", show_people, .on = PEOPLE, .role = ROLE_PERSON },
    { GET, "/organisaties/{organisation}/mensen/{account}", show_person, .on = PEOPLE,
      .role = ROLE_PERSON },
    { POST, "/organisaties/{organisation}/mensen/{account}", change_person, .on = PEOPLE,
      .role = ROLE_PERSON },
    { POST, "/organisaties/{organisation}/mensen/{account}/tweede-stap", reset_person_factors,
      .on = PEOPLE, .role = ROLE_PERSON },
    { GET, "/organisaties/{organisation}/uitnodigen", show_invite, .on = PEOPLE,
      .role = ROLE_PERSON },
    { POST, "/organisaties/{organisation}/uitnodigen", invite, .on = PEOPLE, .role = ROLE_PERSON },
    { POST, "/organisaties/{organisation}/uitnodigingen/{id}", change_invitation, .on = PEOPLE,
      .role = ROLE_PERSON },
    { GET, "/uitnodiging/{token}", open_invitation, .on = PEOPLE },
    { GET, "/uitnodiging", show_invitation, .on = PEOPLE },
    { POST, "/uitnodiging", accept_invitation, .on = PEOPLE },
    { GET, "/accounts", show_accounts, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/accounts/{account}", show_one_account, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/accounts/{account}", change_account, .on = PEOPLE, .role = ROLE_OPERATOR },
    { GET, "/namens", show_acting, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/namens", begin_acting, .on = PEOPLE, .role = ROLE_OPERATOR },
    { POST, "/namens/stoppen", end_acting, .on = PEOPLE, .role = ROLE_PERSON },
    { METHOD_NONE },
};

static bool expire(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return invitations_expire(tx, instant_now(), err);
}

static bool expire_job(struct app *app, struct arena *arena, const struct job *job,
                       struct error *err)
{
    (void)job;
    return db_write(app->db, arena, expire, NULL, err);
}

static const struct job_kind jobs[] = {
    { "organisations.expiry", expire_job, .every = HOUR,
      .title = N_("Ending invitations whose time is over") },
    { .name = NULL },
};

static const struct key_use keys[] = {
    { .name = INVITATION_KEY,
      .purpose = N_("Seals the addresses of people who are invited or get notices."),
      .needs = invitations_key_needs,
      .renew = invitations_key_renew },
    { INVITATION_MAC_KEY, N_("Makes the marks of addresses that are invited already."), KEY_MAC },
    { .name = NULL },
};

#define PEOPLE_AND_ROLES                                                                           \
    "/organisaties", N_("People and roles"),                                                       \
    N_("Who works for your organisation, who is invited, and who may do what.")

static const struct entry entries[] = {
    { PEOPLE_AND_ROLES, ROLE_BOARD_MEMBER },
    { PEOPLE_AND_ROLES, ROLE_VENDOR },
    { "/organisaties", N_("People and roles"),
      N_("Every organisation with its people; act for a school board."), ROLE_OPERATOR },
    { "/accounts", N_("Accounts"), N_("Who may log in, and who may not any more."),
      ROLE_OPERATOR },
    { .path = NULL },
};

static const struct deed_kind deeds[] = {
    { "organisations.acting-began", N_("An operator began to act in the organisation's name") },
    { "organisations.acting-ended", N_("An operator stopped acting in the organisation's name") },
    { "account.disabled", N_("An account was closed") },
    { "account.enabled", N_("An account was opened again") },
    { "organisations.invitation-accepted", N_("An invitation was accepted") },
    { "organisations.invitation-revoked", N_("An invitation was taken back") },
    { "organisations.invited", N_("Somebody was invited") },
    { "organisations.invited-again", N_("Somebody was invited once more") },
    { "organisations.role-given", N_("Somebody was given a role") },
    { "organisations.role-taken", N_("A role was taken away") },
    { NULL },
};

const struct service organisations_service = {
    .name = "organisations",
    .title = N_("Organisations"),
    .migrations = migrations,
    .routes = routes,
    .jobs = jobs,
    .entries = entries,
    .keys = keys,
    .exports = organisations_exports,
    .deeds = deeds,
};
