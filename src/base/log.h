/* SPDX-License-Identifier: EUPL-1.2 */
/* The log: one logfmt line an event on stderr. Values are cut and escaped; a caller never hands a
 * secret or a personal value to it.
 *
 *     log_info("listening", { "address", .text = address }, { "port", .number = &port }); */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"
#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    struct str text;
    const int64_t *number; /* when set, stands instead of the text */
};

#define LOG_NUMBER(value) .number = &(const int64_t){ (int64_t)(value) }

#define log_debug(event, ...) log_event(LOG_DEBUG, event, LOG_FIELDS(__VA_ARGS__))
#define log_info(event, ...)  log_event(LOG_INFO, event, LOG_FIELDS(__VA_ARGS__))
#define log_warn(event, ...)  log_event(LOG_WARN, event, LOG_FIELDS(__VA_ARGS__))
#define log_error(event, ...) log_event(LOG_ERROR, event, LOG_FIELDS(__VA_ARGS__))
#define LOG_FIELDS(...)       (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) { .key = NULL } }

/* Lines below this level are not written. The default is LOG_INFO. */
void log_set_level(enum log_level level);

/* Writes the line; `fields` ends with a NULL key. Thread-safe: one write(2) a line. */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

/* Writes an error with its kind, code, field and detail; INTERNAL as error, others as warning. */
void log_failure(const char *event, const struct error *err);

#endif
