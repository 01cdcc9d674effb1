/* SPDX-License-Identifier: EUPL-1.2 */
/* The people's doors. */
#ifndef NUMMERVOORZIENING_PAGES_H
#define NUMMERVOORZIENING_PAGES_H

#include "platform/http/http.h"

/* pages.c: for a school board. */
bool show_overview(struct request *request, struct error *err);
bool show_signup(struct request *request, struct error *err);
bool change_signup(struct request *request, struct error *err);

/* operator.c: for who runs this installation. */
bool show_operation(struct request *request, struct error *err);
bool show_batches(struct request *request, struct error *err);
bool change_caller(struct request *request, struct error *err);
bool change_concept(struct request *request, struct error *err);

/* developers.c: for vendors' developers. */
bool show_developers(struct request *request, struct error *err);
bool make_test_certificate(struct request *request, struct error *err);

/* operator.c: the operator's page with what was typed in one of its forms, and why it was refused (or
 * NULL). operator_forms.c: what those forms need. */
struct concept;
struct concepts;
bool show_operation_form(struct request *request, const struct form *form,
                         const struct error *why, struct error *err);
const struct concept *find_concept(const struct concepts *concepts, struct str id);
/* The version of the chosen one (or of the form, for none) and what its fields held. */
void put_concept_start(struct request *request, struct node *page, const struct form *form,
                       const struct concept *chosen);

#endif
