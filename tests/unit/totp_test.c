/* SPDX-License-Identifier: EUPL-1.2 */
/* One-time codes, against the vectors of RFC 4226 and RFC 6238, and against oathtool. */
#include "tests/test.h"

#include "base/encoding.h"
#include "base/list.h"
#include "platform/people/totp.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct str rfc_secret = S("12345678901234567890");

TEST(codes_are_those_of_rfc_4226)
{
    static const int64_t codes[] = { 755224, 287082, 359152, 969429, 338314,
                                     254676, 287922, 162583, 399871, 520489 };
    for (size_t i = 0; i < count_of(codes); i++)
        CHECK_INT(hotp(rfc_secret, i, 6), codes[i]);
}

TEST(codes_are_those_of_rfc_6238)
{
    static const struct {
        int64_t seconds, code;
    } vectors[] = { { 59, 94287082 },         { 1111111109, 7081804 },  { 1111111111, 14050471 },
                    { 1234567890, 89005924 }, { 2000000000, 69279037 }, { 20000000000, 65353130 } };
    for (size_t i = 0; i < count_of(vectors); i++)
        CHECK_INT(hotp(rfc_secret, (uint64_t)totp_step(vectors[i].seconds * SECOND), 8),
                  vectors[i].code);
}

static struct str code_at(struct test *t, int64_t step)
{
    return str_format(t->arena, "%06lld", (long long)hotp(rfc_secret, (uint64_t)step, 6));
}

TEST(a_code_of_one_step_before_or_after_is_taken_and_none_further)
{
    instant now = 1111111111 * SECOND;
    int64_t step = 0, this = totp_step(now);
    for (int64_t drift = -3; drift <= 3; drift++) {
        bool taken = totp_check(rfc_secret, code_at(t, this + drift), now, &step);
        CHECK_INT(taken, drift >= -1 && drift <= 1);
        if (taken)
            CHECK_INT(step, this + drift);
    }
}

TEST(what_is_no_code_is_not_taken)
{
    static const struct str wrong[] = { S(""), S("12345"), S("1234567"), S("12345a"), S("-12345"),
                                        S("+12345"), S(" 12345") };
    int64_t step;
    for (size_t i = 0; i < count_of(wrong); i++)
        CHECK(!totp_check(rfc_secret, wrong[i], 1111111111 * SECOND, &step));
}

TEST(a_secret_is_written_as_base32_of_rfc_4648)
{
    static const struct {
        struct str bytes, text;
    } vectors[] = { { S(""), S("") },           { S("f"), S("MY") },
                    { S("fo"), S("MZXQ") },     { S("foo"), S("MZXW6") },
                    { S("foob"), S("MZXW6YQ") }, { S("fooba"), S("MZXW6YTB") },
                    { S("foobar"), S("MZXW6YTBOI") } };
    for (size_t i = 0; i < count_of(vectors); i++)
        CHECK_STR(base32_encode(t->arena, vectors[i].bytes), vectors[i].text);
}

/* What oathtool says for this secret, in base32, at this moment. */
static struct str ask_oathtool(struct test *t, struct str secret, int64_t seconds)
{
    int pipes[2];
    char said[32] = "";
    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        execlp("oathtool", "oathtool", "--totp", "-b",
               str_format(t->arena, "--now=@%lld", (long long)seconds).at, str_c(t->arena, secret),
               NULL);
        _exit(127);
    }
    close(pipes[1]);
    ssize_t got = read(pipes[0], said, sizeof said - 1);
    int status = 0;
    close(pipes[0]);
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        test_skip("oathtool is not installed");
    CHECK(got > 0 && status == 0);
    return str_copy(t->arena, str_trim((struct str){ said, (size_t)got }));
}

TEST(oathtool_makes_the_same_codes)
{
    static const int64_t moments[] = { 59, 1700000000, 1800000029, 1800000030 };
    struct str secret = STR("\x00\xff\x10 a secret of 20 b");
    int64_t step;
    CHECK_INT(secret.len, TOTP_SECRET_BYTES);
    for (size_t i = 0; i < count_of(moments); i++) {
        struct str code = ask_oathtool(t, base32_encode(t->arena, secret), moments[i]);
        CHECK(totp_check(secret, code, moments[i] * SECOND, &step));
        CHECK_INT(step, totp_step(moments[i] * SECOND));
    }
}

TEST(the_address_for_an_app_names_issuer_and_login)
{
    CHECK_STR(totp_address(t->arena, STR("Stichting A & B"), STR("ada@school"), STR("fooba")),
              STR("otpauth://totp/Stichting%20A%20%26%20B:ada%40school?secret=MZXW6YTB"
                  "&issuer=Stichting%20A%20%26%20B&algorithm=SHA1&digits=6&period=30"));
}
