/* SPDX-License-Identifier: EUPL-1.2 */
/* A client certificate in DER: its names are text of a known length, or it is turned away. Nobody
 * signed these bytes; to come as far as their names, the certificate itself is put on the list of
 * those that are trusted. */
#include "platform/http/client.h"

#include "base/encoding.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct machine *machine)
{
    struct error err = { 0 };
    HOLDS(machine->client.serial_number.len < sizeof machine->serial_number);
    HOLDS(machine->client.common_name.len < sizeof machine->common_name);
    HOLDS(utf8_is_text(machine->client.common_name));
    HOLDS(utf8_is_text(machine->client.serial_number));
    if (machine->state == MACHINE_OK)
        HOLDS(machine->client.serial_number.len > 0);
    if (!machine_may_enter(machine, instant_now(), &err))
        HOLDS(err.message);
    else
        HOLDS(machine->state == MACHINE_OK);
}

FUZZ(arena, bytes)
{
    gnutls_datum_t der = { (unsigned char *)(uintptr_t)bytes.at, (unsigned)bytes.len };
    gnutls_x509_trust_list_t trust;
    gnutls_x509_crt_t certificate;
    struct machine machine = { 0 };
    (void)arena;
    HOLDS(gnutls_x509_trust_list_init(&trust, 0) == 0);
    machine_check(trust, &der, 1, &machine);
    HOLDS(machine.state != MACHINE_OK);
    check(&machine);
    HOLDS(gnutls_x509_crt_init(&certificate) == 0);
    if (gnutls_x509_crt_import(certificate, &der, GNUTLS_X509_FMT_DER) == 0
        && gnutls_x509_trust_list_add_cas(trust, &certificate, 1, 0) == 1) {
        machine_check(trust, &der, 1, &machine);
        check(&machine);
    } else {
        gnutls_x509_crt_deinit(certificate);
    }
    gnutls_x509_trust_list_deinit(trust, 1); /* and the certificate in it */
}
