/* SPDX-License-Identifier: EUPL-1.2 */
/* What a service tells the one who started it: sd_notify(3)'s protocol, a datagram on the socket of
 * NOTIFY_SOCKET. Where that is not set (a terminal, a container) all of this does nothing. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include "base/instant.h"

#include <stdbool.h>

/* Connects, once, before any thread starts: a sandbox may later forbid to open sockets. Takes the
 * variables out of the environment, so that no child speaks for this process. */
void notify_open(void);

/* Sends lines like "READY=1". What cannot be sent is lost: the manager has its own time limit. */
void notify_send(const char *lines);

/* "RELOADING=1" with the time that systemd asks beside it; "READY=1" ends the reload. */
void notify_reloading(void);

/* How often the manager wants to hear "WATCHDOG=1", halved as it advises; 0: not at all. */
instant notify_interval(void);

#endif
