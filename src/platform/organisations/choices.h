/* SPDX-License-Identifier: EUPL-1.2 */
/* A field in which a role is chosen, with the school that it is for: "school-ict school:00AV". */
#ifndef PLATFORM_ORGANISATIONS_CHOICES_H
#define PLATFORM_ORGANISATIONS_CHOICES_H

#include "platform/organisations/grants.h"

struct node *put_choice_field(struct request *request, struct node *page,
                              const struct grant_choices *choices, struct str chosen);
/* Reads it again; whether it may be given is asked of grants.h. */
bool parse_choice(struct str value, enum role *role, struct str *organisation, struct error *err);

#endif
