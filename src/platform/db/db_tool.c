/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/db/db_tool.h"

#include "base/list.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define COMPLAINT 200 /* bytes of the program's own words that are kept */

/* ------------------------------------------------------------------ its environment */

struct variables {
    list_of(char *);
};

static bool is_libpq(const char *variable, const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (o->envvar && strncmp(variable, o->envvar, strlen(o->envvar)) == 0
            && variable[strlen(o->envvar)] == '=')
            return true;
    return false;
}

/* Ours, without what it says of another server, and with each part of the conninfo that has a
 * variable. All of them have one but a few of tuning that a program of PostgreSQL sets itself. */
static bool make_environment(struct arena *arena, const char *conninfo, char ***made,
                             struct error *err)
{
    struct variables variables = { 0 };
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &why);
    if (!options) {
        PQfreemem(why);
        return fail(err, INVALID, "database",
                    N_("What stands behind postgres: is not a connection string of PostgreSQL."));
    }
    for (char **variable = environ; *variable; variable++)
        if (!is_libpq(*variable, options))
            *list_add(arena, &variables) = *variable;
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if (o->envvar && o->val && *o->val)
            *list_add(arena, &variables) =
                str_c(arena, str_format(arena, "%s=%s", o->envvar, o->val));
    *list_add(arena, &variables) = NULL;
    *made = variables.at;
    PQconninfoFree(options);
    return true;
}

/* ------------------------------------------------------------------ running it */

static bool start(const char *const *words, char **environment, int complaints, pid_t *child)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int status = posix_spawnp(child, words[0], &files, &attributes, (char *const *)words,
                              environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    errno = status;
    return status == 0;
}

/* Reads until the program closes its end; keeps the beginning, where the cause stands. */
static void listen_to(int complaints, char text[static COMPLAINT])
{
    char piece[512];
    size_t len = 0;
    ssize_t got;
    while ((got = read(complaints, piece, sizeof piece)) > 0 || (got < 0 && errno == EINTR))
        for (ssize_t i = 0; i < got && len < COMPLAINT - 1; i++)
            text[len++] = piece[i] == '\n' ? ' ' : piece[i];
    text[len] = '\0';
}

static bool finish(pid_t child, const char *name, const char *complaint, struct error *err)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return fail_internal(err, "waitpid: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    fail_about(err, UNAVAILABLE, "database", N_("The program %s did not succeed."), "%s", name);
    return fail_detail(err, "%s", complaint);
}

bool db_tool_run(const char *conninfo, const char *const *words, struct error *err)
{
    struct arena arena = { 0 };
    char **environment = NULL, complaint[COMPLAINT] = "";
    int ends[2];
    pid_t child;
    if (!make_environment(&arena, conninfo, &environment, err)) {
        arena_free(&arena);
        return false;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        arena_free(&arena);
        return fail_internal(err, "pipe2: %s", strerror(errno));
    }
    bool started = start(words, environment, ends[1], &child);
    int why = errno;
    close(ends[1]);
    if (started)
        listen_to(ends[0], complaint);
    close(ends[0]);
    arena_free(&arena);
    if (started)
        return finish(child, words[0], complaint, err);
    fail_about(err, UNAVAILABLE, "database",
               N_("The program %s cannot be started; install the package postgresql-client."), "%s",
               words[0]);
    return fail_detail(err, "%s", strerror(why));
}
