/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/client.h"

#include "base/encoding.h"
#include "platform/keys/keys.h"

#include <pthread.h>
#include <stdlib.h>

#define CHAIN_MAX    8
#define ROOM_TO_CHECK ((size_t)512 * 1024)
#define SERIAL_OID   "2.5.4.5" /* X.520 serialNumber, id-at-serialNumber */
#define COMMON_OID   "2.5.4.3"

/* What the log says and what the machine's people read. */
static const struct {
    const char *name;
    const char *message;
} states[MACHINE_STATES] = {
    [MACHINE_NONE] = { "none", N_("This address asks for a client certificate, and none was sent.") },
    [MACHINE_UNREADABLE] = { "unreadable", N_("The client certificate cannot be read.") },
    [MACHINE_UNTRUSTED] = { "untrusted", N_("The client certificate was not issued by a CA that is "
                                            "trusted here.") },
    [MACHINE_REVOKED] = { "revoked", N_("The client certificate has been revoked.") },
    [MACHINE_NOT_YET] = { "not-yet-valid", N_("The client certificate is not valid yet.") },
    [MACHINE_EXPIRED] = { "expired", N_("The client certificate has expired.") },
    [MACHINE_NO_CLIENT] = { "no-client-auth",
                            N_("The certificate is not meant for clients: its extended key usage "
                               "lacks clientAuth.") },
    [MACHINE_NAMELESS] = { "no-serial-number", N_("The subject of the client certificate must have "
                                                  "one serialNumber, the OIN.") },
    [MACHINE_UNCHECKED] = { "unchecked", N_("The client certificate cannot be checked just now. Try "
                                            "again in a moment.") },
};

bool machine_may_enter(const struct machine *machine, instant now, struct error *err)
{
    enum machine_state state = machine->state;
    if (state == MACHINE_OK && now > machine->client.not_after)
        state = MACHINE_EXPIRED;
    if (state == MACHINE_OK)
        return true;
    fail_code(err, state == MACHINE_UNCHECKED ? UNAVAILABLE : FORBIDDEN, "client-certificate",
              states[state].message);
    return fail_detail(err, "client certificate %s %.16s", states[state].name,
                       machine->fingerprint); /* of an organisation, not a person */
}

static void copy_machine(struct machine *to, const struct machine *from)
{
    *to = *from;
    to->client.serial_number.at = to->serial_number;
    to->client.common_name.at = to->common_name;
    to->client.fingerprint.at = to->fingerprint;
}

void certificate_fingerprint(struct str der, char out[static 65])
{
    unsigned char digest[SHA256_BYTES];
    sha256(der, digest);
    hex_write(digest, sizeof digest, out);
    out[64] = '\0';
}

/* GnuTLS writes a backslash before what has a meaning in a written name: "Jansen\, Software" (RFC 4514,
 * section 2.4). Undone where it lies. */
static size_t unescape(char *text, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\\' && i + 1 < size)
            i++;
        text[len++] = text[i];
    }
    return len;
}

/* The only attribute of this kind in the subject. One that holds a NUL or is no text comes from GnuTLS
 * as a dump, "#0c03..." (RFC 4514, section 2.4): that is nobody's name. */
static bool read_name(gnutls_x509_crt_t certificate, const char *oid, char *out, size_t room,
                      struct str *text)
{
    size_t size = room, second = 0;
    if (gnutls_x509_crt_get_dn_by_oid(certificate, oid, 0, 0, out, &size) < 0)
        return false;
    if (gnutls_x509_crt_get_dn_by_oid(certificate, oid, 1, 0, NULL, &second)
        != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return false;
    bool dump = size > 0 && out[0] == '#';
    *text = (struct str){ out, unescape(out, size) };
    return size > 0 && !dump && utf8_is_text(*text);
}

static void read_client(gnutls_x509_crt_t certificate, struct machine *machine)
{
    struct client *client = &machine->client;
    client->not_after = (instant)gnutls_x509_crt_get_expiration_time(certificate) * SECOND;
    if (!read_name(certificate, COMMON_OID, machine->common_name, sizeof machine->common_name,
                   &client->common_name))
        client->common_name = STR("");
    if (!read_name(certificate, SERIAL_OID, machine->serial_number, sizeof machine->serial_number,
                   &client->serial_number)) {
        client->serial_number = STR("");
        machine->state = MACHINE_NAMELESS;
    }
}

/* The first thing that its owner should know. */
static enum machine_state state_of(unsigned status)
{
    static const struct {
        unsigned bits;
        enum machine_state state;
    } order[] = {
        { GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA, MACHINE_UNTRUSTED },
        { GNUTLS_CERT_REVOKED, MACHINE_REVOKED },
        { GNUTLS_CERT_EXPIRED, MACHINE_EXPIRED },
        { GNUTLS_CERT_NOT_ACTIVATED, MACHINE_NOT_YET },
        { GNUTLS_CERT_PURPOSE_MISMATCH, MACHINE_NO_CLIENT },
    };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (status & order[i].bits)
            return order[i].state;
    return status ? MACHINE_UNTRUSTED : MACHINE_OK;
}

static void verify(gnutls_x509_trust_list_t trust, gnutls_x509_crt_t *chain, unsigned length,
                   struct machine *machine)
{
    gnutls_typed_vdata_st purpose = {
        .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT
    };
    unsigned status = 0;
    int result = gnutls_x509_trust_list_verify_crt2(
        trust, chain, length, &purpose, 1, GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), &status,
        NULL);
    machine->state = result == GNUTLS_E_MEMORY_ERROR ? MACHINE_UNCHECKED
                     : result < 0                    ? MACHINE_UNTRUSTED
                                                     : state_of(status);
    if (machine->state == MACHINE_OK)
        read_client(chain[0], machine);
}

static void look(gnutls_x509_trust_list_t trust, const gnutls_datum_t *chain, unsigned length,
                 struct machine *machine)
{
    gnutls_x509_crt_t certificates[CHAIN_MAX];
    unsigned count = 0;
    *machine = (struct machine){ .state = length ? MACHINE_UNREADABLE : MACHINE_NONE };
    if (length == 0)
        return;
    certificate_fingerprint((struct str){ (const char *)chain[0].data, chain[0].size },
                            machine->fingerprint);
    machine->client.fingerprint = (struct str){ machine->fingerprint, 64 };
    bool readable = length <= CHAIN_MAX;
    while (readable && count < length) {
        int result = gnutls_x509_crt_init(&certificates[count]);
        if (result >= 0) {
            result = gnutls_x509_crt_import(certificates[count], &chain[count], GNUTLS_X509_FMT_DER);
            count++;
        }
        if (result == GNUTLS_E_MEMORY_ERROR)
            machine->state = MACHINE_UNCHECKED;
        readable = result >= 0;
    }
    if (readable)
        verify(trust, certificates, count, machine);
    while (count)
        gnutls_x509_crt_deinit(certificates[--count]);
}

/* GnuTLS and the libraries below it take the end of memory for a bad certificate, or fall over it: so
 * they are not called without room for their work, and a verdict against a certificate is believed when
 * a second look, with room left, says the same. */
static bool has_room(void)
{
    char *volatile room = malloc(ROOM_TO_CHECK); /* or the compiler takes it to succeed */
    bool has = room != NULL;
    free(room);
    return has;
}

void machine_check(gnutls_x509_trust_list_t trust, const gnutls_datum_t *chain, unsigned length,
                   struct machine *machine)
{
    *machine = (struct machine){ .state = length && !has_room() ? MACHINE_UNCHECKED : MACHINE_NONE };
    if (!length || machine->state == MACHINE_UNCHECKED)
        return;
    look(trust, chain, length, machine);
    if (machine->state == MACHINE_OK)
        return;
    look(trust, chain, length, machine);
    if (machine->state != MACHINE_OK && !has_room())
        machine->state = MACHINE_UNCHECKED;
}

/* The cache: each certificate has one place, by its fingerprint. */

#define CACHE_PLACES 1024

struct machine_cache {
    pthread_mutex_t lock;
    struct {
        uint64_t generation;
        struct machine machine;
    } places[CACHE_PLACES];
};

struct machine_cache *machine_cache_new(struct arena *arena)
{
    struct machine_cache *cache = arena_new(arena, struct machine_cache);
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static size_t place_of(struct str fingerprint)
{
    return str_hash(fingerprint) % CACHE_PLACES;
}

bool machine_cache_get(struct machine_cache *cache, struct str fingerprint, uint64_t generation,
                       struct machine *machine)
{
    size_t place = place_of(fingerprint);
    pthread_mutex_lock(&cache->lock);
    bool there = cache->places[place].generation == generation
                 && str_eq(cache->places[place].machine.client.fingerprint, fingerprint);
    if (there)
        copy_machine(machine, &cache->places[place].machine);
    pthread_mutex_unlock(&cache->lock);
    return there;
}

void machine_cache_put(struct machine_cache *cache, uint64_t generation,
                       const struct machine *machine)
{
    size_t place = place_of(machine->client.fingerprint);
    pthread_mutex_lock(&cache->lock);
    cache->places[place].generation = generation;
    copy_machine(&cache->places[place].machine, machine);
    pthread_mutex_unlock(&cache->lock);
}
