/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/doctor.h"

#include "cli/commands.h"
#include "platform/page/page.h"
#include "services/services.h"

#include <stdio.h>

static const char *const words[HEALTHS] = { [WELL] = "ok", [WORRY] = "WORRY", [BROKEN] = "BROKEN" };
static const char *const json_words[HEALTHS] = { "ok", "worry", "broken" };

static void print_lines(const struct findings *findings)
{
    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *finding = &findings->at[i];
        struct str text = finding_text(findings->arena, finding,
                                       translate(cli_language(), finding->message));
        printf("%-7s %-15s %.*s\n", words[finding->health], finding->about, FMT(text));
    }
}

static void print_json(const struct findings *findings)
{
    struct node *list = node_list(findings->arena);
    struct buf json = { .arena = findings->arena };
    for (size_t i = 0; i < findings->len; i++) {
        const struct finding *finding = &findings->at[i];
        struct node *one = node_add_map(list);
        node_put_text(one, "health", str_of(json_words[finding->health]));
        node_put_text(one, "about", str_of(finding->about));
        node_put_text(one, "finding", finding_text(findings->arena, finding, finding->message));
    }
    node_to_json(list, &json);
    printf("%.*s\n", FMT(buf_str(&json)));
}

static bool run(struct command_line *line, struct error *err)
{
    struct findings findings = { .thorough = cli_flag(line, "--thorough") };
    bool json = cli_flag(line, "--json");
    int count[HEALTHS] = { 0 };
    if (line->count)
        return cli_usage(&command_doctor, err);
    doctor_look(line->arena, line->data, all_services, &findings);
    for (size_t i = 0; i < findings.len; i++)
        count[findings.at[i].health]++;
    if (json)
        print_json(&findings);
    else
        print_lines(&findings);
    if (!count[BROKEN])
        return true;
    return fail_about(err, UNAVAILABLE, NULL, N_("%s things must be mended."), "%d", count[BROKEN]);
}

const struct command command_doctor = {
    .name = "doctor",
    .usage = "[--thorough] [--json]",
    .help = "Looks at everything that an operator should keep an eye on and says what to do; "
            "--thorough also reads the whole database and audit trail.",
    .run = run,
};
