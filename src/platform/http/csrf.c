/* SPDX-License-Identifier: EUPL-1.2 */
/* Form tokens against cross-site request forgery: HMAC(form key, this browser's random cookie, its
 * session), in a hidden field of each form. Another site can neither read the cookie nor make the
 * token, and a cookie that it plants does not fit the victim's session. */
#include "base/encoding.h"
#include "base/random.h"
#include "platform/people/accounts.h"
#include "platform/http/server.h"

#define FORM_COOKIE_BYTES 16

static bool is_form_cookie(struct arena *arena, struct str cookie)
{
    struct str bytes;
    return cookie.len < 40 && base64_decode(arena, cookie, &bytes)
           && bytes.len == FORM_COOKIE_BYTES;
}

static struct str token_for(struct request *request, const struct exchange *exchange,
                            struct str cookie)
{
    unsigned char mac[MAC256_BYTES];
    struct str fields[] = { cookie, request_cookie(request, SESSION_COOKIE) };
    mac256(exchange->server->form_key, fields, 2, mac);
    return base64url_encode(request->arena, (struct str){ (const char *)mac, sizeof mac });
}

struct str csrf_token(struct request *request)
{
    struct exchange *exchange = request_exchange(request);
    if (!exchange)
        return STR("");
    if (!exchange->form_cookie.len) {
        struct str cookie = request_cookie(request, FORM_COOKIE);
        if (!is_form_cookie(request->arena, cookie)) {
            cookie = random_token(request->arena, FORM_COOKIE_BYTES);
            reply_cookie(request, FORM_COOKIE, cookie, -1);
        }
        exchange->form_cookie = cookie;
    }
    return token_for(request, exchange, exchange->form_cookie);
}

/* What the browser itself says of where the request comes from, when it does (Fetch Metadata; RFC
 * 6454). Ports count: another program on this host is another origin. */
static bool comes_from_here(const struct request *request)
{
    struct str site = request_header(request, "Sec-Fetch-Site");
    if (site.len && !str_eq(site, STR("same-origin")) && !str_eq(site, STR("none")))
        return false;
    struct str origin = request_header(request, "Origin");
    if (origin.len == 0)
        return true;
    if (!str_starts(origin, STR("https://")))
        return false;
    return str_eq_nocase(str_slice(origin, 8, origin.len), request->host);
}

static bool sent_token(struct request *request, struct str *token, struct error *err)
{
    struct form form;
    *token = request_header(request, "X-Form-Token");
    if (token->len)
        return true;
    if (!request_form(request, &form, err))
        return false;
    *token = form_text(&form, FORM_TOKEN);
    return true;
}

bool csrf_check(struct request *request, struct error *err)
{
    struct str token, cookie = request_cookie(request, FORM_COOKIE);
    if (request->listener != PEOPLE || request->method == GET || request->route->no_csrf)
        return true;
    if (!comes_from_here(request))
        return fail_code(err, FORBIDDEN, "other-origin",
                         N_("This form was sent from another site and was not accepted."));
    if (!sent_token(request, &token, err))
        return false;
    if (is_form_cookie(request->arena, cookie)
        && str_eq_secret(token, token_for(request, request_exchange(request), cookie)))
        return true;
    return fail_code(err, FORBIDDEN, "form-token",
                     N_("This form is out of date. Go back, load the page again and send it once "
                        "more. Cookies must be allowed."));
}
