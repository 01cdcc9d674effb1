/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/letters.h"

#include "platform/page/page.h"

const char *role_title(enum role role, enum language language)
{
    static const char *const titles[ROLES] = {
        [ROLE_BOARD_MEMBER] = N_("reads for the board"),
        [ROLE_BOARD_ADMIN] = N_("decides for the board"),
        [ROLE_SCHOOL_ICT] = N_("keeps the systems of the school"),
        [ROLE_VENDOR] = N_("works for the vendor"),
        [ROLE_OPERATOR] = N_("runs this installation"),
    };
    return titles[role] ? translate(language, titles[role]) : "";
}

/* A message with its %s filled in, and an empty line behind it. */
static void say(struct buf *out, enum language language, const char *message, struct str value)
{
    struct str rest = str_of(translate(language, message));
    ptrdiff_t at = str_find(rest, STR("%s"));
    if (at >= 0) {
        buf_add(out, str_slice(rest, 0, (size_t)at));
        buf_add(out, value);
        rest = str_slice(rest, (size_t)at + 2, rest.len);
    }
    buf_add(out, rest);
    buf_lit(out, "\n\n");
}

void letter_of_invitation(struct arena *arena, const struct invite *invite, struct mail *mail)
{
    struct buf body = { .arena = arena }, subject = { .arena = arena };
    enum language language = invite->language;
    struct str title = str_of(role_title(invite->role, language));
    say(&subject, language, N_("Invitation to work for %s"), invite->organisation_name);
    say(&body, language, N_("Dear %s,"), invite->name);
    if (invite->inviter.len)
        say(&body, language, N_("%s invites you to Fundament, the foundation under the data exchange "
                                "of schools."), invite->inviter);
    else
        say(&body, language, N_("You are invited to Fundament, the foundation under the data exchange "
                                "of schools."), STR(""));
    say(&body, language, N_("You would work for %s."), invite->organisation_name);
    say(&body, language, N_("Your role: %s."), title);
    say(&body, language, N_("Open this link to accept it:"), STR(""));
    say(&body, language, "%s", invite->link);
    say(&body, language, N_("The link works once, and for seven days. If you did not expect this, you "
                            "need not do anything."), STR(""));
    *mail = (struct mail){ .to = invite->address, .to_name = invite->name,
                           .subject = str_trim(buf_str(&subject)), .body = buf_str(&body) };
}

static void tell_acting(struct buf *body, enum language language,
                        const struct acting_letter *letter)
{
    say(body, language, N_("An operator of Fundament acts in the name of your board from now on, for an "
                           "hour at most."), STR(""));
    say(body, language, N_("Who: %s"), letter->operator);
    say(body, language, N_("For: %s"), letter->board);
    say(body, language, N_("Why: %s"), letter->reason);
    say(body, language, N_("What is done can be seen on the page of your board:"), STR(""));
    struct buf link = { .arena = body->arena };
    buf_addf(&link, "%.*s/organisaties/%.*s", FMT(letter->base), FMT(letter->organisation));
    say(body, language, "%s", buf_str(&link));
}

void letter_of_acting(struct arena *arena, const struct acting_letter *letter, struct mail *mail)
{
    struct buf body = { .arena = arena };
    tell_acting(&body, DUTCH, letter);
    buf_lit(&body, "English:\n\n");
    tell_acting(&body, ENGLISH, letter);
    mail->subject = str_of(translate(DUTCH, N_("An operator acts in the name of your board")));
    mail->body = buf_str(&body);
}
