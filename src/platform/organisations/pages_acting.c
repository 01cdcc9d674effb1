/* SPDX-License-Identifier: EUPL-1.2 */
/* Where an operator says for which board they act, and why. */
#include "platform/organisations/pages.h"

#include "platform/mail/mail.h"
#include "platform/organisations/acting.h"
#include "platform/organisations/invitations.h"
#include "platform/organisations/letters.h"
#include "platform/people/people.h"
#include "platform/record/jobs.h"

static bool reply_form(struct request *request, struct str organisation, struct str reason,
                       const struct error *why)
{
    struct node *page = page_new(request, tr(request, N_("Act for a school board")));
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, "/organisaties", tr(request, N_("People and roles")));
    struct node *field = page_field(page, "organisatie", "text",
                                    tr(request, N_("Number of the school board")), organisation);
    node_put_text(field, "hint", tr(request, N_("Five digits, like 41804.")));
    node_put_text(field, "autocomplete", STR("off"));
    node_put_flag(field, "required", true);
    field = page_field(page, "reden", "text", tr(request, N_("Why do you act for this board?")),
                       reason);
    node_put_text(field, "hint",
                  tr(request, N_("The board reads this. For example: asked by telephone to sign up a "
                                 "school, message 1234. No names or other personal data.")));
    node_put_text(field, "autocomplete", STR("off"));
    node_put_flag(field, "required", true);
    if (why)
        page_form_error(request, page, why);
    return reply_page(request, "platform/organisations/pages/act", page);
}

bool show_acting(struct request *request, struct error *err)
{
    (void)err;
    struct str organisation = request_query(request, "bestuur");
    return reply_form(request, organisation, STR(""), NULL);
}

struct begin {
    struct acting_start start;
    list_of(struct mail_ready) mails; /* to the administrators of the board */
};

static bool write_begin(struct tx *tx, void *with, struct error *err)
{
    struct begin *begin = with;
    if (!acting_begin(tx, &begin->start, err))
        return false;
    struct str about = str_format(tx_arena(tx), "acting:%.*s", FMT(begin->start.id));
    for (size_t i = 0; i < begin->mails.len && !begin->start.again; i++)
        if (!mail_queue(tx, &begin->mails.at[i], about, begin->start.now, err))
            return false;
    return true;
}

/* The board's administrators get a message, those whose address is known. */
static bool write_letters(struct request *request, const struct organisation *board,
                          struct begin *begin, struct error *err)
{
    struct acting_letter letter = { .operator = request->session->name, .board = board->name,
                                    .reason = begin->start.reason, .organisation = board->id };
    struct colleagues people;
    struct mail mail = { 0 };
    struct tx *tx;
    if (!mail_is_on(request->app))
        return true;
    if (!people_address(request->app, request->arena, &letter.base, err))
        return false;
    letter_of_acting(request->arena, &letter, &mail);
    if (!request_tx(request, &tx, err)
        || !roles_of_organisation(request->app, tx, board->id, false, &people, err))
        return false;
    for (size_t i = 0; i < people.len; i++) {
        if (people.at[i].role != ROLE_BOARD_ADMIN)
            continue;
        mail.to_name = people.at[i].name;
        if (!address_of(request->app, tx, people.at[i].account, &mail.to, err)
            || (mail.to.len
                && !mail_seal(request->app, request->arena, &mail,
                              list_add(request->arena, &begin->mails), err)))
            return false;
    }
    return true;
}

/* The board that was typed, with or without its kind. */
static bool find_board(struct request *request, struct str typed, struct organisation *board,
                       struct error *err)
{
    struct tx *tx;
    bool found = false;
    struct str id = str_starts(typed, STR("board:"))
                        ? typed : str_format(request->arena, "board:%.*s", FMT(typed));
    if (!request_tx(request, &tx, err)
        || !organisations_of(request->app)->find(tx, id, board, &found, err))
        return false;
    return found
           || fail(err, INVALID, "organisatie",
                   N_("There is no active school board with this number."));
}

bool begin_acting(struct request *request, struct error *err)
{
    struct form form;
    struct organisation board;
    if (!request_form(request, &form, err))
        return false;
    struct str typed = form_text(&form, "organisatie");
    struct begin begin = {
        .start = { .account = request->session->account,
                   .token_hash = session_hash(request->arena,
                                              request_cookie(request, SESSION_COOKIE)),
                   .reason = form_text(&form, "reden"), .now = request->now },
    };
    if (!find_board(request, typed, &board, err)
        || !acting_reason_allowed(begin.start.reason, err)) {
        struct error why = *err;
        return why.kind == INVALID && reply_form(request, typed, begin.start.reason, &why);
    }
    begin.start.organisation = board.id;
    if (!write_letters(request, &board, &begin, err)
        || !request_write(request, write_begin, &begin, err))
        return false;
    jobs_wake(request->app);
    return reply_redirect(request, STR("/"));
}

static bool write_end(struct tx *tx, void *with, struct error *err)
{
    const struct request *request = with;
    return acting_end(tx, request->session->account, request->session->acting, request->now, err);
}

bool end_acting(struct request *request, struct error *err)
{
    if (request->session->acting && !request_write(request, write_end, request, err))
        return false;
    reply_notice(request, "ok", tr(request, N_("You work in your own name again.")));
    return reply_redirect(request, STR("/organisaties"));
}
