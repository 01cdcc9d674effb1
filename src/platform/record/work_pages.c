/* SPDX-License-Identifier: EUPL-1.2 */
/* Background work for operators: what waits, runs and failed, who follows the events, and how much was
 * done each hour. */
#include "platform/record/audit.h"
#include "platform/record/followers.h"
#include "platform/record/filing.h"
#include "platform/record/jobs_view.h"
#include "platform/record/pages.h"

#define WORK_PATH "/beheer/werk"
#define HOURS     24
#define SHOWN     100 /* of each state, at most */

static struct str time_text(const struct request *request, instant at)
{
    return at ? show_time(request->arena, request->language, at) : STR("–");
}

/* ---- Jobs ---- */

static const struct column waiting_columns[] = {
    { "kind", N_("Work"), false, false },      { "run_at", N_("Not before"), false, false },
    { "attempts", N_("Attempts"), false, true }, { "reason", N_("Last error"), false, false },
    { .key = NULL },
};
static const struct column running_columns[] = {
    { "kind", N_("Work"), false, false },   { "node", N_("Process"), false, false },
    { "attempts", N_("Attempts"), false, true }, { "run_at", N_("Taken over after"), false, false },
    { .key = NULL },
};

static struct node *job_node(struct request *request, struct node *rows, const struct job_row *job)
{
    struct node *row = node_add_map(rows);
    node_put_text(row, "id", job->id);
    node_put_text(row, "kind", job_text(request, job->kind));
    node_put_text(row, "node", job->node);
    node_put_text(row, "run_at", time_text(request, job->run_at));
    node_put_int(row, "attempts", job->attempts);
    node_put_text(row, "reason",
                  job->reason.len ? tr(request, str_c(request->arena, job->reason)) : STR("–"));
    return row;
}

static bool put_jobs(struct request *request, struct tx *tx, struct node *page, const char *state,
                     const struct column *columns, struct error *err)
{
    struct job_rows jobs;
    int64_t total;
    struct node *rows = columns ? node_list(request->arena) : node_put_list(page, state);
    if (!jobs_list(tx, str_of(state), SHOWN, 0, &jobs, &total, err))
        return false;
    for (size_t i = 0; i < jobs.len; i++)
        job_node(request, rows, &jobs.at[i]);
    if (columns)
        table_put(request, page, state, columns, NULL, rows, total);
    node_put_text(page, str_format(request->arena, "%s_count", state).at,
                  show_number(request->arena, request->language, total));
    return true;
}

static bool put_chart(struct request *request, struct tx *tx, struct node *page,
                      struct error *err)
{
    int64_t *done = arena_array(request->arena, int64_t, HOURS);
    int64_t *failed = arena_array(request->arena, int64_t, HOURS);
    struct str *labels = arena_array(request->arena, struct str, HOURS);
    if (!jobs_tally(tx, request->now, HOURS, done, failed, err))
        return false;
    for (size_t i = 0; i < HOURS; i++) {
        instant at = request->now - request->now % HOUR - (instant)(HOURS - 1 - i) * HOUR;
        struct str text = show_time(request->arena, request->language, at);
        labels[i] = str_slice(text, text.len - 5, text.len); /* hh:mm */
    }
    const struct chart_series series[] = { { tr(request, N_("done")), done },
                                           { tr(request, N_("failed attempts")), failed } };
    chart_put(request, page, "hours",
              &(struct chart){ .title = tr(request, N_("Work done per hour")),
                               .unit = tr(request, N_("pieces of work")),
                               .heading = tr(request, N_("Hour")),
                               .labels = labels,
                               .label_count = HOURS,
                               .series = series,
                               .series_count = count_of(series) });
    return true;
}

/* ---- Followers ---- */

static bool put_followers(struct request *request, struct tx *tx, struct node *page,
                          struct error *err)
{
    static const struct column columns[] = {
        { "name", N_("Follower"), false, false },  { "position", N_("At event"), false, true },
        { "behind", N_("Behind"), false, true },   { "attempts", N_("Attempts"), false, true },
        { "next", N_("Next try"), false, false },  { "reason", N_("Last error"), false, false },
        { .key = NULL },
    };
    struct follower_states states;
    struct node *rows = node_list(request->arena);
    if (!followers_list(request->app, tx, &states, err))
        return false;
    for (size_t i = 0; i < states.len; i++) {
        const struct follower_state *state = &states.at[i];
        struct node *row = node_add_map(rows);
        node_put_text(row, "name", state->title ? tr(request, state->title) : str_of(state->name));
        node_put_int(row, "position", state->position);
        node_put_int(row, "behind", state->behind);
        node_put_int(row, "attempts", state->attempts);
        node_put_text(row, "next", time_text(request, state->attempts ? state->next_try : 0));
        node_put_text(row, "reason",
                      state->reason.len ? tr(request, str_c(request->arena, state->reason))
                                        : STR("–"));
    }
    table_put(request, page, "followers", columns, NULL, rows, (int64_t)states.len);
    return true;
}

bool show_work(struct request *request, struct error *err)
{
    struct tx *tx;
    struct node *page = page_new(request, tr(request, N_("Background work")));
    page_crumb(page, "/", tr(request, N_("Home")));
    return record_settle(request->app, err) && request_tx_anew(request, &tx, err)
        && put_jobs(request, tx, page, "failed", NULL, err)
        && put_jobs(request, tx, page, "running", running_columns, err)
        && put_jobs(request, tx, page, "waiting", waiting_columns, err)
        && put_followers(request, tx, page, err) && put_chart(request, tx, page, err)
        && reply_page(request, "platform/record/pages/work", page);
}

/* ---- Steering ---- */

struct steering {
    const struct request *request;
    struct str id;
    bool retry;
};

static bool do_steer(struct tx *tx, void *with, struct error *err)
{
    const struct steering *steering = with;
    instant now = steering->request->now;
    const struct audit_entry entry = {
        .who = audit_who(steering->request),
        .what = steering->retry ? "record.job-retried" : "record.job-removed",
        .subject = str_format(tx_arena(tx), "job:%.*s", FMT(steering->id)),
    };
    return (steering->retry ? job_retry(tx, steering->id, now, err)
                            : job_remove(tx, steering->id, err))
        && audit_add(tx, now, &entry, err);
}

bool change_work(struct request *request, struct error *err)
{
    struct form form;
    if (!request_form(request, &form, err))
        return false;
    struct steering steering = { request, form_text(&form, "id"),
                                 form_has(&form, "wat", STR("opnieuw")) };
    if (request_write(request, do_steer, &steering, err)) {
        jobs_wake(request->app);
        reply_notice(request, "ok", tr(request, steering.retry
                                                    ? N_("The work is tried again.")
                                                    : N_("The work has been removed.")));
    } else if (err->kind == CONFLICT) {
        reply_notice(request, "warning", tr(request, err->message));
    } else {
        return false;
    }
    return reply_redirect(request, STR(WORK_PATH));
}
