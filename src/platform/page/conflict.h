/* SPDX-License-Identifier: EUPL-1.2 */
/* Two people who change the same thing at the same time. A form carries the version that it showed,
 * and what stood in each field then. Who saves second gets a page that shows for each field what they
 * sent, what it is now and what it was, chooses and saves again; that page posts what the form itself
 * posts, so that it needs no door of its own. Nothing is overwritten unseen. */
#ifndef PLATFORM_CONFLICT_H
#define PLATFORM_CONFLICT_H

#include "platform/page/page.h"

#define CONFLICT_FIELDS 32 /* of one form */

/* How a value that is no text of its own is called ("yes": "This vendor has ended"). */
struct value_title {
    const char *value;
    const char *title; /* N_(); NULL ends the list */
};

/* A field of the form, its values as the form sends them. */
struct shared_field {
    const char *name;
    const char *label;                /* N_() */
    struct str mine, now;             /* what was sent; what is kept now */
    const struct value_title *titles; /* NULL: the values speak for themselves */
};

/* The version of a thing that keeps no number of its changes: stands for its values, is never 0. */
int64_t version_of(const struct str *values, size_t count);

/* Puts the hidden fields of a form that shows this version; `start` once for each field, with the
 * value that it has when the form is opened. A form that comes back with an error puts what it sent. */
void page_version(struct request *request, struct node *form, int64_t version);
void page_start(struct request *request, struct node *form, const char *name, struct str start);
/* What page_start gave the field; empty for a form that is about something new. */
struct str form_start(struct request *request, const struct form *form, const char *name);
/* The version in a form; without one it is INVALID. */
bool form_version(const struct form *form, int64_t *version, struct error *err);

/* Is everything already as it was sent? Then nothing is lost, and the save was a second click. */
bool conflict_is_settled(const struct shared_field *fields, size_t count);

/* The page (409). `page` has a title, crumbs and "back"; "action" when the form is not posted to the
 * page's own address. `seen` is the version that was sent (0: something new), `now` what it is now.
 * Fields about which all agree go along unseen. */
bool reply_conflict(struct request *request, struct node *page, const struct form *form,
                    int64_t seen, int64_t now, const struct shared_field *fields, size_t count);

#endif
