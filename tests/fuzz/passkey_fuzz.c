/* SPDX-License-Identifier: EUPL-1.2 */
/* What a browser sends of a passkey. The first byte chooses the parser: CBOR, an attestation object,
 * authenticator data, a COSE key, client data, a new passkey of all (its parts each with a length of
 * two bytes before it). */
#include "platform/people/webauthn.h"

#include "platform/people/cbor.h"
#include "tests/fuzz/fuzz.h"

static bool within(struct str part, struct str whole)
{
    return part.len == 0 || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void read_cbor(struct arena *arena, struct str bytes)
{
    struct cbor item;
    struct str rest = bytes;
    (void)arena;
    while (rest.len && cbor_skip(&rest))
        HOLDS(within(rest, bytes));
    for (rest = bytes; rest.len && cbor_take(&rest, &item);)
        HOLDS(within(item.bytes, bytes) && within(rest, bytes));
}

static void read_attestation(struct arena *arena, struct str bytes)
{
    struct str data;
    struct error err = { 0 };
    (void)arena;
    if (attestation_parse(bytes, &data, &err))
        HOLDS(data.len && within(data, bytes));
    else
        HOLDS(err.message);
}

static void read_authenticator_data(struct arena *arena, struct str bytes)
{
    struct authenticator_data data;
    struct error err = { 0 };
    (void)arena;
    if (authenticator_data_parse(bytes, &data, &err))
        HOLDS(data.rp_hash.len == 32 && within(data.credential, bytes) && within(data.key, bytes)
              && data.credential.len <= CREDENTIAL_BYTES);
    else
        HOLDS(err.message);
}

static void read_key(struct arena *arena, struct str bytes)
{
    struct str public_key;
    struct error err = { 0 };
    HOLDS(cose_key_parse(arena, bytes, &public_key, &err) ? public_key.len > 0
                                                          : err.message != NULL);
}

static void read_client_data(struct arena *arena, struct str bytes)
{
    struct client_data data;
    struct error err = { 0 };
    HOLDS(client_data_parse(arena, bytes, &data, &err) || err.message);
}

static struct str take_part(struct str *rest)
{
    if (rest->len < 2)
        return STR("");
    size_t len = (size_t)((unsigned char)rest->at[0] << 8 | (unsigned char)rest->at[1]);
    struct str part = str_slice(*rest, 2, 2 + len);
    *rest = str_slice(*rest, 2 + part.len, rest->len);
    return part;
}

static void read_all(struct arena *arena, struct str bytes)
{
    uint32_t counter;
    struct new_passkey made;
    struct relying_party party;
    struct error err = { 0 };
    struct str client = take_part(&bytes);
    HOLDS(relying_party_of(STR("https://localhost:8443"), &party));
    HOLDS(passkey_register(arena, &party, client, bytes, &made, &err) || err.message);
    struct assertion assertion = { client, take_part(&bytes), take_part(&bytes) };
    HOLDS(!passkey_verify(arena, &party, &assertion, bytes, &counter, &err));
}

FUZZ(arena, bytes)
{
    static void (*const parsers[])(struct arena *, struct str) = {
        read_cbor, read_attestation, read_authenticator_data, read_key, read_client_data, read_all,
    };
    if (bytes.len)
        parsers[(unsigned char)bytes.at[0] % (sizeof parsers / sizeof *parsers)](
            arena, str_slice(bytes, 1, bytes.len));
}
