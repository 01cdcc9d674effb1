/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/page/conflict.h"

#include "base/list.h"

#define VERSION_FIELD "version"
#define START_PREFIX  "start."

int64_t version_of(const struct str *values, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ str_hash(values[i]) ^ values[i].len << 1) * 0x100000001b3;
    int64_t version = (int64_t)(hash >> 1);
    return version ? version : 1;
}

void page_version(struct request *request, struct node *form, int64_t version)
{
    page_field(form, VERSION_FIELD, "hidden", STR(""),
               str_format(request->arena, "%lld", (long long)version));
}

static const char *start_name(struct request *request, const char *name)
{
    return str_format(request->arena, START_PREFIX "%s", name).at;
}

void page_start(struct request *request, struct node *form, const char *name, struct str start)
{
    page_field(form, start_name(request, name), "hidden", STR(""), start);
}

struct str form_start(struct request *request, const struct form *form, const char *name)
{
    return form_text(form, start_name(request, name));
}

bool form_version(const struct form *form, int64_t *version, struct error *err)
{
    return str_to_int(form_text(form, VERSION_FIELD), 0, INT64_MAX, version)
           || fail(err, INVALID, NULL, N_("This form is incomplete. Open the page again."));
}

bool conflict_is_settled(const struct shared_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!str_eq(fields[i].mine, fields[i].now))
            return false;
    return true;
}

/* ---- The page ---- */

/* Between marks that keep a name in another script from turning the words around it (Unicode
 * Standard Annex 9, isolates). */
static struct str shown(struct request *request, const struct shared_field *field, struct str value)
{
    for (const struct value_title *title = field->titles; title && title->title; title++)
        if (str_eq(value, str_of(title->value)))
            return tr(request, title->title);
    if (!value.len)
        return tr(request, N_("(empty)"));
    return str_format(request->arena, "\u2068%.*s\u2069", FMT(value));
}

static void put_choice(struct request *request, struct node *page, const struct shared_field *field,
                       struct str start, bool is_new)
{
    struct arena *arena = request->arena;
    const char *mine = str_c(arena, shown(request, field, field->mine));
    const char *now = str_c(arena, shown(request, field, field->now));
    struct node *choice = page_field(page, field->name, "radio", tr(request, field->label), STR(""));
    /* Who did not touch a field does not undo what another did; who did, decides with open eyes. */
    bool keep_mine = !is_new && str_eq(field->now, start);
    if (!is_new)
        node_put_text(choice, "hint",
                      trf(request, N_("When you opened the form: %s"),
                          str_c(arena, shown(request, field, start))));
    page_option(choice, field->mine, trf(request, N_("Yours: %s"), mine), keep_mine);
    page_option(choice, field->now, trf(request, N_("In the register now: %s"), now), !keep_mine);
}

bool reply_conflict(struct request *request, struct node *page, const struct form *form,
                    int64_t seen, int64_t now, const struct shared_field *fields, size_t count)
{
    bool is_new = seen == 0;
    page_version(request, page, now);
    for (size_t i = 0; i < count; i++) {
        const struct shared_field *field = &fields[i];
        struct str start = form_start(request, form, field->name);
        page_start(request, page, field->name, field->now);
        if (str_eq(field->mine, field->now))
            page_field(page, field->name, "hidden", STR(""), field->now);
        else
            put_choice(request, page, field, start, is_new);
    }
    page_notice(page, "warning",
                is_new ? tr(request, N_("This is in the register already, with other values. Nothing "
                                        "of yours was saved yet."))
                       : tr(request, N_("Somebody else changed this while you were at it. Nothing of "
                                        "yours was saved yet.")));
    request->reply.status = 409;
    return reply_page(request, "platform/pages/conflict", page);
}
