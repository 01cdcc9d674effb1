/* SPDX-License-Identifier: EUPL-1.2 */
/* Inviting, and what may be done with an invitation until it is accepted. */
#include "platform/organisations/pages.h"

#include "platform/app.h"
#include "platform/organisations/choices.h"
#include "platform/organisations/invitations.h"
#include "platform/mail/mail.h"
#include "platform/people/people.h"
#include "platform/record/jobs.h"

/* A link that only its inviter sees may begin as their own browser has it; one in a mail never. */
static bool find_base(const struct request *request, struct str *base, struct error *err)
{
    *base = people_address_set(request->app->config);
    if (base->len || mail_is_on(request->app))
        return people_address(request->app, request->arena, base, err);
    *base = str_format(request->arena, "https://%.*s", FMT(request->host));
    return true;
}

struct wish {
    struct place place;
    struct grant_choices choices;
    struct str name, address, role;
};

static bool find_wish(struct request *request, struct wish *wish, struct error *err)
{
    if (!find_place(request, &wish->place, err)
        || !grants_choices(request->app, wish->place.tx, request->session, wish->place.id,
                           &wish->choices, err))
        return false;
    return wish->choices.len > 0
           || fail(err, FORBIDDEN, NULL,
                   N_("Your account may not invite people for this organisation."));
}

static bool reply_form(struct request *request, const struct wish *wish, const struct error *why)
{
    struct node *page = place_page(request, &wish->place, tr(request, N_("Invite somebody")), true);
    struct node *field = page_field(page, "naam", "text", tr(request, N_("Name")), wish->name);
    node_put_flag(field, "required", true);
    node_put_text(field, "autocomplete", STR("off"));
    field = page_field(page, "adres", "email", tr(request, N_("Mail address")), wish->address);
    node_put_flag(field, "required", true);
    node_put_text(field, "autocomplete", STR("off"));
    put_choice_field(request, page, &wish->choices, wish->role);
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/organisations/pages/invite", page);
}

bool show_invite(struct request *request, struct error *err)
{
    struct wish wish = { 0 };
    return find_wish(request, &wish, err) && reply_form(request, &wish, NULL);
}

/* Where no mail is sent, the link is shown here and nowhere again. */
static bool reply_link(struct request *request, const struct place *place,
                       const struct invite *done)
{
    struct node *page = place_page(request, place, tr(request, N_("Hand over this link")), true);
    node_put_text(page, "link", done->link);
    node_put_text(page, "name", done->name);
    reply_header(request, "Cache-Control", STR("no-store"));
    return reply_page(request, "platform/organisations/pages/link", page);
}

static bool reply_invited(struct request *request, const struct place *place,
                          const struct invite *done)
{
    if (!done->mailed)
        return reply_link(request, place, done);
    jobs_wake(request->app);
    reply_notice(request, "ok",
                 trf(request, N_("The invitation for %s is on its way."),
                     str_c(request->arena, done->name)));
    return reply_redirect(request, place->path);
}

static bool write_invite(struct request *request, struct invite *new, struct error *err)
{
    new->actor = actor_of(request);
    new->inviter = request->session->name;
    return find_base(request, &new->base, err)
           && organisation_name(request, new->organisation, &new->organisation_name, err)
           && invite_prepare(request->app, request->arena, new, err)
           && request_write(request, invite_write, new, err);
}

bool invite(struct request *request, struct error *err)
{
    struct form form;
    struct wish wish = { 0 };
    struct invite new = { .language = request->language };
    if (!find_wish(request, &wish, err) || !request_form(request, &form, err))
        return false;
    wish.name = new.name = form_text(&form, "naam");
    wish.address = new.address = form_text(&form, "adres");
    wish.role = form_text(&form, "rol");
    if (parse_choice(wish.role, &new.role, &new.organisation, err)
        && write_invite(request, &new, err))
        return reply_invited(request, &wish.place, &new);
    struct error why = *err;
    bool correctable = why.kind == INVALID || why.kind == CONFLICT || why.kind == TOO_MANY;
    return correctable && reply_form(request, &wish, &why);
}

/* ---- An invitation that is open ---- */

struct revoke {
    struct actor actor;
    struct invitation invitation;
};

static bool write_revoke(struct tx *tx, void *with, struct error *err)
{
    const struct revoke *revoke = with;
    return invitation_revoke(tx, &revoke->actor, &revoke->invitation, err);
}

static bool send_again(struct request *request, const struct place *place,
                       const struct invitation *open, struct error *err)
{
    struct invite again = { .organisation = open->organisation, .name = open->name,
                            .address = open->address, .role = open->role,
                            .language = open->language, .id = open->id };
    return write_invite(request, &again, err) && reply_invited(request, place, &again);
}

/* Is it one of this organisation, or of its schools? */
static bool belongs(struct request *request, const struct place *place,
                    const struct invitation *invitation, bool *does, struct error *err)
{
    struct organisation_list schools;
    *does = str_eq(invitation->organisation, place->id);
    if (*does)
        return true;
    if (!organisations_of(request->app)->schools_of(place->tx, place->id, &schools, err))
        return false;
    for (size_t i = 0; i < schools.len; i++)
        *does |= str_eq(schools.at[i].id, invitation->organisation);
    return true;
}

bool change_invitation(struct request *request, struct error *err)
{
    struct place place;
    struct form form;
    bool here;
    struct revoke revoke = { .actor = actor_of(request) };
    if (!find_place(request, &place, err) || !request_form(request, &form, err)
        || !invitation_find(request->app, place.tx, request_param(request, "id"), request->now,
                            &revoke.invitation, err)
        || !belongs(request, &place, &revoke.invitation, &here, err))
        return false;
    if (!here)
        return fail(err, NOT_FOUND, NULL, N_("This invitation is not open any more."));
    if (str_eq(form_text(&form, "wat"), STR("opnieuw")))
        return send_again(request, &place, &revoke.invitation, err);
    if (!request_write(request, write_revoke, &revoke, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("The invitation was withdrawn.")));
    return reply_redirect(request, place.path);
}
