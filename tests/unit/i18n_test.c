/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/list.h"
#include "platform/embedded.h"
#include "platform/page/page.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- A small catalogue, built here ---- */

static void put_word(struct buf *out, size_t word)
{
    uint32_t value = (uint32_t)word;
    buf_add(out, (struct str){ (const char *)&value, sizeof value });
}

/* Two messages, "one" -> "een" and "two" -> "twee". */
static struct str small_catalogue(struct arena *arena)
{
    static const char texts[] = "one\0two\0een\0twee";
    struct buf mo = { .arena = arena };
    put_word(&mo, 0x950412de);
    put_word(&mo, 0);
    put_word(&mo, 2);
    put_word(&mo, 28);
    put_word(&mo, 44);
    put_word(&mo, 0);
    put_word(&mo, 0);
    static const size_t table[][2] = { { 3, 60 }, { 3, 64 }, { 3, 68 }, { 4, 72 } };
    for (size_t i = 0; i < count_of(table); i++) {
        put_word(&mo, table[i][0]);
        put_word(&mo, table[i][1]);
    }
    buf_add(&mo, (struct str){ texts, sizeof texts });
    return buf_str(&mo);
}

TEST(a_message_is_found_in_a_catalogue)
{
    struct str mo = small_catalogue(t->arena);
    CHECK_STR(str_of(catalogue_find(mo, "one")), STR("een"));
    CHECK_STR(str_of(catalogue_find(mo, "two")), STR("twee"));
    CHECK(!catalogue_find(mo, "three"));
    CHECK(!catalogue_find(mo, ""));
}

TEST(a_damaged_catalogue_is_never_read_outside_its_bytes)
{
    struct str whole = small_catalogue(t->arena);
    for (size_t len = 0; len < whole.len; len++) {
        char *copy = malloc(len ? len : 1); /* its own block, so that ASan sees its end */
        memcpy(copy, whole.at, len);
        catalogue_find((struct str){ copy, len }, "two");
        free(copy);
    }
    for (size_t i = 0; i < whole.len * 8; i++) {
        char *copy = malloc(whole.len);
        memcpy(copy, whole.at, whole.len);
        copy[i / 8] = (char)(copy[i / 8] ^ (1 << (i % 8)));
        catalogue_find((struct str){ copy, whole.len }, "two");
        free(copy);
    }
}

TEST(a_text_without_a_translation_stays_as_it_is)
{
    CHECK_STR(str_of(translate(DUTCH, "no such message")), STR("no such message"));
    CHECK_STR(str_of(translate(DUTCH, "")), STR(""));
    CHECK_STR(str_of(translate(ENGLISH, "Log in")), STR("Log in"));
}

/* ---- Every message of the sources has a Dutch translation ---- */

static void complain(struct str path, const char *what, struct str message, size_t *complaints)
{
    printf("  %.*s: %s: \"%.*s\"\n", FMT(path), what, FMT(message));
    ++*complaints;
}

/* The printf directives of a text, one after another: "%s%lld". */
static struct str directives(struct arena *arena, const char *text)
{
    struct buf out = { .arena = arena };
    for (const char *at = strchr(text, '%'); at; at = strchr(at, '%')) {
        size_t len = 1 + strcspn(at + 1, "sduxXcfgi%") + 1;
        if (len > strlen(at))
            break;
        buf_add(&out, (struct str){ at, len });
        at += len;
    }
    return buf_str(&out);
}

static void check_message(struct test *t, struct str path, struct str message, size_t *complaints)
{
    const struct embedded *catalogue = embedded_find(STR("nl.mo"));
    const char *original = str_c(t->arena, message);
    const char *dutch = catalogue ? catalogue_find(catalogue->bytes, original) : NULL;
    if (!message.len)
        return;
    if (!dutch || !*dutch)
        complain(path, "no Dutch for", message, complaints);
    else if (!str_eq(directives(t->arena, original), directives(t->arena, dutch)))
        complain(path, "other % directives in the Dutch of", message, complaints);
}

static struct str skip_space(struct str s)
{
    while (s.len && is_space(s.at[0]))
        s = str_slice(s, 1, s.len);
    return s;
}

/* The C string literals, joined, at the start of `s`; empty when a macro stands between them. */
static struct str literal(struct arena *arena, struct str s)
{
    struct buf out = { .arena = arena };
    for (s = skip_space(s); s.len && s.at[0] == '"'; s = skip_space(s)) {
        size_t i = 1;
        for (; i < s.len && s.at[i] != '"'; i++) {
            if (s.at[i] == '\\' && i + 1 < s.len)
                buf_byte(&out, s.at[++i] == 'n' ? '\n' : s.at[i]);
            else
                buf_byte(&out, s.at[i]);
        }
        s = str_slice(s, i + 1, s.len);
    }
    bool ends = s.len && (s.at[0] == ')' || s.at[0] == ',');
    return ends ? buf_str(&out) : STR("");
}

static void check_c(struct test *t, struct str path, struct str code, size_t *complaints)
{
    static const struct str marks[] = { S("N_("), S("tr(request,"), S("tr(r,"), S("trf(request,"),
                                        S("trf(r,") };
    for (size_t i = 0; i < count_of(marks); i++) {
        struct str rest = code;
        for (ptrdiff_t at = str_find(rest, marks[i]); at >= 0; at = str_find(rest, marks[i])) {
            bool word = at > 0 && (is_lower(rest.at[at - 1]) || rest.at[at - 1] == '_');
            rest = str_slice(rest, (size_t)at + marks[i].len, rest.len);
            if (!word)
                check_message(t, path, literal(t->arena, rest), complaints);
        }
    }
}

static void check_html(struct test *t, struct str path, struct str text, size_t *complaints)
{
    for (ptrdiff_t at = str_find(text, STR("{{#_}}")); at >= 0;
         at = str_find(text, STR("{{#_}}"))) {
        text = str_slice(text, (size_t)at + 6, text.len);
        struct str words = str_slice(text, 0, (size_t)str_find(text, STR("{{/_}}")));
        struct buf message = { .arena = t->arena };
        words = str_trim(words);
        for (size_t i = 0; i < words.len; i++)
            if (!is_space(words.at[i]))
                buf_byte(&message, words.at[i]);
            else if (!is_space(words.at[i - 1]))
                buf_byte(&message, ' ');
        check_message(t, path, buf_str(&message), complaints);
    }
}

static void check_file(struct test *t, struct str path, size_t *complaints, size_t *files)
{
    struct str bytes;
    struct error err = { 0 };
    bool c = str_ends(path, STR(".c"));
    bool html = str_ends(path, STR(".html"));
    if (!c && !html)
        return;
    CHECK_OK(file_read(t->arena, path.at, (size_t)1024 * 1024, &bytes, &err), err);
    ++*files;
    if (c)
        check_c(t, path, bytes, complaints);
    else
        check_html(t, path, bytes, complaints);
}

static void check_folder(struct test *t, struct str path, size_t *complaints, size_t *files)
{
    DIR *folder = opendir(path.at);
    if (!folder)
        test_fail(__FILE__, __LINE__, "%s cannot be read; set FUNDAMENT_SOURCE", path.at);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        struct stat about;
        struct str inner = str_format(t->arena, "%.*s/%s", FMT(path), entry->d_name);
        if (entry->d_name[0] == '.' || stat(inner.at, &about) != 0)
            continue;
        if (S_ISDIR(about.st_mode))
            check_folder(t, inner, complaints, files);
        else
            check_file(t, inner, complaints, files);
    }
    closedir(folder);
}

TEST(every_message_has_a_dutch_translation)
{
    const char *root = getenv("FUNDAMENT_SOURCE");
    size_t complaints = 0, files = 0;
    check_folder(t, str_format(t->arena, "%s/src", root ? root : "."), &complaints, &files);
    CHECK(files > 30);
    CHECK_INT(complaints, 0);
}
