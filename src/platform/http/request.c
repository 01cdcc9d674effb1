/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/encoding.h"
#include "platform/db/db.h"
#include "platform/http/form.h"
#include "platform/http/server.h"
#include "platform/people/accounts.h"
#include "platform/service.h"

#define HOST_BYTES 260

struct exchange *request_exchange(const struct request *request)
{
    return request->connection;
}

void *request_state(const struct request *request)
{
    return app_state(request->app, request->service);
}

struct str request_param(const struct request *request, const char *name)
{
    struct str wanted = str_of(name), rest = str_of(request->route->path);
    for (size_t i = 0; str_more(rest);) {
        struct str part = str_cut(&rest, '/');
        if (part.len < 2 || part.at[0] != '{')
            continue;
        if (str_eq(str_slice(part, 1, part.len - 1), wanted))
            return request->params[i];
        i++;
    }
    return STR("");
}

static bool find_query(const struct request *request, const char *name, struct str *value)
{
    struct str query = request->target;
    str_cut(&query, '?');
    return query_find(request->arena, query, str_of(name), value);
}

struct str request_query(const struct request *request, const char *name)
{
    struct str value;
    return find_query(request, name, &value) ? value : STR("");
}

bool request_has_query(const struct request *request, const char *name)
{
    struct str value;
    return find_query(request, name, &value);
}

bool request_query_int(const struct request *request, const char *name, int64_t min, int64_t max,
                       int64_t otherwise, int64_t *number, struct error *err)
{
    struct str text = request_query(request, name);
    *number = otherwise;
    if (text.len == 0 || str_to_int(text, min, max, number))
        return true;
    return fail_about(err, INVALID, name, N_("This must be a whole number: %s."), "%s, %lld to %lld",
                      name, (long long)min, (long long)max);
}

struct str request_header(const struct request *request, const char *name)
{
    const struct exchange *exchange = request_exchange(request);
    if (!exchange)
        return STR("");
    const char *value = MHD_lookup_connection_value(exchange->mhd, MHD_HEADER_KIND, name);
    return value ? str_of(value) : STR("");
}

struct str request_cookie(const struct request *request, const char *name)
{
    return cookie_find(request_header(request, "Cookie"), str_of(name));
}

bool request_form(struct request *request, struct form *form, struct error *err)
{
    return form_parse(request->arena, request_header(request, "Content-Type"), request->body, form,
                      err);
}

struct str form_text(const struct form *form, const char *name)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < form->len; i++)
        if (str_eq(form->at[i].name, wanted) && !form->at[i].file_name.at)
            return str_trim(form->at[i].value);
    return STR("");
}

bool form_has(const struct form *form, const char *name, struct str value)
{
    struct str wanted = str_of(name);
    for (size_t i = 0; i < form->len; i++)
        if (str_eq(form->at[i].name, wanted) && !form->at[i].file_name.at
            && str_eq(form->at[i].value, value))
            return true;
    return false;
}

bool request_tx(struct request *request, struct tx **tx, struct error *err)
{
    if (!request->tx && !db_read_begin(request->app->db, request->arena, &request->tx, err))
        return false;
    *tx = request->tx;
    return true;
}

bool request_tx_anew(struct request *request, struct tx **tx, struct error *err)
{
    if (request->tx)
        db_read_end(request->tx);
    request->tx = NULL;
    return request_tx(request, tx, err);
}

struct deed {
    const struct acting *acting;
    db_work *work;
    void *with;
};

static bool do_deed(struct tx *tx, void *with, struct error *err)
{
    const struct deed *deed = with;
    tx_set_acting(tx, deed->acting);
    return deed->work(tx, deed->with, err);
}

bool request_write(struct request *request, db_work *work, void *with, struct error *err)
{
    struct deed deed = { request->session ? request->session->acting : NULL, work, with };
    return db_write(request->app->db, request->arena, do_deed, &deed, err);
}

/* Which of Dutch and English stands first among an Accept-Language's languages, by their q (RFC
 * 9110, section 12.5.4); Dutch when neither does. */
enum language accepted_language(struct str header)
{
    enum language best = DUTCH;
    int64_t best_quality = -1;
    while (str_more(header)) {
        struct str item = str_cut(&header, ','), range = str_trim(str_cut(&item, ';'));
        struct str primary = str_cut(&range, '-');
        int64_t quality = 1000, thousandths = 0;
        struct str q = str_trim(item);
        if (str_starts(q, STR("q=0")))
            quality = str_starts(q, STR("q=0.")) && q.len <= 7
                              && str_to_int(str_slice(q, 4, q.len), 0, 999, &thousandths)
                          ? thousandths * (q.len == 5 ? 100 : q.len == 6 ? 10 : 1)
                          : 0;
        bool english = str_eq_nocase(primary, STR("en"));
        if ((!english && !str_eq_nocase(primary, STR("nl"))) || quality <= best_quality
            || quality == 0)
            continue;
        best_quality = quality;
        best = english ? ENGLISH : DUTCH;
    }
    return best;
}

enum language request_language(const struct request *request)
{
    struct str chosen = request_query(request, "taal");
    if (chosen.len == 0)
        chosen = request_cookie(request, LANGUAGE_COOKIE);
    if (str_eq(chosen, STR("en")))
        return ENGLISH;
    if (str_eq(chosen, STR("nl")))
        return DUTCH;
    return accepted_language(request_header(request, "Accept-Language"));
}

/* A name, IPv4 address or [IPv6 address], and maybe a port (RFC 9110, section 7.2). */
bool host_valid(struct str host)
{
    struct str name = host;
    if (host.len == 0 || host.len > HOST_BYTES)
        return false;
    bool bracket = host.at[0] == '[';
    if (bracket) {
        name = str_slice(host, 1, host.len);
        struct str behind = name;
        name = str_cut(&behind, ']');
        if (!str_more(behind) || (behind.len && behind.at[0] != ':'))
            return false;
        host = behind;
    } else {
        struct str behind = host;
        name = str_cut(&behind, ':');
        host = str_more(behind) ? (struct str){ name.at + name.len, behind.len + 1 } : STR("");
    }
    for (size_t i = 0; i < name.len; i++) {
        char c = name.at[i];
        if (!is_letter_or_digit(c) && c != '.' && c != (bracket ? ':' : '-') && c != '_')
            return false;
    }
    int64_t port;
    return name.len && (host.len == 0 || str_to_int(str_slice(host, 1, host.len), 1, 65535, &port));
}
