/* SPDX-License-Identifier: EUPL-1.2 */
/* What a request says outside its body. The first line is the target, with its query; the second the
 * value of a header: Host, Accept-Language, X-Forwarded-For or a certificate from a proxy. */
#include "base/encoding.h"
#include "platform/http/server.h"
#include "platform/page/page.h"
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>

static const struct column columns[] = {
    { "name", "Name", true, false }, { "place", "Place", true, false }, { "n", "N", false, true },
    { .key = NULL },
};

static void query(struct request *request)
{
    struct error err = { 0 };
    struct table table;
    int64_t number = 0;
    if (request_query_int(request, "n", -5, 1000, 7, &number, &err))
        HOLDS(number >= -5 && number <= 1000);
    else
        HOLDS(err.kind == INVALID && err.message);
    HOLDS(utf8_is_text(request_query(request, "q")));
    if (request_query(request, "q").len)
        HOLDS(request_has_query(request, "q"));
    if (!table_read(request, columns, &table, &err))
        return;
    HOLDS(table.page >= 1 && table.offset >= 0 && table.limit > 0);
    HOLDS(table.offset <= INT64_MAX - table.limit);
    HOLDS(!table.sort || table.sort == columns[0].key || table.sort == columns[1].key);
}

/* A way back leads to no other site, whatever a browser leaves out of an address (URL standard:
 * tabs and line ends, a backslash for a slash). */
static void way(struct str path)
{
    struct str back = way_back(path);
    HOLDS(back.len && back.at[0] == '/');
    HOLDS(back.len == 1 || (back.at[1] != '/' && back.at[1] != '\\'));
    for (size_t i = 0; i < back.len; i++)
        HOLDS((unsigned char)back.at[i] > ' ' && back.at[i] != '\\');
}

static void headers(struct arena *arena, struct str value)
{
    struct str peer, der;
    struct in6_addr address;
    enum language language = accepted_language(value);
    HOLDS(language == DUTCH || language == ENGLISH);
    if (host_valid(value))
        for (size_t i = 0; i < value.len; i++)
            HOLDS((unsigned char)value.at[i] > ' ' && !strchr("/\\@<>\"'?#%", value.at[i]));
    if (proxy_peer(arena, value, &peer)) {
        const char *text = str_c(arena, peer);
        HOLDS(inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1);
        HOLDS(peer.len < INET6_ADDRSTRLEN);
    }
    if (proxy_certificate(arena, value, &der))
        HOLDS(der.len <= value.len);
}

FUZZ(arena, bytes)
{
    struct str value = bytes, target = str_cut(&value, '\n');
    struct request request = { .arena = arena, .target = target };
    query(&request);
    way(target);
    headers(arena, value.at ? value : STR(""));
}
