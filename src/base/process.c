/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/process.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define HIDDEN ULLONG_MAX

/* When the process with this number started, in ticks since boot (field 22 of /proc/PID/stat, behind
 * the name in brackets); 0: there is none; HIDDEN: nothing may be read of it. */
static unsigned long long start_of(int64_t pid)
{
    char path[64], line[1024] = "";
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *stat = fopen(path, "re");
    if (!stat)
        return errno == ENOENT ? 0 : HIDDEN;
    size_t got = fread(line, 1, sizeof line - 1, stat);
    fclose(stat);
    line[got] = '\0';
    const char *rest = strrchr(line, ')');
    if (!rest
        || sscanf(rest, ") %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
                        " %*s %llu", &start) != 1)
        return 0;
    return start;
}

struct str process_host(struct arena *arena)
{
    char host[PROCESS_HOST] = "";
    gethostname(host, sizeof host - 1);
    return str_format(arena, "%s", host);
}

struct str process_name(struct arena *arena)
{
    return str_format(arena, "%.*s:%d:%llu", FMT(process_host(arena)), (int)getpid(),
                      start_of(getpid()));
}

bool process_has_ended(struct arena *arena, struct str name)
{
    struct str host = str_cut(&name, ':'), number = str_cut(&name, ':');
    int64_t pid, start;
    if (!str_eq(host, process_host(arena)) || !str_to_int(number, 1, INT32_MAX, &pid)
        || !str_to_int(name, 0, INT64_MAX, &start))
        return false;
    unsigned long long found = start_of(pid);
    return found != HIDDEN && found != (unsigned long long)start;
}
