/* SPDX-License-Identifier: EUPL-1.2 */
/* Messages as bytes; tests/mail sends them to a real server. */
#include "tests/test.h"

#include "base/buf.h"
#include "base/encoding.h"
#include "base/list.h"
#include "platform/mail/mail.h"
#include "platform/mail/message.h"

static struct str written(struct test *t, struct str name, struct str subject, struct str body)
{
    const struct message message = {
        .from = STR("from@example.nl"), .from_name = STR("Fundament"),
        .to = STR("to@school.nl"), .to_name = name, .subject = subject, .body = body,
        .id = STR("abc"), .at = 1795467000 * SECOND,
    };
    return message_write(t->arena, &message);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_of(part)) >= 0;
}

TEST(a_message_of_ascii_is_as_it_was_written)
{
    struct str text = written(t, STR("Ada \"L\""), STR("A question"), STR("Hello,\n\nbye\n"));
    CHECK(has(text, "Date: Mon, 23 Nov 2026 20:50:00 +0000\r\n"));
    CHECK(has(text, "To: \"Ada \\\"L\\\"\"\r\n <to@school.nl>\r\n"));
    CHECK(has(text, "Subject: A question\r\n"));
    CHECK(has(text, "Message-ID: <abc@example.nl>\r\n"));
    CHECK(str_ends(text, STR("\r\n\r\nHello,\r\n\r\nbye\r\n")));
}

TEST(a_character_is_never_cut_between_two_encoded_words)
{
    struct buf name = { .arena = t->arena };
    for (int i = 0; i < 60; i++)
        buf_lit(&name, "aé€");
    struct str text = written(t, STR(""), buf_str(&name), STR(""));
    for (ptrdiff_t at = str_find(text, STR("=?UTF-8?B?")); at >= 0;
         at = str_find(text, STR("=?UTF-8?B?"))) {
        struct str word;
        text = str_slice(text, (size_t)at + 10, text.len);
        struct str rest = text;
        CHECK(base64_decode(t->arena, str_cut(&rest, '?'), &word));
        CHECK(utf8_valid(word));
    }
}

TEST(no_line_of_a_message_is_long_or_a_single_dot)
{
    struct buf body = { .arena = t->arena };
    buf_lit(&body, ".\n");
    for (int i = 0; i < 500; i++)
        buf_lit(&body, "één woord ");
    struct str rest = written(t, STR("Ł"), STR("Ł"), buf_str(&body));
    while (rest.len) {
        struct str line = str_cut(&rest, '\n');
        CHECK(line.len <= 78);
        CHECK(!str_eq(line, STR(".\r")));
    }
}

TEST(a_header_is_one_line)
{
    CHECK(header_text_allowed(STR("Zoë van Łódź")));
    CHECK(!header_text_allowed(STR("a\nb")));
    CHECK(!header_text_allowed(STR("a\rb")));
    CHECK(!header_text_allowed(STR("a\x7f")));
    CHECK(!header_text_allowed(STR("a\xff")));
}

TEST(an_address_is_a_name_and_a_domain)
{
    static const char *const good[] = { "a@b.nl", "a.b+c@d-e.example", "o'neill@school.nl" };
    static const char *const wrong[] = { "", "a", "@b.nl", "a@", "a@b", "a b@c.nl", "a@b..nl",
                                         ".a@b.nl", "a.@b.nl", "a@b.nl\n", "a@b.nl>", "\"a\"@b.nl",
                                         "a@[127.0.0.1]", "a@b@c.nl", "é@b.nl", "a@b.nl,c@d.nl" };
    struct error err = { 0 };
    for (size_t i = 0; i < count_of(good); i++)
        CHECK_OK(mail_address_allowed(str_of(good[i]), NULL, &err), err);
    for (size_t i = 0; i < count_of(wrong); i++)
        CHECK(!mail_address_allowed(str_of(wrong[i]), NULL, &err));
}
