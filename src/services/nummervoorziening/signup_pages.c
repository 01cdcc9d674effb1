/* SPDX-License-Identifier: EUPL-1.2 */
/* Signing schools up for vendors, in one form: choose, look at what will change, confirm. */
#include "services/nummervoorziening/pages.h"

#include "base/encoding.h"
#include "platform/record/audit.h"
#include "platform/page/page.h"
#include "sector/text.h"
#include "services/nummervoorziening/signup.h"

#define ALL STR("*") /* the value of the tick that stands for every school */
#define OVERTAKEN "overtaken"
#define SAME(a, b) (memcmp((a).text, (b).text, sizeof(a).text) == 0)

static const struct {
    enum wish wish;
    const char *word, *title;
} wishes[] = {
    { WISH_ALLOW, "toestaan", N_("Let these vendors ask pseudonyms for these schools") },
    { WISH_END, "stoppen", N_("Stop this for these vendors and schools") },
    { WISH_SIGN_OFF, "afmelden", N_("Sign these schools off, with all their vendors") },
};

/* What the form offers and what was chosen in it. */
struct choice {
    struct request *request;
    struct decider decider;
    struct school_list schools;
    struct callers callers;       /* the admitted ones */
    struct form form;
    enum wish wish;
    list_of(struct brin) chosen_schools;
    list_of(struct oin) chosen_vendors;
};

static bool read_offer(struct choice *choice, struct error *err)
{
    struct request *request = choice->request;
    struct tx *tx;
    struct callers all;
    choice->decider.who = audit_who(request);
    if (!request_board(request, ROLE_BOARD_ADMIN, &choice->decider.board, err)
        || !request_tx(request, &tx, err)
        || !sector_schools_of(tx, &choice->decider.board, &choice->schools, err)
        || !nv_callers(tx, &all, err))
        return false;
    for (size_t i = 0; i < all.len; i++)
        if (!all.at[i].until || all.at[i].until > request->now)
            *list_add(request->arena, &choice->callers) = all.at[i];
    return true;
}

static const struct caller *find_caller(const struct choice *choice, const struct oin *oin)
{
    for (size_t i = 0; i < choice->callers.len; i++)
        if (SAME(choice->callers.at[i].oin, *oin))
            return &choice->callers.at[i];
    return NULL;
}

/* ---- Reading the form ---- */

static bool read_wish(struct choice *choice, struct error *err)
{
    struct str word = form_text(&choice->form, "wens");
    for (size_t i = 0; i < count_of(wishes); i++) {
        if (!str_eq(word, str_of(wishes[i].word)))
            continue;
        choice->wish = wishes[i].wish;
        return true;
    }
    return fail(err, INVALID, "wens", N_("Choose what should happen."));
}

static void choose_all(struct choice *choice)
{
    choice->chosen_schools.len = 0;
    for (size_t i = 0; i < choice->schools.len; i++)
        *list_add(choice->request->arena, &choice->chosen_schools) = choice->schools.at[i].brin;
}

static bool read_schools(struct choice *choice, struct error *err)
{
    struct arena *arena = choice->request->arena;
    struct brin brin;
    if (form_has(&choice->form, "school", ALL)) {
        choose_all(choice);
    } else {
        for (size_t i = 0; i < choice->form.len; i++) {
            if (!str_eq(choice->form.at[i].name, STR("school")))
                continue;
            if (!brin_parse(choice->form.at[i].value, &brin, err))
                return false;
            *list_add(arena, &choice->chosen_schools) = brin;
        }
    }
    return choice->chosen_schools.len > 0
           || fail(err, INVALID, "school", N_("Choose at least one school."));
}

static bool read_vendors(struct choice *choice, struct error *err)
{
    struct oin oin;
    for (size_t i = 0; i < choice->form.len; i++) {
        if (!str_eq(choice->form.at[i].name, STR("leverancier")))
            continue;
        if (!oin_parse(choice->form.at[i].value, &oin, err))
            return false;
        if (!find_caller(choice, &oin))
            return fail(err, INVALID, "leverancier", N_("This system is not admitted."));
        *list_add(choice->request->arena, &choice->chosen_vendors) = oin;
    }
    return choice->chosen_vendors.len > 0 || choice->wish == WISH_SIGN_OFF
           || fail(err, INVALID, "leverancier", N_("Choose at least one vendor."));
}

/* ---- The form ---- */

static void put_wishes(const struct choice *choice, struct node *page)
{
    struct str chosen = form_text(&choice->form, "wens");
    struct node *field = page_field(page, "wens", "radio",
                                    tr(choice->request, N_("What should happen?")), STR(""));
    for (size_t i = 0; i < count_of(wishes); i++)
        page_option(field, str_of(wishes[i].word), tr(choice->request, wishes[i].title),
                    chosen.len ? str_eq(chosen, str_of(wishes[i].word)) : i == 0);
}

static void put_school_choice(const struct choice *choice, struct node *page)
{
    struct request *request = choice->request;
    struct node *field =
        page_field(page, "school", "checkbox", tr(request, N_("For which schools?")), STR(""));
    page_option(field, ALL,
                trf(request, N_("All schools of the board (%s)"),
                    str_format(request->arena, "%zu", choice->schools.len).at),
                form_has(&choice->form, "school", ALL));
    for (size_t i = 0; i < choice->schools.len; i++) {
        const struct school *school = &choice->schools.at[i];
        page_option(field, ID_STR(school->brin),
                    str_format(request->arena, "\u2068%.*s\u2069 (%.*s), %.*s", FMT(school->name),
                               FMT(ID_STR(school->brin)),
                               FMT(place_text(request->arena, school->place))),
                    form_has(&choice->form, "school", ID_STR(school->brin)));
    }
}

static void put_vendor_choice(const struct choice *choice, struct node *page)
{
    struct request *request = choice->request;
    struct node *field =
        page_field(page, "leverancier", "checkbox", tr(request, N_("Which vendors?")), STR(""));
    node_put_text(field, "hint",
                  tr(request, N_("Only vendors whose system was admitted are listed.")));
    for (size_t i = 0; i < choice->callers.len; i++)
        page_option(field, ID_STR(choice->callers.at[i].oin), choice->callers.at[i].name,
                    form_has(&choice->form, "leverancier", ID_STR(choice->callers.at[i].oin)));
}

static struct node *new_page(struct request *request)
{
    struct node *page = page_new(request, tr(request, N_("Sign up schools or change vendors")));
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, "/nummervoorziening", tr(request, N_("Nummervoorziening")));
    return page;
}

static bool show_form(const struct choice *choice, const struct error *why)
{
    struct request *request = choice->request;
    struct node *page = new_page(request);
    node_put_flag(page, "can_choose", choice->schools.len > 0 && choice->callers.len > 0);
    put_wishes(choice, page);
    put_vendor_choice(choice, page);
    put_school_choice(choice, page);
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "services/nummervoorziening/pages/signup", page);
}

/* ---- The look at what will change ---- */

static const struct column change_columns[] = {
    { "school", N_("School"), false, false },
    { "vendor", N_("Vendor"), false, false },
    { "change", N_("What changes"), false, false },
    { .key = NULL },
};

/* ... and when that is no longer what was shown. */
static const struct column overtaken_columns[] = {
    { "school", N_("School"), false, false },
    { "vendor", N_("Vendor"), false, false },
    { "shown", N_("What you were shown"), false, false },
    { "change", N_("What changes now"), false, false },
    { .key = NULL },
};

/* The confirmation carries a letter for each change that was looked at. */
enum { SHOWN_NOTHING = 'n', SHOWN_SIGN_UP = 's', SHOWN_SIGN_UP_ONLY = 'o', SHOWN_CHANGE = 'c' };

static char letter_of(const struct change *change)
{
    if (change->signs_up)
        return change->nothing ? SHOWN_SIGN_UP_ONLY : SHOWN_SIGN_UP;
    return change->nothing ? SHOWN_NOTHING : SHOWN_CHANGE;
}

static struct str letters_of(struct arena *arena, const struct changes *changes)
{
    char *letters = arena_alloc(arena, changes->len + 1);
    for (size_t i = 0; i < changes->len; i++)
        letters[i] = letter_of(&changes->at[i]);
    return (struct str){ letters, changes->len };
}

static const char *change_text(const struct change *change)
{
    if (change->nothing && !change->signs_up)
        return N_("nothing: it is so already");
    switch (change->wish) {
    case WISH_ALLOW:
        return change->signs_up ? N_("the school is signed up and the vendor may ask")
                                : N_("the vendor may ask");
    case WISH_END:
        return N_("the vendor may no longer ask");
    default:
        return N_("the school is signed off; nobody may ask for it");
    }
}

static struct str name_of_school(const struct choice *choice, const struct brin *brin)
{
    for (size_t i = 0; i < choice->schools.len; i++)
        if (SAME(choice->schools.at[i].brin, *brin))
            return choice->schools.at[i].name;
    return ID_STR(*brin);
}

static size_t count_real(const struct changes *changes)
{
    size_t real = 0;
    for (size_t i = 0; i < changes->len; i++)
        real += !changes->at[i].nothing || changes->at[i].signs_up;
    return real;
}

/* What a letter said of this change. */
static const char *shown_text(const struct change *change, char letter)
{
    struct change shown = *change;
    shown.signs_up = letter == SHOWN_SIGN_UP || letter == SHOWN_SIGN_UP_ONLY;
    shown.nothing = letter == SHOWN_NOTHING || letter == SHOWN_SIGN_UP_ONLY;
    return change_text(&shown);
}

static void put_hidden(const struct choice *choice, struct node *page)
{
    page_field(page, "wens", "hidden", STR(""), form_text(&choice->form, "wens"));
    for (size_t i = 0; i < choice->chosen_schools.len; i++)
        page_field(page, "school", "hidden", STR(""), ID_STR(choice->chosen_schools.at[i]));
    for (size_t i = 0; i < choice->chosen_vendors.len; i++)
        page_field(page, "leverancier", "hidden", STR(""), ID_STR(choice->chosen_vendors.at[i]));
    page_field(page, "bevestigd", "hidden", STR(""), STR("ja"));
}

/* `shown`: the letters of an earlier look, which somebody has overtaken; or NULL. */
static bool show_preview(const struct choice *choice, const struct changes *changes,
                         const struct str *shown)
{
    struct request *request = choice->request;
    struct node *page = new_page(request), *rows = node_list(request->arena);
    bool comparable = shown && shown->len == changes->len;
    for (size_t i = 0; i < changes->len; i++) {
        const struct change *change = &changes->at[i];
        const struct caller *caller = find_caller(choice, &change->vendor);
        struct node *row = node_add_map(rows);
        node_put_text(row, "school", name_of_school(choice, &change->school));
        node_put_text(row, "vendor", caller ? caller->name : STR("–"));
        node_put_text(row, "change", tr(request, change_text(change)));
        if (comparable)
            node_put_text(row, "shown", tr(request, shown_text(change, shown->at[i])));
    }
    node_put_int(page, "count", (int64_t)count_real(changes));
    node_put_flag(page, "anything", count_real(changes) > 0);
    put_hidden(choice, page);
    page_field(page, "gezien", "hidden", STR(""), letters_of(request->arena, changes));
    table_put(request, page, "changes", comparable ? overtaken_columns : change_columns, NULL, rows,
              (int64_t)changes->len);
    if (shown) {
        page_notice(page, "warning",
                    tr(request, N_("Somebody else changed this while you were at it. Nothing of "
                                   "yours was done yet: look again.")));
        request->reply.status = 409;
    }
    return reply_page(request, "services/nummervoorziening/pages/signup_preview", page);
}

/* ---- The doors ---- */

struct signing {
    const struct choice *choice;
    struct changes changes;
};

static bool plan(struct tx *tx, struct signing *signing, struct error *err)
{
    const struct choice *choice = signing->choice;
    return plan_changes(tx, &choice->decider, choice->chosen_schools.at,
                        choice->chosen_schools.len, choice->chosen_vendors.at,
                        choice->chosen_vendors.len, choice->wish, choice->request->now,
                        &signing->changes, err);
}

/* Only what was looked at is done. That all is so already is no surprise: it was a second click. */
static bool check_shown(struct tx *tx, const struct signing *signing, struct error *err)
{
    struct str shown = form_text(&signing->choice->form, "gezien");
    if (count_real(&signing->changes) == 0
        || str_eq(shown, letters_of(tx_arena(tx), &signing->changes)))
        return true;
    return fail_code(err, CONFLICT, OVERTAKEN,
                     N_("Somebody else changed this while you were at it. Nothing of yours was done "
                        "yet: look again."));
}

static bool write_changes(struct tx *tx, void *with, struct error *err)
{
    struct signing *signing = with;
    const struct choice *choice = signing->choice;
    return plan(tx, signing, err) && check_shown(tx, signing, err)
           && make_changes(tx, &choice->decider, &signing->changes, choice->request->now, err);
}

static bool show_anew(struct signing *signing, struct error *err)
{
    const struct choice *choice = signing->choice;
    struct str shown = form_text(&choice->form, "gezien");
    struct tx *tx;
    return request_tx_anew(choice->request, &tx, err) && plan(tx, signing, err)
           && show_preview(choice, &signing->changes, &shown);
}

bool show_signup(struct request *request, struct error *err)
{
    struct choice choice = { .request = request };
    return read_offer(&choice, err) && show_form(&choice, NULL);
}

bool change_signup(struct request *request, struct error *err)
{
    struct choice choice = { .request = request };
    struct signing signing = { .choice = &choice };
    struct error why = { 0 };
    struct tx *tx;
    if (!read_offer(&choice, err) || !request_form(request, &choice.form, err))
        return false;
    if (!read_wish(&choice, &why) || !read_schools(&choice, &why) || !read_vendors(&choice, &why))
        return show_form(&choice, &why);
    if (!form_has(&choice.form, "bevestigd", STR("ja")))
        return request_tx(request, &tx, err) && plan(tx, &signing, err)
               && show_preview(&choice, &signing.changes, NULL);
    if (!request_write(request, write_changes, &signing, err))
        return err->kind == CONFLICT && err->code && strcmp(err->code, OVERTAKEN) == 0
               && show_anew(&signing, err);
    reply_notice(request, "ok",
                 trf(request, N_("Done: %s changes."),
                     str_format(request->arena, "%zu", count_real(&signing.changes)).at));
    return reply_redirect(request, STR("/nummervoorziening"));
}
