/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/webauthn.h"

#include "base/encoding.h"
#include "platform/format/json.h"
#include "platform/keys/keys.h"
#include "platform/people/cbor.h"
#include "platform/people/cose.h"

#include <arpa/inet.h>

static bool fail_unreadable(struct error *err, const char *what)
{
    fail(err, INVALID, NULL,
         N_("Your browser sent an answer of a passkey that cannot be read. Try again, or log in in "
            "another way."));
    return fail_detail(err, "%s", what);
}

static bool fail_mismatch(struct error *err, const char *what)
{
    fail(err, INVALID, NULL,
         N_("This answer of a passkey is not for this page. Load the page again and try once "
            "more."));
    return fail_detail(err, "%s", what);
}

/* ---- The relying party ---- */

static bool is_address(struct str host)
{
    char text[INET6_ADDRSTRLEN + 1];
    unsigned char address[sizeof(struct in6_addr)];
    if (!host.len || host.at[0] == '[')
        return true;
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.at, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, address) == 1;
}

bool relying_party_of(struct str origin, struct relying_party *party)
{
    if (!str_starts(origin, STR("https://")))
        return false;
    struct str host = str_slice(origin, 8, origin.len), rest = host;
    *party = (struct relying_party){ .id = host, .origin = origin };
    if (host.len && host.at[0] != '[')
        party->id = str_cut(&rest, ':');
    return !is_address(party->id);
}

/* ---- Client data ---- */

static bool is_true(const struct node *map, struct str key)
{
    const struct node *node = node_get(map, key);
    return node && !(node->kind == NODE_FLAG && !node->flag);
}

bool client_data_parse(struct arena *arena, struct str json, struct client_data *data,
                       struct error *err)
{
    const struct node *map;
    if (!json_parse(arena, json, &map, err) || map->kind != NODE_MAP)
        return fail_unreadable(err, "the client data are no JSON object");
    *data = (struct client_data){
        .type = node_text(map, "type"),
        .origin = node_text(map, "origin"),
        .cross_origin = is_true(map, STR("crossOrigin")) || node_get(map, STR("topOrigin")),
    };
    if (!base64_decode(arena, node_text(map, "challenge"), &data->challenge))
        return fail_unreadable(err, "the challenge is no base64url");
    return true;
}

static bool check_client_data(struct arena *arena, const struct relying_party *party,
                              struct str json, struct str type, struct error *err)
{
    struct client_data data;
    if (!client_data_parse(arena, json, &data, err))
        return false;
    if (!str_eq(data.type, type))
        return fail_mismatch(err, "an answer to another kind of question");
    if (!str_eq(data.origin, party->origin) || data.cross_origin)
        return fail_mismatch(err, "the origin is another; is the setting people.origin right?");
    return true;
}

/* ---- Authenticator data ---- */

enum { PRESENT = 1, VERIFIED = 4, MAY_BE_COPIED = 8, IS_COPIED = 16, HAS_CREDENTIAL = 64,
       HAS_EXTENSIONS = 128 };

#define HEAD_BYTES   37 /* hash, flags, counter */
#define AAGUID_BYTES 16

static uint32_t number_at(struct str bytes, size_t at, size_t size)
{
    uint32_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char)bytes.at[at + i];
    return number;
}

static struct str taken(struct str before, struct str after)
{
    return (struct str){ before.at, before.len - after.len };
}

/* Section 6.5.1. */
static bool take_credential(struct str *rest, struct authenticator_data *data)
{
    if (rest->len < AAGUID_BYTES + 2)
        return false;
    size_t len = number_at(*rest, AAGUID_BYTES, 2);
    *rest = str_slice(*rest, AAGUID_BYTES + 2, rest->len);
    if (len == 0 || len > CREDENTIAL_BYTES || len > rest->len)
        return false;
    data->credential = str_slice(*rest, 0, len);
    *rest = str_slice(*rest, len, rest->len);
    struct str before = *rest;
    if (!cbor_skip(rest))
        return false;
    data->key = taken(before, *rest);
    return true;
}

bool authenticator_data_parse(struct str bytes, struct authenticator_data *data,
                              struct error *err)
{
    struct cbor item;
    if (bytes.len < HEAD_BYTES)
        return fail_unreadable(err, "the authenticator data are too short");
    unsigned flags = number_at(bytes, 32, 1);
    struct str rest = str_slice(bytes, HEAD_BYTES, bytes.len);
    *data = (struct authenticator_data){
        .rp_hash = str_slice(bytes, 0, 32),
        .present = flags & PRESENT,
        .verified = flags & VERIFIED,
        .counter = number_at(bytes, 33, 4),
    };
    if ((flags & IS_COPIED) && !(flags & MAY_BE_COPIED))
        return fail_unreadable(err, "a passkey that was copied and may not be");
    if ((flags & HAS_CREDENTIAL) && !take_credential(&rest, data))
        return fail_unreadable(err, "the attested credential data");
    struct str extensions = rest;
    if ((flags & HAS_EXTENSIONS)
        && (!cbor_skip(&rest) || !cbor_take(&extensions, &item) || item.kind != CBOR_MAP))
        return fail_unreadable(err, "the extensions");
    return rest.len == 0 || fail_unreadable(err, "bytes behind the authenticator data");
}

bool attestation_parse(struct str bytes, struct str *authenticator_data, struct error *err)
{
    struct cbor map, key, value;
    *authenticator_data = STR("");
    if (!cbor_take(&bytes, &map) || map.kind != CBOR_MAP)
        return fail_unreadable(err, "the attestation is no map");
    for (int64_t i = 0; i < map.number; i++) {
        if (!cbor_take(&bytes, &key) || key.kind != CBOR_TEXT)
            return fail_unreadable(err, "a key of the attestation");
        if (!str_eq(key.bytes, STR("authData"))) {
            if (!cbor_skip(&bytes))
                return fail_unreadable(err, "a value of the attestation");
            continue;
        }
        if (authenticator_data->len || !cbor_take(&bytes, &value) || value.kind != CBOR_BYTES)
            return fail_unreadable(err, "the attestation's authData");
        *authenticator_data = value.bytes;
    }
    return (bytes.len == 0 && authenticator_data->len)
           || fail_unreadable(err, "the attestation's end");
}

/* User verification is always required: a passkey stands for two factors, the thing and its PIN,
 * finger or face. */
static bool check_authenticator(const struct relying_party *party,
                                const struct authenticator_data *data, struct error *err)
{
    unsigned char hash[SHA256_BYTES];
    sha256(party->id, hash);
    if (!str_eq(data->rp_hash, (struct str){ (const char *)hash, sizeof hash }))
        return fail_mismatch(err, "a passkey for another host");
    return (data->present && data->verified)
           || fail(err, INVALID, NULL,
                   N_("This passkey did not check who you are. Give it a PIN, a fingerprint or "
                      "your face, and try again."));
}

/* ---- The two ceremonies ---- */

bool passkey_register(struct arena *arena, const struct relying_party *party,
                      struct str client_data, struct str attestation, struct new_passkey *made,
                      struct error *err)
{
    struct str bytes;
    struct authenticator_data data;
    if (!check_client_data(arena, party, client_data, STR("webauthn.create"), err)
        || !attestation_parse(attestation, &bytes, err)
        || !authenticator_data_parse(bytes, &data, err)
        || !check_authenticator(party, &data, err))
        return false;
    if (!data.credential.len)
        return fail_unreadable(err, "a new passkey without its key");
    *made = (struct new_passkey){ .credential = data.credential, .counter = data.counter };
    return cose_key_parse(arena, data.key, &made->public_key, err);
}

bool passkey_verify(struct arena *arena, const struct relying_party *party,
                    const struct assertion *assertion, struct str public_key, uint32_t *counter,
                    struct error *err)
{
    struct authenticator_data data;
    unsigned char hash[SHA256_BYTES];
    struct str client = assertion->client_data;
    if (!check_client_data(arena, party, client, STR("webauthn.get"), err)
        || !authenticator_data_parse(assertion->authenticator_data, &data, err)
        || !check_authenticator(party, &data, err))
        return false;
    sha256(client, hash);
    struct buf signed_bytes = { .arena = arena };
    buf_add(&signed_bytes, assertion->authenticator_data);
    buf_add(&signed_bytes, (struct str){ (const char *)hash, sizeof hash });
    *counter = data.counter;
    return signature_check(public_key, buf_str(&signed_bytes), assertion->signature)
           || fail_mismatch(err, "the signature is not right");
}
