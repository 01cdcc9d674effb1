/* SPDX-License-Identifier: EUPL-1.2 */
/* What the server needs of files and ports, gathered from its settings. */
#include "base/file.h"
#include "base/log.h"
#include "platform/isolation/isolation.h"
#include "platform/service.h"

#include <dirent.h>
#include <dlfcn.h>
#include <libpq-fe.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DNS_PORT        53
#define POSTGRES_PORT   5432
#define NSSWITCH_MOST   ((size_t)64 * 1024)
#define TEMPORARY       "tmp" /* in the data folder: SQLite's large sorts */

const struct setting isolation_settings[] = {
    { "sandbox", SETTING_FLAG, "on",
      N_("Whether the server gives up, once it has started, all that it does not need: other files, "
         "other ports, other programs.") },
    { "sandbox.connect", SETTING_TEXT, "443",
      N_("Ports that the server may connect to besides those of its database and mail, with commas "
         "between (for webhooks), or any.") },
    { "sandbox.read", SETTING_TEXT, "",
      N_("Files and folders that the server may read besides its own, with commas between.") },
    { "user", SETTING_TEXT, "",
      N_("The user to become when started as root; empty: the owner of the data folder.") },
    { .name = NULL },
};

/* What libraries read while the server runs: names and addresses, certificates of others, time zones,
 * random bytes, and themselves. In /proc another process's memory and descriptors stay closed: the
 * kernel asks there whether this one could trace it. */
static const char *const of_the_system[] = {
    "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/run/systemd/resolve", "/etc/nsswitch.conf",
    "/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/localtime", "/usr/share/zoneinfo",
    "/etc/ssl", "/etc/gnutls", "/etc/pki", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", "/usr/lib/ssl", "/etc/ld.so.cache", "/lib", "/lib64",
    "/usr/lib", "/usr/lib64", "/usr/local/lib", "/dev/urandom", "/dev/random",
    "/sys/devices/system/cpu", "/proc",
#if SANITIZED
    "/usr",
#endif
};

/* ---- What stays closed ---- */

/* Is the path this folder or file, or below it? Links are followed. */
static bool lies_in(const char *folder, const char *path)
{
    char outer[PATH_MAX], inner[PATH_MAX];
    if (!realpath(folder, outer) || !realpath(path, inner))
        return false;
    size_t len = strcmp(outer, "/") == 0 ? 0 : strlen(outer);
    return strncmp(outer, inner, len) == 0 && (inner[len] == '/' || inner[len] == '\0');
}

/* Rules reach down, and none takes away. So no rule is made for what holds the keys, the PIN of their
 * token, or the settings: beside those stand other secrets, like the passphrase of backups. */
static bool holds_secrets(const struct app *app, struct arena *arena, const char *path)
{
    struct str pin = config_text(app->config, "keys.pkcs11_pin_file");
    const char *const secrets[] = {
        config_path(app->config, arena, "."),
        config_path(app->config, arena, "keys"),
        config_path(app->config, arena, "fundament.conf"),
        pin.len ? config_path(app->config, arena, str_c(arena, pin)) : NULL,
    };
    for (size_t i = 0; i < count_of(secrets); i++)
        if (secrets[i] && lies_in(path, secrets[i]))
            return true;
    return false;
}

/* ---- The data folder ---- */

static void add_entry(const struct app *app, struct sandbox *sandbox, const char *path,
                      const char *name)
{
    struct stat about;
    if (holds_secrets(app, sandbox->arena, path))
        return;
    if (strcmp(name, "tls") == 0)
        sandbox_read(sandbox, path);
    else if (lstat(path, &about) == 0 && !S_ISLNK(about.st_mode))
        sandbox_write(sandbox, path);
}

/* Each entry gets a rule of its own. What is made beside these entries later is not the server's. */
static bool add_data(struct app *app, struct sandbox *sandbox, struct error *err)
{
    const char *data = config_path(app->config, sandbox->arena, ".");
    if (!folder_make(config_path(app->config, sandbox->arena, TEMPORARY), err))
        return false;
    DIR *folder = opendir(data);
    if (!folder)
        return fail_internal(err, "the data folder does not open");
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            add_entry(app, sandbox, config_path(app->config, sandbox->arena,
                                                str_c(sandbox->arena, str_of(entry->d_name))),
                      str_c(sandbox->arena, str_of(entry->d_name)));
    closedir(folder);
    /* SQLite makes a new file's entry durable through its folder. */
    *list_add(sandbox->arena, &sandbox->paths) = (struct sandbox_path){ .path = data, .names = true };
    return true;
}

static struct str folder_of(struct str path)
{
    size_t end = path.len;
    while (end > 0 && path.at[end - 1] != '/')
        end--;
    return str_slice(path, 0, end > 1 ? end - 1 : end);
}

static bool same_place(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev
           && one.st_ino == other.st_ino;
}

/* A file that is replaced by another of its name while the server runs, as certificates are: its
 * folder, and the folder that a link leads to. Where secrets stand too, the file alone: after a renewal
 * there the server must be started again. */
static void add_renewed(const struct app *app, struct sandbox *sandbox, const char *path)
{
    struct arena *arena = sandbox->arena;
    char real[PATH_MAX];
    const char *ways[] = { path, realpath(path, real) };
    sandbox_read(sandbox, path);
    for (size_t i = 0; i < count_of(ways); i++) {
        if (!ways[i])
            continue;
        const char *folder = str_c(arena, folder_of(str_of(ways[i])));
        if (folder[0] && strcmp(folder, "/etc") != 0 && !holds_secrets(app, arena, folder))
            sandbox_read(sandbox, folder);
    }
}

static void add_certificates(const struct app *app, struct sandbox *sandbox)
{
    static const char *const settings[] = { "tls.certificate", "tls.key", "machines.ca",
                                            "machines.crl" };
    for (size_t i = 0; i < count_of(settings); i++) {
        struct str path = config_text(app->config, settings[i]);
        if (path.len)
            add_renewed(app, sandbox,
                        config_path(app->config, sandbox->arena, str_c(sandbox->arena, path)));
    }
}

/* The sockets of a proxy are removed at the end. */
static void add_sockets(const struct app *app, struct sandbox *sandbox)
{
    static const char *const settings[] = { "proxy.people", "proxy.machines" };
    for (size_t i = 0; i < count_of(settings); i++) {
        struct str where = config_text(app->config, settings[i]);
        const char *folder = str_c(sandbox->arena, folder_of(str_slice(where, 5, where.len)));
        if (str_starts(where, STR("unix:/")) && !holds_secrets(app, sandbox->arena, folder)
            && !same_place(folder, "/tmp"))
            sandbox_write(sandbox, folder);
    }
}

/* ---- The database ---- */

static void add_sqlite(const struct app *app, struct sandbox *sandbox, struct str file)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal" };
    const char *path = config_path(app->config, sandbox->arena, str_c(sandbox->arena, file));
    for (size_t i = 0; i < count_of(endings); i++)
        sandbox_write(sandbox, str_format(sandbox->arena, "%s%s", path, endings[i]).at);
}

static void add_ports(struct sandbox *sandbox, struct str list)
{
    int64_t port;
    if (str_eq(str_trim(list), STR("any")))
        sandbox->connects_anywhere = true;
    while (str_more(list))
        if (str_to_int(str_trim(str_cut(&list, ',')), 1, UINT16_MAX, &port))
            sandbox_connect(sandbox, port);
}

static void add_libpq_option(struct sandbox *sandbox, const PQconninfoOption *option)
{
    static const char *const files[] = { "passfile", "sslcert", "sslkey", "sslrootcert", "sslcrl" };
    if (!option->val || !*option->val)
        return;
    if (strcmp(option->keyword, "port") == 0)
        add_ports(sandbox, str_copy(sandbox->arena, str_of(option->val)));
    if (strcmp(option->keyword, "service") == 0)
        sandbox->connects_anywhere = true; /* its file names the port */
    for (size_t i = 0; i < count_of(files); i++)
        if (strcmp(option->keyword, files[i]) == 0)
            sandbox_read(sandbox, str_c(sandbox->arena, str_of(option->val)));
}

static void add_postgres(struct sandbox *sandbox, struct str conninfo)
{
    static const char *const own[] = { ".pgpass", ".postgresql", ".pg_service.conf" };
    const char *home = getenv("HOME");
    sandbox_connect(sandbox, POSTGRES_PORT);
    for (size_t i = 0; home && *home && i < count_of(own); i++)
        sandbox_read(sandbox, str_format(sandbox->arena, "%s/%s", home, own[i]).at);
    sandbox_read(sandbox, "/etc/postgresql-common");
    PQconninfoOption *options = PQconninfoParse(str_c(sandbox->arena, conninfo), NULL);
    PQconninfoOption *defaults = PQconndefaults();
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        add_libpq_option(sandbox, option);
    for (PQconninfoOption *option = defaults; option && option->keyword; option++)
        add_libpq_option(sandbox, option);
    PQconninfoFree(options);
    PQconninfoFree(defaults);
}

static void add_database(const struct app *app, struct sandbox *sandbox)
{
    struct str database = config_text(app->config, "database");
    struct str kind = str_cut(&database, ':');
    if (str_eq(kind, STR("sqlite")))
        add_sqlite(app, sandbox, database);
    else
        add_postgres(sandbox, database);
}

/* ---- Libraries ---- */

static bool is_plain_word(struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!is_letter_or_digit(word.at[i]) && word.at[i] != '_' && word.at[i] != '-')
            return false; /* [NOTFOUND=return] */
    return word.len > 0;
}

/* What the C library fetches when it is first needed: how names are looked up, by /etc/nsswitch.conf,
 * and how threads end. In the sandbox nothing becomes code any more; so it is fetched now, and stays.
 * What this system does not have is passed over, as it will be then. */
static void fetch_libraries(struct arena *arena)
{
    struct str text = { 0 };
    struct error ignored;
    dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_NODELETE);
    if (!file_read(arena, "/etc/nsswitch.conf", NSSWITCH_MOST, &text, &ignored))
        return;
    while (str_more(text)) {
        struct str line = str_cut(&text, '\n');
        line = str_cut(&line, '#');
        str_cut(&line, ':');
        while (str_more(line)) {
            struct str word = str_cut(&line, ' ');
            const char *name = str_format(arena, "libnss_%.*s.so.2", FMT(str_trim(word))).at;
            if (is_plain_word(str_trim(word)))
                dlopen(name, RTLD_NOW | RTLD_NODELETE);
        }
    }
}

/* ---- Entering ---- */

static void add_settings(const struct app *app, struct sandbox *sandbox)
{
    struct str templates = config_text(app->config, "templates");
    struct str files = config_text(app->config, "sandbox.read");
    if (templates.len)
        sandbox_read(sandbox, str_c(sandbox->arena, templates));
    while (str_more(files)) {
        struct str path = str_trim(str_cut(&files, ','));
        if (path.len)
            sandbox_read(sandbox, config_path(app->config, sandbox->arena,
                                              str_c(sandbox->arena, path)));
    }
    for (size_t i = 0; i < count_of(of_the_system); i++)
        sandbox_read(sandbox, of_the_system[i]);
    sandbox_write(sandbox, "/dev/null");
    sandbox_connect(sandbox, DNS_PORT);
    add_ports(sandbox, config_text(app->config, "sandbox.connect"));
}

static bool gather(struct app *app, struct sandbox *sandbox, struct error *err)
{
    if (!add_data(app, sandbox, err))
        return false;
    add_certificates(app, sandbox);
    add_sockets(app, sandbox);
    add_database(app, sandbox);
    add_settings(app, sandbox);
    for (size_t i = 0; app->services[i]; i++)
        if (app->services[i]->needs)
            app->services[i]->needs(app, sandbox);
    return true;
}

bool sandbox_enter_server(struct app *app, struct error *err)
{
    struct arena arena = { .rescue = app->arena->rescue };
    struct sandbox sandbox = { .profile = SANDBOX_SERVER, .arena = &arena };
    if (geteuid() == 0)
        log_warn("runs-as-root", { "advice", STR("set user, or start it as another user") });
    if (!sandbox_wanted(app->config)) {
        log_warn("sandbox-off");
        return true;
    }
    fetch_libraries(&arena);
    bool entered = gather(app, &sandbox, err) && sandbox_enter(&sandbox, err);
    arena_free(&arena);
    return entered;
}

void sandbox_prepare_server(const char *data)
{
    char folder[PATH_MAX];
    if ((size_t)snprintf(folder, sizeof folder, "%s/" TEMPORARY, data) < sizeof folder)
        setenv("SQLITE_TMPDIR", folder, 1);
}
