/* SPDX-License-Identifier: EUPL-1.2 */
/* The pages of organisations, and what they share. For the files of this folder. */
#ifndef PLATFORM_ORGANISATIONS_PAGES_H
#define PLATFORM_ORGANISATIONS_PAGES_H

#include "platform/organisations/organisations.h"
#include "platform/page/page.h"
#include "platform/people/accounts.h"

/* How the installation itself is written in a path, where a board is "board:10001". */
#define INSTALLATION STR("installatie")

/* pages_working.c: for whom do I work now? */
bool show_organisations(struct request *request, struct error *err);
bool choose_organisation(struct request *request, struct error *err);

/* pages_people.c: who works for an organisation, and who is invited */
bool show_people(struct request *request, struct error *err);
bool show_person(struct request *request, struct error *err);
bool change_person(struct request *request, struct error *err);
bool reset_person_factors(struct request *request, struct error *err);

/* pages_invite.c */
bool show_invite(struct request *request, struct error *err);
bool invite(struct request *request, struct error *err);
bool change_invitation(struct request *request, struct error *err);

/* pages_accept.c: the person who was invited */
bool open_invitation(struct request *request, struct error *err);
bool show_invitation(struct request *request, struct error *err);
bool accept_invitation(struct request *request, struct error *err);

/* pages_accounts.c: all accounts, for operators */
bool show_accounts(struct request *request, struct error *err);
bool show_one_account(struct request *request, struct error *err);
bool change_account(struct request *request, struct error *err);

/* pages_acting.c: an operator acts for a board */
bool show_acting(struct request *request, struct error *err);
bool begin_acting(struct request *request, struct error *err);
bool end_acting(struct request *request, struct error *err);

/* The organisation of the path, which this person may look at (FORBIDDEN), and its name. */
struct place {
    struct tx *tx;
    struct str id, name, path;
};
bool find_place(struct request *request, struct place *place, struct error *err);
/* A page of it, with its crumbs. */
struct node *place_page(struct request *request, const struct place *place, struct str title,
                        bool below);

/* The path of an organisation's page. */
struct str organisation_path(struct arena *arena, struct str id);

#endif
