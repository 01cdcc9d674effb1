/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/log.h"

#include "base/instant.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES  2048
#define VALUE_MAX_BYTES 512

static _Atomic(enum log_level) lowest = LOG_INFO;

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_set_level(enum log_level level)
{
    atomic_store(&lowest, level);
}

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *line, struct str s)
{
    size_t room = sizeof line->bytes - 1 - line->len; /* one byte stays for the newline */
    size_t len = s.len < room ? s.len : room;
    if (len)
        memcpy(line->bytes + line->len, s.at, len);
    line->len += len;
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] == '"' || s.at[i] == '=' || s.at[i] == '\\'
            || s.at[i] == 0x7f)
            return false;
    return s.len > 0;
}

static void put_quoted(struct line *line, struct str s)
{
    put(line, STR("\""));
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else if ((unsigned char)c < ' ' || c == 0x7f)
            snprintf(escaped, sizeof escaped, "\\x%02x", (unsigned)(unsigned char)c);
        else
            snprintf(escaped, sizeof escaped, "%c", c);
        put(line, str_of(escaped));
    }
    put(line, STR("\""));
}

static void put_field(struct line *line, const char *key, struct str value)
{
    value = str_slice(value, 0, VALUE_MAX_BYTES);
    put(line, STR(" "));
    put(line, str_of(key));
    put(line, STR("="));
    if (is_plain(value))
        put(line, value);
    else
        put_quoted(line, value);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields)
{
    if (level < atomic_load_explicit(&lowest, memory_order_relaxed))
        return;
    struct line line = { .len = 0 };
    char when[INSTANT_TEXT];
    put(&line, STR("time="));
    put(&line, instant_format(instant_now(), when));
    put_field(&line, "level", str_of(level_names[level]));
    put_field(&line, "event", str_of(event));
    for (const struct log_field *field = fields; field->key; field++) {
        char digits[24];
        if (field->number)
            snprintf(digits, sizeof digits, "%lld", (long long)*field->number);
        put_field(&line, field->key, field->number ? str_of(digits) : field->text);
    }
    line.bytes[line.len++] = '\n';
    /* Nothing useful can be done when stderr is gone. */
    ssize_t written = write(STDERR_FILENO, line.bytes, line.len);
    (void)written;
}

static const char *const kind_names[ERROR_KINDS] = {
    [NO_ERROR] = "none",         [INVALID] = "invalid",         [UNAUTHENTICATED] = "unauthenticated",
    [FORBIDDEN] = "forbidden",   [NOT_FOUND] = "not-found",     [NOT_ALLOWED] = "not-allowed",
    [CONFLICT] = "conflict",     [GONE] = "gone",               [TOO_LARGE] = "too-large",
    [TOO_MANY] = "too-many",     [UNSUPPORTED] = "unsupported", [UNAVAILABLE] = "unavailable",
    [INTERNAL] = "internal",
};

void log_failure(const char *event, const struct error *err)
{
    enum log_level level = err->kind == INTERNAL ? LOG_ERROR : LOG_WARN;
    log_event(level, event,
              (const struct log_field[]){
                  { "kind", .text = str_of(kind_names[err->kind]) },
                  { "code", .text = str_of(err->code ? err->code : "-") },
                  { "field", .text = str_of(err->field ? err->field : "-") },
                  { "message", .text = str_of(err->message ? err->message : "-") },
                  { "subject", .text = str_of(err->subject) },
                  { "detail", .text = str_of(err->detail) },
                  { .key = NULL },
              });
}
