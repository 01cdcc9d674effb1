/* SPDX-License-Identifier: EUPL-1.2 */
/* The cookie of known browsers: up to DEVICES times a random name with a MAC over it and a login name,
 * the last one first. It proves that this account logged in here before, and gives nothing else. */
#include "base/encoding.h"
#include "base/random.h"
#include "platform/keys/keeper.h"
#include "platform/people/people.h"

#define DEVICE_COOKIE "__Host-fundament_device"
#define DEVICES       5
#define NAME_BYTES    12
#define PROOF_BYTES   16 /* of the MAC */
#define ENTRY_BYTES   (NAME_BYTES + PROOF_BYTES)
#define YEAR_SECONDS  (365 * 24 * 3600)

static bool make_proof(struct request *request, struct str login, struct str name,
                       unsigned char mac[static MAC256_BYTES], struct error *err)
{
    struct str fields[] = { STR("device"), login, name };
    return keeper_mac256(request->app->keeper, ACCOUNTS_MAC_KEY, fields, count_of(fields), mac, err);
}

/* `found` is the text of this login's entry in the cookie, empty when there is none. Each entry is
 * looked at, so that the time tells nothing. */
static bool find_entry(struct request *request, struct str login, struct str *found,
                       struct str *device, struct error *err)
{
    unsigned char mac[MAC256_BYTES];
    struct str bytes, rest = request_cookie(request, DEVICE_COOKIE);
    *found = *device = STR("");
    for (int i = 0; i < DEVICES && str_more(rest); i++) {
        struct str entry = str_cut(&rest, '.');
        if (!base64_decode(request->arena, entry, &bytes) || bytes.len != ENTRY_BYTES)
            continue;
        struct str name = str_slice(bytes, 0, NAME_BYTES);
        if (!make_proof(request, login, name, mac, err))
            return false;
        if (!str_eq_secret(str_slice(bytes, NAME_BYTES, ENTRY_BYTES),
                           (struct str){ (const char *)mac, PROOF_BYTES }))
            continue;
        *found = entry;
        *device = name;
    }
    return true;
}

bool device_known(struct request *request, struct str login, struct str *device,
                  struct error *err)
{
    struct str found;
    return find_entry(request, login, &found, device, err);
}

static bool new_entry(struct request *request, struct str login, struct str *entry,
                      struct error *err)
{
    unsigned char mac[MAC256_BYTES];
    char bytes[ENTRY_BYTES];
    random_bytes(bytes, NAME_BYTES);
    if (!make_proof(request, login, (struct str){ bytes, NAME_BYTES }, mac, err))
        return false;
    memcpy(bytes + NAME_BYTES, mac, PROOF_BYTES);
    *entry = base64url_encode(request->arena, (struct str){ bytes, sizeof bytes });
    return true;
}

bool device_remember(struct request *request, struct str login, struct error *err)
{
    struct str mine, device, rest = request_cookie(request, DEVICE_COOKIE);
    struct buf cookie = { .arena = request->arena };
    if (!find_entry(request, login, &mine, &device, err)
        || (!mine.len && !new_entry(request, login, &mine, err)))
        return false;
    buf_add(&cookie, mine);
    for (int i = 1; i < DEVICES && str_more(rest);) {
        struct str entry = str_cut(&rest, '.'), bytes;
        if (str_eq(entry, mine) || !base64_decode(request->arena, entry, &bytes)
            || bytes.len != ENTRY_BYTES)
            continue;
        buf_byte(&cookie, '.');
        buf_add(&cookie, base64url_encode(request->arena, bytes));
        i++;
    }
    reply_cookie(request, DEVICE_COOKIE, buf_str(&cookie), YEAR_SECONDS);
    return true;
}
