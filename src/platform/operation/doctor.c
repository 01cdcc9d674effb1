/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/operation/doctor.h"

#include "platform/config.h"
#include "platform/service.h"

#include <stdarg.h>
#include <stdio.h>

void found(struct findings *findings, enum health health, const char *message, const char *subject,
           ...)
{
    struct finding *finding = list_add(findings->arena, findings);
    va_list args;
    *finding = (struct finding){ .health = health, .about = findings->about, .message = message };
    va_start(args, subject);
    vsnprintf(finding->subject, sizeof finding->subject, subject, args);
    va_end(args);
}

struct str finding_text(struct arena *arena, const struct finding *finding, const char *translated)
{
    struct str text = str_of(translated ? translated : finding->message);
    ptrdiff_t mark = str_find(text, STR("%s"));
    if (mark < 0)
        return text;
    return str_format(arena, "%.*s%s%.*s", FMT(str_slice(text, 0, (size_t)mark)), finding->subject,
                      FMT(str_slice(text, (size_t)mark + 2, text.len)));
}

static void found_error(struct findings *findings, const struct error *err)
{
    found(findings, BROKEN, err->message, "%s", err->subject);
    if (err->detail[0])
        found(findings, BROKEN, N_("The cause: %s."), "%s", err->detail);
}

static void look(const struct check *checks, struct app *app, struct findings *findings)
{
    for (const struct check *check = checks; check && check->name; check++) {
        struct error err = { 0 };
        size_t before = findings->len;
        findings->about = check->name;
        if (!check->look(app, findings, &err))
            found_error(findings, &err);
        else if (findings->len == before)
            found(findings, WELL, N_("Nothing to do."), "%s", "");
    }
}

void doctor_look(struct arena *arena, const char *data, const struct service *const *services,
                 struct findings *findings)
{
    struct app app = { .arena = arena, .services = services };
    struct error err = { 0 };
    findings->arena = arena;
    findings->about = "settings";
    if (!config_load(arena, data, services, &app.config, &err)) {
        found_error(findings, &err);
        return;
    }
    look(system_checks, &app, findings);
    findings->about = "database";
    if (!app_open(arena, data, services, false, &app, &err)) {
        found_error(findings, &err);
        return;
    }
    look(database_checks, &app, findings);
    for (const struct service *const *service = services; *service; service++)
        look((*service)->checks, &app, findings);
    app_close(&app);
}
