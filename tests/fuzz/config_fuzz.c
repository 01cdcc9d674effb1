/* SPDX-License-Identifier: EUPL-1.2 */
/* A configuration is refused with words, or every setting has a value. */
#include "platform/config.h"

#include "platform/service.h"
#include "tests/fuzz/fuzz.h"

/* Beside the platform's own settings: one of each kind. */
static const struct setting settings[] = {
    { "fuzz.text", SETTING_TEXT, "x", "Text.", 0, 0 },
    { "fuzz.number", SETTING_INT, "7", "A number.", -5, 1000 },
    { "fuzz.flag", SETTING_FLAG, "no", "A flag.", 0, 0 },
    { "fuzz.secret", SETTING_SECRET, "", "A secret.", 0, 0 },
    { .name = NULL },
};
static const struct service fuzzed = { .name = "fuzz", .title = "Fuzz", .settings = settings };
static const struct service *const services[] = { &fuzzed, NULL };

static void look(void *with, const struct setting *setting, struct str value, const char *origin)
{
    const struct config *config = with;
    HOLDS(setting->name && origin && value.len < ((size_t)1 << 20));
    if (setting->kind == SETTING_INT) {
        int64_t number = config_int(config, setting->name);
        HOLDS(number >= setting->min && number <= setting->max);
    }
}

FUZZ(arena, bytes)
{
    const struct config *config = NULL;
    struct error err = { 0 };
    if (config_parse(arena, bytes, services, &config, &err))
        config_each(config, look, (void *)(uintptr_t)config);
    else
        HOLDS(err.message);
}
