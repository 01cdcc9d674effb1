/* SPDX-License-Identifier: EUPL-1.2 */
/* The porch before a gate: takes connections in, and from the load balancers that are named in
 * listen.proxies first the PROXY header, before the gate's own threads see them. */
#ifndef PLATFORM_PORCH_H
#define PLATFORM_PORCH_H

#include "base/error.h"

#include <microhttpd.h>

struct porch;

/* A porch for the listening socket `fd`; `proxies` are addresses with commas between them, as
 * listen.proxies has them. */
bool porch_new(struct arena *arena, int fd, struct str proxies, struct porch **porch,
               struct error *err);
/* Hands what arrives to this daemon, which has no listening socket of its own. */
bool porch_open(struct porch *porch, struct MHD_Daemon *daemon, struct error *err);
/* Takes nothing in any more. The listening socket stays its owner's. */
void porch_close(struct porch *porch);

#endif
