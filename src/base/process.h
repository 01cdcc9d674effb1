/* SPDX-License-Identifier: EUPL-1.2 */
/* The name of a running process, by which others know what it has under way. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include "base/str.h"

#define PROCESS_HOST 96 /* bytes of the host's name in it, at most */

/* "host:pid:start" of this process: no later process has the same. */
struct str process_name(struct arena *arena);

/* The name of this computer. */
struct str process_host(struct arena *arena);

/* Was this the name of a process of this computer that is no more? False for another computer's, of
 * which nothing is known here. Where two computers share a name, theirs are confused. */
bool process_has_ended(struct arena *arena, struct str name);

#endif
