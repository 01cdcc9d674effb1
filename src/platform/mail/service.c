/* SPDX-License-Identifier: EUPL-1.2 */
/* Mail to people: its settings, its table and its background work. */
#include "base/file.h"
#include "platform/mail/store.h"
#include "platform/isolation/sandbox.h"
#include "platform/keys/keys.h"
#include "platform/mail/job.h"
#include "platform/mail/mail.h"
#include "platform/service.h"

#include <curl/curl.h>

static const struct setting settings[] = {
    { "mail.ca", SETTING_TEXT, "",
      N_("The CAs (PEM) of the mail server's certificate. Empty: those of the system.") },
    { "mail.from", SETTING_TEXT, "", N_("The address that mail comes from.") },
    { "mail.password_file", SETTING_TEXT, "keys/mail.password",
      N_("A file with the password of mail.user; only the service's own user may read it.") },
    { "mail.server", SETTING_TEXT, "",
      N_("The mail server: smtp://host:port, or smtps://host:port. Empty: no mail is sent, and links "
         "are handed over by hand.") },
    { "mail.starttls", SETTING_TEXT, "required",
      N_("Encryption with a smtp:// server: required, or off (on this computer only).") },
    { "mail.user", SETTING_TEXT, "", N_("Who logs in at the mail server. Empty: nobody.") },
    { .name = NULL },
};

static const struct migration migrations[] = {
    { 1, "platform/mail/schema/001-mail.sql" },
    { 0 },
};

static const struct job_kind jobs[] = {
    { MAIL_JOB, mail_job, .attempts = MAIL_ATTEMPTS, .lease = 2 * MINUTE,
      .title = N_("Sending mail") },
    { "mail.forget", mail_forget_job, .every = DAY,
      .title = N_("Forgetting mail of long ago") },
    { .name = NULL },
};

static const struct key_use keys[] = {
    { .name = "mail",
      .purpose = N_("Seals mail that waits to be sent."),
      .needs = mail_key_needs,
      .renew = mail_key_renew },
    { .name = NULL },
};

/* The host of smtp://host:port/... */
static struct str host_of(struct str server)
{
    ptrdiff_t mark = str_find(server, STR("://"));
    struct str rest = str_slice(server, mark < 0 ? 0 : (size_t)mark + 3, server.len);
    struct str host = str_cut(&rest, '/');
    if (str_starts(host, STR("[")))
        return str_cut(&host, ']');
    return str_cut(&host, ':');
}

static bool is_loopback(struct str host)
{
    return str_eq(host, STR("localhost")) || str_starts(host, STR("127.")) || str_eq(host, STR("[::1"));
}

static bool check_server(struct str server, struct error *err)
{
    bool known = str_starts(server, STR("smtp://")) || str_starts(server, STR("smtps://"));
    if (!known || !host_of(server).len || str_has(server, '@'))
        return fail(err, INVALID, "mail.server",
                    N_("Setting mail.server must be like smtp://mail.example.nl:587 or "
                       "smtps://mail.example.nl:465."));
    return true;
}

static bool check_encryption(const struct config *config, struct str server, struct error *err)
{
    struct str word = config_text(config, "mail.starttls");
    if (str_eq(word, STR("required")))
        return true;
    if (!str_eq(word, STR("off")))
        return fail(err, INVALID, "mail.starttls",
                    N_("Setting mail.starttls must be required or off."));
    return str_starts(server, STR("smtps://")) || is_loopback(host_of(server))
           || fail(err, INVALID, "mail.starttls",
                   N_("Setting mail.starttls may be off only for a mail server on this computer."));
}

static bool check_settings(const struct app *app, struct error *err)
{
    const struct config *config = app->config;
    struct str server = config_text(config, "mail.server");
    const char *password = mail_path(config, app->arena, "mail.password_file");
    if (!server.len)
        return true;
    if (!check_server(server, err) || !check_encryption(config, server, err))
        return false;
    struct error why;
    if (!mail_address_allowed(config_text(config, "mail.from"), "mail.from", &why))
        return fail(err, INVALID, "mail.from",
                    N_("Setting mail.from must be the mail address that mail comes from."));
    return !config_text(config, "mail.user").len || key_file_check(password, err);
}

const char *mail_path(const struct config *config, struct arena *arena, const char *setting)
{
    return config_path(config, arena, str_c(arena, config_text(config, setting)));
}

/* The port of smtp://host:port, or that of the protocol (RFC 6409, RFC 8314). */
static int64_t port_of(struct str server)
{
    int64_t port = str_starts(server, STR("smtps://")) ? 465 : 25;
    ptrdiff_t mark = str_find(server, STR("://"));
    struct str rest = str_slice(server, mark < 0 ? 0 : (size_t)mark + 3, server.len);
    struct str host = str_cut(&rest, '/');
    size_t colon = host.len;
    while (colon > 0 && host.at[colon - 1] != ':')
        colon--;
    if (colon)
        str_to_int(str_slice(host, colon, host.len), 1, UINT16_MAX, &port);
    return port;
}

static void add_needs(struct app *app, struct sandbox *sandbox)
{
    struct str ca = config_text(app->config, "mail.ca");
    if (!config_text(app->config, "mail.server").len)
        return;
    sandbox_connect(sandbox, port_of(config_text(app->config, "mail.server")));
    sandbox_read(sandbox, mail_path(app->config, sandbox->arena, "mail.password_file"));
    if (ca.len)
        sandbox_read(sandbox, mail_path(app->config, sandbox->arena, "mail.ca"));
}

static bool start(struct app *app, void **state, struct error *err)
{
    *state = NULL;
    if (!check_settings(app, err))
        return false;
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
           || fail_internal(err, "libcurl does not start");
}

static void stop(struct app *app, void *state)
{
    (void)app, (void)state;
    curl_global_cleanup();
}

const struct service mail_service = {
    .name = "mail",
    .title = N_("Mail"),
    .settings = settings,
    .migrations = migrations,
    .jobs = jobs,
    .keys = keys,
    .checks = mail_checks,
    .start = start,
    .stop = stop,
    .needs = add_needs,
};
