/* SPDX-License-Identifier: EUPL-1.2 */
/* Mail to people, sent in the background by SMTP (RFC 5321). A message is sealed before the
 * transaction of the deed that it is about, and queued within it: it is sent when the deed is done,
 * and only then. Neither address nor text stands anywhere in plain text, nor in a log. */
#ifndef PLATFORM_MAIL_H
#define PLATFORM_MAIL_H

#include "base/instant.h"
#include "base/list.h"
#include "platform/db/db.h"

struct app;
struct service;

#define MAIL_ADDRESS 254 /* bytes (RFC 5321, section 4.5.3.1.3, without the brackets) */

struct mail {
    struct str to;       /* an address that mail_address_allowed let pass */
    struct str to_name;  /* one line of UTF-8; may be empty */
    struct str subject;  /* one line of UTF-8 */
    struct str body;     /* UTF-8, lines ending with \n */
};

/* Is there a mail server (setting mail.server)? Without one nothing may be queued: whoever wants to
 * tell somebody something finds another way. */
bool mail_is_on(const struct app *app);

/* An address as most people have one: dot-atom@domain in ASCII (RFC 5321, section 4.1.2), without
 * quotes, comments or address literals. `field` is the form's, for the error. */
bool mail_address_allowed(struct str address, const char *field, struct error *err);

struct mail_ready {
    struct str id, sealed;
};

/* Seals the message; refuses one with a line break in a header. Texts live in the arena. */
bool mail_seal(struct app *app, struct arena *arena, const struct mail *mail,
               struct mail_ready *ready, struct error *err);

/* Queues it in the transaction of the deed. `about` says what for, "invitation:ID": no personal
 * value. Call jobs_wake after the commit. */
bool mail_queue(struct tx *tx, const struct mail_ready *ready, struct str about, instant now,
                struct error *err);

/* What became of it. */
enum mail_state { MAIL_WAITING, MAIL_SENT, MAIL_GIVEN_UP, MAIL_STATES };
struct mail_status {
    struct str id, about;
    enum mail_state state;
    instant created, changed;
    int64_t attempts;
    struct str reason;   /* a message of the catalogue, with %s for the code; empty: none */
    int64_t code;        /* of the mail server's last answer; 0: none */
};
/* `found` is false when it was forgotten (after 90 days) or never was. */
bool mail_find(struct tx *tx, struct str id, struct mail_status *status, bool *found,
               struct error *err);

extern const struct service mail_service;

#endif
