/* SPDX-License-Identifier: EUPL-1.2 */
/* The parsers of bytes from outside, under libFuzzer. TARGET (set by meson.build) names one function
 * of this file; whatever the bytes are, it must return, within its limits and without a sanitizer's
 * complaint. tests/fuzz/run builds and runs them. */
#include "base/csv.h"
#include "platform/config.h"
#include "platform/form.h"
#include "platform/json.h"
#include "platform/pki.h"
#include "platform/template.h"
#include "platform/xml.h"
#include "sector/duo_file.h"
#include "services/services.h"

#include <stdlib.h>

#define MEMORY_LIMIT ((size_t)256 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* Walks the whole document, as a door does: some elements as text, some passed over. */
static __attribute__((unused)) void fuzz_xml(struct arena *arena, struct str bytes)
{
    struct xml xml;
    struct error err;
    struct str text;
    enum xml_event event;
    if (!xml_open(&xml, arena, bytes, &err))
        return;
    while ((event = xml_next(&xml, &err)) == XML_START || event == XML_END) {
        require(xml.depth >= 0 && xml.depth <= XML_DEPTH);
        if (event == XML_END)
            continue;
        xml_attribute(&xml, STR(""), STR("mustUnderstand"));
        if (xml.name.len % 3 == 0 && !xml_text(&xml, &text, &err))
            break;
        if (xml.name.len % 3 == 1 && xml.depth > 2 && !xml_skip(&xml, &err))
            break;
    }
    xml_close(&xml);
}

static __attribute__((unused)) void fuzz_json(struct arena *arena, struct str bytes)
{
    const struct node *json;
    struct error err;
    json_parse(arena, bytes, &json, &err);
}

static __attribute__((unused)) void fuzz_config(struct arena *arena, struct str bytes)
{
    const struct config *config;
    struct error err;
    if (config_parse(arena, bytes, all_services, &config, &err))
        require(config_int(config, "people.port") <= 65535);
}

static void ignore_refusal(void *with, size_t line, const struct error *why)
{
    (void)with;
    require(line > 0 && why->message);
}

static __attribute__((unused)) void fuzz_duo(struct arena *arena, struct str bytes)
{
    const struct import_listener listener = { .refuse = ignore_refusal };
    struct duo_file file;
    struct error err;
    if (!duo_read(arena, bytes, SCHOOL_KINDS, &listener, &file, &err))
        return;
    for (size_t i = 1; i < file.rows.len; i++)
        require(memcmp(file.rows.at[i - 1].location.code.text, file.rows.at[i].location.code.text,
                       sizeof file.rows.at[i].location.code.text) <= 0);
}

static __attribute__((unused)) void fuzz_template(struct arena *arena, struct str bytes)
{
    struct template_source source = { STR("fuzzed"), bytes };
    struct op_list ops = { 0 };
    struct error err;
    template_parse(arena, &source, DUTCH, STRICT, &ops, &err);
    ops = (struct op_list){ 0 };
    template_parse(arena, &source, ENGLISH, SPECIFIED, &ops, &err);
}

static __attribute__((unused)) void fuzz_identifiers(struct arena *arena, struct str bytes)
{
    struct brin brin;
    struct oin oin;
    struct board_number board;
    struct location_code location;
    struct error err;
    (void)arena;
    if (oin_parse(bytes, &oin, &err) && oin_school(&oin, &brin))
        require(brin_parse(ID_STR(brin), &brin, &err));
    if (brin_parse(bytes, &brin, &err))
        require(oin_parse(ID_STR(school_oin(&brin)), &oin, &err));
    board_number_parse(bytes, &board, &err);
    location_code_parse(bytes, &location, &err);
}

/* The first line is the Content-Type, the rest the body; the body is a query and a cookie too. */
static __attribute__((unused)) void fuzz_form(struct arena *arena, struct str bytes)
{
    struct str rest = bytes, type = str_cut(&rest, '\n'), value;
    struct form form = { 0 };
    struct error err;
    if (form_parse(arena, type, rest, &form, &err))
        require(form.len <= FORM_FIELDS);
    query_find(arena, rest, STR("q"), &value);
    cookie_find(rest, STR("a"));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    jmp_buf rescue;
    struct arena arena;
    arena_init(&arena, MEMORY_LIMIT);
    if (setjmp(rescue) == 0) {
        arena.rescue = &rescue;
        TARGET(&arena, (struct str){ (const char *)bytes, size });
    }
    arena_free(&arena);
    return 0;
}
