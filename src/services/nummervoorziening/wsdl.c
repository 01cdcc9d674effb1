/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/soap.h"

#include "platform/app.h"
#include "platform/config.h"
#include "platform/embedded.h"

#define ADDRESS_MARK  STR("https://nummervoorziening.example" SOAP_PATH)
#define REQUIRED_MARK STR(" wsdl:required=\"true\"")

/* Adds `text` with the first `mark` in it replaced. */
static void add_replaced(struct buf *out, struct str text, struct str mark, struct str by)
{
    ptrdiff_t at = str_find(text, mark);
    if (at < 0) {
        buf_add(out, text);
        return;
    }
    buf_add(out, str_slice(text, 0, (size_t)at));
    buf_add(out, by);
    buf_add(out, str_slice(text, (size_t)at + mark.len, text.len));
}

/* The host of a request to the people's listener, with the machines' port. */
static struct str machines_host(const struct request *request)
{
    struct str host = request->host;
    if (request->listener & MACHINES || !request->app->server)
        return host;
    for (size_t i = host.len; i > 0 && host.at[i - 1] != ']'; i--)
        if (host.at[i - 1] == ':') {
            host = str_slice(host, 0, i - 1);
            break;
        }
    return str_format(request->arena, "%.*s:%d", FMT(host),
                      server_port(request->app->server, MACHINES));
}

struct str soap_address(const struct request *request)
{
    struct str fixed = config_text(request->app->config, "nummervoorziening.address");
    if (fixed.len)
        return fixed;
    struct str host = machines_host(request);
    return str_format(request->arena, "https://%.*s" SOAP_PATH, FMT(host));
}

struct str wsdl_text(const struct request *request, bool lax)
{
    struct str text = embedded_find(STR("services/nummervoorziening/wsdl/eckid.wsdl"))->bytes;
    struct buf relaxed = { .arena = request->arena }, out = { .arena = request->arena };
    struct buf address = { .arena = request->arena };
    if (lax) {
        add_replaced(&relaxed, text, REQUIRED_MARK, STR(""));
        text = buf_str(&relaxed);
    }
    buf_escaped(&address, soap_address(request));
    add_replaced(&out, text, ADDRESS_MARK, buf_str(&address));
    return buf_str(&out);
}

bool answer_wsdl(struct request *request, struct error *err)
{
    bool exact = request_has_query(request, "wsdl"), lax = request_has_query(request, "wsdl-lax");
    if (!exact && !lax)
        return fail(err, NOT_FOUND, NULL,
                    N_("This address takes SOAP questions by POST; its description is at ?wsdl."));
    return reply_bytes(request, "text/xml; charset=utf-8", wsdl_text(request, lax));
}
