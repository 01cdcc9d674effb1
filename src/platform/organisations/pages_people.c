/* SPDX-License-Identifier: EUPL-1.2 */
/* Who works for an organisation, who is invited, and who acted in its name; and one colleague, whose
 * roles may be given and taken away. */
#include "platform/organisations/pages.h"

#include "platform/mail/mail.h"
#include "platform/organisations/acting.h"
#include "platform/organisations/choices.h"
#include "platform/organisations/grants.h"
#include "platform/organisations/invitations.h"
#include "platform/organisations/letters.h"
#include "platform/people/factors.h"

#include <stdio.h>

#define ACTED_SHOWN 50

/* ---- What the pages share ---- */

bool find_place(struct request *request, struct place *place, struct error *err)
{
    struct str word = request_param(request, "organisation");
    place->id = str_eq(word, INSTALLATION) ? STR("") : word;
    place->path = organisation_path(request->arena, place->id);
    if (!grants_may_look(request->session, place->id))
        return fail(err, FORBIDDEN, NULL, N_("You do not work for this organisation."));
    if (!request_tx(request, &place->tx, err))
        return false;
    struct organisation organisation;
    bool found = !place->id.len;
    if (!found
        && !organisations_of(request->app)->find(place->tx, place->id, &organisation, &found, err))
        return false;
    return (found || fail(err, NOT_FOUND, NULL, N_("The register has no such organisation.")))
           && organisation_name(request, place->id, &place->name, err);
}

struct node *place_page(struct request *request, const struct place *place, struct str title,
                        bool below)
{
    struct node *page = page_new(request, title);
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, "/organisaties", tr(request, N_("People and roles")));
    if (below)
        page_crumb(page, str_c(request->arena, place->path), place->name);
    node_put_text(page, "place", place->name);
    node_put_text(page, "path", place->path);
    return page;
}

static struct str title_of(struct request *request, enum role role)
{
    return str_of(role_title(role, request->language));
}

/* The school of a role that is not for the organisation of the page itself. */
static bool role_text(struct request *request, const struct place *place, enum role role,
                      struct str organisation, struct str *text, struct error *err)
{
    struct str name;
    *text = title_of(request, role);
    if (str_eq(organisation, place->id))
        return true;
    if (!organisation_name(request, organisation, &name, err))
        return false;
    *text = str_format(request->arena, "%.*s: %.*s", FMT(*text), FMT(name));
    return true;
}

/* ---- The organisation ---- */

static bool put_people(struct request *request, const struct place *place, struct node *page,
                       struct error *err)
{
    static const struct column columns[] = {
        { "name", N_("Name"), false, false },
        { "role", N_("Role"), false, false },
        { "login", N_("Login name"), false, false },
        { .key = NULL },
    };
    struct colleagues list;
    struct str role;
    if (!roles_of_organisation(request->app, place->tx, place->id, true, &list, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < list.len; i++) {
        struct node *row = node_add_map(rows);
        if (!role_text(request, place, list.at[i].role, list.at[i].organisation, &role, err))
            return false;
        node_put_text(row, "name", list.at[i].name);
        node_put_text(row, "href", str_format(request->arena, "%.*s/mensen/%.*s",
                                              FMT(place->path), FMT(list.at[i].account)));
        node_put_text(row, "role",
                      list.at[i].disabled
                          ? str_format(request->arena, "%.*s (%.*s)", FMT(role),
                                       FMT(tr(request, N_("account disabled"))))
                          : role);
        node_put_text(row, "login", list.at[i].login);
    }
    table_put(request, page, "people", columns, NULL, rows, (int64_t)list.len);
    return true;
}

static bool mail_text(struct request *request, const struct place *place, struct str mail,
                      struct str *text, struct error *err)
{
    struct mail_status status;
    bool found;
    *text = tr(request, N_("Link handed over by hand"));
    if (!mail.len)
        return true;
    if (!mail_find(place->tx, mail, &status, &found, err))
        return false;
    static const char *const states[MAIL_STATES] = { N_("Mail is on its way"), N_("Mail was sent"),
                                                     N_("Mail could not be sent") };
    *text = tr(request, found ? states[status.state] : states[MAIL_SENT]);
    if (!found || !status.reason.len)
        return true;
    struct error why = { .message = status.reason.at };
    snprintf(why.subject, sizeof why.subject, "%lld", (long long)status.code);
    *text = str_format(request->arena, "%.*s. %.*s", FMT(*text),
                       FMT(error_text(request->arena, &why,
                                      translate(request->language, why.message))));
    return true;
}

static bool put_invitations(struct request *request, const struct place *place, struct node *page,
                            struct error *err)
{
    struct invitation_list list;
    struct node *rows = node_put_list(page, "invitations");
    struct str role, mail;
    if (!invitations_of(request->app, place->tx, place->id, &list, err))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        const struct invitation *invitation = &list.at[i];
        struct node *row = node_add_map(rows);
        if (!role_text(request, place, invitation->role, invitation->organisation, &role, err)
            || !mail_text(request, place, invitation->mail, &mail, err))
            return false;
        node_put_text(row, "id", invitation->id);
        node_put_text(row, "name", invitation->name);
        node_put_text(row, "address", invitation->address);
        node_put_text(row, "role", role);
        node_put_text(row, "mail", mail);
        node_put_text(row, "until",
                      show_time(request->arena, request->language, invitation->expires));
    }
    node_put_flag(page, "has_invitations", list.len > 0);
    return true;
}

static bool put_acted(struct request *request, const struct place *place, struct node *page,
                      struct error *err)
{
    static const struct column columns[] = {
        { "from", N_("From"), false, false },
        { "until", N_("Until"), false, false },
        { "who", N_("Operator"), false, false },
        { "reason", N_("Reason"), false, false },
        { .key = NULL },
    };
    struct acted_list list;
    if (!acting_list(place->tx, place->id, ACTED_SHOWN, &list, err))
        return false;
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < list.len; i++) {
        const struct acted *acted = &list.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "from", show_time(request->arena, request->language, acted->started));
        node_put_text(row, "until", show_time(request->arena, request->language, acted->until));
        node_put_text(row, "who", acted->name.len ? acted->name : acted->account);
        node_put_text(row, "reason", acted->reason);
        if (acted->until > request->now && !request->session->acting)
            page_notice(page, "warning",
                        trf(request, N_("An operator acts in your board's name now: %s"),
                            str_c(request->arena, acted->reason)));
    }
    table_put(request, page, "acted", columns, NULL, rows, (int64_t)list.len);
    return true;
}

bool show_people(struct request *request, struct error *err)
{
    struct place place;
    struct grant_choices choices;
    if (!find_place(request, &place, err)
        || !grants_choices(request->app, place.tx, request->session, place.id, &choices, err))
        return false;
    bool board = str_eq(organisation_kind(place.id), STR("board"));
    struct node *page = place_page(request, &place, place.name, false);
    node_put_flag(page, "may_give", choices.len > 0);
    node_put_flag(page, "board", board);
    node_put_flag(page, "may_act", board && session_has(request->session, ROLE_OPERATOR));
    struct str number = place.id;
    str_cut(&number, ':');
    node_put_text(page, "number", number);
    return put_people(request, &place, page, err)
           && (!choices.len || put_invitations(request, &place, page, err))
           && (!board || put_acted(request, &place, page, err))
           && reply_page(request, "platform/organisations/pages/people", page);
}

/* ---- One colleague ---- */

struct person {
    struct place place;
    struct account account;
    struct colleagues roles;        /* for the organisation of the page and its schools */
    struct grant_choices choices;
};

/* Somebody with a role here; nobody else is found, so that no account is seen from outside. */
static bool find_person(struct request *request, struct person *person, struct error *err)
{
    struct colleagues all;
    struct str id = request_param(request, "account");
    if (!find_place(request, &person->place, err)
        || !roles_of_organisation(request->app, person->place.tx, person->place.id, true, &all,
                                  err)
        || !grants_choices(request->app, person->place.tx, request->session, person->place.id,
                           &person->choices, err))
        return false;
    person->roles = (struct colleagues){ 0 };
    for (size_t i = 0; i < all.len; i++)
        if (str_eq(all.at[i].account, id))
            *list_add(request->arena, &person->roles) = all.at[i];
    if (!person->roles.len)
        return fail(err, NOT_FOUND, NULL, N_("This person does not work here (any more)."));
    return account_find_id(person->place.tx, id, &person->account, err);
}

static bool has_role(const struct person *person, const struct grant_choice *choice)
{
    for (size_t i = 0; i < person->roles.len; i++)
        if (person->roles.at[i].role == choice->role
            && str_eq(person->roles.at[i].organisation, choice->organisation))
            return true;
    return false;
}

static bool may_take(const struct person *person, const struct colleague *role)
{
    for (size_t i = 0; i < person->choices.len; i++)
        if (person->choices.at[i].role == role->role
            && str_eq(person->choices.at[i].organisation, role->organisation))
            return true;
    return false;
}

static bool put_roles(struct request *request, const struct person *person, struct node *page,
                      struct error *err)
{
    struct node *list = node_put_list(page, "roles");
    struct str text;
    for (size_t i = 0; i < person->roles.len; i++) {
        const struct colleague *role = &person->roles.at[i];
        struct node *node = node_add_map(list);
        if (!role_text(request, &person->place, role->role, role->organisation, &text, err))
            return false;
        node_put_text(node, "title", text);
        node_put_text(node, "role", str_of(role_name(role->role)));
        node_put_text(node, "organisation", role->organisation);
        node_put_flag(node, "may_take", may_take(person, role));
    }
    return true;
}

static struct str choice_value(struct arena *arena, const struct grant_choice *choice)
{
    return str_format(arena, "%s %.*s", role_name(choice->role), FMT(choice->organisation));
}

struct node *put_choice_field(struct request *request, struct node *page,
                              const struct grant_choices *choices, struct str chosen)
{
    struct node *field = page_field(page, "rol", "select", tr(request, N_("Role")), STR(""));
    for (size_t i = 0; i < choices->len; i++) {
        const struct grant_choice *choice = &choices->at[i];
        struct str value = choice_value(request->arena, choice);
        struct str label = title_of(request, choice->role);
        if (choice->name.len)
            label = str_format(request->arena, "%.*s: %.*s", FMT(label), FMT(choice->name));
        page_option(field, value, label, str_eq(value, chosen));
    }
    return field;
}

bool parse_choice(struct str value, enum role *role, struct str *organisation, struct error *err)
{
    struct str rest = value;
    *organisation = STR("");
    if (!role_parse(str_cut(&rest, ' '), role))
        return fail(err, INVALID, "rol", N_("Choose a role."));
    if (rest.len)
        *organisation = rest;
    return true;
}

/* Whoever lost telephone and key is helped by a colleague who decides for the organisation. */
static bool put_factors(struct request *request, const struct person *person, struct node *page,
                        struct error *err)
{
    struct factors factors;
    bool self = str_eq(person->account.id, request->session->account);
    bool decides = session_acts_for(request->session, ROLE_BOARD_ADMIN, person->place.id);
    if (self || !decides)
        return true;
    if (!factors_load(person->place.tx, person->account.id, &factors, err))
        return false;
    node_put_flag(page, "has_factors", factors_any(&factors));
    return true;
}

static bool reply_person(struct request *request, struct person *person, const struct error *why,
                         struct error *err)
{
    struct node *page = place_page(request, &person->place, person->account.name, true);
    struct grant_choices left = { 0 };
    for (size_t i = 0; i < person->choices.len; i++)
        if (!has_role(person, &person->choices.at[i]))
            *list_add(request->arena, &left) = person->choices.at[i];
    bool self = str_eq(person->account.id, request->session->account);
    node_put_text(page, "login", person->account.login);
    node_put_text(page, "account", person->account.id);
    node_put_flag(page, "disabled", person->account.disabled);
    node_put_flag(page, "may_add", left.len > 0 && !self);
    if (left.len && !self)
        put_choice_field(request, page, &left, STR(""));
    if (why)
        page_form_error(request, page, why);
    return put_roles(request, person, page, err) && put_factors(request, person, page, err)
           && reply_page(request, "platform/organisations/pages/person", page);
}

bool show_person(struct request *request, struct error *err)
{
    struct person person;
    return find_person(request, &person, err) && reply_person(request, &person, NULL, err);
}

struct change {
    struct actor actor;
    struct str account, organisation;
    enum role role;
    bool take;
};

static bool write_change(struct tx *tx, void *with, struct error *err)
{
    const struct change *change = with;
    return (change->take ? role_take : role_give)(tx, &change->actor, change->account,
                                                  change->role, change->organisation, err);
}

/* After a role of one's own is gone, the page may not be one's to look at any more. */
static bool reply_changed(struct request *request, const struct person *person,
                          const struct change *change)
{
    bool own = change->take && str_eq(change->account, request->session->account);
    reply_notice(request, "ok",
                 tr(request, change->take ? N_("The role was taken away.")
                                          : N_("The role was given.")));
    return reply_redirect(request, own ? STR("/account") : person->place.path);
}

bool change_person(struct request *request, struct error *err)
{
    struct person person;
    struct form form;
    struct change change = { .actor = actor_of(request) };
    if (!find_person(request, &person, err) || !request_form(request, &form, err))
        return false;
    change.account = person.account.id;
    change.take = str_eq(form_text(&form, "wat"), STR("afnemen"));
    if (parse_choice(form_text(&form, "rol"), &change.role, &change.organisation, err)
        && request_write(request, write_change, &change, err))
        return reply_changed(request, &person, &change);
    struct error why = *err;
    return (why.kind == INVALID || why.kind == CONFLICT)
           && reply_person(request, &person, &why, err);
}

/* ---- The second factors of a colleague ---- */

struct reset {
    struct request *request;
    struct str organisation, account;
};

static bool write_reset(struct tx *tx, void *with, struct error *err)
{
    const struct reset *reset = with;
    return factors_reset_colleague(tx, reset->request->now, reset->request->session,
                                   reset->organisation, reset->account, err);
}

bool reset_person_factors(struct request *request, struct error *err)
{
    struct person person;
    if (!find_person(request, &person, err))
        return false;
    struct str path = str_format(request->arena, "%.*s/mensen/%.*s", FMT(person.place.path),
                                 FMT(person.account.id));
    if (proof_asked(request, path))
        return true;
    struct reset reset = { request, person.place.id, person.account.id };
    if (!request_write(request, write_reset, &reset, err))
        return false;
    reply_notice(request, "ok",
                 tr(request, N_("The second factors are gone. At the next log-in a new one is made.")));
    return reply_redirect(request, path);
}
