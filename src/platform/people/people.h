/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of people's accounts share, for its descriptor (service.c) only. */
#ifndef PLATFORM_PEOPLE_H
#define PLATFORM_PEOPLE_H

#include "platform/people/factors.h"
#include "platform/people/guesses.h"
#include "platform/people/webauthn.h"
#include "platform/service.h"
#include "platform/operation/export.h"

#define ACCOUNTS_MAC_KEY "accounts-mac" /* makes the MACs of this folder */

#define ACCOUNT_PATH  "/account"
#define CONFIRM_PATH  "/account/bevestigen"
#define APP_PATH      "/account/code-app"
#define PASSKEYS_PATH "/account/passkeys"
#define CODES_PATH    "/account/herstelcodes"

/* The state of people_service. */
struct people {
    struct checks *checks; /* of passwords, that run at once */
};

/* login.c */
bool show_log_in(struct request *request, struct error *err);
bool log_in(struct request *request, struct error *err);
bool log_in_with_passkey(struct request *request, struct error *err);
bool log_out(struct request *request, struct error *err);

/* A password may begin or end with a blank: form_text would take it away. */
struct str password_field(const struct form *form, struct str name);
/* Is this the account's password? Slow on purpose, and only so many at once: UNAVAILABLE. */
bool check_password(struct request *request, struct str hash, struct str password, bool *right,
                    struct error *err);

/* entering.c: the end of every way of logging in. */
struct entry_made {
    struct request *request;
    struct str account, login;
    struct str back;            /* where to go */
    const char *by;             /* "password", "code", "recovery-code", "passkey": for the audit trail */
    enum proof proof;
    const struct given *given;  /* spent in the same transaction; NULL: a password alone */
    const struct guess *guess;  /* its count ends; may be NULL */
    bool already_spent;         /* out: `given` was used before */
    struct str cookie;          /* out */
    instant recovery_used;      /* out: a recovery code was used since the person was last told */
    bool factor_missing;        /* out */
};
/* Starts the session, sets its cookies and redirects. With `already_spent` nothing was done, and no
 * reply is there yet. */
bool enter(struct entry_made *entry, struct error *err);
/* The audit row of a refusal, and one more wrong guess. */
bool note_refusal(struct request *request, const char *what, struct str account,
                  const struct guess *guess, struct error *err);
/* Fails with TOO_MANY when this guess comes too soon. */
bool check_haste(struct request *request, const struct guess *guess, struct error *err);
/* The same within the write that a right answer leads to, behind its audit row: so that of many guesses
 * at the same moment the right one does not slip through. */
bool check_wait(struct tx *tx, const struct guess *guess, instant now, struct error *err);

/* second_step.c: after the password, and again before sensitive deeds. */
bool ask_second_step(struct request *request, const struct account *account, struct str back,
                     struct error *err);
bool show_second_step(struct request *request, struct error *err);
bool take_second_step(struct request *request, struct error *err);
bool show_confirm(struct request *request, struct error *err);
bool take_confirm(struct request *request, struct error *err);

/* account_pages.c */
bool show_account(struct request *request, struct error *err);
bool change_password(struct request *request, struct error *err);
bool end_other_sessions(struct request *request, struct error *err);
bool end_session_of(struct request *request, struct error *err);

/* factor_pages.c */
bool show_factors(struct request *request, struct error *err);
bool show_app(struct request *request, struct error *err);
bool set_app(struct request *request, struct error *err);
bool remove_app(struct request *request, struct error *err);
bool show_codes(struct request *request, struct error *err);
bool make_codes(struct request *request, struct error *err);

/* passkey_pages.c */
bool show_passkeys(struct request *request, struct error *err);
bool add_passkey(struct request *request, struct error *err);
bool show_passkey(struct request *request, struct error *err);
bool rename_passkey(struct request *request, struct error *err);
bool remove_passkey(struct request *request, struct error *err);

/* Shared by the pages of factors: the deed in one transaction with its audit row and the end of the
 * other sessions; a first factor brings recovery codes, which are shown as the reply. */
typedef bool factor_deed(struct tx *tx, const void *with, struct error *err);
struct factor_change {
    struct request *request;
    factor_deed *deed;
    const void *with;
    const char *what;           /* of the audit row */
    struct str detail;
    bool adds, removes;
    struct recovery_set *codes; /* out, of a first factor: new; otherwise NULL */
};
/* CONFLICT when the last factor of somebody who needs one would go. */
bool factor_change(struct factor_change *change, struct error *err);
bool reply_codes(struct request *request, const struct recovery_set *codes);

/* given.c: what somebody gave to prove who they are. First it is looked at, then spent in the
 * transaction of the deed. */
enum given_kind { GIVEN_APP_CODE, GIVEN_RECOVERY_CODE, GIVEN_PASSKEY };
struct given {
    enum given_kind kind;
    struct str account;
    int64_t step;               /* of an APP_CODE */
    struct str hash;            /* of a RECOVERY_CODE */
    struct passkey passkey;
    int64_t counter;
    struct str challenge;
    instant expires;            /* of the challenge */
};
const char *given_name(const struct given *given); /* "code", "recovery-code", "passkey" */
/* `right` is false when it is no code of this account at this moment. */
bool given_code(struct request *request, struct str account, struct str typed, struct given *given,
                bool *right, struct error *err);
/* Reads the fields of passkey.js. `account` is empty when the passkey tells who it is. INVALID or
 * NOT_FOUND when it is not right. */
bool given_passkey(struct request *request, const struct form *form, const char *purpose,
                   struct str account, struct given *given, struct error *err);
/* `fresh` is false when it was used before, or the passkey's counter went back. */
bool given_spend(struct tx *tx, const struct given *given, instant now, bool *fresh,
                 struct error *err);
bool form_has_passkey(const struct form *form);

/* challenge.c: questions to passkeys, which no table remembers before they are answered. */
#define CHALLENGE_LASTS (10 * MINUTE)
/* For this purpose, browser, session and account (may be empty). */
bool challenge_make(struct request *request, const char *purpose, struct str account,
                    struct str *challenge, struct error *err);
/* INVALID when it was not made for these, or too long ago. */
bool challenge_check(struct request *request, const char *purpose, struct str account,
                     struct str challenge, instant *expires, struct error *err);
/* Of the setting people.origin (or people.address), or of this request. False: passkeys cannot be used at this address. */
bool relying_party(const struct request *request, struct relying_party *party);
/* Puts what passkey.js needs under `passkey`: to ask for one of `passkeys` (NULL: any), or with
 * `person` to make a new one beside them. Nothing when they cannot be used here. */
bool put_passkey_question(struct request *request, struct node *page, const char *purpose,
                          struct str account, const struct passkeys *passkeys,
                          const struct session *person, struct error *err);

/* address.c: "https://host", of people.address or people.origin; empty when neither is set. */
struct str people_address_set(const struct config *config);
/* Are they what they should be? */
bool people_address_check(const struct config *config, struct error *err);
/* What links in mail begin with: as set, or that of this server's own listener where only this computer
 * reaches it. CONFLICT says what to set. */
bool people_address(const struct app *app, struct arena *arena, struct str *address,
                    struct error *err);

/* browsers.c */
struct str browser_words(struct arena *arena, struct str user_agent); /* "Firefox Windows" */
struct str browser_shown(const struct request *request, struct str words);

/* device.c: a cookie that says in which browser an account logged in before, so that wrong guesses
 * elsewhere do not slow its owner down. `device` is empty for an unknown browser. */
bool device_known(struct request *request, struct str login, struct str *device,
                  struct error *err);
bool device_remember(struct request *request, struct str login, struct error *err);

extern const struct export_table people_exports[]; /* ends with a NULL name */

/* The demo accounts: one of each kind, all with DEMO_PASSWORD, which the log-in page tells. */
#define DEMO_PASSWORD "fundament-demo"
struct demo_account {
    const char *login, *name, *purpose; /* purpose: N_() */
    enum role role;
    const char *organisation;
};
extern const struct demo_account demo_accounts[]; /* ends with a NULL login */
bool seed_demo_accounts(struct app *app, struct arena *arena, int64_t schools, struct error *err);
bool is_demo(struct db *db, struct arena *arena, bool *demo, struct error *err);
/* Is this one of the demo's accounts, in a demo's database? Everybody knows their password, and the
 * demo is served to this computer only: no second factor is asked of them. */
bool demo_account_known(struct tx *tx, struct str login, bool *known, struct error *err);

#endif
