/* SPDX-License-Identifier: EUPL-1.2 */
/* Configuration: `fundament.conf` in the data folder (`name = value` lines, # comments), over it the
 * environment (`people.port` is FUNDAMENT_PEOPLE_PORT). Every setting stands in one table: the
 * platform's in config.c, a service's own in its descriptor; unknown settings are refused. */
#ifndef PLATFORM_CONFIG_H
#define PLATFORM_CONFIG_H

#include "base/error.h"

enum setting_kind { SETTING_TEXT, SETTING_INT, SETTING_FLAG, SETTING_SECRET };

struct setting {
    const char *name;      /* "people.port" */
    enum setting_kind kind;
    const char *standard;  /* the default, as text */
    const char *help;      /* one sentence, English, for `fundament config` */
    int64_t min, max;      /* of a SETTING_INT */
};

struct service;
struct config;

/* Reads the configuration of a data folder (without a file: all defaults). Lives in the arena.
 * `services` ends with NULL and adds its settings. The error names the file's line. */
bool config_load(struct arena *arena, const char *data, const struct service *const *services,
                 const struct config **config, struct error *err);

/* The same from the text of a file alone, without the environment: for tests and the fuzzer. */
bool config_parse(struct arena *arena, struct str text, const struct service *const *services,
                  const struct config **config, struct error *err);

/* The value of a known setting; an unknown name is a programming error and aborts. */
struct str config_text(const struct config *config, const char *name);
int64_t config_int(const struct config *config, const char *name);
bool config_flag(const struct config *config, const char *name);

/* A path in the data folder (an absolute `name` stays what it is); NUL-terminated. */
const char *config_path(const struct config *config, struct arena *arena, const char *name);

/* Calls `show` for every setting in alphabetical order, with its current value (secrets hidden) and
 * where that came from ("default", "file", "environment"). */
void config_each(const struct config *config,
                 void (*show)(void *with, const struct setting *setting, struct str value,
                              const char *origin),
                 void *with);

#endif
