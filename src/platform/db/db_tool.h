/* SPDX-License-Identifier: EUPL-1.2 */
/* PostgreSQL's own programs, run beside us. */
#ifndef PLATFORM_DB_TOOL_H
#define PLATFORM_DB_TOOL_H

#include "base/error.h"

/* Runs the program with these words (NULL at the end) and waits. It finds the server that `conninfo`
 * (libpq's form) names through its environment, so that no password stands in its arguments. What it
 * writes to its standard error becomes the error's detail. */
bool db_tool_run(const char *conninfo, const char *const *words, struct error *err);

#endif
