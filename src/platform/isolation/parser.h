/* SPDX-License-Identifier: EUPL-1.2 */
/* Parsing of files from outside, in a process that has nothing but those bytes: no files, no network,
 * no key, no database; and limits on memory and time. What comes back is checked before it is used.
 *
 * A helper process, made before there are threads and before a key or the database is open, forks one
 * child a file. The child enters SANDBOX_PARSER, reads the bytes from a sealed memory file and writes
 * its result to a pipe. A child that crashes, runs on or takes too much costs that file alone. */
#ifndef PLATFORM_PARSER_H
#define PLATFORM_PARSER_H

#include "base/buf.h"
#include "base/error.h"

/* A kind of work. `run` makes the result, or gives the number of a refusal; it is given nothing but
 * its arguments and may be fooled by its input: so `check` looks, in the caller's process, whether the
 * result is one that `run` can make. */
struct parser {
    const char *name;                  /* for the log: "table" */
    int (*run)(struct arena *arena, struct str arguments, struct str bytes, struct buf *result);
    bool (*check)(struct str result);
    const char *const *refusals;       /* N_(), numbered from 1; ends with NULL */
    size_t growth;                     /* a result has at most so many bytes for each of the input */
};

#define PARSED 0 /* what `run` gives when it made a result */

/* Starts the helper with these kinds (`count` of them; they stay the caller's), before there are threads;
 * a second call does nothing. Where it was not called, parser_run works in this process. */
bool parsers_start(const struct parser *const *kinds, size_t count, struct error *err);

/* The kinds that the platform has. */
extern const struct parser table_parser;
bool parsers_start_all(struct error *err);

/* Runs a kind on `bytes`. INVALID with the refusal; TOO_LARGE when the file takes more memory or time
 * than it may, or ends the child (the log says it); UNAVAILABLE when no child can be made. */
bool parser_run(struct arena *arena, const struct parser *parser, struct str arguments,
                struct str bytes, struct str *result, struct error *err);

/* A CSV file as a table of UTF-8 cells, for csv_start_table: from UTF-8 or windows-1252, with this
 * separator between fields. */
bool parse_table(struct arena *arena, struct str bytes, char separator, struct str *table,
                 struct error *err);

#endif
