/* SPDX-License-Identifier: EUPL-1.2 */
/* The way of the person who was invited. The link's token goes into a cookie at once, so that it stands
 * in no address, history or log after the first request. Looking does not use it up: mail programs
 * look at links too. */
#include "platform/organisations/pages.h"

#include "base/encoding.h"
#include "platform/organisations/invitations.h"
#include "platform/organisations/letters.h"

#define TOKEN_COOKIE  "__Host-fundament_invitation"
#define TOKEN_SECONDS 3600

bool open_invitation(struct request *request, struct error *err)
{
    struct str token = request_param(request, "token"), bytes;
    if (token.len > 64 || !base64_decode(request->arena, token, &bytes))
        return fail(err, NOT_FOUND, NULL,
                    N_("This link is not complete. Copy all of it from the mail."));
    reply_cookie(request, TOKEN_COOKIE, token, TOKEN_SECONDS);
    return reply_redirect(request, STR("/uitnodiging"));
}

static bool find_open(struct request *request, struct invitation *invitation, struct error *err)
{
    struct tx *tx;
    return request_tx(request, &tx, err)
           && invitation_of_token(request->app, tx, request_cookie(request, TOKEN_COOKIE),
                                  request->now, invitation, err);
}

/* A mail address that can be a login name is proposed as one. */
static struct str proposed_login(struct request *request, const struct invitation *invitation)
{
    return str_lower(request->arena, invitation->address);
}

static void put_new_account(struct request *request, struct node *page, struct str login)
{
    struct node *field = page_field(page, "login", "text", tr(request, N_("Login name")), login);
    node_put_text(field, "autocomplete", STR("username"));
    node_put_flag(field, "required", true);
    field = page_field(page, "password", "password", tr(request, N_("Password")), STR(""));
    node_put_text(field, "autocomplete", STR("new-password"));
    node_put_flag(field, "required", true);
    node_put_text(field, "hint", tr(request, N_("At least 12 characters. A sentence of a few words "
                                                "is strong and easy to remember.")));
}

static bool reply_invitation(struct request *request, const struct invitation *invitation,
                             struct str login, const struct error *why, struct error *err)
{
    struct str name;
    if (!organisation_name(request, invitation->organisation, &name, err))
        return false;
    struct node *page = page_new(request, tr(request, N_("You are invited")));
    page_crumb(page, "/", tr(request, N_("Home")));
    node_put_text(page, "invited", invitation->name);
    node_put_text(page, "inviter", invitation->inviter);
    node_put_text(page, "place", name);
    node_put_text(page, "role", str_of(role_title(invitation->role, request->language)));
    node_put_text(page, "until",
                  show_time(request->arena, request->language, invitation->expires));
    if (!request->session)
        put_new_account(request, page, login);
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/organisations/pages/accept", page);
}

bool show_invitation(struct request *request, struct error *err)
{
    struct invitation invitation;
    return find_open(request, &invitation, err)
           && reply_invitation(request, &invitation, proposed_login(request, &invitation), NULL,
                               err);
}

struct acceptance {
    struct request *request;
    struct invitation invitation;
    struct str login, hash; /* of a new account; empty: the person's who is logged in */
    struct str sealed_address;
};

static bool write_acceptance(struct tx *tx, void *with, struct error *err)
{
    const struct acceptance *acceptance = with;
    struct request *request = acceptance->request;
    struct actor actor = actor_of(request);
    struct account account;
    if (!acceptance->login.len)
        return invitation_accept(tx, &actor, &acceptance->invitation, request->session->account,
                                 acceptance->sealed_address, err);
    if (!account_add(tx, acceptance->login, acceptance->invitation.name, acceptance->hash,
                     &account, err))
        return false;
    actor.who = str_format(tx_arena(tx), "account:%.*s", FMT(account.id));
    return invitation_accept(tx, &actor, &acceptance->invitation, account.id,
                             acceptance->sealed_address, err);
}

/* Reads who accepts: the password is hashed here, outside the transaction. */
static bool read_acceptance(struct acceptance *acceptance, struct error *err)
{
    struct request *request = acceptance->request;
    struct form form;
    struct tx *tx;
    struct account account;
    struct str login, password = STR("");
    if (!request_form(request, &form, err) || !request_tx(request, &tx, err))
        return false;
    if (request->session) {
        if (request->session->acting)
            return fail(err, FORBIDDEN, NULL, N_("Stop acting for the school board first."));
        if (!account_find_id(tx, request->session->account, &account, err))
            return false;
        login = account.login;
    } else {
        login = acceptance->login = str_lower(request->arena, form_text(&form, "login"));
        for (size_t i = 0; i < form.len; i++) /* blanks at its ends are a password's own */
            if (str_eq(form.at[i].name, STR("password")))
                password = form.at[i].value;
        if (!login.len)
            return fail(err, INVALID, "login", N_("Choose a login name."));
        if (!password_allowed(password, err))
            return false;
        acceptance->hash = password_hash(request->arena, password);
    }
    return address_seal(request->app, request->arena, login, acceptance->invitation.address,
                        &acceptance->sealed_address, err);
}

static bool reply_accepted(struct request *request)
{
    reply_cookie(request, TOKEN_COOKIE, STR(""), 0);
    if (request->session) {
        reply_notice(request, "ok", tr(request, N_("You have a new role.")));
        return reply_redirect(request, STR("/organisaties"));
    }
    reply_notice(request, "ok", tr(request, N_("Your account is ready. Log in with it.")));
    return reply_redirect(request, STR("/inloggen"));
}

bool accept_invitation(struct request *request, struct error *err)
{
    struct acceptance acceptance = { .request = request };
    if (!find_open(request, &acceptance.invitation, err))
        return false;
    if (read_acceptance(&acceptance, err)
        && request_write(request, write_acceptance, &acceptance, err))
        return reply_accepted(request);
    struct error why = *err;
    return (why.kind == INVALID || why.kind == CONFLICT)
           && reply_invitation(request, &acceptance.invitation, acceptance.login, &why, err);
}
