/* SPDX-License-Identifier: EUPL-1.2 */
/* A browser in two coarse words, so that a person knows their own; versions and models are left out.
 * The first that fits counts: browsers name the ones they resemble too. */
#include "base/list.h"
#include "platform/page/page.h"
#include "platform/people/people.h"

struct word {
    struct str mark, word;
};

static const struct word browsers[] = {
    { S("Edg"), S("Edge") },              { S("OPR/"), S("Opera") },
    { S("SamsungBrowser/"), S("Samsung-Internet") }, { S("Vivaldi/"), S("Vivaldi") },
    { S("Firefox/"), S("Firefox") },      { S("FxiOS/"), S("Firefox") },
    { S("Chrome/"), S("Chrome") },        { S("CriOS/"), S("Chrome") },
    { S("Safari/"), S("Safari") },        { S("curl/"), S("curl") },
};
static const struct word systems[] = {
    { S("Windows"), S("Windows") }, { S("Android"), S("Android") },  { S("iPhone"), S("iPhone") },
    { S("iPad"), S("iPad") },       { S("CrOS"), S("ChromeOS") },    { S("Mac OS X"), S("macOS") },
    { S("Linux"), S("Linux") },
};

static struct str find_word(const struct word *words, size_t count, struct str text)
{
    for (size_t i = 0; i < count; i++)
        if (str_find(text, words[i].mark) >= 0)
            return words[i].word;
    return STR("");
}

struct str browser_words(struct arena *arena, struct str user_agent)
{
    struct str browser = find_word(browsers, count_of(browsers), user_agent);
    struct str system = find_word(systems, count_of(systems), user_agent);
    if (!browser.len || !system.len)
        return browser.len ? browser : system;
    return str_format(arena, "%.*s %.*s", FMT(browser), FMT(system));
}

struct str browser_shown(const struct request *request, struct str words)
{
    struct str system = words, browser = str_cut(&system, ' ');
    if (!words.len)
        return tr(request, N_("A browser that we do not know"));
    if (!system.len)
        return browser;
    return trf(request, N_("%s on %s"), str_c(request->arena, browser),
               str_c(request->arena, system));
}
