/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/invitations.h"

#include "base/encoding.h"
#include "base/list.h"
#include "base/random.h"
#include "platform/app.h"
#include "platform/keys/keeper.h"
#include "platform/keys/keys.h"
#include "platform/keys/reseal.h"
#include "platform/mail/mail.h"
#include "platform/organisations/grants.h"
#include "platform/organisations/letters.h"
#include "platform/record/audit.h"

#define TOKEN_BYTES 32
#define TOKEN_CHARS 43
#define NAME_CHARS  100

static const struct statement insert_invitation =
    SQL("INSERT INTO invitation (id, organisation, role, sealed, address_mac, token_hash, language,"
        " invited_by, mail, created, expires, outcome, ended)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', 0)"
        " ON CONFLICT (organisation, role, address_mac) WHERE outcome = 'open' DO NOTHING");
static const struct statement renew =
    SQL("UPDATE invitation SET token_hash = $2, mail = $3, expires = $4"
        " WHERE id = $1 AND outcome = 'open'");
static const struct statement close_invitation =
    SQL("UPDATE invitation SET outcome = $2, ended = $3, sealed = $4, address_mac = $4"
        " WHERE id = $1 AND outcome = 'open'");
static const struct statement expire =
    SQL("UPDATE invitation SET outcome = 'expired', ended = $1, sealed = $2, address_mac = $2"
        " WHERE outcome = 'open' AND expires <= $1");
static const struct statement count_open =
    SQL("SELECT COUNT(*) FROM invitation WHERE organisation = $1 AND outcome = 'open'");
#define COLUMNS                                                                                    \
    "SELECT invitation.id, invitation.organisation, invitation.role, invitation.sealed,"           \
    "       invitation.invited_by, account.name, invitation.mail, invitation.language,"            \
    "       invitation.created, invitation.expires"                                                \
    "  FROM invitation LEFT JOIN account ON account.id = invitation.invited_by"                    \
    " WHERE invitation.outcome = 'open'"
static const struct statement open_of =
    SQL(COLUMNS " AND invitation.organisation = $1 AND invitation.expires > $2"
                " ORDER BY invitation.created DESC, invitation.id");
static const struct statement by_id =
    SQL(COLUMNS " AND invitation.id = $1 AND invitation.expires > $2");
static const struct statement by_token =
    SQL(COLUMNS " AND invitation.token_hash = $1 AND invitation.expires > $2");
static const struct statement by_inviter =
    SQL(COLUMNS " AND invitation.invited_by = $1 AND invitation.expires > $2"
                " AND ($3 = '' OR invitation.organisation = $3 OR invitation.organisation LIKE $4)");
static const struct statement put_address =
    SQL("INSERT INTO account_address (account, sealed) VALUES ($1, $2)"
        " ON CONFLICT (account) DO NOTHING");
static const struct statement find_address =
    SQL("SELECT account_address.sealed, account.login"
        "  FROM account_address JOIN account ON account.id = account_address.account"
        " WHERE account.id = $1 AND account.disabled = 0");

static struct str hash_of(struct arena *arena, struct str token)
{
    return sha256_of(arena, token);
}

static struct str about(struct arena *arena, struct str id)
{
    return str_format(arena, "invitation:%.*s", FMT(id));
}

static bool record(struct tx *tx, const struct actor *actor, const char *what, struct str id,
                   struct str organisation, enum role role, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct audit_entry entry = {
        .who = actor->who,
        .on_behalf = organisation,
        .what = what,
        .subject = about(arena, id),
        .detail = str_format(arena, "{\"role\":\"%s\"}", role_name(role)),
    };
    return audit_add(tx, actor->now, &entry, err);
}

/* ---- Inviting ---- */

static bool check_invite(struct invite *invite, struct error *err)
{
    if (!invite->name.len || utf8_count(invite->name) > NAME_CHARS
        || !utf8_is_text(invite->name) || str_has(invite->name, '\n')
        || str_has(invite->name, '\r'))
        return fail(err, INVALID, "naam", N_("Fill in a name of at most 100 characters."));
    return mail_address_allowed(invite->address, "adres", err);
}

static bool seal_mail(struct app *app, struct arena *arena, struct invite *invite,
                      struct error *err)
{
    struct mail mail;
    struct mail_ready ready;
    letter_of_invitation(arena, invite, &mail);
    if (!mail_seal(app, arena, &mail, &ready, err))
        return false;
    invite->mail = ready.id;
    invite->mail_sealed = ready.sealed;
    return true;
}

bool invite_prepare(struct app *app, struct arena *arena, struct invite *invite,
                    struct error *err)
{
    unsigned char mac[MAC256_BYTES];
    if (!check_invite(invite, err))
        return false;
    bool again = invite->id.len > 0;
    struct str token = random_token(arena, TOKEN_BYTES);
    struct str fields[] = { str_lower(arena, invite->address) };
    if (!again)
        invite->id = random_token(arena, 12);
    invite->token_hash = hash_of(arena, token);
    invite->link = str_format(arena, "%.*s/uitnodiging/%.*s", FMT(invite->base), FMT(token));
    invite->mailed = mail_is_on(app);
    struct str plain = str_format(arena, "%.*s\n%.*s", FMT(invite->address), FMT(invite->name));
    if (!keeper_mac256(app->keeper, INVITATION_MAC_KEY, fields, 1, mac, err)
        || !keeper_seal(app->keeper, arena, INVITATION_KEY, about(arena, invite->id), plain,
                        &invite->sealed, err))
        return false;
    invite->address_mac = str_copy(arena, (struct str){ (const char *)mac, sizeof mac });
    return !invite->mailed || seal_mail(app, arena, invite, err);
}

static bool check_room(struct tx *tx, struct str organisation, struct error *err)
{
    int64_t open;
    return db_hold(tx, "invitations", err)
           && db_number(tx, &count_open, ARGS(arg_text(organisation)), 0, &open, err)
           && (open < INVITATIONS_OPEN
               || fail(err, TOO_MANY, NULL,
                       N_("There are too many open invitations. Withdraw some first.")));
}

static bool add_invitation(struct tx *tx, const struct invite *invite, struct error *err)
{
    const struct actor *actor = &invite->actor;
    int64_t added;
    struct str by = actor->session ? actor->session->account : STR("");
    if (!db_do(tx, &insert_invitation,
               ARGS(arg_text(invite->id), arg_text(invite->organisation),
                    arg_text(str_of(role_name(invite->role))), arg_bytes(invite->sealed),
                    arg_bytes(invite->address_mac), arg_bytes(invite->token_hash),
                    arg_text(invite->language == ENGLISH ? STR("en") : STR("nl")), arg_text(by),
                    arg_text(invite->mail), arg_int(actor->now),
                    arg_int(actor->now + INVITATION_LIFETIME)),
               &added, err))
        return false;
    return added
           || fail(err, CONFLICT, "adres",
                   N_("There is an open invitation for this address and this role already. Send "
                      "that one again, or withdraw it."));
}

static bool renew_invitation(struct tx *tx, const struct invite *invite, struct error *err)
{
    int64_t renewed;
    if (!db_do(tx, &renew,
               ARGS(arg_text(invite->id), arg_bytes(invite->token_hash), arg_text(invite->mail),
                    arg_int(invite->actor.now + INVITATION_LIFETIME)),
               &renewed, err))
        return false;
    return renewed
           || fail(err, GONE, NULL, N_("This invitation is not open any more."));
}

bool invite_write(struct tx *tx, void *with, struct error *err)
{
    const struct invite *invite = with;
    const struct actor *actor = &invite->actor;
    const struct mail_ready ready = { invite->mail, invite->mail_sealed };
    int64_t open_before = 0;
    bool again;
    static const struct statement is_open =
        SQL("SELECT COUNT(*) FROM invitation WHERE id = $1 AND organisation = $2");
    if ((actor->session
         && !grants_require(actor->app, tx, actor->session, invite->role, invite->organisation,
                            err))
        || !invitations_expire(tx, actor->now, err)
        || !db_number(tx, &is_open, ARGS(arg_text(invite->id), arg_text(invite->organisation)), 0,
                      &open_before, err))
        return false;
    again = open_before > 0;
    return (again ? renew_invitation(tx, invite, err)
                  : check_room(tx, invite->organisation, err) && add_invitation(tx, invite, err))
           && record(tx, actor, again ? "organisations.invited-again" : "organisations.invited",
                     invite->id, invite->organisation, invite->role, err)
           && (!invite->mailed
               || mail_queue(tx, &ready, about(tx_arena(tx), invite->id), actor->now, err));
}

/* ---- Reading ---- */

static struct invitation read_row(struct rows *rows, struct str *sealed)
{
    struct invitation invitation = {
        .id = row_text(rows, 0), .organisation = row_text(rows, 1),
        .invited_by = row_text(rows, 4), .inviter = row_text(rows, 5), .mail = row_text(rows, 6),
        .language = str_eq(row_text(rows, 7), STR("en")) ? ENGLISH : DUTCH,
        .created = row_int(rows, 8), .expires = row_int(rows, 9),
    };
    if (!role_parse(row_text(rows, 2), &invitation.role))
        invitation.role = ROLE_ANYONE;
    *sealed = row_bytes(rows, 3);
    return invitation;
}

static bool open_seal(struct app *app, struct arena *arena, struct invitation *invitation,
                      struct str sealed, struct error *err)
{
    struct str plain;
    if (!keeper_unseal(app->keeper, arena, INVITATION_KEY, about(arena, invitation->id), sealed,
                       &plain, err))
        return false;
    invitation->address = str_cut(&plain, '\n');
    invitation->name = plain;
    return true;
}

static bool list_open(struct app *app, struct tx *tx, struct str organisation,
                      struct invitation_list *list, struct error *err)
{
    struct rows rows;
    size_t from = list->len;
    list_of(struct str) seals = { 0 };
    if (!db_query(tx, &open_of, ARGS(arg_text(organisation), arg_int(instant_now())), &rows, err))
        return false;
    while (rows_next(&rows)) {
        struct str *sealed = list_add(tx_arena(tx), &seals);
        *list_add(tx_arena(tx), list) = read_row(&rows, sealed);
    }
    if (!rows_end(&rows, err))
        return false;
    for (size_t i = 0; i < seals.len; i++)
        if (!open_seal(app, tx_arena(tx), &list->at[from + i], seals.at[i], err))
            return false;
    return true;
}

bool invitations_of(struct app *app, struct tx *tx, struct str organisation,
                    struct invitation_list *list, struct error *err)
{
    struct organisation_list schools;
    *list = (struct invitation_list){ 0 };
    if (!list_open(app, tx, organisation, list, err)
        || !organisations_of(app)->schools_of(tx, organisation, &schools, err))
        return false;
    for (size_t i = 0; i < schools.len; i++)
        if (!list_open(app, tx, schools.at[i].id, list, err))
            return false;
    return true;
}

static bool find_open(struct app *app, struct tx *tx, const struct statement *statement,
                      struct arg key, instant now, struct invitation *invitation, bool *found,
                      struct error *err)
{
    struct rows rows;
    struct str sealed = STR("");
    if (!db_query(tx, statement, ARGS(key, arg_int(now)), &rows, err))
        return false;
    *found = rows_next(&rows);
    if (*found)
        *invitation = read_row(&rows, &sealed);
    return rows_end(&rows, err)
           && (!*found || open_seal(app, tx_arena(tx), invitation, sealed, err));
}

bool invitation_find(struct app *app, struct tx *tx, struct str id, instant now,
                     struct invitation *invitation, struct error *err)
{
    bool found;
    return find_open(app, tx, &by_id, arg_text(id), now, invitation, &found, err)
           && (found || fail(err, NOT_FOUND, NULL, N_("This invitation is not open any more.")));
}

bool invitation_of_token(struct app *app, struct tx *tx, struct str token, instant now,
                         struct invitation *invitation, struct error *err)
{
    bool found = false;
    struct str hash = hash_of(tx_arena(tx), token);
    return (token.len != TOKEN_CHARS
            || find_open(app, tx, &by_token, arg_bytes(hash), now, invitation, &found, err))
           && (found
               || fail(err, GONE, NULL,
                       N_("This invitation was used already, was withdrawn, or is older than seven "
                          "days. Ask the person who invited you to send it again.")));
}

/* ---- Ending ---- */

static bool close_as(struct tx *tx, const struct actor *actor, const struct invitation *which,
                     const char *outcome, struct error *err)
{
    int64_t closed;
    return db_do(tx, &close_invitation,
                 ARGS(arg_text(which->id), arg_text(str_of(outcome)), arg_int(actor->now),
                      arg_bytes(STR(""))),
                 &closed, err)
           && (closed || fail(err, GONE, NULL, N_("This invitation is not open any more.")));
}

bool invitation_revoke(struct tx *tx, const struct actor *actor, const struct invitation *which,
                       struct error *err)
{
    return (!actor->session
            || grants_require(actor->app, tx, actor->session, which->role, which->organisation,
                              err))
           && close_as(tx, actor, which, "revoked", err)
           && record(tx, actor, "organisations.invitation-revoked", which->id,
                     which->organisation, which->role, err);
}

bool invitations_end_of(struct tx *tx, const struct actor *actor, struct str account,
                        struct str organisation, struct error *err)
{
    struct rows rows;
    struct str sealed;
    struct invitation_list list = { 0 };
    bool board = str_eq(organisation_kind(organisation), STR("board"));
    if (!db_query(tx, &by_inviter,
                  ARGS(arg_text(account), arg_int(actor->now), arg_text(organisation),
                       arg_text(board ? STR("school:%") : STR(""))),
                  &rows, err))
        return false;
    while (rows_next(&rows))
        *list_add(tx_arena(tx), &list) = read_row(&rows, &sealed);
    if (!rows_end(&rows, err))
        return false;
    for (size_t i = 0; i < list.len; i++)
        if (!close_as(tx, actor, &list.at[i], "revoked", err)
            || !record(tx, actor, "organisations.invitation-revoked", list.at[i].id,
                       list.at[i].organisation, list.at[i].role, err))
            return false;
    return true;
}

bool invitation_accept(struct tx *tx, const struct actor *actor,
                       const struct invitation *invitation, struct str account,
                       struct str sealed_address, struct error *err)
{
    if (str_eq(invitation->invited_by, account))
        return fail(err, FORBIDDEN, NULL,
                    N_("Nobody gives a role to themselves. Log in with the account of the person "
                       "who is invited."));
    return close_as(tx, actor, invitation, "accepted", err)
           && account_add_role(tx, account, invitation->role, invitation->organisation, err)
           && address_put(tx, account, sealed_address, err)
           && record(tx, actor, "organisations.invitation-accepted", invitation->id,
                     invitation->organisation, invitation->role, err);
}

bool invitations_expire(struct tx *tx, instant now, struct error *err)
{
    return db_do(tx, &expire, ARGS(arg_int(now), arg_bytes(STR(""))), NULL, err);
}

/* ---- Addresses of accounts ---- */

static struct str about_login(struct arena *arena, struct str login)
{
    return str_format(arena, "address:%.*s", FMT(login));
}

bool address_seal(struct app *app, struct arena *arena, struct str login, struct str address,
                  struct str *sealed, struct error *err)
{
    return keeper_seal(app->keeper, arena, INVITATION_KEY,
                       about_login(arena, str_lower(arena, login)), address, sealed, err);
}

bool address_put(struct tx *tx, struct str account, struct str sealed, struct error *err)
{
    return db_do(tx, &put_address, ARGS(arg_text(account), arg_bytes(sealed)), NULL, err);
}

bool address_of(struct app *app, struct tx *tx, struct str account, struct str *address,
                struct error *err)
{
    struct rows rows;
    struct str sealed = STR(""), login = STR("");
    *address = STR("");
    if (!db_query(tx, &find_address, ARGS(arg_text(account)), &rows, err))
        return false;
    if (rows_next(&rows)) {
        sealed = row_bytes(&rows, 0);
        login = row_text(&rows, 1);
    }
    return rows_end(&rows, err)
           && (!sealed.len
               || keeper_unseal(app->keeper, tx_arena(tx), INVITATION_KEY,
                                about_login(tx_arena(tx), login), sealed, address, err));
}

/* ---- Another version of the key ---- */

static const struct sealed_column sealed[] = {
    SEALED_COLUMN("invitation", "id", "sealed",
                  "'invitation:' || id"),
    SEALED_COLUMN("account_address", "account", "sealed",
                  "'address:' || (SELECT login FROM account"
                  " WHERE account.id = account_address.account)"),
};
static const struct sealed_columns sealed_columns = { INVITATION_KEY, count_of(sealed), sealed };

bool invitations_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                           struct error *err)
{
    (void)keeper;
    return sealed_needs(tx, &sealed_columns, version, count, err);
}

bool invitations_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                           struct error *err)
{
    return sealed_renew(tx, keeper, &sealed_columns, limit, moved, err);
}
