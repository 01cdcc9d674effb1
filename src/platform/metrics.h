/* SPDX-License-Identifier: EUPL-1.2 */
/* Numbers for operators, in the Prometheus text format at /metrics. Labels never hold an
 * identifier of a person, a pseudonym or a path with parameters filled in. */
#ifndef PLATFORM_METRICS_H
#define PLATFORM_METRICS_H

#include "base/buf.h"
#include "base/instant.h"

struct metrics;

struct metrics *metrics_new(struct arena *arena);

/* Adds to a counter; `name` ends in _total. Label text is a fixed word of ours or NULL. `name`,
 * `help` and labels live as long as the program. Thread-safe. */
void metrics_count(struct metrics *metrics, const char *name, const char *help, const char *label,
                   const char *value, uint64_t add);
/* One answered request, in the histogram fundament_request_seconds by route and status class. */
void metrics_request(struct metrics *metrics, const char *route, int status, instant took);

void metrics_write(struct metrics *metrics, struct buf *out);

#endif
