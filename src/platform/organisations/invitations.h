/* SPDX-License-Identifier: EUPL-1.2 */
/* Invitations: a link by mail with which somebody gets a role, once, within seven days. The database
 * has the SHA-256 of the link's token only, and name and address sealed for as long as it is open. */
#ifndef PLATFORM_INVITATIONS_H
#define PLATFORM_INVITATIONS_H

#include "platform/organisations/roles.h"

#define INVITATION_LIFETIME (7 * DAY)
#define INVITATION_KEY      "invitations"
#define INVITATION_MAC_KEY  "invitations-mac"
#define INVITATIONS_OPEN    200 /* of one organisation at a time */

struct invitation {
    struct str id, organisation;
    enum role role;
    struct str name, address;   /* empty when it is not open */
    struct str invited_by, inviter; /* account id and name; empty: at the command line */
    struct str mail;            /* the id of its mail; empty: handed over by hand */
    enum language language;
    instant created, expires;
};
struct invitation_list {
    list_of(struct invitation);
};

/* What inviting needs and gives. Set the first part; invite_prepare checks the address and the name,
 * makes token and link, and seals, which must not be done in a transaction; invite_write is run in
 * one. */
struct invite {
    struct actor actor;
    struct str organisation, organisation_name, name, address, inviter;
    enum role role;
    enum language language;
    struct str base;            /* "https://host:port", for the link */
    struct str id;              /* of the invitation that is sent again; empty: a new one */

    struct str link;            /* with the token: only for the mail, or to be shown once */
    bool mailed;
    struct str sealed, address_mac, token_hash, mail, mail_sealed;
};
bool invite_prepare(struct app *app, struct arena *arena, struct invite *invite,
                    struct error *err);
bool invite_write(struct tx *tx, void *invite, struct error *err);

/* Open ones of an organisation and, of a board, of its schools; newest first. */
bool invitations_of(struct app *app, struct tx *tx, struct str organisation,
                    struct invitation_list *list, struct error *err);
/* An open one; NOT_FOUND when it is not open (any more). */
bool invitation_find(struct app *app, struct tx *tx, struct str id, instant now,
                     struct invitation *invitation, struct error *err);
bool invitation_revoke(struct tx *tx, const struct actor *actor, const struct invitation *which,
                       struct error *err);

/* Ends the open ones that somebody sent who may not any more: for this organisation (of a board: for
 * schools too), or, when it is empty, all. Else a link that was kept would outlive the role. */
bool invitations_end_of(struct tx *tx, const struct actor *actor, struct str account,
                        struct str organisation, struct error *err);

/* The open one of a link's token; GONE for any other token. */
bool invitation_of_token(struct app *app, struct tx *tx, struct str token, instant now,
                         struct invitation *invitation, struct error *err);
/* Gives the role to this account and closes the invitation; GONE when somebody was first. `address`
 * (sealed by address_seal) becomes the account's, where it has none. */
bool invitation_accept(struct tx *tx, const struct actor *actor,
                       const struct invitation *invitation, struct str account,
                       struct str sealed_address, struct error *err);

/* Closes what nobody took up, and wipes its address: a job, each hour. */
bool invitations_expire(struct tx *tx, instant now, struct error *err);

/* Where an account's notices go: sealed with INVITATION_KEY under the account's login. */
bool address_seal(struct app *app, struct arena *arena, struct str login, struct str address,
                  struct str *sealed, struct error *err);
/* For an account that has none yet. */
bool address_put(struct tx *tx, struct str account, struct str sealed, struct error *err);
/* Empty when there is none. */
bool address_of(struct app *app, struct tx *tx, struct str account, struct str *address,
                struct error *err);

/* For the key's entry in the descriptor (platform/keys/use.h). */
struct keeper;
bool invitations_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                           struct error *err);
bool invitations_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                           struct error *err);

#endif
