/* SPDX-License-Identifier: EUPL-1.2 */
/* What a webhook may be, see and say. */
#include "platform/record/webhooks.h"

#include "base/encoding.h"
#include "base/random.h"
#include "platform/keys/keeper.h"
#include "platform/record/followers.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/hmac.h>
#include <sys/socket.h>

#define SECRET_PREFIX "whsec_"
#define SECRET_BYTES  32
#define FIRST_BACKOFF (5 * SECOND)
#define LAST_BACKOFF  (3 * HOUR)

/* ---- Addresses ---- */

static const char *const ports[] = { "443", "8443" };

static bool is_usual_port(const char *port)
{
    for (size_t i = 0; i < count_of(ports); i++)
        if (strcmp(port, ports[i]) == 0)
            return true;
    return false;
}

static bool part_is(CURLU *url, CURLUPart part, bool (*fits)(const char *text, bool anything),
                    bool anything)
{
    char *text = NULL;
    bool ok = curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK
           && fits(text, anything);
    curl_free(text);
    return ok;
}

static bool scheme_fits(const char *scheme, bool anything)
{
    return strcmp(scheme, "https") == 0 || (anything && strcmp(scheme, "http") == 0);
}

static bool port_fits(const char *port, bool anything)
{
    return anything || is_usual_port(port);
}

static bool any_text(const char *text, bool anything)
{
    (void)text, (void)anything;
    return true;
}

static bool check_parts(CURLU *url, bool anything, struct error *err)
{
    if (!part_is(url, CURLUPART_SCHEME, scheme_fits, anything))
        return fail(err, INVALID, "address", N_("The address must start with https://."));
    if (!part_is(url, CURLUPART_PORT, port_fits, anything))
        return fail(err, INVALID, "address",
                    N_("The address must use port 443 or 8443. Leave the port out for 443."));
    if (part_is(url, CURLUPART_USER, any_text, true)
        || part_is(url, CURLUPART_PASSWORD, any_text, true)
        || part_is(url, CURLUPART_FRAGMENT, any_text, true))
        return fail(err, INVALID, "address",
                    N_("The address must not hold a user name, a password or a #."));
    return true;
}

bool webhook_address_check(struct str address, bool anything, struct error *err)
{
    struct arena arena = { 0 };
    CURLU *url = curl_url();
    bool plain = address.len > 0 && address.len <= WEBHOOK_ADDRESS;
    for (size_t i = 0; plain && i < address.len; i++)
        plain = address.at[i] > ' ' && address.at[i] < 0x7f;
    bool ok = plain && url
           && curl_url_set(url, CURLUPART_URL, str_c(&arena, address), 0) == CURLUE_OK;
    ok = ok ? check_parts(url, anything, err)
            : fail(err, INVALID, "address",
                   N_("Fill in a web address of at most 500 characters, like "
                      "https://www.example.nl/webhook."));
    curl_url_cleanup(url);
    arena_free(&arena);
    return ok;
}

/* Networks that are not the internet at large (IANA's special-purpose registries). */
static const struct {
    unsigned char bytes[16];
    unsigned bits;
} inner4[] = {
    { { 0 }, 8 },             { { 10 }, 8 },           { { 100, 64 }, 10 },
    { { 127 }, 8 },           { { 169, 254 }, 16 },    { { 172, 16 }, 12 },
    { { 192, 0, 0 }, 24 },    { { 192, 0, 2 }, 24 },   { { 192, 88, 99 }, 24 },
    { { 192, 168 }, 16 },     { { 198, 18 }, 15 },     { { 198, 51, 100 }, 24 },
    { { 203, 0, 113 }, 24 },  { { 224 }, 3 },
}, inner6[] = {
    { { 0x00 }, 8 },              /* ::, ::1, and what maps or translates to IPv4 */
    { { 0x01 }, 8 },              /* discard */
    { { 0x20, 0x01, 0x00 }, 23 }, /* protocol assignments, Teredo */
    { { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, { { 0x20, 0x02 }, 16 }, { { 0x3f, 0xff }, 20 },
    { { 0x40 }, 2 }, { { 0x80 }, 1 }, /* not given out (RFC 4291, 2.4), unique local, link-local... */
};

static bool is_within(const unsigned char *address, const unsigned char *network, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(address, network, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ network[whole]) >> (8 - rest)) == 0;
}

static bool is_inner4(const unsigned char *address)
{
    for (size_t i = 0; i < count_of(inner4); i++)
        if (is_within(address, inner4[i].bytes, inner4[i].bits))
            return true;
    return false;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return !is_inner4(
            (const unsigned char *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    if (address->sa_family != AF_INET6)
        return false;
    const unsigned char *bytes =
        (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    for (size_t i = 0; i < count_of(inner6); i++)
        if (is_within(bytes, inner6[i].bytes, inner6[i].bits))
            return false;
    return true;
}

/* ---- Who sees what ---- */

bool webhook_wants(const struct webhook *webhook, const struct event *event)
{
    bool sees = !webhook->organisation.len;
    struct str rest = event->organisations;
    while (!sees && rest.len)
        sees = str_eq(str_cut(&rest, ' '), webhook->organisation);
    return sees && webhook->active && event->at >= webhook->created
        && kinds_have(webhook->kinds, event->kind);
}

/* ---- Signing ---- */

struct str webhook_new_secret(struct arena *arena)
{
    char bytes[SECRET_BYTES];
    random_bytes(bytes, sizeof bytes);
    struct str text = base64_encode(arena, (struct str){ bytes, sizeof bytes });
    return str_format(arena, SECRET_PREFIX "%.*s", FMT(text));
}

bool webhook_sign(struct arena *arena, struct str secret, struct str id, int64_t timestamp,
                  struct str body, struct str *signature, struct error *err)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct str key, prefix = STR(SECRET_PREFIX);
    struct str text = str_format(arena, "%.*s.%lld.%.*s", FMT(id), (long long)timestamp, FMT(body));
    if (!str_starts(secret, prefix)
        || !base64_decode(arena, str_slice(secret, prefix.len, secret.len), &key)
        || !HMAC(EVP_sha256(), key.at, (int)key.len, (const unsigned char *)text.at, text.len, mac,
                 &len))
        return fail_internal(err, "a webhook could not be signed");
    struct str encoded = base64_encode(arena, (struct str){ (const char *)mac, len });
    *signature = str_format(arena, "v1,%.*s", FMT(encoded));
    return true;
}

static struct str about(struct arena *arena, struct str id)
{
    return str_format(arena, "webhook %.*s", FMT(id));
}

bool webhook_seal(struct app *app, struct arena *arena, struct str id, struct str secret,
                  struct str *sealed, struct error *err)
{
    return keeper_seal(app->keeper, arena, WEBHOOK_KEY, about(arena, id), secret, sealed, err);
}

bool webhook_unseal(struct app *app, struct arena *arena, struct str id, struct str sealed,
                    struct str *secret, struct error *err)
{
    return keeper_unseal(app->keeper, arena, WEBHOOK_KEY, about(arena, id), sealed, secret, err);
}

/* ---- What is said ---- */

struct str delivery_id(struct arena *arena, const struct delivery *delivery)
{
    return str_format(arena, "msg_%.*s_%s%lld", FMT(delivery->webhook),
                      delivery->number < 0 ? "test" : "",
                      (long long)(delivery->number < 0 ? -delivery->number : delivery->number));
}

struct str delivery_body(struct arena *arena, const struct delivery *delivery)
{
    char time[INSTANT_TEXT];
    struct buf body = { .arena = arena };
    struct node *map = node_map(arena);
    node_put_text(map, "id", delivery_id(arena, delivery));
    node_put_int(map, "number", delivery->number < 0 ? 0 : delivery->number);
    node_put_text(map, "kind", delivery->kind);
    node_put_text(map, "subject", delivery->subject);
    node_put_text(map, "time", str_copy(arena, instant_format(delivery->at, time)));
    node_to_json(map, &body);
    return buf_str(&body);
}

instant webhook_backoff(int64_t failures)
{
    uint32_t chance;
    instant pause = FIRST_BACKOFF;
    random_bytes(&chance, sizeof chance);
    for (; failures > 0 && pause < LAST_BACKOFF; failures--)
        pause *= 2;
    pause = pause < LAST_BACKOFF ? pause : LAST_BACKOFF;
    return pause + pause / 4 * (instant)(chance % 1024) / 1024;
}
