/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/file.h"
#include "platform/config.h"
#include "platform/service.h"

#include <stdlib.h>

static const struct setting settings[] = {
    { "test.port", SETTING_INT, "80", "A port.", 1, 65535 },
    { "test.secret", SETTING_SECRET, "", "A secret." },
    { "test.word", SETTING_TEXT, "hello", "A word." },
    { "test.on", SETTING_FLAG, "no", "A flag." },
    { .name = NULL },
};
static const struct service service = { .name = "test", .settings = settings };
static const struct service *const services[] = { &service, NULL };

static bool parse(struct test *t, const char *text, const struct config **config, struct error *err)
{
    return config_parse(t->arena, str_of(text), services, config, err);
}

TEST(a_setting_has_its_default_until_the_file_says_otherwise)
{
    const struct config *config;
    struct error err;
    CHECK_OK(parse(t, "# a comment\r\n\n test.port = 8080 \ntest.on=yes", &config, &err), err);
    CHECK_INT(config_int(config, "test.port"), 8080);
    CHECK(config_flag(config, "test.on"));
    CHECK_STR(config_text(config, "test.word"), STR("hello"));
}

TEST(an_unknown_setting_is_refused_with_its_line)
{
    const struct config *config;
    struct error err;
    CHECK(!parse(t, "test.port = 1\ntest.prot = 2\n", &config, &err));
    CHECK(str_find(str_of(err.subject), STR("line 2 (test.prot)")) >= 0);
}

TEST(a_value_outside_its_limits_is_refused_with_its_line)
{
    static const char *const bad[] = { "test.port = 0", "test.port = 65536", "test.port = x",
                                       "test.port =", "test.on = maybe" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct config *config;
        struct error err;
        CHECK(!parse(t, bad[i], &config, &err));
        CHECK(str_find(str_of(err.subject), STR("line 1")) >= 0);
    }
}

TEST(a_setting_that_stands_twice_is_refused)
{
    const struct config *config;
    struct error err;
    CHECK(!parse(t, "test.word = a\ntest.word = b\n", &config, &err));
    CHECK(!parse(t, "just a word\n", &config, &err));
}

TEST(the_environment_wins_and_must_be_known)
{
    const struct config *config;
    struct error err;
    setenv("FUNDAMENT_TEST_PORT", "81", 1); /* FUNDAMENT_TEST_* are the tests' own: ignored */
    setenv("FUNDAMENT_LOG_LEVEL", "warn", 1);
    CHECK_OK(config_load(t->arena, t->folder, services, &config, &err), err);
    CHECK_INT(config_int(config, "test.port"), 80);
    CHECK_STR(config_text(config, "log.level"), STR("warn"));
    setenv("FUNDAMENT_NO_SUCH", "1", 1);
    CHECK(!config_load(t->arena, t->folder, services, &config, &err));
}

static void look_for_secret(void *with, const struct setting *setting, struct str value,
                            const char *origin)
{
    bool *seen = with;
    (void)origin;
    CHECK(str_find(value, STR("hush")) < 0);
    *seen |= str_eq(str_of(setting->name), STR("test.secret"));
}

TEST(a_secret_is_not_shown)
{
    const struct config *config;
    struct error err;
    bool seen = false;
    CHECK_OK(parse(t, "test.secret = hush\n", &config, &err), err);
    config_each(config, look_for_secret, &seen);
    CHECK(seen);
}
