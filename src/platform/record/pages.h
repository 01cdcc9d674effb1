/* SPDX-License-Identifier: EUPL-1.2 */
/* The pages of record, for its descriptor (service.c) only, and what they share. */
#ifndef PLATFORM_RECORD_PAGES_H
#define PLATFORM_RECORD_PAGES_H

#include "platform/page/page.h"
#include "platform/service.h"

bool show_own_trail(struct request *request, struct error *err);
bool show_trail(struct request *request, struct error *err);

bool show_work(struct request *request, struct error *err);
bool change_work(struct request *request, struct error *err);

bool show_webhooks(struct request *request, struct error *err);
bool add_webhook(struct request *request, struct error *err);
bool show_webhook(struct request *request, struct error *err);
bool change_webhook(struct request *request, struct error *err);

/* The sentence of a deed or the title of an event or a kind of work, translated; the kind itself where no service that
 * runs here knows it. */
struct str deed_text(const struct request *request, struct str what);
struct str event_text(const struct request *request, struct str kind);
struct str job_text(const struct request *request, struct str kind);

/* "account:ID", "school:00AV", "vendor:..." as people say it. `names` starts as { 0 } and remembers
 * the names of accounts that were looked up. */
struct known_name {
    struct str id, name;
};
struct known_names {
    list_of(struct known_name);
};
struct str party_text(struct request *request, struct tx *tx, struct known_names *names,
                      struct str party);

#endif
