/* SPDX-License-Identifier: EUPL-1.2 */
/* The address of the pages, as it stands in mail. Never from a request: whoever sends that could lead
 * the reader of the mail to a site of theirs, token and all. */
#include "platform/app.h"
#include "platform/http/server.h"
#include "platform/people/people.h"

#define SCHEME "https://"

static struct str without_slash(struct str address)
{
    return str_ends(address, STR("/")) ? str_slice(address, 0, address.len - 1) : address;
}

/* Mails and passkeys have one address; who set either need not set the other. */
struct str people_address_set(const struct config *config)
{
    struct str address = config_text(config, "people.address");
    return without_slash(address.len ? address : config_text(config, "people.origin"));
}

bool people_address_check(const struct config *config, struct error *err)
{
    static const char *const settings[] = { "people.address", "people.origin" };
    for (size_t i = 0; i < count_of(settings); i++) {
        struct str address = without_slash(config_text(config, settings[i]));
        if (address.len && (!str_starts(address, STR(SCHEME))
                            || !host_valid(str_slice(address, strlen(SCHEME), address.len))))
            return fail_about(err, INVALID, settings[i],
                              N_("The setting %s must be an address like "
                                 "https://fundament.example.nl, without a path."),
                              "%s", settings[i]);
    }
    return true;
}

/* Does nobody come here but from this computer? */
static bool is_alone(const struct config *config)
{
    struct str address = config_text(config, "listen.address");
    return (str_starts(address, STR("127.")) || str_eq(address, STR("::1")))
           && config_text(config, "tls.certificate").len
           && !config_text(config, "proxy.people").len && !config_text(config, "listen.proxies").len;
}

bool people_address(const struct app *app, struct arena *arena, struct str *address,
                    struct error *err)
{
    int64_t port = app->server ? server_port(app->server, PEOPLE)
                               : config_int(app->config, "people.port");
    *address = people_address_set(app->config);
    if (address->len)
        return true;
    *address = str_format(arena, SCHEME "localhost:%lld", (long long)port);
    return is_alone(app->config)
           || fail(err, CONFLICT, NULL,
                   N_("No mail can be sent: its links need the address of these pages. Who runs this "
                      "installation sets people.address, like https://fundament.example.nl, and "
                      "starts it again."));
}
