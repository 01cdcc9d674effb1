/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/encoding.h"
#include "base/list.h"
#include "platform/http/server.h"

/* On every answer. `unsafe-inline` and hosts of others are nowhere. */
static const struct {
    const char *name, *value;
} always[] = {
    { "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
      "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
      "base-uri 'none'" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Referrer-Policy", "same-origin" },
    { "Strict-Transport-Security", "max-age=31536000" },
    { "X-Content-Type-Options", "nosniff" },
};

bool reply_bytes(struct request *request, const char *type, struct str bytes)
{
    request->reply.type = type;
    request->reply.fixed = (struct str){ 0 };
    request->reply.body = (struct buf){ .arena = request->arena };
    buf_add(&request->reply.body, bytes);
    return true;
}

bool reply_json(struct request *request, int status, const struct node *json)
{
    struct reply *reply = &request->reply;
    reply->status = status;
    reply->type = "application/json";
    reply->body = (struct buf){ .arena = request->arena };
    node_to_json(json, &reply->body);
    return true;
}

/* A name of ours, made of what may have come from outside: kept to a safe few characters. */
static struct str safe_file_name(struct arena *arena, struct str name)
{
    struct buf out = { .arena = arena };
    for (size_t i = 0; i < name.len && out.len < 120; i++) {
        char c = name.at[i];
        bool plain = is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
        buf_byte(&out, plain ? c : '-');
    }
    return buf_str(&out);
}

bool reply_csv(struct request *request, struct str file_name, struct str bytes)
{
    struct str name = safe_file_name(request->arena, file_name);
    reply_header(request, "Content-Disposition",
                 str_format(request->arena, "attachment; filename=\"%.*s\"", FMT(name)));
    return reply_bytes(request, "text/csv; charset=utf-8", bytes);
}

/* "/x", and not "//host" or "/\host", which browsers take for another site. */
static bool is_own_path(struct str path)
{
    if (path.len == 0 || path.at[0] != '/')
        return false;
    if (path.len > 1 && (path.at[1] == '/' || path.at[1] == '\\'))
        return false;
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.at[i] <= ' ' || path.at[i] == 0x7f)
            return false;
    return true;
}

bool reply_redirect(struct request *request, struct str path)
{
    request->reply.status = MHD_HTTP_SEE_OTHER;
    request->reply.type = NULL;
    request->reply.body.len = 0;
    reply_header(request, "Location", is_own_path(path) ? str_copy(request->arena, path) : STR("/"));
    return true;
}

static struct header *find_header(struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->header_count; i++)
        if (strcmp(reply->headers[i].name, name) == 0)
            return &reply->headers[i];
    return NULL;
}

static bool has_line_end(struct str value)
{
    return str_has(value, '\r') || str_has(value, '\n') || str_has(value, '\0');
}

void reply_header(struct request *request, const char *name, struct str value)
{
    struct reply *reply = &request->reply;
    bool cookie = strcmp(name, "Set-Cookie") == 0;
    struct header *header = cookie ? NULL : find_header(reply, name);
    if (!header && reply->header_count < count_of(reply->headers))
        header = &reply->headers[reply->header_count++];
    if (!header)
        return;
    if (has_line_end(value))
        value = STR("");
    *header = (struct header){ name, { str_c(request->arena, value), value.len } };
}

void reply_ended(struct request *request, bool whole)
{
    struct reply *reply = &request->reply;
    if (reply->after)
        reply->after(request->app, reply->after_with, whole);
    reply->after = NULL;
}

void reply_cookie(struct request *request, const char *name, struct str value, int64_t seconds)
{
    struct buf out = { .arena = request->arena };
    buf_addf(&out, "%s=", name);
    buf_add(&out, value);
    buf_lit(&out, "; Path=/; HttpOnly; Secure; SameSite=Lax");
    if (seconds >= 0)
        buf_addf(&out, "; Max-Age=%lld", (long long)seconds);
    reply_header(request, "Set-Cookie", buf_str(&out));
}

/* The last step, in the network thread. */

static struct MHD_Response *new_response(const struct reply *reply)
{
    struct str bytes = reply->fixed.at ? reply->fixed : buf_str(&reply->body);
    if (!reply->type)
        bytes = (struct str){ 0 };
    /* The exchange keeps the bytes until MHD says that it is done with it. */
    return MHD_create_response_from_buffer(bytes.len, (void *)(uintptr_t)bytes.at,
                                           MHD_RESPMEM_PERSISTENT);
}

static bool add_headers(struct MHD_Response *response, const struct reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        const char *value = reply->headers[i].value.at; /* NUL-terminated by reply_header */
        if (*value && MHD_add_response_header(response, reply->headers[i].name, value) != MHD_YES)
            return false;
    }
    return true;
}

static bool add_standard(struct MHD_Response *response, struct exchange *exchange)
{
    struct reply *reply = &exchange->request.reply;
    bool well = true;
    for (size_t i = 0; i < count_of(always); i++)
        well = well && MHD_add_response_header(response, always[i].name, always[i].value) == MHD_YES;
    if (reply->type)
        well = well && MHD_add_response_header(response, "Content-Type", reply->type) == MHD_YES;
    if (!find_header(reply, "Cache-Control"))
        well = well && MHD_add_response_header(response, "Cache-Control", "no-store") == MHD_YES;
    if (exchange->unclear
        || atomic_load_explicit(&exchange->server->draining, memory_order_relaxed))
        well = well && MHD_add_response_header(response, "Connection", "close") == MHD_YES;
    return well;
}

struct MHD_Response *reply_finish(struct exchange *exchange, unsigned *status)
{
    struct reply *reply = &exchange->request.reply;
    struct MHD_Response *response = new_response(reply);
    if (!response)
        return NULL;
    if (!add_standard(response, exchange) || !add_headers(response, reply)) {
        MHD_destroy_response(response);
        return NULL;
    }
    *status = reply->status ? (unsigned)reply->status : MHD_HTTP_OK;
    return response;
}

struct str way_back(struct str path)
{
    return is_own_path(path) && !str_has(path, '\\') && utf8_is_text(path) ? path : STR("/");
}
