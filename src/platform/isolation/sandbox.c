/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"
#include "platform/config.h"
#include "platform/isolation/isolation.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define KEEPER_DESCRIPTORS 64 /* more than it was given */

/* ---- What is asked for ---- */

static void add_path(struct sandbox *sandbox, const char *path, bool writes)
{
    struct sandbox_path *added = list_add(sandbox->arena, &sandbox->paths);
    *added = (struct sandbox_path){ .path = path, .writes = writes };
}

void sandbox_read(struct sandbox *sandbox, const char *path)
{
    add_path(sandbox, path, false);
}

void sandbox_write(struct sandbox *sandbox, const char *path)
{
    add_path(sandbox, path, true);
}

void sandbox_connect(struct sandbox *sandbox, int64_t port)
{
    if (port > 0 && port <= UINT16_MAX)
        *list_add(sandbox->arena, &sandbox->connects) = (uint16_t)port;
}

bool sandbox_wanted(const struct config *config)
{
    return config_flag(config, "sandbox");
}

/* ---- Entering ---- */

static bool limit(int resource, rlim_t most, struct error *err)
{
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return fail_internal(err, "getrlimit: %s", strerror(errno));
    if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
        most = now.rlim_max;
    return setrlimit(resource, &(struct rlimit){ most, most }) == 0
           || fail_internal(err, "setrlimit: %s", strerror(errno));
}

static bool set_limits(const struct sandbox *sandbox, struct error *err)
{
    bool parser = sandbox->profile == SANDBOX_PARSER;
    bool well = limit(RLIMIT_CORE, 0, err);
    if (well && sandbox->profile == SANDBOX_KEEPER)
        well = limit(RLIMIT_NOFILE, KEEPER_DESCRIPTORS, err);
    if (well && parser)
        well = limit(RLIMIT_NOFILE, 0, err) && limit(RLIMIT_NPROC, 0, err);
#if !SANITIZED /* their shadow memory is terabytes of address space */
    if (well && parser && sandbox->memory)
        well = limit(RLIMIT_AS, sandbox->memory, err);
#endif
    if (well && parser && sandbox->seconds)
        well = limit(RLIMIT_CPU, sandbox->seconds, err);
    return well;
}

/* In each thread: fit for a signal handler. */
static int confine_thread(void *with)
{
    const int *rules = with;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -errno;
    int problem = drop_capabilities();
    return problem || *rules < 0 ? problem : landlock_restrict(*rules);
}

static void tell_missing(const char *what)
{
    if (what)
        log_warn("sandbox-incomplete", { "missing", str_of(what) });
}

bool sandbox_enter(const struct sandbox *sandbox, struct error *err)
{
    const char *no_files = NULL, *no_calls = NULL;
    err->kind = NO_ERROR;
    int rules = landlock_rules(sandbox, &no_files, err);
    if (err->kind != NO_ERROR)
        return false;
    tzset(); /* reads its file now, not under a lock in the sandbox */
    bool confined = in_every_thread(confine_thread, &rules, err);
    if (rules >= 0)
        close(rules);
    if (!confined || !set_limits(sandbox, err))
        return false;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return fail_internal(err, "dumpable: %s", strerror(errno));
    if (!seccomp_enter(sandbox->profile, &no_calls, err))
        return false;
    tell_missing(no_files);
    tell_missing(no_calls);
    return true;
}
