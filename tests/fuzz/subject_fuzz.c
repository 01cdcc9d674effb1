/* SPDX-License-Identifier: EUPL-1.2 */
/* The names in a certificate. The bytes are decisions: attributes of a subject, their string types
 * and contents, of which a whole certificate is made that is trusted; so that what is tried is the
 * reading of names and not the reading of DER. */
#include "platform/http/client.h"

#include "base/encoding.h"
#include "tests/fuzz/choice.h"
#include "tests/fuzz/fuzz.h"

enum { SEQUENCE = 0x30, SET = 0x31, OID = 0x06, UTF8 = 0x0c, PRINTABLE = 0x13 };

static const unsigned char string_types[] = { PRINTABLE, UTF8, 0x16, 0x14, 0x1e, 0x1c, 0x04, 0x1a };
static const struct str oids[] = {
    S("\x55\x04\x05"), /* serialNumber */
    S("\x55\x04\x03"), /* commonName */
    S("\x55\x04\x0a"), S("\x55\x04\x61"), S("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),
};

static struct str wrap(struct arena *arena, unsigned char tag, struct str content)
{
    struct buf out = { .arena = arena };
    buf_byte(&out, (char)tag);
    if (content.len < 0x80) {
        buf_byte(&out, (char)content.len);
    } else {
        buf_byte(&out, (char)0x83);
        buf_byte(&out, (char)(content.len >> 16));
        buf_byte(&out, (char)(content.len >> 8));
        buf_byte(&out, (char)content.len);
    }
    buf_add(&out, content);
    return buf_str(&out);
}

struct subject {
    struct str der;
    size_t serial_numbers;
    struct str serial_number;   /* the last one */
    unsigned char type;
    bool odd;                   /* more than one attribute in a set */
};

static struct str attribute(struct arena *arena, struct str *from, struct subject *subject)
{
    size_t oid = choose(from, 5), kind = choose(from, sizeof string_types);
    bool huge = choose(from, 64) == 63;
    struct str text = choose_text(from, 90);
    struct buf value = { .arena = arena };
    for (size_t i = 0; i < (huge ? 2000 : 1); i++)
        buf_add(&value, text);
    struct str whole = value.len ? buf_str(&value) : STR("");
    if (oid == 0) {
        subject->serial_numbers++;
        subject->serial_number = whole;
        subject->type = string_types[kind];
    }
    struct buf pair = { .arena = arena };
    buf_add(&pair, wrap(arena, OID, oids[oid]));
    buf_add(&pair, wrap(arena, string_types[kind], whole));
    return wrap(arena, SEQUENCE, buf_str(&pair));
}

static struct subject read_subject(struct arena *arena, struct str from)
{
    struct subject subject = { 0 };
    struct buf names = { .arena = arena };
    for (int i = 0; from.len && i < 40; i++) {
        struct buf set = { .arena = arena };
        buf_add(&set, attribute(arena, &from, &subject));
        if (choose(&from, 8) == 7) {
            buf_add(&set, attribute(arena, &from, &subject));
            subject.odd = true;
        }
        buf_add(&names, wrap(arena, SET, buf_str(&set)));
    }
    subject.der = wrap(arena, SEQUENCE, names.len ? buf_str(&names) : STR(""));
    return subject;
}

/* Ed25519 (RFC 8410), valid from 2000 to 2049; its signature is of nobody. */
static struct str certificate(struct arena *arena, struct str subject)
{
    static const struct str version = S("\xa0\x03\x02\x01\x02");
    static const struct str number = S("\x02\x01\x01");
    static const struct str algorithm = S("\x30\x05\x06\x03\x2b\x65\x70");
    static const struct str issuer = S("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01" "a");
    static const struct str validity = S("\x30\x1e\x17\x0d" "000101000000Z" "\x17\x0d" "491231235959Z");
    static const struct str key = S("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"
                                    "0123456789abcdef0123456789abcdef");
    static const char signature[65] = { 0 };
    const struct str *parts[] = { &version, &number, &algorithm, &issuer, &validity, &subject, &key };
    struct buf tbs = { .arena = arena }, whole = { .arena = arena };
    for (size_t i = 0; i < 7; i++)
        buf_add(&tbs, *parts[i]);
    buf_add(&whole, wrap(arena, SEQUENCE, buf_str(&tbs)));
    buf_add(&whole, algorithm);
    buf_add(&whole, wrap(arena, 0x03, (struct str){ signature, sizeof signature }));
    return wrap(arena, SEQUENCE, buf_str(&whole));
}

static void check(const struct machine *machine, const struct subject *subject)
{
    struct str number = machine->client.serial_number;
    HOLDS(number.len < sizeof machine->serial_number && utf8_is_text(number));
    HOLDS(machine->client.common_name.len < sizeof machine->common_name);
    HOLDS(utf8_is_text(machine->client.common_name));
    if (machine->state != MACHINE_OK)
        return;
    HOLDS(number.len > 0 && subject->serial_numbers == 1);
    if (subject->type == PRINTABLE || subject->type == UTF8)
        HOLDS(str_eq(number, subject->serial_number));
    HOLDS(!str_has(number, '\0'));
}

FUZZ(arena, bytes)
{
    struct subject subject = read_subject(arena, bytes);
    struct str der = certificate(arena, subject.der);
    gnutls_datum_t datum = { (unsigned char *)(uintptr_t)der.at, (unsigned)der.len };
    gnutls_x509_trust_list_t trust;
    gnutls_x509_crt_t ca;
    struct machine machine = { 0 };
    HOLDS(gnutls_x509_trust_list_init(&trust, 0) == 0);
    HOLDS(gnutls_x509_crt_init(&ca) == 0);
    if (gnutls_x509_crt_import(ca, &datum, GNUTLS_X509_FMT_DER) != 0) {
        gnutls_x509_crt_deinit(ca);
    } else if (gnutls_x509_trust_list_add_cas(trust, &ca, 1, 0) == 1) {
        machine_check(trust, &datum, 1, &machine);
        check(&machine, &subject);
    } else {
        gnutls_x509_crt_deinit(ca);
    }
    gnutls_x509_trust_list_deinit(trust, 1);
}
