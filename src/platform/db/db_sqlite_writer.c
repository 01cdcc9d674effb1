/* SPDX-License-Identifier: EUPL-1.2 */
/* The one writer of SQLite, with group commit: a thread takes everybody who waits, runs each one's
 * function in one transaction, commits once, and wakes them all. The disk's slow "it is safe now" is
 * shared by as many as came while the previous one was under way. */
#include "platform/db/db_sqlite.h"

#include <sched.h>
#include <semaphore.h>

struct ticket {
    struct arena *arena;
    db_work *work;
    void *with;
    struct error *err;
    bool ok;
    sem_t done;
    struct ticket *next;
};

static const struct statement begin = SQL("BEGIN IMMEDIATE");
static const struct statement commit = SQL("COMMIT");
static const struct statement rollback = SQL("ROLLBACK");
static const struct statement savepoint = SQL("SAVEPOINT caller");
static const struct statement release = SQL("RELEASE caller");
static const struct statement rollback_to = SQL("ROLLBACK TO caller");

static bool is_open(const struct connection *writer)
{
    return !sqlite3_get_autocommit(writer->handle);
}

static bool run_work(struct connection *writer, struct ticket *ticket)
{
    writer->tx.arena = writer->tx.home = ticket->arena;
    bool ok = db_work_guarded(&writer->tx, ticket->work, ticket->with, ticket->err);
    sqlite_end_rows(writer);
    writer->tx.arena = writer->tx.home = NULL;
    return ok;
}

/* Commits what all did, with the notes that they left. */
static bool commit_all(struct connection *writer, struct error *err)
{
    bool ok = db_flush_notes(&writer->tx, err);
    sqlite_end_rows(writer);
    return ok && sqlite_command(writer, &commit, err);
}

/* Forgets the notes behind `last`; NULL: all. */
static void keep_notes_until(struct tx *tx, struct tx_note *last)
{
    if (last)
        last->next = NULL;
    else
        tx->first_note = NULL;
    tx->last_note = last;
}

/* Runs one caller's work so that its failure undoes nobody else's. False when the transaction
 * itself is lost: SQLite rolls it back as a whole when the disk is full or fails. */
static bool run_in_savepoint(struct connection *writer, struct ticket *ticket, struct error *err)
{
    struct tx_note *last = writer->tx.last_note;
    if (!sqlite_command(writer, &savepoint, err))
        return false;
    ticket->ok = run_work(writer, ticket);
    if (!ticket->ok)
        keep_notes_until(&writer->tx, last);
    if (!is_open(writer)) {
        *err = *ticket->err;
        return false;
    }
    if (!ticket->ok && !sqlite_command(writer, &rollback_to, err))
        return false;
    return sqlite_command(writer, &release, err);
}

static void roll_back(struct connection *writer)
{
    struct error ignored;
    if (is_open(writer))
        sqlite_command(writer, &rollback, &ignored);
}

/* Where memory ended, the transaction before may still be open: its ROLLBACK needed some too. */
static bool begin_anew(struct connection *writer, struct error *err)
{
    db_forget_notes(&writer->tx);
    roll_back(writer);
    return sqlite_command(writer, &begin, err);
}

/* One transaction in which each may fail alone. */
static bool run_apart(struct connection *writer, struct ticket *first, struct error *err)
{
    if (!begin_anew(writer, err))
        return false;
    for (struct ticket *ticket = first; ticket; ticket = ticket->next)
        if (!run_in_savepoint(writer, ticket, err))
            return false;
    return commit_all(writer, err);
}

/* One transaction in which all go well: the usual case, without the price of savepoints. False with
 * `*failed` when somebody's work failed, and only that is why. */
static bool run_smoothly(struct connection *writer, struct ticket *first, bool *failed,
                         struct error *err)
{
    *failed = false;
    if (!begin_anew(writer, err))
        return false;
    for (struct ticket *ticket = first; ticket; ticket = ticket->next) {
        ticket->ok = run_work(writer, ticket);
        *failed = !ticket->ok && is_open(writer);
        if (!ticket->ok) {
            *err = *ticket->err;
            return false;
        }
    }
    return commit_all(writer, err);
}

static void forget_results(struct ticket *ticket)
{
    for (; ticket; ticket = ticket->next) {
        ticket->ok = false;
        *ticket->err = (struct error){ 0 };
    }
}

/* False, with the reason, when nothing was written. When somebody's work fails among others', all of
 * it is done again with a savepoint around each. */
static bool run_together(struct connection *writer, struct ticket *first, struct error *err)
{
    bool failed;
    if (run_smoothly(writer, first, &failed, err))
        return true;
    if (!failed || !first->next)
        return false;
    forget_results(first);
    return run_apart(writer, first, err);
}

static void run_batch(struct connection *writer, struct ticket *first)
{
    struct error err = { 0 };
    bool committed = run_together(writer, first, &err);
    if (!committed)
        roll_back(writer);
    while (first) {
        struct ticket *ticket = first;
        first = ticket->next; /* once woken, the ticket is gone */
        if (!committed && (ticket->ok || ticket->err->kind == NO_ERROR))
            *ticket->err = err;
        ticket->ok = ticket->ok && committed;
        sem_post(&ticket->done);
    }
}

/* Lets those who were just woken come back with their next write, as long as they keep coming: a
 * commit costs the same for one as for all. */
static void gather(struct sqlite *db, size_t served)
{
    size_t seen = 0;
    while (db->queued < served && db->queued > seen) {
        seen = db->queued;
        pthread_mutex_unlock(&db->queue_lock);
        sched_yield();
        pthread_mutex_lock(&db->queue_lock);
    }
}

/* `served`: how many the last commit was for. */
static struct ticket *take_all(struct sqlite *db, size_t *served)
{
    pthread_mutex_lock(&db->queue_lock);
    while (!db->first && !db->stopping)
        pthread_cond_wait(&db->queue_filled, &db->queue_lock);
    gather(db, *served);
    struct ticket *first = db->first;
    *served = db->queued;
    db->first = db->last = NULL;
    db->queued = 0;
    pthread_mutex_unlock(&db->queue_lock);
    return first;
}

static void *write_for_all(void *with)
{
    struct sqlite *db = with;
    size_t served = 0;
    for (struct ticket *first; (first = take_all(db, &served));)
        run_batch(db->writer, first);
    return NULL;
}

bool sqlite_write(struct db *base, struct arena *arena, db_work *work, void *with,
                  struct error *err)
{
    struct sqlite *db = (struct sqlite *)base;
    struct ticket ticket = { .arena = arena, .work = work, .with = with, .err = err };
    if (pthread_equal(pthread_self(), db->writer_thread))
        return fail_internal(err, "a write inside a write");
    *err = (struct error){ 0 };
    sem_init(&ticket.done, 0, 0);
    pthread_mutex_lock(&db->queue_lock);
    if (db->last)
        db->last->next = &ticket;
    else
        db->first = &ticket;
    db->last = &ticket;
    db->queued++;
    pthread_cond_signal(&db->queue_filled);
    pthread_mutex_unlock(&db->queue_lock);
    while (sem_wait(&ticket.done) != 0)
        ; /* a signal came; the writer still uses our ticket */
    sem_destroy(&ticket.done);
    return ticket.ok;
}

bool sqlite_start_writer(struct sqlite *db, struct error *err)
{
    pthread_mutex_init(&db->queue_lock, NULL);
    pthread_cond_init(&db->queue_filled, NULL);
    if (pthread_create(&db->writer_thread, NULL, write_for_all, db) != 0)
        return fail_internal(err, "the database writer's thread could not be started");
    db->writing = true;
    return true;
}

void sqlite_stop_writer(struct sqlite *db)
{
    if (!db->writing)
        return;
    pthread_mutex_lock(&db->queue_lock);
    db->stopping = true;
    pthread_cond_signal(&db->queue_filled);
    pthread_mutex_unlock(&db->queue_lock);
    pthread_join(db->writer_thread, NULL);
    db->writing = false;
    pthread_mutex_destroy(&db->queue_lock);
    pthread_cond_destroy(&db->queue_filled);
}
