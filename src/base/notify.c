/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/notify.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int manager = -1; /* of the process, as the variable is */
static instant interval;

/* A path, or with @ before it a name in the abstract namespace. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    size_t length = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || length >= sizeof address->sun_path)
        return 0;
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(address->sun_path, name, length);
    if (name[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int connect_to(const char *name)
{
    struct sockaddr_un address;
    socklen_t length = address_of(name, &address);
    int fd = length ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, length) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* WATCHDOG_PID: whom the interval is meant for, when it is set. */
static instant read_interval(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t number;
    if (!usec || !str_to_int(str_of(usec), 1, INT64_MAX, &number))
        return 0;
    instant half = number / 2;
    bool ours = !pid || (str_to_int(str_of(pid), 1, INT64_MAX, &number) && number == getpid());
    return ours ? half : 0;
}

void notify_open(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (!name)
        return;
    manager = connect_to(name);
    interval = manager >= 0 ? read_interval() : 0;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_send(const char *lines)
{
    if (manager >= 0)
        (void)!send(manager, lines, strlen(lines), MSG_NOSIGNAL);
}

void notify_reloading(void)
{
    char lines[64];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)instant_monotonic());
    notify_send(lines);
}

instant notify_interval(void)
{
    return interval;
}
