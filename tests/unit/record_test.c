/* SPDX-License-Identifier: EUPL-1.2 */
/* Deeds have sentences; they are numbered in the order of commits, whoever numbers them. */
#include "tests/test.h"

#include "base/file.h"
#include "base/list.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "platform/record/followers.h"
#include "platform/record/inbox.h"
#include "platform/service.h"
#include "services/services.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* ---- Every kind of deed that the source names has a sentence ---- */

static bool is_in(const struct deed_kind *kinds, struct str what)
{
    for (; kinds && kinds->what; kinds++)
        if (str_eq(str_of(kinds->what), what))
            return true;
    return false;
}

/* Is it a deed, an event or a job of some service? */
static bool is_known(struct str word)
{
    for (const struct service *const *s = all_services; *s; s++) {
        if (is_in((*s)->deeds, word) || is_in((*s)->events, word))
            return true;
        for (const struct job_kind *job = (*s)->jobs; job && job->name; job++)
            if (str_eq(str_of(job->name), word))
                return true;
    }
    return false;
}

/* "account.logged-in": small letters, one point, and a word of which deeds begin with. */
static bool looks_like_a_deed(struct str word)
{
    struct str rest = word, part = str_cut(&rest, '.');
    if (part.len == 0 || rest.len == 0)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (!is_lower(word.at[i]) && word.at[i] != '-' && i != part.len)
            return false;
    for (const struct service *const *s = all_services; *s; s++)
        for (const struct deed_kind *deed = (*s)->deeds; deed && deed->what; deed++)
            if (str_starts(str_of(deed->what), (struct str){ word.at, part.len + 1 }))
                return true;
    return false;
}

static void check_literals(const char *path, struct str text)
{
    while (str_more(text)) {
        str_cut(&text, '"');
        struct str literal = str_cut(&text, '"');
        if (looks_like_a_deed(literal) && !is_known(literal))
            test_fail(path, 0, "no service has a sentence for \"%.*s\"", FMT(literal));
    }
}

static size_t check_sources(struct test *t, const char *folder)
{
    size_t files = 0;
    struct dirent *entry;
    DIR *dir = opendir(folder);
    CHECK(dir);
    while ((entry = readdir(dir))) {
        struct stat about;
        struct error err;
        struct str text, name = str_of(entry->d_name);
        const char *path = str_format(t->arena, "%s/%s", folder, entry->d_name).at;
        if (entry->d_name[0] == '.' || stat(path, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode)) {
            files += check_sources(t, path);
        } else if (str_ends(name, STR(".c"))) {
            CHECK_OK(file_read(t->arena, path, 1024 * 1024, &text, &err), err);
            if (str_find(text, STR("audit_entry")) < 0)
                continue;
            check_literals(path, text);
            files++;
        }
    }
    closedir(dir);
    return files;
}

TEST(every_kind_of_deed_in_the_source_has_a_sentence)
{
    const char *root = getenv("FUNDAMENT_SOURCE");
    CHECK(check_sources(t, str_format(t->arena, "%s/src", root ? root : ".").at) > 5);
}

TEST(no_kind_of_deed_has_two_sentences)
{
    for (const struct service *const *s = all_services; *s; s++)
        for (const struct deed_kind *deed = (*s)->deeds; deed && deed->what; deed++) {
            CHECK(!is_in(deed + 1, str_of(deed->what)));
            for (const struct service *const *other = s + 1; *other; other++)
                CHECK(!is_in((*other)->deeds, str_of(deed->what)));
        }
}

/* The page of background work says what is done; a code is for nobody. */
TEST(every_kind_of_work_and_every_follower_has_a_name_for_people)
{
    size_t found = 0;
    for (const struct service *const *s = all_services; *s; s++) {
        for (const struct job_kind *job = (*s)->jobs; job && job->name; job++, found++)
            if (!job->title || !*job->title)
                CHECK_STR(str_of(job->name), STR("a kind of work with a name for people"));
        for (const struct follower *f = (*s)->followers; f && f->name; f++, found++)
            if (!f->title || !*f->title)
                CHECK_STR(str_of(f->name), STR("a follower with a name for people"));
    }
    CHECK(found > 5);
}

/* ---- Numbers in the order of commits ---- */

static const struct migration platform_schema[] = { { 1, "platform/schema/001-platform.sql" }, { 0 } };
static const struct migration record_schema[] = {
    { 1, "platform/record/schema/001-record.sql" },
    { 2, "platform/record/schema/002-audit-guard-sqlite.sql",
      .postgres = "platform/record/schema/002-audit-guard-postgres.sql" },
    { 3, "platform/record/schema/003-filed-sqlite.sql",
      .postgres = "platform/record/schema/003-filed-postgres.sql" },
    { 0 },
};
static const struct service platform_only = { .name = "platform", .migrations = platform_schema };
static const struct service record_only = { .name = "record", .migrations = record_schema };
static const struct service *const services[] = { &platform_only, &record_only, NULL };

static struct db *given_server(struct test *t)
{
    struct db *db;
    struct error err;
    CHECK_OK(db_open_url(t->db_url, 16, &db, &err), err);
    CHECK_OK(db_migrate(db, t->arena, services, &err), err);
    db_number_later(db, db_is_postgres(db));
    return db;
}

enum { WRITERS = 8, DEEDS = 40 };

struct pace {
    int64_t writer, deed;
    bool slow, refused;
};

static void pause_a_moment(long milliseconds)
{
    nanosleep(&(struct timespec){ .tv_nsec = milliseconds * 1000000 }, NULL);
}

static bool do_deed(struct tx *tx, void *with, struct error *err)
{
    const struct pace *pace = with;
    struct str subject = str_format(tx_arena(tx), "%lld:%lld", (long long)pace->writer,
                                    (long long)pace->deed);
    if (!audit_add(tx, 1, &(struct audit_entry){ .what = "test.deed", .subject = subject }, err)
        || !event_add(tx, 1, "test.deed", subject, STR(""), err))
        return false;
    if (pace->slow)
        pause_a_moment(3);
    return !pace->refused || fail(err, INVALID, NULL, "not after all");
}

static void *do_deeds(void *with)
{
    static _Atomic int64_t writers;
    struct arena arena = { 0 };
    struct error err;
    struct pace pace = { .writer = writers++ };
    for (pace.deed = 0; pace.deed < DEEDS; pace.deed++) {
        pace.slow = (pace.deed + pace.writer) % 7 == 0;
        CHECK_OK(db_write(with, &arena, do_deed, &pace, &err), err);
        if (pace.deed % 10 == 0) { /* one that is undone leaves nothing */
            struct pace undone = { 99, pace.deed, false, true };
            CHECK(!db_write(with, &arena, do_deed, &undone, &err));
        }
    }
    arena_free(&arena);
    return NULL;
}

/* A follower that reads by number while others write, and what it saw of each writer. */
struct reading {
    int64_t position, seen;
    int64_t next[WRITERS];
};

static bool do_read_on(struct tx *tx, void *with, struct error *err)
{
    struct reading *reading = with;
    struct event *events;
    size_t count;
    if (!events_after(tx, reading->position, 100, &events, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        int64_t writer, deed;
        struct str subject = events[i].subject, first = str_cut(&subject, ':');
        CHECK(str_to_int(first, 0, WRITERS - 1, &writer));
        CHECK(str_to_int(subject, 0, DEEDS, &deed));
        CHECK_INT(events[i].number, reading->position + 1); /* no gap, now or later */
        CHECK_INT(deed, reading->next[writer]);             /* in order, none skipped */
        reading->next[writer]++;
        reading->position = events[i].number;
        reading->seen++;
    }
    return true;
}

static bool do_verify(struct tx *tx, void *with, struct error *err)
{
    return audit_verify(tx, with, err);
}

TEST_DB(no_event_is_skipped_when_transactions_commit_out_of_order)
{
    struct db *db = given_server(t);
    pthread_t threads[WRITERS];
    struct reading reading = { 0 };
    struct error err;
    int64_t checked;
    for (int i = 0; i < WRITERS; i++)
        CHECK(pthread_create(&threads[i], NULL, do_deeds, db) == 0);
    while (reading.seen < WRITERS * DEEDS) {
        CHECK_OK(inbox_empty(db, &err), err);
        CHECK_OK(db_read(db, t->arena, do_read_on, &reading, &err), err);
        pause_a_moment(1);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    CHECK_OK(db_read(db, t->arena, do_read_on, &reading, &err), err);
    CHECK_INT(reading.seen, WRITERS * DEEDS);
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, WRITERS * DEEDS);
    db_close(db);
}

static void *empty_often(void *with)
{
    struct error err;
    for (int i = 0; i < 50; i++) {
        CHECK_OK(inbox_empty(with, &err), err);
        pause_a_moment(1);
    }
    return NULL;
}

TEST_DB(several_nodes_may_number_at_once)
{
    struct db *db = given_server(t);
    pthread_t writers[WRITERS], numbering[4];
    struct error err;
    int64_t checked;
    for (int i = 0; i < WRITERS; i++)
        CHECK(pthread_create(&writers[i], NULL, do_deeds, db) == 0);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&numbering[i], NULL, empty_often, db) == 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(numbering[i], NULL);
    CHECK_OK(inbox_empty(db, &err), err);
    CHECK_OK(db_read(db, t->arena, do_verify, &checked, &err), err);
    CHECK_INT(checked, WRITERS * DEEDS);
    db_close(db);
}

static bool do_strange_deed(struct tx *tx, void *with, struct error *err)
{
    (void)with;
    return audit_add(tx, 1,
                     &(struct audit_entry){ .who = STR("a,b:c"),
                                            .what = "test.deed",
                                            .subject = STR("12:é…\n7:,"),
                                            .detail = STR("{\"a\":\"1:\"}") },
                     err);
}

static bool do_list(struct tx *tx, void *with, struct error *err)
{
    int64_t total;
    return audit_list(tx, &(struct audit_question){ 0 }, 10, 0, with, &total, err);
}

TEST_DB(any_text_comes_out_as_it_was_left)
{
    struct db *db = given_server(t);
    struct error err;
    struct audit_rows rows;
    CHECK_OK(db_write(db, t->arena, do_strange_deed, NULL, &err), err);
    CHECK_OK(inbox_empty(db, &err), err);
    CHECK_OK(db_read(db, t->arena, do_list, &rows, &err), err);
    CHECK_INT(rows.len, 1);
    CHECK_STR(rows.at[0].who, STR("a,b:c"));
    CHECK_STR(rows.at[0].subject, STR("12:é…\n7:,"));
    CHECK_STR(rows.at[0].detail, STR("{\"a\":\"1:\"}"));
    db_close(db);
}
