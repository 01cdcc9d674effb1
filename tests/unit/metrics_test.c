/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/metrics.h"

#include "base/file.h"
#include "tests/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct str written(struct test *t, struct metrics *metrics)
{
    struct buf out = { .arena = t->arena };
    metrics_write(metrics, &out);
    return buf_str(&out);
}

static bool has(struct str text, struct str line)
{
    return str_find(text, line) >= 0;
}

TEST(a_counter_adds_up)
{
    struct metrics *metrics = metrics_new(t->arena);
    metrics_count(metrics, "x_total", "Things.", NULL, NULL, 2);
    metrics_count(metrics, "x_total", "Things.", NULL, NULL, 40);
    CHECK_STR(written(t, metrics), STR("# HELP x_total Things.\n# TYPE x_total counter\n"
                                       "x_total 42\n"));
}

TEST(label_values_count_apart_under_one_heading)
{
    struct metrics *metrics = metrics_new(t->arena);
    metrics_count(metrics, "x_total", "Things.", "kind", "b", 1);
    metrics_count(metrics, "w_total", "Between.", NULL, NULL, 7);
    metrics_count(metrics, "x_total", "Things.", "kind", "a", 5);
    CHECK_STR(written(t, metrics),
              STR("# HELP w_total Between.\n# TYPE w_total counter\nw_total 7\n"
                  "# HELP x_total Things.\n# TYPE x_total counter\n"
                  "x_total{kind=\"a\"} 5\nx_total{kind=\"b\"} 1\n"));
}

TEST(help_and_labels_are_escaped)
{
    struct metrics *metrics = metrics_new(t->arena);
    metrics_count(metrics, "x_total", "A \\ and\na line.", "kind", "a\"b\\c\nd", 1);
    struct str text = written(t, metrics);
    CHECK(has(text, STR("# HELP x_total A \\\\ and\\na line.\n")));
    CHECK(has(text, STR("x_total{kind=\"a\\\"b\\\\c\\nd\"} 1\n")));
}

TEST(a_request_falls_in_its_bucket_and_all_above)
{
    struct metrics *metrics = metrics_new(t->arena);
    metrics_request(metrics, "/a/{b}", 200, 1000);
    metrics_request(metrics, "/a/{b}", 204, 1001);
    metrics_request(metrics, "/a/{b}", 200, 60 * SECOND);
    metrics_request(metrics, "/a/{b}", 503, 1);
    struct str text = written(t, metrics);
    const char *name = "fundament_request_seconds";
    CHECK(has(text, str_format(t->arena, "%s_bucket{route=\"/a/{b}\",status=\"2xx\",le=\"0.0005\"} "
                                         "0\n", name)));
    CHECK(has(text, str_format(t->arena, "%s_bucket{route=\"/a/{b}\",status=\"2xx\",le=\"0.001\"} "
                                         "1\n", name)));
    CHECK(has(text, str_format(t->arena, "%s_bucket{route=\"/a/{b}\",status=\"2xx\",le=\"10\"} "
                                         "2\n", name)));
    CHECK(has(text, str_format(t->arena, "%s_bucket{route=\"/a/{b}\",status=\"2xx\",le=\"+Inf\"} "
                                         "3\n", name)));
    CHECK(has(text, str_format(t->arena, "%s_sum{route=\"/a/{b}\",status=\"2xx\"} 60.002001\n",
                               name)));
    CHECK(has(text, str_format(t->arena, "%s_count{route=\"/a/{b}\",status=\"5xx\"} 1\n", name)));
}

enum { THREADS = 8, TIMES = 20000 };

static void *count_much(void *what)
{
    for (int i = 0; i < TIMES; i++) {
        metrics_count(what, "x_total", "Things.", "kind", i % 2 ? "odd" : "even", 1);
        metrics_request(what, "/", 200, i);
    }
    return NULL;
}

TEST(threads_that_count_at_once_lose_nothing)
{
    struct metrics *metrics = metrics_new(t->arena);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, count_much, metrics) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct str text = written(t, metrics);
    CHECK(has(text, str_format(t->arena, "x_total{kind=\"odd\"} %d\n", THREADS * TIMES / 2)));
    CHECK(has(text, str_format(t->arena, "_count{route=\"/\",status=\"2xx\"} %d\n",
                               THREADS * TIMES)));
}

TEST(a_flood_of_labels_does_not_grow_without_end)
{
    struct metrics *metrics = metrics_new(t->arena);
    metrics_count(metrics, "first_total", "First.", NULL, NULL, 1);
    for (int i = 0; i < 5000; i++)
        metrics_count(metrics, "x_total", "Things.", "kind",
                      str_format(t->arena, "%d", i).at, 1);
    metrics_count(metrics, "first_total", "First.", NULL, NULL, 1);
    struct str text = written(t, metrics);
    CHECK(text.len < 20000);
    CHECK(has(text, STR("first_total 2\n")));
}

static int promtool(const char *input)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen(input, "r", stdin))
            _exit(126);
        execlp("promtool", "promtool", "check", "metrics", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(promtool_finds_nothing_to_say)
{
    struct metrics *metrics = metrics_new(t->arena);
    struct error err;
    metrics_count(metrics, "fundament_answers_total", "Answers.", "kind", "a \"b\"", 3);
    metrics_request(metrics, "/scholen/{brin}", 200, 12345);
    metrics_request(metrics, "/scholen/{brin}", 404, 1);
    metrics_request(metrics, "/", 200, 1);
    const char *file = str_format(t->arena, "%s/metrics", t->folder).at;
    CHECK_OK(file_write(file, written(t, metrics), 0644, &err), err);
    int result = promtool(file);
    if (result == 127)
        test_skip("promtool (package prometheus) is not here");
    CHECK_INT(result, 0);
}
