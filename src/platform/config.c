/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/config.h"

#include "base/file.h"
#include "base/list.h"
#include "platform/http/http.h"
#include "platform/isolation/sandbox.h"
#include "platform/service.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME  "fundament.conf"
#define FILE_LIMIT ((size_t)256 * 1024)

extern char **environ;

static const struct setting general_settings[] = {
    { "database", SETTING_TEXT, "sqlite:fundament.db",
      N_("The database: sqlite:FILE (in the data folder), or postgres:CONNINFO for PostgreSQL.") },
    { "database.connections", SETTING_INT, "16",
      N_("Most connections to PostgreSQL that one process opens."), 1, 1000 },
    { "jobs.workers", SETTING_INT, "3", N_("Threads for background work in one process."), 1, 64 },
    { "log.level", SETTING_TEXT, "info",
      N_("The least important lines that are logged: debug, info, warn or error.") },
    { "organisation", SETTING_TEXT, "Fundament",
      N_("The name of the organisation that runs this installation, shown on every page.") },
    { "templates", SETTING_TEXT, "",
      N_("A folder with templates and style sheets that stand in for the built-in ones.") },
    { .name = NULL },
};

/* The platform's tables; each service adds its own through its descriptor. */
static const struct setting *const platform_tables[] = { general_settings, http_settings,
                                                        isolation_settings };

struct entry_value {
    const struct setting *setting;
    struct str value;
    const char *origin;
};

struct config {
    const char *data;
    list_of(struct entry_value);
};

static int by_name(const void *a, const void *b)
{
    const struct entry_value *left = a, *right = b;
    return strcmp(left->setting->name, right->setting->name);
}

static struct entry_value *find(const struct config *config, struct str name)
{
    size_t low = 0, high = config->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(str_of(config->at[middle].setting->name), name);
        if (order == 0)
            return &config->at[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static void add_table(struct arena *arena, struct config *config, const struct setting *settings)
{
    for (const struct setting *setting = settings; setting && setting->name; setting++)
        *list_add(arena, config) =
            (struct entry_value){ setting, str_of(setting->standard), "default" };
}

static void add_tables(struct arena *arena, struct config *config,
                       const struct service *const *services)
{
    for (size_t i = 0; i < count_of(platform_tables); i++)
        add_table(arena, config, platform_tables[i]);
    for (; *services; services++)
        add_table(arena, config, (*services)->settings);
    qsort(config->at, config->len, sizeof *config->at, by_name);
}

static bool flag_value(struct str value, bool *flag)
{
    *flag = str_eq(value, STR("yes")) || str_eq(value, STR("on"));
    return *flag || str_eq(value, STR("no")) || str_eq(value, STR("off"));
}

/* `where` says to a person where the value stands. */
static bool check_value(const struct setting *setting, struct str value, const char *where,
                        struct error *err)
{
    int64_t number;
    bool flag;
    switch (setting->kind) {
    case SETTING_INT:
        return str_to_int(value, setting->min, setting->max, &number)
               || fail_about(err, INVALID, setting->name,
                             N_("%s: the value is not a whole number within these limits."),
                             "%s (%s; %lld to %lld)", setting->name, where,
                             (long long)setting->min, (long long)setting->max);
    case SETTING_FLAG:
        return flag_value(value, &flag)
               || fail_about(err, INVALID, setting->name, N_("%s: the value must be yes or no."),
                             "%s (%s)", setting->name, where);
    case SETTING_TEXT:
    case SETTING_SECRET: return true;
    }
    return true;
}

/* Where a line of the file is wrong, for the error's subject. */
static bool fail_line(struct error *err, const char *message, size_t line, struct str name)
{
    return fail_about(err, INVALID, NULL, message, FILE_NAME " line %zu (%.*s)", line,
                      FMT(str_slice(name, 0, 40)));
}

static bool read_line(struct config *config, struct str text, size_t line, struct error *err)
{
    text = str_trim(text);
    if (text.len == 0 || text.at[0] == '#')
        return true;
    struct str value = text, name = str_trim(str_cut(&value, '='));
    if (!str_more(value))
        return fail_line(err, N_("%s: write a setting as name = value."), line, name);
    struct entry_value *entry = find(config, name);
    if (!entry)
        return fail_line(err, N_("%s: there is no such setting; `fundament config` lists all."),
                         line, name);
    if (strcmp(entry->origin, "file") == 0)
        return fail_line(err, N_("%s: this setting stands twice in the file; keep one."), line,
                         name);
    char where[48];
    snprintf(where, sizeof where, FILE_NAME " line %zu", line);
    if (!check_value(entry->setting, str_trim(value), where, err))
        return false;
    entry->value = str_trim(value);
    entry->origin = "file";
    return true;
}

/* The parser of the file's text, apart so that it can be fuzzed. */
static bool read_text(struct config *config, struct str text, struct error *err)
{
    if (str_has(text, '\0'))
        return fail(err, INVALID, NULL, N_("The file " FILE_NAME " holds a NUL byte."));
    for (size_t line = 1; str_more(text); line++)
        if (!read_line(config, str_cut(&text, '\n'), line, err))
            return false;
    return true;
}

static bool read_file(struct arena *arena, struct config *config, struct error *err)
{
    const char *path = str_format(arena, "%s/" FILE_NAME, config->data).at;
    struct str text;
    if (!file_exists(path))
        return true;
    return file_read(arena, path, FILE_LIMIT, &text, err) && read_text(config, text, err);
}

/* people.port <- FUNDAMENT_PEOPLE_PORT */
static struct str environment_name(struct arena *arena, const char *name)
{
    struct buf out = { .arena = arena };
    buf_lit(&out, "FUNDAMENT_");
    for (; *name; name++) {
        bool letter = is_lower(*name);
        buf_byte(&out, letter ? (char)(*name - 'a' + 'A') : is_digit(*name) ? *name : '_');
    }
    return buf_str(&out);
}

static struct entry_value *find_environment(struct arena *arena, struct config *config,
                                            struct str name)
{
    for (size_t i = 0; i < config->len; i++)
        if (str_eq(environment_name(arena, config->at[i].setting->name), name))
            return &config->at[i];
    return NULL;
}

/* Variables of the tests' own start with FUNDAMENT_TEST_ or are FUNDAMENT_SOURCE. */
static bool is_ours(struct str name)
{
    return str_starts(name, STR("FUNDAMENT_")) && !str_starts(name, STR("FUNDAMENT_TEST_"))
           && !str_eq(name, STR("FUNDAMENT_SOURCE"));
}

static bool read_environment(struct arena *arena, struct config *config, struct error *err)
{
    for (char **variable = environ; *variable; variable++) {
        struct str value = str_of(*variable), name = str_cut(&value, '=');
        if (!is_ours(name))
            continue;
        struct entry_value *entry = find_environment(arena, config, name);
        if (!entry)
            return fail_about(err, INVALID, NULL,
                              N_("The environment variable %s is no setting; `fundament config` "
                                 "lists all."),
                              "%.*s", FMT(str_slice(name, 0, 60)));
        if (!check_value(entry->setting, value, "environment", err))
            return false;
        entry->value = value;
        entry->origin = "environment";
    }
    return true;
}

bool config_load(struct arena *arena, const char *data, const struct service *const *services,
                 const struct config **config, struct error *err)
{
    struct config *fresh = arena_new(arena, struct config);
    fresh->data = str_c(arena, str_of(data));
    add_tables(arena, fresh, services);
    *config = fresh;
    return read_file(arena, fresh, err) && read_environment(arena, fresh, err);
}

bool config_parse(struct arena *arena, struct str text, const struct service *const *services,
                  const struct config **config, struct error *err)
{
    struct config *fresh = arena_new(arena, struct config);
    fresh->data = ".";
    add_tables(arena, fresh, services);
    *config = fresh;
    return read_text(fresh, text, err);
}

static const struct entry_value *must_find(const struct config *config, const char *name)
{
    const struct entry_value *entry = find(config, str_of(name));
    if (!entry) {
        fprintf(stderr, "fundament: no setting is called %s\n", name);
        abort();
    }
    return entry;
}

struct str config_text(const struct config *config, const char *name)
{
    return must_find(config, name)->value;
}

int64_t config_int(const struct config *config, const char *name)
{
    const struct entry_value *entry = must_find(config, name);
    int64_t number = 0;
    str_to_int(entry->value, entry->setting->min, entry->setting->max, &number);
    return number;
}

bool config_flag(const struct config *config, const char *name)
{
    bool flag = false;
    flag_value(must_find(config, name)->value, &flag);
    return flag;
}

const char *config_path(const struct config *config, struct arena *arena, const char *name)
{
    if (name[0] == '/')
        return name;
    return str_format(arena, "%s/%s", config->data, name).at;
}

void config_each(const struct config *config,
                 void (*show)(void *with, const struct setting *setting, struct str value,
                              const char *origin),
                 void *with)
{
    for (size_t i = 0; i < config->len; i++) {
        const struct entry_value *entry = &config->at[i];
        bool secret = entry->setting->kind == SETTING_SECRET && entry->value.len;
        bool hidden = secret || str_find(entry->value, STR("password=")) >= 0; /* a libpq conninfo */
        show(with, entry->setting, hidden ? STR("(hidden)") : entry->value, entry->origin);
    }
}
