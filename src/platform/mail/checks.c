/* SPDX-License-Identifier: EUPL-1.2 */
/* What the doctor (platform/operation/doctor.h) sees of mail. */
#include "platform/mail/job.h"
#include "platform/mail/smtp.h"
#include "platform/mail/store.h"
#include "platform/operation/doctor.h"
#include "platform/service.h"

#define RECENT (7 * DAY)

static bool look_at_server(struct app *app, struct findings *findings, struct error *err)
{
    static const struct {
        enum health health;
        const char *message;
    } meanings[SMTP_OUTCOMES] = {
        [SMTP_SENT] = { WELL, N_("The mail server %s takes our mail.") },
        [SMTP_LATER] = { BROKEN, N_("The mail server %s does not answer: see that it runs, that mail.server "
                                    "names it, and that the firewall lets this computer through.") },
        [SMTP_REFUSED] = { BROKEN, N_("The mail server %s wants no mail from this computer: have its keeper "
                                      "allow it.") },
        [SMTP_UNTRUSTED] = { BROKEN, N_("The TLS or certificate of the mail server %s cannot be trusted: name "
                                        "its CA in mail.ca, or have it use a valid certificate.") },
        [SMTP_NO_LOGIN] = { BROKEN, N_("The mail server %s does not accept our log-in: see mail.user and the "
                                       "file of mail.password_file.") },
    };
    struct smtp smtp;
    long code;
    if (!mail_is_on(app)) {
        found(findings, WELL,
              N_("There is no mail server: invitations are handed over by hand. Set mail.server to send "
                 "them."),
              "%s", "");
        return true;
    }
    if (!mail_read_server(app, findings->arena, &smtp, err))
        return false;
    enum smtp_outcome outcome = smtp_greet(&smtp, &code);
    found(findings, meanings[outcome].health, meanings[outcome].message, "%s", smtp.server);
    return true;
}

static bool ask_letters(struct tx *tx, void *with, struct error *err)
{
    struct findings *findings = with;
    instant now = instant_now();
    int64_t given_up, late;
    if (!mail_store_trouble(tx, now - RECENT, now - HOUR, &given_up, &late, err))
        return false;
    if (given_up)
        found(findings, WORRY,
              N_("%s mails of the last week could not be delivered: the page of the organisation shows "
                 "why; invite again with a right address."),
              "%lld", (long long)given_up);
    if (late)
        found(findings, WORRY,
              N_("%s mails wait for more than an hour: see what is found of the mail server, and whether a "
                 "node runs."),
              "%lld", (long long)late);
    return true;
}

static bool look_at_letters(struct app *app, struct findings *findings, struct error *err)
{
    return db_read(app->db, findings->arena, ask_letters, findings, err);
}

const struct check mail_checks[] = {
    { "mail server", look_at_server },
    { "mail", look_at_letters },
    { .name = NULL },
};
