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

/* pages_acting.c: an operator acts for a board */
bool show_acting(struct request *request, struct error *err);
bool begin_acting(struct request *request, struct error *err);
bool end_acting(struct request *request, struct error *err);

/* The path of an organisation's page. */
struct str organisation_path(struct arena *arena, struct str id);

#endif
