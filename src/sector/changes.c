/* SPDX-License-Identifier: EUPL-1.2 */
#include "sector/changes.h"

#include "platform/record/events.h"

struct text_field {
    const char *name;
    size_t at;
};

static const struct text_field location_fields[] = {
    { "name", offsetof(struct location, name) },
    { "street", offsetof(struct location, street) },
    { "number", offsetof(struct location, number) },
    { "postcode", offsetof(struct location, postcode) },
    { "place", offsetof(struct location, place) },
    { "municipality", offsetof(struct location, municipality) },
    { "province", offsetof(struct location, province) },
    { "telephone", offsetof(struct location, telephone) },
    { "website", offsetof(struct location, website) },
    { "denomination", offsetof(struct location, denomination) },
    { "structure", offsetof(struct location, structure) },
    { NULL },
};

static const struct text_field school_fields[] = {
    { "name", offsetof(struct school, name) },
    { "place", offsetof(struct school, place) },
    { "municipality", offsetof(struct school, municipality) },
    { "province", offsetof(struct school, province) },
    { "denomination", offsetof(struct school, denomination) },
    { "website", offsetof(struct school, website) },
    { NULL },
};

void changes_text(struct node *changes, const char *field, struct str before, struct str after)
{
    if (str_eq(before, after))
        return;
    struct node *pair = node_put_list(changes, field);
    node_add_text(pair, before);
    node_add_text(pair, after);
}

static void changes_int(struct node *changes, const char *field, int64_t before, int64_t after)
{
    if (before == after)
        return;
    struct node *pair = node_put_list(changes, field);
    node_add_int(pair, before);
    node_add_int(pair, after);
}

static void text_fields(struct node *changes, const struct text_field *fields, const void *before,
                        const void *after)
{
    for (; fields->name; fields++) {
        struct str old, new;
        memcpy(&old, (const char *)before + fields->at, sizeof old);
        memcpy(&new, (const char *)after + fields->at, sizeof new);
        changes_text(changes, fields->name, old, new);
    }
}

void location_changes(struct node *changes, const struct location_row *before,
                      const struct location_row *after)
{
    text_fields(changes, location_fields, &before->location, &after->location);
    changes_int(changes, "pupils", before->location.pupils, after->location.pupils);
    changes_text(changes, "board", ID_STR(before->board), ID_STR(after->board));
    changes_text(changes, "kind", kind_word(before->kind), kind_word(after->kind));
    changes_text(changes, "source", before->source, after->source);
}

void school_changes(struct node *changes, const struct school *before, const struct school *after)
{
    text_fields(changes, school_fields, before, after);
    changes_int(changes, "pupils", before->pupils, after->pupils);
    changes_text(changes, "board", ID_STR(before->board), ID_STR(after->board));
    changes_text(changes, "kind", kind_word(before->kind), kind_word(after->kind));
}

struct str kind_word(enum school_kind kind)
{
    static const struct str words[SCHOOL_KINDS] = { S("po"), S("vo"), S("so") };
    return kind < SCHOOL_KINDS ? words[kind] : STR("");
}

bool note_change(struct tx *tx, instant now, const struct change_note *note, struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct buf changes = { .arena = arena };
    struct history entry = { .version = note->version, .at = now, .what = note->what };
    if (note->changes)
        node_to_json(note->changes, &changes);
    else
        buf_lit(&changes, "{}");
    entry.changes = buf_str(&changes);
    if (!store_add_history(tx, note->kind, note->id, &entry, err))
        return false;
    if (note->quiet)
        return true;
    struct str kind = str_format(arena, "sector.%s-%s", note->kind, change_name(note->what));
    struct str subject = str_format(arena, "%s:%.*s", note->kind, FMT(note->id));
    bool is_organisation = str_eq(str_of(note->kind), STR("board"))
                        || str_eq(str_of(note->kind), STR("vendor"));
    struct event_entry event = { .kind = kind.at, .subject = subject };
    if (is_organisation)
        event.organisations = subject;
    else if (note->board.len)
        event.organisations = str_format(arena, "board:%.*s", FMT(note->board));
    return event_add_for(tx, now, &event, err);
}
