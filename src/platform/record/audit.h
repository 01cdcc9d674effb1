/* SPDX-License-Identifier: EUPL-1.2 */
/* The audit trail: who did what, when, on behalf of whom; written in the transaction of the deed.
 * Rows are chained by SHA-256 over their fields and the row before. Never a personal value. */
#ifndef PLATFORM_AUDIT_H
#define PLATFORM_AUDIT_H

#include "platform/db/db.h"
#include "platform/http/http.h"

struct audit_entry {
    struct str who;        /* "account:ID", "client:OIN", "command:import" */
    struct str on_behalf;  /* an organisation, "board:41804"; may be empty */
    const char *what;      /* "nummervoorziening.school-signed-up": a fixed word */
    struct str subject;    /* what it was done to, "school:00AV"; no personal value */
    struct str detail;     /* a short JSON object or empty; no personal value */
};

/* While an operator acts for a board (tx_acting), the row stands in the board's name whatever
 * `on_behalf` says, and its detail names the acting: {"acting":"ID",...}. */
bool audit_add(struct tx *tx, instant now, const struct audit_entry *entry, struct error *err);

/* "account:ID" of a person or "client:OIN" of a machine. */
struct str audit_who(const struct request *request);

/* Walks the chain from its start; `checked` gets the number of rows. An error names the first row
 * that does not fit. */
bool audit_verify(struct tx *tx, int64_t *checked, struct error *err);

#endif
