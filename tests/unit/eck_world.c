/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/unit/eck_world.h"

#include "base/file.h"
#include "platform/db/db.h"
#include "platform/http/server.h"
#include "sector/sector.h"
#include "services/nummervoorziening/nummervoorziening.h"
#include "services/nummervoorziening/signup.h"
#include "services/services.h"

#include <stdio.h>

#define NS "http://ketenid.nl/eck/schemas/v1_0"

#define SCHOOLS_CSV                                                                                \
    "PROVINCIE;BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"     \
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;GEMEENTENUMMER;GEMEENTENAAM;DENOMINATIE;"           \
    "TELEFOONNUMMER;INTERNETADRES;ONDERWIJSSTRUCTUUR;AANTAL LEERLINGEN\r\n"                        \
    "Friesland;10028;19HY;19HY00;Testschool op het eiland;Ballumerweg;24;9163 GB;NES;60;AMELAND;"  \
    "Openbaar;;;VBO/MAVO;145\r\n"                                                                  \
    "Friesland;10028;20DP;20DP00;Testschool aan wal;Kade;1;9163 GB;HOLWERD;60;NOARDEAST;"          \
    "Openbaar;;;VBO/MAVO;145\r\n"

static void open_world(struct world *world)
{
    struct error err = { 0 };
    CHECK_OK(app_open(world->t->arena, world->t->folder, all_services, true, &world->app, &err),
             err);
}

static void allow(struct world *world, const char *vendor, const char *school)
{
    struct oin oin;
    struct brin brin;
    struct error err = { 0 };
    CHECK(oin_parse(str_of(vendor), &oin, &err) && brin_parse(str_of(school), &brin, &err));
    CHECK_OK(nummervoorziening_allow(&world->app, world->t->arena, STR("command:test"), &oin, &brin,
                                     world->now, &err),
             err);
}

struct world given_world(struct test *t)
{
    struct world world = { .t = t, .oin = VENDOR, .from = SCHOOL_FROM, .now = instant_now() };
    struct import_report report;
    struct import_options options = { .kind = SECONDARY };
    struct error err = { 0 };
    struct str path = str_format(t->arena, "%s/fundament.conf", t->folder);
    struct str text = str_format(t->arena, "database = %.*s\nlog.level = error\n", FMT(t->db_url));
    CHECK_OK(file_write(path.at, text, 0600, &err), err);
    open_world(&world);
    CHECK_OK(sector_import_duo(world.app.db, t->arena, STR(SCHOOLS_CSV), &options, world.now,
                               &(struct import_listener){ 0 }, &report, &err),
             err);
    CHECK_INT(report.refused, 0);
    allow(&world, VENDOR, SCHOOL);
    allow(&world, OTHER_VENDOR, OTHER_SCHOOL);
    return world;
}

void world_restart(struct world *world)
{
    struct error err = { 0 };
    app_close(&world->app);
    open_world(world);
    CHECK_OK(app_recover(&world->app, &err), err);
}

void world_run_command(struct world *world)
{
    struct world beside = *world;
    open_world(&beside);
    app_close(&beside.app);
}

void world_end(struct world *world)
{
    app_close(&world->app);
}

static struct str envelope(struct world *world, const char *operation, struct str content)
{
    struct arena *arena = world->t->arena;
    struct str from = STR("");
    if (world->from)
        from = str_format(arena, "<a:From><a:Address>%s</a:Address></a:From>", world->from);
    return str_format(
        arena,
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
        " xmlns:a=\"http://www.w3.org/2005/08/addressing\"><s:Header>"
        "<a:Action>" NS "/%s</a:Action><a:MessageID>urn:uuid:1</a:MessageID>%.*s</s:Header>"
        "<s:Body><e:%sRequest xmlns:e=\"" NS "\">%.*s</e:%sRequest></s:Body></s:Envelope>",
        operation, FMT(from), operation, FMT(content), operation);
}

/* As the server's worker does. */
static bool answer_within(struct world *world, struct request *request,
                          const struct soap_headers *headers)
{
    jmp_buf rescue;
    struct arena *arena = request->arena;
    arena_init(arena, world->memory);
    arena->rescue = &rescue;
    bool memory = setjmp(rescue) == 0;
    if (memory)
        CHECK(soap_answer_as(request, &nummervoorziening_soap, headers));
    else
        reply_out_of_memory(request);
    if (request->tx)
        db_read_end(request->tx);
    return memory;
}

struct answered ask_soap(struct world *world, const char *operation, struct str content)
{
    struct client client = { .serial_number = str_of(world->oin) };
    struct arena arena;
    struct request request = {
        .arena = &arena,
        .app = &world->app,
        .service = &nummervoorziening_service,
        .listener = MACHINES,
        .method = POST,
        .body = envelope(world, operation, content),
        .client = world->oin ? &client : NULL,
        .now = world->now,
    };
    struct soap_headers headers = {
        .content_type = STR("text/xml; charset=utf-8"),
        .action = str_format(world->t->arena, "\"" NS "/%s\"", operation),
    };
    bool memory = answer_within(world, &request, &headers);
    struct answered answer = {
        .status = request.reply.status ? request.reply.status : 200,
        .text = memory ? str_copy(world->t->arena, buf_str(&request.reply.body)) : STR(""),
        .after = request.reply.after,
        .after_with = request.reply.after_with,
    };
    answer.actor = part(answer, "faultactor");
    arena_free(&arena);
    return answer;
}

void arrive(struct world *world, struct answered *answer, bool whole)
{
    if (answer->after)
        answer->after(&world->app, answer->after_with, whole);
    answer->after = NULL;
}

struct str part(struct answered answer, const char *name)
{
    char tag[64];
    snprintf(tag, sizeof tag, "<%s>", name);
    ptrdiff_t at = str_find(answer.text, str_of(tag));
    if (at < 0)
        return (struct str){ 0 };
    struct str rest = str_slice(answer.text, (size_t)at + strlen(tag), answer.text.len);
    return str_slice(rest, 0, (size_t)str_find(rest, STR("<")));
}

struct str hpgn_of(struct world *world, int number)
{
    return str_format(world->t->arena, "%064x", (unsigned)number);
}

struct str stampseudonym_of(struct world *world, struct str hpgn)
{
    struct answered answer =
        ask_soap(world, "retrieveStampseudonym",
            str_format(world->t->arena, "<e:hpgn>%.*s</e:hpgn>", FMT(hpgn)));
    CHECK_STR(answer.actor, STR(""));
    CHECK_INT(answer.status, 200);
    return part(answer, "stampseudonym");
}

struct str refusal_of(struct world *world, struct str hpgn)
{
    return ask_soap(world, "retrieveStampseudonym",
               str_format(world->t->arena, "<e:hpgn>%.*s</e:hpgn>", FMT(hpgn)))
        .actor;
}

struct str eck_id_of(struct world *world, struct str stampseudonym, const char *sector)
{
    struct answered answer =
        ask_soap(world, "retrieveEckId",
            str_format(world->t->arena,
                       "<e:stampseudonym>%.*s</e:stampseudonym><e:chainId>" CHAIN_ID
                       "</e:chainId><e:sectorId>%s</e:sectorId>",
                       FMT(stampseudonym), sector));
    CHECK_STR(answer.actor, STR(""));
    CHECK_INT(answer.status, 200);
    return part(answer, "eckId");
}
