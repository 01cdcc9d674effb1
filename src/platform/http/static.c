/* SPDX-License-Identifier: EUPL-1.2 */
/* Style sheets, scripts and images: /static/{file} is the embedded web/{file}, or the one that an
 * organisation put in its folder of templates. Pages name them with ?v=ETAG, so that a browser may
 * keep them for ever and still sees a new one at once. */
#include "base/file.h"
#include "base/list.h"
#include "platform/app.h"
#include "platform/embedded.h"
#include "platform/http/http_routes.h"
#include "platform/http/server.h"

#define FILE_BYTES ((size_t)4 * 1024 * 1024)

static const struct {
    struct str ending;
    const char *type;
} types[] = {
    { S(".css"), "text/css; charset=utf-8" },
    { S(".ico"), "image/vnd.microsoft.icon" },
    { S(".js"), "text/javascript; charset=utf-8" },
    { S(".json"), "application/json" },
    { S(".png"), "image/png" },
    { S(".svg"), "image/svg+xml" },
    { S(".txt"), "text/plain; charset=utf-8" },
    { S(".webmanifest"), "application/manifest+json" },
    { S(".woff2"), "font/woff2" },
};

static const char *type_of(struct str name)
{
    for (size_t i = 0; i < count_of(types); i++)
        if (str_ends(name, types[i].ending))
            return types[i].type;
    return NULL;
}

static bool is_file_name(struct str name)
{
    if (name.len == 0 || name.len > 100 || name.at[0] == '.')
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        bool plain = is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
        if (!plain)
            return false;
    }
    return true;
}

/* The organisation's own file, where it has one. */
static bool find_override(struct request *request, struct str name, struct str *bytes,
                          struct str *etag)
{
    struct error ignored;
    struct str folder = config_text(request->app->config, "templates");
    if (folder.len == 0)
        return false;
    const char *path =
        str_format(request->arena, "%.*s/web/%.*s", FMT(folder), FMT(name)).at;
    if (!file_exists(path) || !file_read(request->arena, path, FILE_BYTES, bytes, &ignored))
        return false;
    *etag = str_format(request->arena, "\"%016llx\"", (unsigned long long)str_hash(*bytes));
    return true;
}

static bool find_file(struct request *request, struct str name, struct str *bytes, struct str *etag)
{
    if (find_override(request, name, bytes, etag))
        return true;
    const struct embedded *file =
        embedded_find(str_format(request->arena, "web/%.*s", FMT(name)));
    if (!file)
        return false;
    *bytes = file->bytes;
    *etag = file->etag;
    return true;
}

/* If-None-Match is a list of tags, or * (RFC 9110, section 13.1.2). */
static bool has_it(struct str tags, struct str etag)
{
    while (str_more(tags)) {
        struct str tag = str_trim(str_cut(&tags, ','));
        if (str_starts(tag, STR("W/")))
            tag = str_slice(tag, 2, tag.len);
        if (str_eq(tag, etag) || str_eq(tag, STR("*")))
            return true;
    }
    return false;
}

bool show_static(struct request *request, struct error *err)
{
    struct str bytes, etag, name = request_param(request, "file");
    const char *type = type_of(name);
    if (!is_file_name(name) || !type || !find_file(request, name, &bytes, &etag))
        return fail(err, NOT_FOUND, NULL, N_("There is nothing at this address."));
    struct str version = request_query(request, "v");
    bool exact = str_eq(version, str_slice(etag, 1, etag.len - 1)) || str_eq(version, etag);
    reply_header(request, "ETag", etag);
    reply_header(request, "Cache-Control",
                 exact ? STR("public, max-age=31536000, immutable") : STR("public, max-age=300"));
    if (has_it(request_header(request, "If-None-Match"), etag)) {
        request->reply.status = MHD_HTTP_NOT_MODIFIED;
        return true;
    }
    request->reply.type = type;
    request->reply.fixed = bytes;
    return true;
}
