/* SPDX-License-Identifier: EUPL-1.2 */
/* The wire format of the Nummervoorziening, to the bottom: a request of a vendor that may ask, whose
 * operation and children are built from decisions, against a real database. What comes back is an
 * envelope, a value that is given has the form that it must have, and nobody gets an internal error. */
#include "base/file.h"
#include "platform/app.h"
#include "platform/format/soap_read.h"
#include "sector/sector.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/nummervoorziening/soap.h"
#include "services/services.h"
#include "tests/fuzz/choice.h"
#include "tests/fuzz/fuzz.h"

#define SCHOOLS                                                                                    \
    "PROVINCIE;BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"     \
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;GEMEENTENUMMER;GEMEENTENAAM;DENOMINATIE;"           \
    "TELEFOONNUMMER;INTERNETADRES;ONDERWIJSSTRUCTUUR;AANTAL LEERLINGEN\r\n"                        \
    "Friesland;10028;19HY;19HY00;Testschool op het eiland;Ballumerweg;24;9163 GB;NES;60;AMELAND;"  \
    "Openbaar;;;VBO/MAVO;145\r\n"
#define VENDOR "00000003272448340204"
#define FROM   "http://www.w3.org/2005/08/addressing/anonymous?oin=0000000700019HY34567"
#define HPGN   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct arena lasting;
static struct app app;
static char folder[] = "/tmp/fundament-fuzz-XXXXXX";

static void leave(void)
{
    app_close(&app);
    static const char *const names[] = { "/fundament.conf", "/fundament.db", "/fundament.db-wal",
                                         "/fundament.db-shm" };
    for (size_t i = 0; i < 4; i++)
        remove(str_format(&lasting, "%s%s", folder, names[i]).at);
}

static void open_world(void)
{
    struct error err = { 0 };
    struct import_report report;
    const struct import_options kinds = { .kind = SECONDARY };
    struct oin oin;
    struct brin brin;
    HOLDS(mkdtemp(folder));
    HOLDS(file_write(str_format(&lasting, "%s/fundament.conf", folder).at,
                     STR("log.level = error\n"), 0600, &err));
    HOLDS(app_open(&lasting, folder, all_services, true, &app, &err));
    HOLDS(sector_import_duo(app.db, &lasting, STR(SCHOOLS), &kinds, instant_now(),
                            &(struct import_listener){ 0 }, &report, &err));
    HOLDS(oin_parse(STR(VENDOR), &oin, &err) && brin_parse(STR("19HY"), &brin, &err));
    HOLDS(nummervoorziening_allow(&app, &lasting, STR("command:fuzz"), &oin, &brin, instant_now(),
                                  &err));
    atexit(leave);
}

static const char *const operations[] = { "ping", "retrieveStampseudonym", "retrieveEckId",
                                          "submitStampseudonymBatch", "submitEckIdBatch",
                                          "retrieveBatch", "replaceStampseudonym",
                                          "retrieveChains", "retrieveSectors" };
static const char *const children[] = { "hpgn", "stampseudonym", "chainId", "sectorId", "hpgnList",
                                        "stampseudonymList", "index", "hPgn", "batchIdentifier",
                                        "hpgnOld", "hpgnNew", "effectiveDate", "other" };
static const char *const values[] = {
    HPGN, "http://purl.edustandaard.nl/begrippenkader/e7ec7d3c-c235-4513-bfb6-e54e66854795",
    "0", "2147483647", "2026-11-23T00:00:00Z", "https://ketenid.nl/sppilot/" HPGN HPGN,
};

static void write_children(struct buf *out, struct str *from, int depth)
{
    size_t count = choose(from, 6);
    for (size_t i = 0; i < count && from->len; i++) {
        const char *name = children[choose(from, 13)];
        size_t what = choose(from, 9);
        buf_addf(out, "<e:%s>", name);
        if (what < 6)
            buf_addf(out, "%s", values[what]);
        else if (what < 8 && depth < 2)
            write_children(out, from, depth + 1);
        else
            buf_escaped(out, choose_text(from, 80));
        buf_addf(out, "</e:%s>", name);
    }
}

static struct str write_request(struct arena *arena, struct str *from)
{
    struct buf out = { .arena = arena };
    const char *operation = operations[choose(from, 9)];
    buf_addf(&out, "<s:Envelope xmlns:s='" SOAP_NS "' xmlns:a='" WSA_NS "'><s:Header><a:Action>"
                   ECK_NS "/%s</a:Action><a:MessageID>urn:1</a:MessageID><a:From><a:Address>" FROM
                   "</a:Address></a:From></s:Header><s:Body><e:%sRequest xmlns:e='" ECK_NS "'>",
             operation, operation);
    write_children(&out, from, 0);
    buf_addf(&out, "</e:%sRequest></s:Body></s:Envelope>", operation);
    return buf_str(&out);
}

static void must_be_an_envelope(struct arena *arena, struct str text)
{
    struct xml xml;
    struct error err;
    enum xml_event event;
    HOLDS(xml_open(&xml, arena, text, &err));
    while ((event = xml_next(&xml, &err)) == XML_START || event == XML_END)
        ;
    HOLDS(event == XML_EOF);
    xml_close(&xml);
}

FUZZ(arena, bytes)
{
    static const struct soap_headers headers = { .content_type = S("text/xml") };
    const struct client client = { .serial_number = STR(VENDOR), .fingerprint = STR("00") };
    if (!app.db)
        open_world();
    struct request request = { .arena = arena, .app = &app, .service = &nummervoorziening_service,
                               .listener = MACHINES, .client = &client, .now = instant_now() };
    request.body = write_request(arena, &bytes);
    soap_answer_as(&request, &nummervoorziening_soap, &headers);
    if (request.tx)
        db_read_end(request.tx);
    reply_ended(&request, true);
    must_be_an_envelope(arena, buf_str(&request.reply.body));
    HOLDS(request.reply.status == 0 || request.reply.status == 500);
    HOLDS(str_find(buf_str(&request.reply.body), STR("soap:Server")) < 0);
}
