/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/mail/mail.h"

#include "base/encoding.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "platform/keys/keeper.h"
#include "platform/mail/job.h"
#include "platform/mail/message.h"
#include "platform/mail/smtp.h"
#include "platform/mail/store.h"
#include "platform/metrics.h"
#include "platform/service.h"

#define KEY           "mail"
#define PASSWORD_FILE ((size_t)1024)
#define LOCAL_PART    64 /* bytes (RFC 5321, section 4.5.3.1.1) */
#define KEEP          (90 * DAY)

/* ---- Addresses ---- */

static bool is_atom(struct str text, struct str marks)
{
    bool dot = true; /* none in front, at the end, or beside another */
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '.' ? dot : !is_letter_or_digit(c) && !str_has(marks, c))
            return false;
        dot = c == '.';
    }
    return text.len > 0 && !dot;
}

bool mail_address_allowed(struct str address, const char *field, struct error *err)
{
    struct str domain = address, local = str_cut(&domain, '@');
    bool ok = address.len <= MAIL_ADDRESS && local.len <= LOCAL_PART
              && is_atom(local, STR("!#$%&'*+-/=?^_`{|}~")) && is_atom(domain, STR("-"))
              && str_has(domain, '.');
    return ok || fail(err, INVALID, field, N_("Fill in a mail address like name@school.nl."));
}

/* ---- Sealing and queueing ---- */

bool mail_is_on(const struct app *app)
{
    return config_text(app->config, "mail.server").len > 0;
}

static struct str about_seal(struct arena *arena, struct str id)
{
    return str_format(arena, "mail:%.*s", FMT(id));
}

bool mail_seal(struct app *app, struct arena *arena, const struct mail *mail,
               struct mail_ready *ready, struct error *err)
{
    if (!mail_address_allowed(mail->to, NULL, err))
        return false;
    if (!header_text_allowed(mail->to_name) || !header_text_allowed(mail->subject))
        return fail(err, INVALID, NULL, N_("A name or subject of mail is one line of text."));
    ready->id = random_token(arena, 16);
    struct str plain = str_format(arena, "%.*s\n%.*s\n%.*s\n%.*s", FMT(mail->to),
                                  FMT(mail->to_name), FMT(mail->subject), FMT(mail->body));
    return keeper_seal(app->keeper, arena, KEY, about_seal(arena, ready->id), plain,
                       &ready->sealed, err);
}

static bool unseal_mail(struct app *app, struct arena *arena, struct str id, struct str sealed,
                        struct mail *mail, struct error *err)
{
    struct str plain;
    if (!keeper_unseal(app->keeper, arena, KEY, about_seal(arena, id), sealed, &plain, err))
        return false;
    mail->to = str_cut(&plain, '\n');
    mail->to_name = str_cut(&plain, '\n');
    mail->subject = str_cut(&plain, '\n');
    mail->body = plain;
    return true;
}

bool mail_queue(struct tx *tx, const struct mail_ready *ready, struct str about, instant now,
                struct error *err)
{
    return mail_store_add(tx, ready, about, now, err)
           && job_add(tx, MAIL_JOB, ready->id, now, err);
}

/* ---- Sending ---- */

struct sending {
    struct str id;
    struct str sealed;
    enum mail_state state;
    enum mail_trouble trouble;
    long code;
    instant now;
};

static bool read_sealed(struct tx *tx, void *with, struct error *err)
{
    struct sending *sending = with;
    return mail_store_sealed(tx, sending->id, &sending->sealed, err);
}

static bool write_outcome(struct tx *tx, void *with, struct error *err)
{
    const struct sending *sending = with;
    return mail_store_note(tx, sending->id, sending->state, sending->trouble, sending->code,
                           sending->now, err);
}

bool mail_read_server(const struct app *app, struct arena *arena, struct smtp *smtp,
                      struct error *err)
{
    const struct config *config = app->config;
    struct str user = config_text(config, "mail.user"), ca = config_text(config, "mail.ca");
    struct str password;
    *smtp = (struct smtp){
        .server = str_c(arena, config_text(config, "mail.server")),
        .starttls = str_eq(config_text(config, "mail.starttls"), STR("required")),
        .ca = ca.len ? mail_path(config, arena, "mail.ca") : NULL,
    };
    if (!user.len)
        return true;
    const char *file = mail_path(config, arena, "mail.password_file");
    if (!key_file_check(file, err) || !file_read(arena, file, PASSWORD_FILE, &password, err))
        return false;
    smtp->user = str_c(arena, user);
    smtp->password = str_c(arena, str_trim(password));
    return true;
}

static void settle(struct sending *sending, enum smtp_outcome outcome)
{
    static const struct {
        enum mail_state state;
        enum mail_trouble trouble;
    } ends[SMTP_OUTCOMES] = {
        [SMTP_SENT] = { MAIL_SENT, NO_TROUBLE },
        [SMTP_LATER] = { MAIL_WAITING, SERVER_AWAY },
        [SMTP_REFUSED] = { MAIL_GIVEN_UP, REFUSED },
        [SMTP_UNTRUSTED] = { MAIL_WAITING, UNTRUSTED },
        [SMTP_NO_LOGIN] = { MAIL_WAITING, NO_LOGIN },
    };
    sending->state = ends[outcome].state;
    sending->trouble = ends[outcome].trouble;
    if (outcome == SMTP_LATER && sending->code >= 400)
        sending->trouble = SERVER_BUSY;
}

/* False only when the settings cannot be read: tried again, as all that an operator can mend. */
static bool try_to_send(struct app *app, struct arena *arena, struct sending *sending,
                        struct error *err)
{
    struct mail mail;
    struct smtp smtp;
    if (!mail_is_on(app)) {
        sending->state = MAIL_GIVEN_UP;
        sending->trouble = NOT_SET;
        return true;
    }
    if (!unseal_mail(app, arena, sending->id, sending->sealed, &mail, err)) {
        sending->state = MAIL_GIVEN_UP;
        sending->trouble = UNREADABLE;
        return true;
    }
    if (!mail_read_server(app, arena, &smtp, err))
        return false;
    struct message message = {
        .from = config_text(app->config, "mail.from"),
        .from_name = config_text(app->config, "organisation"),
        .to = mail.to, .to_name = mail.to_name, .subject = mail.subject, .body = mail.body,
        .id = sending->id, .at = sending->now,
    };
    settle(sending, smtp_send(arena, &smtp, message.from, message.to,
                              message_write(arena, &message), &sending->code));
    return true;
}

static void count_outcome(struct app *app, const struct sending *sending)
{
    static const char *const outcomes[MAIL_STATES] = { "postponed", "sent", "given-up" };
    metrics_count(app->metrics, "fundament_mail_total", "Attempts to send mail, by outcome.",
                  "outcome", outcomes[sending->state], 1);
    if (sending->state == MAIL_SENT)
        return;
    log_warn(sending->state == MAIL_WAITING ? "mail-postponed" : "mail-given-up",
             { "mail", sending->id }, { "code", LOG_NUMBER(sending->code) },
             { "trouble", LOG_NUMBER(sending->trouble) });
}

bool mail_job(struct app *app, struct arena *arena, const struct job *job, struct error *err)
{
    struct sending sending = { .id = job->payload, .now = instant_now() };
    if (!db_read(app->db, arena, read_sealed, &sending, err))
        return false;
    if (!sending.sealed.len)
        return true; /* settled by another attempt */
    if (!try_to_send(app, arena, &sending, err))
        return false;
    if (sending.state == MAIL_WAITING && job->attempt >= MAIL_ATTEMPTS)
        sending.state = MAIL_GIVEN_UP;
    count_outcome(app, &sending);
    if (!db_write(app->db, arena, write_outcome, &sending, err))
        return false;
    return sending.state != MAIL_WAITING
           || fail(err, UNAVAILABLE, NULL, N_("The mail could not be sent now."));
}

static bool forget_old(struct tx *tx, void *with, struct error *err)
{
    const instant *before = with;
    return mail_store_forget(tx, *before, err);
}

bool mail_forget_job(struct app *app, struct arena *arena, const struct job *job,
                     struct error *err)
{
    instant before = instant_now() - KEEP;
    (void)job;
    return db_write(app->db, arena, forget_old, &before, err);
}
