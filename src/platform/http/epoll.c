/* SPDX-License-Identifier: EUPL-1.2 */
/* What libmicrohttpd calls when it takes a socket out of an epoll set. When it stops accepting
 * (MHD_quiesce_daemon), up to and with version 0.9.75 two of its threads may both take the listening
 * socket out, and the one that comes second ends the process because it is gone already. That is what
 * both wanted: so here it is no failure. The library finds this function before the C library's, for
 * a symbol of the executable comes first; tests/unit/epoll_test.c looks whether that is so. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

int epoll_ctl(int set, int operation, int fd, struct epoll_event *event)
{
    long done = syscall(SYS_epoll_ctl, set, operation, fd, event);
    if (done < 0 && operation == EPOLL_CTL_DEL && errno == ENOENT)
        return 0;
    return (int)done;
}
