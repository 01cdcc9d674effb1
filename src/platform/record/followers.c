/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/record/followers.h"

#include "platform/service.h"

#define BATCH 100 /* events in one transaction while all goes well */

static const struct statement last_event = SQL("SELECT last FROM series WHERE name = 'event'");

static const struct statement find_position = SQL("SELECT number FROM follower WHERE name = $1");

/* Locks the position until the transaction ends: of two who follow, one waits. */
static const struct statement take_position = SQL(
    "INSERT INTO follower (name, number) VALUES ($1, 0)"
    " ON CONFLICT (name) DO UPDATE SET number = follower.number"
    " RETURNING number");

static const struct statement find_trouble = SQL(
    "SELECT attempt, run_at, last_error FROM job WHERE id = $1");

/* ---- Who follows ---- */

bool kinds_have(struct str kinds, struct str kind)
{
    struct str rest = str_trim(kinds);
    if (!rest.len)
        return true;
    while (str_more(rest)) {
        struct str part = str_cut(&rest, ' ');
        if (part.len && str_starts(kind, part))
            return true;
    }
    return false;
}

static const struct follower *find(const struct app *app, struct str name)
{
    for (const struct service *const *s = app->services; *s; s++)
        for (const struct follower *f = (*s)->followers; f && f->name; f++)
            if (str_eq(str_of(f->name), name))
                return f;
    return NULL;
}

static struct str job_id(struct arena *arena, const char *name)
{
    return str_format(arena, "follow:%s", name);
}

/* ---- Following ---- */

struct following {
    struct app *app;
    const struct follower *follower;
    int64_t limit; /* of events in this transaction */
    int64_t done;  /* events passed */
};

static bool handle(struct following *following, struct tx *tx, const struct event *event,
                   struct error *err)
{
    const struct follower *follower = following->follower;
    return !kinds_have(str_of(follower->kinds), event->kind)
        || follower->handle(following->app, tx, event, err);
}

static bool do_follow(struct tx *tx, void *with, struct error *err)
{
    struct following *following = with;
    struct str name = str_of(following->follower->name);
    struct event *events;
    int64_t position;
    size_t count;
    following->done = 0;
    if (!db_number(tx, &take_position, ARGS(arg_text(name)), 0, &position, err)
        || !events_after(tx, position, following->limit, &events, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!handle(following, tx, &events[i], err))
            return false;
    following->done = (int64_t)count;
    return count == 0
        || follower_advance(tx, following->follower->name, events[count - 1].number, err);
}

/* A batch at a time; when one fails, its events one by one, up to the one that fails. */
bool follower_job(struct app *app, struct arena *arena, const struct job *job, struct error *err)
{
    struct following following = { app, find(app, job->payload), BATCH, 0 };
    struct arena *scratch = arena_within(arena);
    if (!following.follower)
        return true; /* of a service that does not run here: the other node looks after it */
    do {
        bool ok = db_write(app->db, scratch, do_follow, &following, err);
        arena_reset(scratch);
        if (!ok && following.limit == 1)
            return false;
        if (!ok) {
            following.limit = following.done = 1;
            continue;
        }
        if (following.done && !job_extend(app, scratch, job, err))
            return false;
    } while (following.done == following.limit);
    return true;
}

/* ---- Waking ---- */

struct waking {
    struct app *app;
    bool behind, added;
};

static bool is_behind(struct tx *tx, const struct follower *follower, int64_t last, bool *behind,
                      struct error *err)
{
    struct rows rows;
    int64_t position;
    *behind = false;
    if (!db_number(tx, &find_position, ARGS(arg_text(str_of(follower->name))), 0, &position, err))
        return false;
    if (position >= last)
        return true;
    struct str id = job_id(tx_arena(tx), follower->name);
    if (!db_query(tx, &find_trouble, ARGS(arg_text(id)), &rows, err))
        return false;
    *behind = !rows_next(&rows);
    return rows_end(&rows, err);
}

static bool each_behind(struct tx *tx, struct waking *waking, bool add, struct error *err)
{
    int64_t last;
    waking->behind = waking->added = false;
    if (!db_number(tx, &last_event, NO_ARGS, 0, &last, err))
        return false;
    for (const struct service *const *s = waking->app->services; *s; s++)
        for (const struct follower *f = (*s)->followers; f && f->name; f++) {
            bool behind;
            if (!is_behind(tx, f, last, &behind, err))
                return false;
            waking->behind = waking->behind || behind;
            if (add && behind
                && !job_add_once(tx, job_id(tx_arena(tx), f->name), FOLLOWER_JOB,
                                 str_of(f->name), err))
                return false;
            waking->added = waking->added || (add && behind);
        }
    return true;
}

static bool do_look(struct tx *tx, void *with, struct error *err)
{
    return each_behind(tx, with, false, err);
}

static bool do_wake(struct tx *tx, void *with, struct error *err)
{
    return each_behind(tx, with, true, err);
}

bool followers_wake(struct app *app, bool *added, struct error *err)
{
    struct arena arena = { 0 };
    struct waking waking = { .app = app };
    bool ok = db_read(app->db, &arena, do_look, &waking, err)
           && (!waking.behind || db_write(app->db, &arena, do_wake, &waking, err));
    *added = ok && waking.added;
    arena_free(&arena);
    return ok;
}

/* ---- For operators ---- */

static bool look_at(struct tx *tx, const struct follower *follower, int64_t last,
                    struct follower_state *state, struct error *err)
{
    struct rows rows;
    *state = (struct follower_state){ .name = follower->name, .title = follower->title };
    if (!db_number(tx, &find_position, ARGS(arg_text(str_of(follower->name))), 0, &state->position,
                   err)
        || !db_query(tx, &find_trouble,
                     ARGS(arg_text(job_id(tx_arena(tx), follower->name))), &rows, err))
        return false;
    state->behind = last > state->position ? last - state->position : 0;
    if (rows_next(&rows)) {
        state->next_try = row_int(&rows, 1);
        state->reason = row_text(&rows, 2);
        state->attempts = state->reason.len ? row_int(&rows, 0) : 0;
    }
    return rows_end(&rows, err);
}

bool followers_list(struct app *app, struct tx *tx, struct follower_states *states,
                    struct error *err)
{
    int64_t last;
    *states = (struct follower_states){ 0 };
    if (!db_number(tx, &last_event, NO_ARGS, 0, &last, err))
        return false;
    for (const struct service *const *s = app->services; *s; s++)
        for (const struct follower *f = (*s)->followers; f && f->name; f++)
            if (!look_at(tx, f, last, list_add(tx_arena(tx), states), err))
                return false;
    return true;
}

bool follower_replay(struct app *app, struct tx *tx, struct str name, int64_t number,
                     struct error *err)
{
    const struct follower *follower = find(app, name);
    int64_t position;
    if (!follower)
        return fail_about(err, NOT_FOUND, "name", N_("There is no follower called %s."), "%.*s",
                          FMT(str_slice(name, 0, 60)));
    return db_number(tx, &take_position, ARGS(arg_text(name)), 0, &position, err)
        && follower_advance(tx, follower->name, number, err);
}
