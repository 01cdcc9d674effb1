/* SPDX-License-Identifier: EUPL-1.2 */
/* The test harness. A test is a sentence:
 *
 *     TEST(a_bad_item_fails_alone) { ... CHECK(ok); CHECK_STR(got, STR("x")); CHECK_INT(n, 3); }
 *
 * TEST_DB(name) runs twice, on SQLite and on PostgreSQL, each with an empty database of its own at
 * `t->db_url`. Each test runs in a process of its own; `t->arena` is freed after it, `t->folder` is
 * an empty folder that is removed after it. The first CHECK that fails ends the test. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include "base/arena.h"
#include "base/str.h"

struct test {
    const char *name;
    struct arena *arena;
    const char *folder;
    struct str db_url;  /* of a TEST_DB */
};

enum test_needs { NEEDS_NOTHING, NEEDS_DB };

struct test_case {
    const char *name;
    const char *file;
    void (*run)(struct test *t);
    enum test_needs needs;
    struct test_case *next;
};

void test_register(struct test_case *test);

#define TEST_WITH(title, what)                                                                     \
    static void title(struct test *t);                                                             \
    __attribute__((constructor)) static void register_##title(void)                                \
    {                                                                                              \
        static struct test_case entry = {                                                          \
            .name = #title, .file = __FILE__, .run = title, .needs = what                          \
        };                                                                                         \
        test_register(&entry);                                                                     \
    }                                                                                              \
    static void title(struct test *t __attribute__((unused)))

#define TEST(title)    TEST_WITH(title, NEEDS_NOTHING)
#define TEST_DB(title) TEST_WITH(title, NEEDS_DB)

_Noreturn void test_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void test_skip(const char *why); /* visibly: for data that is not here */

/* A file of the shared test data (`../shared/data/` beside the project, or FUNDAMENT_TEST_DATA);
 * skips the test where it is absent. */
struct str test_data(struct test *t, const char *name);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            test_fail(__FILE__, __LINE__, "%s", #condition);                                       \
    } while (0)

#define CHECK_STR(got, wanted)                                                                     \
    do {                                                                                           \
        struct str got_ = (got), wanted_ = (wanted);                                               \
        if (!str_eq(got_, wanted_))                                                                \
            test_fail(__FILE__, __LINE__, "%s is \"%.*s\", not \"%.*s\"", #got, FMT(got_),         \
                      FMT(wanted_));                                                               \
    } while (0)

#define CHECK_INT(got, wanted)                                                                     \
    do {                                                                                           \
        long long got_ = (long long)(got), wanted_ = (long long)(wanted);                          \
        if (got_ != wanted_)                                                                       \
            test_fail(__FILE__, __LINE__, "%s is %lld, not %lld", #got, got_, wanted_);            \
    } while (0)

/* A call that must succeed; prints the error's texts when it does not. */
#define CHECK_OK(call, err)                                                                        \
    do {                                                                                           \
        if (!(call))                                                                               \
            test_fail(__FILE__, __LINE__, "%s: %s [%s] (%s)", #call,                               \
                      (err).message ? (err).message : "?", (err).subject, (err).detail);           \
    } while (0)

#endif
