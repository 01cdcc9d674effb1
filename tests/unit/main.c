/* SPDX-License-Identifier: EUPL-1.2 */
/* Runs the unit tests: unit [-v] [PART-OF-NAME...]. PostgreSQL tests use the server whose conninfo
 * stands in FUNDAMENT_TEST_POSTGRES (tests/postgres starts one); without it they are skipped. */
#include "tests/test.h"

#include "platform/record/audit.h"
#include "services/services.h"

#include <ftw.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 0, FAILED = 1, SKIPPED = 77 };

static struct test_case *all;
static bool verbose;

void test_register(struct test_case *test)
{
    test->next = all;
    all = test;
}

void test_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    fprintf(stdout, "  %s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stdout, format, args);
    va_end(args);
    fputs("\n", stdout);
    fflush(stdout);
    _exit(FAILED);
}

void test_skip(const char *why)
{
    fprintf(stdout, "  skipped: %s\n", why);
    fflush(stdout);
    _exit(SKIPPED);
}

struct str test_data(struct test *t, const char *name)
{
    const char *root = getenv("FUNDAMENT_TEST_DATA");
    struct str path = str_format(t->arena, "%s/%s", root ? root : "../shared/data", name);
    FILE *file = fopen(path.at, "rb");
    if (!file)
        test_skip("the shared test data is not here");
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = arena_alloc(t->arena, size + 1);
    size_t got = fread(bytes, 1, size, file);
    fclose(file);
    return (struct str){ bytes, got };
}

static void keep_silent(void *nothing, const char *notice)
{
    (void)nothing, (void)notice;
}

static void run_sql(const char *conninfo, const char *sql)
{
    PGconn *connection = PQconnectdb(conninfo);
    PQsetNoticeProcessor(connection, keep_silent, NULL);
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        test_fail(__FILE__, __LINE__, "%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

static void drop_database(struct arena *arena)
{
    struct str sql = str_format(arena, "DROP DATABASE IF EXISTS test_%d WITH (FORCE)",
                                (int)getpid());
    run_sql(getenv("FUNDAMENT_TEST_POSTGRES"), sql.at);
}

/* An empty database of this test's own on the tests' PostgreSQL. */
static struct str postgres_url(struct test *t)
{
    const char *server = getenv("FUNDAMENT_TEST_POSTGRES");
    if (!server)
        test_skip("FUNDAMENT_TEST_POSTGRES is not set");
    drop_database(t->arena); /* of a test that failed and had our process number */
    run_sql(server, str_format(t->arena, "CREATE DATABASE test_%d", (int)getpid()).at);
    return str_format(t->arena, "postgres:%s dbname=test_%d", server, (int)getpid());
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    return remove(path);
}

/* A test that failed leaves its folder behind, as evidence. */
static void sweep(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void child(const struct test_case *test, bool postgres)
{
    char folder[] = "/tmp/fundament-test-XXXXXX";
    struct arena arena = { 0 };
    struct test t = { .name = test->name, .arena = &arena, .folder = mkdtemp(folder) };
    if (test->needs == NEEDS_DB)
        t.db_url = postgres ? postgres_url(&t)
                            : str_format(&arena, "sqlite:%s/test.db", t.folder);
    test->run(&t);
    if (test->needs == NEEDS_DB && postgres)
        drop_database(&arena);
    arena_free(&arena);
    sweep(t.folder);
    fflush(stdout);
    exit(PASSED);
}

static int run_one(const struct test_case *test, bool postgres)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        child(test, postgres);
    int status = 0;
    waitpid(pid, &status, 0);
    int result = WIFEXITED(status) ? WEXITSTATUS(status) : FAILED;
    if (WIFSIGNALED(status))
        printf("  ended by signal %d\n", WTERMSIG(status));
    const char *engine = test->needs == NEEDS_DB ? (postgres ? " (postgres)" : " (sqlite)") : "";
    if (verbose || result != PASSED)
        printf("%s %s%s\n", result == PASSED ? "ok" : result == SKIPPED ? "skipped" : "FAILED",
               test->name, engine);
    return result;
}

static bool is_wanted(const struct test_case *test, char **words)
{
    if (!*words)
        return true;
    for (; *words; words++)
        if (strstr(test->name, *words) || strstr(test->file, *words))
            return true;
    return false;
}

/* Has a service a sentence for this kind of deed? Tests may make up deeds of their own. */
static bool is_known_deed(const char *what)
{
    if (strncmp(what, "test.", 5) == 0)
        return true;
    for (const struct service *const *s = all_services; *s; s++)
        for (const struct deed_kind *deed = (*s)->deeds; deed && deed->what; deed++)
            if (strcmp(deed->what, what) == 0)
                return true;
    return false;
}

int main(int argc, char **argv)
{
    audit_kinds_known = is_known_deed;
    int tally[3] = { 0 };
    char **words = argv + 1;
    (void)argc;
    if (*words && strcmp(*words, "-v") == 0) {
        verbose = true;
        words++;
    }
    for (const struct test_case *test = all; test; test = test->next) {
        if (!is_wanted(test, words))
            continue;
        for (int engine = 0; engine < (test->needs == NEEDS_DB ? 2 : 1); engine++) {
            int result = run_one(test, engine == 1);
            tally[result == PASSED ? 0 : result == SKIPPED ? 2 : 1]++;
        }
    }
    printf("%d passed, %d failed, %d skipped\n", tally[0], tally[1], tally[2]);
    return tally[1] ? 1 : 0;
}
