/* SPDX-License-Identifier: EUPL-1.2 */
/* A person's passkeys: to add, name and remove. */
#include "base/encoding.h"
#include "base/random.h"
#include "platform/page/page.h"
#include "platform/people/factor_store.h"
#include "platform/people/people.h"

#define REGISTER   "register" /* what a challenge is for */
#define NAME_CHARS 60
#define ID_BYTES   9

static struct node *passkey_page(struct request *request, struct str title)
{
    struct node *page = page_new(request, title);
    page_crumb(page, "/", tr(request, N_("Home")));
    if (!request->session->factor_missing)
        page_crumb(page, ACCOUNT_PATH, tr(request, N_("My account")));
    page_crumb(page, FACTOR_PATH, tr(request, N_("Second step")));
    return page;
}

static void put_name_field(struct request *request, struct node *form, struct str name)
{
    struct node *field = page_field(form, "name", "text", tr(request, N_("Name")), name);
    node_put_text(field, "hint", tr(request, N_("So that you know it again, like “Laptop” or "
                                                "“Key on my key ring”.")));
    node_put_text(field, "autocomplete", STR("off"));
    node_put_flag(field, "required", true);
}

static void put_passkeys(struct request *request, struct node *page,
                         const struct passkeys *passkeys)
{
    static const struct column columns[] = {
        { "name", N_("Name") },
        { "created", N_("Made") },
        { "used", N_("Last used") },
        { .key = NULL },
    };
    struct node *rows = node_list(request->arena);
    for (size_t i = 0; i < passkeys->len; i++) {
        const struct passkey *passkey = &passkeys->at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "name", passkey->name);
        node_put_text(row, "href", str_format(request->arena, PASSKEYS_PATH "/%.*s",
                                              FMT(passkey->id)));
        node_put_text(row, "created",
                      show_day(request->arena, request->language, passkey->created));
        node_put_text(row, "used",
                      passkey->used ? show_time(request->arena, request->language, passkey->used)
                                    : tr(request, N_("Not used yet")));
    }
    if (passkeys->len)
        table_put(request, page, "passkeys", columns, NULL, rows, (int64_t)passkeys->len);
}

static bool reply_passkeys(struct request *request, struct str name, const struct error *why,
                           struct error *err)
{
    struct tx *tx;
    struct factors factors;
    struct str account = request->session->account;
    if (!request_tx(request, &tx, err) || !factors_load(tx, account, &factors, err))
        return false;
    struct node *page = passkey_page(request, tr(request, N_("Passkeys")));
    put_passkeys(request, page, &factors.passkeys);
    put_name_field(request, page, name);
    node_put_text(page, "passkey_action", STR(PASSKEYS_PATH));
    if (!put_passkey_question(request, page, REGISTER, account, &factors.passkeys,
                              request->session, err))
        return false;
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/people/pages/passkeys", page);
}

bool show_passkeys(struct request *request, struct error *err)
{
    struct str words = browser_words(request->arena, request_header(request, "User-Agent"));
    return proof_asked(request, STR(PASSKEYS_PATH))
           || reply_passkeys(request, browser_shown(request, words), NULL, err);
}

static bool check_name(struct str name, struct error *err)
{
    return (name.len && utf8_count(name) <= NAME_CHARS && utf8_is_text(name)
            && !str_has(name, '\n'))
           || fail(err, INVALID, "name", N_("Fill in a name of at most 60 characters."));
}

/* ---- Adding ---- */

struct adding {
    struct passkey passkey;
    struct str challenge;
    instant expires, now;
};

static bool write_passkey(struct tx *tx, const void *with, struct error *err)
{
    const struct adding *adding = with;
    bool fresh;
    if (!challenge_spend(tx, adding->challenge, adding->expires, adding->now, &fresh, err))
        return false;
    return fresh ? passkey_add(tx, &adding->passkey, err)
                 : fail(err, INVALID, NULL, N_("This answer of a passkey is not for this page. Load "
                                               "the page again and try once more."));
}

static bool read_adding(struct request *request, const struct form *form, struct adding *adding,
                        struct error *err)
{
    struct str client_data, attestation;
    struct client_data client;
    struct relying_party party;
    struct new_passkey made;
    struct str account = request->session->account;
    if (!check_name(form_text(form, "name"), err))
        return false;
    if (!relying_party(request, &party)
        || !base64_decode(request->arena, form_text(form, "client_data"), &client_data)
        || !base64_decode(request->arena, form_text(form, "attestation"), &attestation))
        return fail(err, INVALID, NULL,
                    N_("Your browser sent an answer of a passkey that cannot be read. Try again, or "
                       "log in in another way."));
    if (!client_data_parse(request->arena, client_data, &client, err)
        || !challenge_check(request, REGISTER, account, client.challenge, &adding->expires, err)
        || !passkey_register(request->arena, &party, client_data, attestation, &made, err))
        return false;
    adding->challenge = client.challenge;
    adding->now = request->now;
    adding->passkey = (struct passkey){
        .id = random_token(request->arena, ID_BYTES), .account = account,
        .credential = made.credential, .public_key = made.public_key, .rp = party.id,
        .name = form_text(form, "name"), .counter = made.counter, .created = request->now,
    };
    return true;
}

bool add_passkey(struct request *request, struct error *err)
{
    struct form form;
    struct adding adding;
    struct factor_change change = { .request = request, .deed = write_passkey, .with = &adding,
                                    .what = "account.passkey-added", .adds = true };
    if (proof_asked(request, STR(PASSKEYS_PATH)))
        return true;
    if (!request_form(request, &form, err))
        return false;
    if (!read_adding(request, &form, &adding, err) || !factor_change(&change, err)) {
        struct error why = *err;
        return (why.kind == INVALID || why.kind == CONFLICT)
               && reply_passkeys(request, form_text(&form, "name"), &why, err);
    }
    if (change.codes)
        return reply_codes(request, change.codes);
    reply_notice(request, "ok", tr(request, N_("The passkey is added. Other browsers are logged "
                                               "out.")));
    return reply_redirect(request, STR(PASSKEYS_PATH));
}

/* ---- One of them ---- */

static bool find_own(struct request *request, struct passkey *passkey, struct error *err)
{
    struct tx *tx;
    struct factors factors;
    struct str id = request_param(request, "passkey");
    if (!request_tx(request, &tx, err)
        || !factors_load(tx, request->session->account, &factors, err))
        return false;
    for (size_t i = 0; i < factors.passkeys.len; i++) {
        *passkey = factors.passkeys.at[i];
        if (str_eq(passkey->id, id))
            return true;
    }
    return fail(err, NOT_FOUND, NULL, N_("There is no such passkey."));
}

static bool reply_passkey(struct request *request, const struct passkey *passkey, struct str name,
                          const struct error *why)
{
    struct node *page = passkey_page(request, passkey->name);
    page_crumb(page, PASSKEYS_PATH, tr(request, N_("Passkeys")));
    put_name_field(request, page, name);
    node_put_text(page, "id", passkey->id);
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/people/pages/passkey_change", page);
}

bool show_passkey(struct request *request, struct error *err)
{
    struct passkey passkey;
    return find_own(request, &passkey, err)
           && (proof_asked(request, request->path)
               || reply_passkey(request, &passkey, passkey.name, NULL));
}

struct renaming {
    struct str account, id, name;
};

static bool write_name(struct tx *tx, void *with, struct error *err)
{
    const struct renaming *renaming = with;
    return passkey_rename(tx, renaming->account, renaming->id, renaming->name, err);
}

bool rename_passkey(struct request *request, struct error *err)
{
    struct form form;
    struct passkey passkey;
    if (!find_own(request, &passkey, err) || !request_form(request, &form, err))
        return false;
    struct renaming renaming = { passkey.account, passkey.id, form_text(&form, "name") };
    if (!check_name(renaming.name, err)) {
        struct error why = *err;
        return reply_passkey(request, &passkey, renaming.name, &why);
    }
    if (!request_write(request, write_name, &renaming, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("The passkey has its new name.")));
    return reply_redirect(request, STR(PASSKEYS_PATH));
}

static bool delete_passkey(struct tx *tx, const void *with, struct error *err)
{
    const struct passkey *passkey = with;
    return passkey_remove(tx, passkey->account, passkey->id, err);
}

bool remove_passkey(struct request *request, struct error *err)
{
    struct passkey passkey;
    struct factor_change change = { .request = request, .deed = delete_passkey, .with = &passkey,
                                    .what = "account.passkey-removed", .removes = true };
    if (proof_asked(request, STR(PASSKEYS_PATH)))
        return true;
    if (!find_own(request, &passkey, err))
        return false;
    if (factor_change(&change, err))
        reply_notice(request, "ok", tr(request, N_("The passkey is removed. Other browsers are "
                                                   "logged out.")));
    else if (err->kind == CONFLICT)
        reply_notice(request, "error", tr(request, err->message));
    else
        return false;
    return reply_redirect(request, STR(PASSKEYS_PATH));
}
