/* SPDX-License-Identifier: EUPL-1.2 */
/* Webhooks for who decides for a board, works for a vendor or runs the installation. */
#include "platform/organisations/organisations.h"
#include "platform/people/accounts.h"
#include "platform/record/audit.h"
#include "platform/record/pages.h"
#include "platform/record/webhooks.h"

#include "base/encoding.h"
#include "base/random.h"

#define WEBHOOKS_PATH "/webhooks"
#define ID_BYTES      12

/* For whom the person may decide here; empty: for the operators. */
static bool own_organisation(const struct request *request, struct str *organisation,
                             struct error *err)
{
    static const enum role roles[] = { ROLE_BOARD_ADMIN, ROLE_VENDOR };
    for (size_t i = 0; i < count_of(roles); i++) {
        *organisation = session_organisation(request->session, roles[i]);
        if (organisation->len && session_acts_for(request->session, roles[i], *organisation))
            return true;
    }
    *organisation = STR("");
    return session_has(request->session, ROLE_OPERATOR)
        || fail(err, FORBIDDEN, NULL,
                N_("Webhooks are for who decides for a school board, works for a vendor or runs this "
                   "installation."));
}

static struct node *start_page(struct request *request, struct str title, bool below)
{
    struct node *page = page_new(request, title);
    page_crumb(page, "/", tr(request, N_("Home")));
    if (below)
        page_crumb(page, WEBHOOKS_PATH, tr(request, N_("Webhooks")));
    return page;
}

/* ---- The form ---- */

static bool has_word(struct str words, struct str word)
{
    while (words.len)
        if (str_eq(str_cut(&words, ' '), word))
            return true;
    return false;
}

static void put_form(struct request *request, struct node *page, struct str address,
                     struct str kinds, const struct error *why)
{
    struct node *form = node_put_map(page, "form");
    struct node *field = page_field(form, "address", "text", tr(request, N_("Address")), address);
    node_put_flag(field, "required", true);
    node_put_text(field, "hint", tr(request, N_("For example https://www.example.nl/webhook")));
    field = page_field(form, "kinds", "checkbox", tr(request, N_("Kinds of events")), STR(""));
    node_put_text(field, "hint", tr(request, N_("Tick none to be told of all.")));
    for (const struct service *const *s = request->app->services; *s; s++)
        for (const struct deed_kind *event = (*s)->events; event && event->what; event++)
            page_option(field, str_of(event->what), tr(request, event->sentence),
                        has_word(kinds, str_of(event->what)));
    if (why)
        page_form_error(request, form, why);
}

static bool is_event(const struct app *app, struct str kind)
{
    for (const struct service *const *s = app->services; *s; s++)
        for (const struct deed_kind *event = (*s)->events; event && event->what; event++)
            if (str_eq(str_of(event->what), kind))
                return true;
    return false;
}

static bool read_form(struct request *request, const struct form *form, struct webhook *webhook,
                      struct error *err)
{
    struct buf kinds = { .arena = request->arena };
    webhook->address = form_text(form, "address");
    for (size_t i = 0; i < form->len; i++) {
        if (!str_eq(form->at[i].name, STR("kinds")))
            continue;
        if (!is_event(request->app, form->at[i].value)
            || has_word(buf_str(&kinds), form->at[i].value))
            return fail(err, INVALID, "kinds", N_("Choose from the kinds of events that are shown."));
        if (kinds.len)
            buf_byte(&kinds, ' ');
        buf_add(&kinds, form->at[i].value);
    }
    webhook->kinds = buf_str(&kinds);
    return webhook_address_check(webhook->address,
                                 config_flag(request->app->config, "webhooks.allow_private"), err);
}

/* ---- All of one's own ---- */

static struct str state_text(const struct request *request, const struct webhook *webhook)
{
    if (!webhook->active)
        return tr(request, N_("off"));
    if (webhook->failures)
        return trf(request, N_("in trouble; next try %.*s"),
                   FMT(show_time(request->arena, request->language, webhook->not_before)));
    return tr(request, N_("on"));
}

static void put_webhook(struct request *request, struct node *rows, const struct webhook *webhook)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "address", webhook->address);
    node_put_text(row, "href", str_format(request->arena, WEBHOOKS_PATH "/%.*s", FMT(webhook->id)));
    node_put_text(row, "state", state_text(request, webhook));
    node_put_int(row, "delivered", webhook->delivered);
    node_put_int(row, "waiting", webhook->waiting);
    node_put_int(row, "failed", webhook->failed);
}

static bool reply_list(struct request *request, struct str organisation, const struct webhook *typed,
                       const struct error *why, struct error *err)
{
    static const struct column columns[] = {
        { "address", N_("Address"), false, false },   { "state", N_("State"), false, false },
        { "delivered", N_("Delivered"), false, true }, { "waiting", N_("Waiting"), false, true },
        { "failed", N_("Failed"), false, true },      { .key = NULL },
    };
    struct webhook_rows webhooks;
    struct tx *tx;
    struct str name;
    struct node *rows = node_list(request->arena);
    if (!request_tx(request, &tx, err) || !webhook_list(tx, organisation, false, &webhooks, err)
        || !organisation_name(request, organisation, &name, err))
        return false;
    for (size_t i = 0; i < webhooks.len; i++)
        put_webhook(request, rows, &webhooks.at[i]);
    struct node *page = start_page(request, tr(request, N_("Webhooks")), false);
    node_put_text(page, "of", name);
    table_put(request, page, "webhooks", columns, NULL, rows, (int64_t)webhooks.len);
    put_form(request, page, typed->address, typed->kinds, why);
    return reply_page(request, "platform/record/pages/webhooks", page);
}

bool show_webhooks(struct request *request, struct error *err)
{
    struct str organisation;
    return own_organisation(request, &organisation, err)
        && reply_list(request, organisation, &(struct webhook){ 0 }, NULL, err);
}

/* ---- Changing ---- */

enum button { ADD, CHANGE, TURN_ON, TURN_OFF, TEST, SECRET, RETRY, RETRY_ALL, REMOVE, BUTTONS };

struct change {
    const struct request *request;
    struct webhook webhook;
    enum button button;
    int64_t number; /* of a delivery */
};

static bool add_test(struct tx *tx, const struct change *change, struct error *err)
{
    instant now = change->request->now;
    const struct delivery delivery = {
        .webhook = change->webhook.id,
        .number = -now,
        .kind = STR("webhook.test"),
        .subject = str_format(tx_arena(tx), "webhook:%.*s", FMT(change->webhook.id)),
        .at = now,
        .created = now,
    };
    return delivery_add(tx, &delivery, err)
        && delivery_retry(tx, change->webhook.id, delivery.number, false, now, err);
}

static bool try_again(struct tx *tx, const struct change *change, struct error *err)
{
    return delivery_retry(tx, change->webhook.id, change->number, change->button == RETRY_ALL,
                          change->request->now, err);
}

static bool add(struct tx *tx, const struct change *change, struct error *err)
{
    return webhook_add(tx, &change->webhook, err);
}

static bool put_target(struct tx *tx, const struct change *change, struct error *err)
{
    return webhook_put_target(tx, &change->webhook, err);
}

static bool put_active(struct tx *tx, const struct change *change, struct error *err)
{
    return webhook_put_active(tx, &change->webhook, err);
}

static bool put_secret(struct tx *tx, const struct change *change, struct error *err)
{
    return webhook_put_secret(tx, &change->webhook, err);
}

static bool remove_it(struct tx *tx, const struct change *change, struct error *err)
{
    return webhook_remove(tx, change->webhook.id, err);
}

static const struct {
    bool (*write)(struct tx *tx, const struct change *change, struct error *err);
    const char *word, *done;
    const char *deed; /* of the audit trail; NULL: no deed of weight */
} buttons[BUTTONS] = {
    [ADD] = { add, "", NULL, "record.webhook-added" },
    [CHANGE] = { put_target, "wijzigen", N_("The webhook has been changed."), "record.webhook-changed" },
    [TURN_ON] = { put_active, "aan", N_("The webhook is on."), "record.webhook-changed" },
    [TURN_OFF] = { put_active, "uit", N_("The webhook is off."), "record.webhook-changed" },
    [TEST] = { add_test, "test", N_("A test is on its way; look below for how it goes."), NULL },
    [SECRET] = { put_secret, "geheim", NULL, "record.webhook-secret-renewed" },
    [RETRY] = { try_again, "opnieuw", N_("It is tried again."), NULL },
    [RETRY_ALL] = { try_again, "alles", N_("All that failed is tried again."), NULL },
    [REMOVE] = { remove_it, "verwijderen", N_("The webhook has been removed."), "record.webhook-removed" },
};

static bool note(struct tx *tx, const struct change *change, struct error *err)
{
    const struct audit_entry entry = {
        .who = audit_who(change->request),
        .on_behalf = change->webhook.organisation,
        .what = buttons[change->button].deed,
        .subject = str_format(tx_arena(tx), "webhook:%.*s", FMT(change->webhook.id)),
    };
    return !entry.what || audit_add(tx, change->request->now, &entry, err);
}

static bool do_change(struct tx *tx, void *with, struct error *err)
{
    const struct change *change = with;
    return (change->button == ADD || webhook_hold(tx, change->webhook.id, err))
        && buttons[change->button].write(tx, change, err) && note(tx, change, err);
}

/* A secret is shown on this page alone. */
static bool reply_secret(struct request *request, const struct webhook *webhook, struct str secret)
{
    struct node *page = start_page(request, tr(request, N_("Secret of the webhook")), true);
    node_put_text(page, "secret", secret);
    node_put_text(page, "address", webhook->address);
    node_put_flag(page, "replaced", webhook->old_until > 0);
    node_put_text(page, "until", show_time(request->arena, request->language, webhook->old_until));
    node_put_text(page, "href", str_format(request->arena, WEBHOOKS_PATH "/%.*s", FMT(webhook->id)));
    reply_header(request, "Cache-Control", STR("no-store"));
    return reply_page(request, "platform/record/pages/webhook_secret", page);
}

static bool write_new(struct request *request, struct change *change, struct str secret,
                      struct error *err)
{
    struct webhook *webhook = &change->webhook;
    char id[ID_BYTES];
    random_bytes(id, sizeof id);
    webhook->id = hex_encode(request->arena, (struct str){ id, sizeof id });
    webhook->created = request->now;
    return webhook_seal(request->app, request->arena, webhook->id, secret, &webhook->secret, err)
        && request_write(request, do_change, change, err);
}

bool add_webhook(struct request *request, struct error *err)
{
    struct form form;
    struct error why = { 0 };
    struct change change = { .request = request, .button = ADD };
    struct webhook *webhook = &change.webhook;
    struct str secret = webhook_new_secret(request->arena);
    if (!own_organisation(request, &webhook->organisation, err)
        || !request_form(request, &form, err))
        return false;
    if (read_form(request, &form, webhook, &why) && write_new(request, &change, secret, &why))
        return reply_secret(request, webhook, secret);
    if (why.kind == INVALID || why.kind == CONFLICT)
        return reply_list(request, webhook->organisation, webhook, &why, err);
    *err = why;
    return false;
}

/* ---- One ---- */

static bool find_own(struct request *request, struct webhook *webhook, struct error *err)
{
    struct str organisation;
    struct tx *tx;
    bool found;
    if (!own_organisation(request, &organisation, err) || !request_tx(request, &tx, err)
        || !webhook_find(tx, request_param(request, "id"), webhook, &found, err))
        return false;
    return (found && str_eq(webhook->organisation, organisation))
        || fail(err, NOT_FOUND, NULL, N_("You have no webhook with this address."));
}

static const struct {
    const char *word, *text;
} reasons[] = {
    { "broken", N_("The connection broke.") },
    { "ca", N_("The setting webhooks.ca names no readable file with certificates.") },
    { "certificate", N_("The receiver's certificate is not valid.") },
    { "connection", N_("The receiver cannot be reached.") },
    { "inner", N_("The address leads to a private network.") },
    { "name", N_("The name in the address is not known.") },
    { "secret", N_("The secret of this webhook cannot be opened. Make a new secret and give it to "
                   "the receiver.") },
    { "timeout", N_("The receiver did not answer in time.") },
};

static struct str reason_text(const struct request *request, struct str reason)
{
    for (size_t i = 0; i < count_of(reasons); i++)
        if (str_eq(reason, str_of(reasons[i].word)))
            return tr(request, reasons[i].text);
    if (str_starts(reason, STR("status ")))
        return trf(request, N_("The receiver answered with status %.*s."),
                   FMT(str_slice(reason, 7, reason.len)));
    return reason.len ? reason : tr(request, N_("Not tried yet."));
}

static void put_delivery(struct request *request, struct tx *tx, struct node *list,
                         const struct delivery *delivery)
{
    struct known_names names = { 0 };
    struct node *node = node_add_map(list);
    node_put_text(node, "number", str_format(request->arena, "%lld", (long long)delivery->number));
    node_put_text(node, "kind",
                  delivery->number < 0 ? tr(request, N_("Test"))
                                       : event_text(request, delivery->kind));
    node_put_text(node, "subject",
                  delivery->number < 0 ? STR("")
                                       : party_text(request, tx, &names, delivery->subject));
    node_put_text(node, "at", show_time(request->arena, request->language, delivery->at));
    node_put_int(node, "attempts", delivery->attempts);
    node_put_flag(node, "failed", delivery->failed);
    node_put_text(node, "reason", reason_text(request, delivery->reason));
    node_put_text(node, "next",
                  delivery->not_before
                      ? show_time(request->arena, request->language, delivery->not_before)
                      : tr(request, N_("now")));
}

static bool put_deliveries(struct request *request, struct node *page, struct str id,
                           struct error *err)
{
    struct delivery_rows deliveries;
    struct tx *tx;
    int64_t total;
    struct node *list = node_put_list(page, "deliveries");
    if (!request_tx(request, &tx, err)
        || !delivery_list(tx, id, 2 * TABLE_PAGE_ROWS, 0, &deliveries, &total, err))
        return false;
    for (size_t i = 0; i < deliveries.len; i++)
        put_delivery(request, tx, list, &deliveries.at[i]);
    node_put_text(page, "total", show_number(request->arena, request->language, total));
    return true;
}

static bool reply_webhook(struct request *request, const struct webhook *webhook,
                          const struct webhook *typed, const struct error *why, struct error *err)
{
    struct node *page = start_page(request, tr(request, N_("Webhook")), true);
    node_put_text(page, "address", webhook->address);
    node_put_text(page, "action",
                  str_format(request->arena, WEBHOOKS_PATH "/%.*s", FMT(webhook->id)));
    node_put_text(page, "state", state_text(request, webhook));
    node_put_flag(page, "active", webhook->active);
    node_put_flag(page, "has_failed", webhook->failed > 0);
    node_put_text(page, "delivered",
                  show_number(request->arena, request->language, webhook->delivered));
    node_put_text(page, "last",
                  webhook->last_delivered
                      ? show_time(request->arena, request->language, webhook->last_delivered)
                      : STR("–"));
    put_form(request, page, typed->address, typed->kinds, why);
    return put_deliveries(request, page, webhook->id, err)
        && reply_page(request, "platform/record/pages/webhook", page);
}

bool show_webhook(struct request *request, struct error *err)
{
    struct webhook webhook;
    return find_own(request, &webhook, err)
        && reply_webhook(request, &webhook, &webhook, NULL, err);
}

/* ---- What its buttons do ---- */

/* One that cannot be opened any more is not kept beside the new one. */
static bool renew_secret(struct request *request, struct change *change, struct str *secret,
                         struct error *err)
{
    struct webhook *webhook = &change->webhook;
    struct str before;
    struct error ignored;
    bool opens = webhook_unseal(request->app, request->arena, webhook->id, webhook->secret, &before,
                                &ignored);
    *secret = webhook_new_secret(request->arena);
    webhook->old_until = opens ? request->now + WEBHOOK_OVERLAP : 0;
    return webhook_seal(request->app, request->arena, webhook->id, *secret, &webhook->secret, err);
}

static bool read_button(const struct form *form, struct change *change, struct error *err)
{
    enum button button = CHANGE;
    while (button < BUTTONS && !form_has(form, "wat", str_of(buttons[button].word)))
        button++;
    if (button == BUTTONS
        || (button == RETRY
            && !str_to_int(form_text(form, "nummer"), INT64_MIN, INT64_MAX, &change->number)))
        return fail(err, INVALID, NULL, N_("This form is incomplete. Open the page again."));
    change->button = button;
    return true;
}

bool change_webhook(struct request *request, struct error *err)
{
    struct form form;
    struct error why = { 0 };
    struct str secret = { 0 };
    struct change change = { .request = request };
    if (!find_own(request, &change.webhook, err) || !request_form(request, &form, err)
        || !read_button(&form, &change, err))
        return false;
    const enum button button = change.button;
    const struct webhook before = change.webhook;
    if (button == CHANGE && !read_form(request, &form, &change.webhook, &why))
        return reply_webhook(request, &before, &change.webhook, &why, err);
    change.webhook.active = button == TURN_ON;
    if ((button == SECRET && !renew_secret(request, &change, &secret, err))
        || !request_write(request, do_change, &change, err))
        return false;
    if (button == SECRET)
        return reply_secret(request, &change.webhook, secret);
    reply_notice(request, "ok", tr(request, buttons[button].done));
    return reply_redirect(request, button == REMOVE ? STR(WEBHOOKS_PATH) : request->path);
}
