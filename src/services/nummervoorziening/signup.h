/* SPDX-License-Identifier: EUPL-1.2 */
/* Signing schools up and letting vendors ask for them: what changes, and its record. */
#ifndef NUMMERVOORZIENING_SIGNUP_H
#define NUMMERVOORZIENING_SIGNUP_H

#include "services/nummervoorziening/store.h"

/* Who decides, for the audit trail. */
struct decider {
    struct str who;
    struct board_number board;
};

enum wish { WISH_ALLOW, WISH_END, WISH_SIGN_OFF };

/* One school with one vendor: allowed, or ended. Allowing signs the school up where it is not. Signing
 * off is about the school alone and ends all its vendors. */
struct change {
    struct brin school;
    struct oin vendor;
    enum wish wish;
    bool signs_up; /* it will also sign up the school */
    bool nothing;  /* it is so already */
};
struct changes {
    list_of(struct change);
};

/* What would change if these schools allowed (or ended) these vendors. Schools that are not the
 * board's are refused. */
bool plan_changes(struct tx *tx, const struct decider *decider, const struct brin *schools,
                  size_t school_count, const struct oin *vendors, size_t vendor_count,
                  enum wish wish, instant now, struct changes *changes, struct error *err);

/* Does it, with audit rows and events. */
bool make_changes(struct tx *tx, const struct decider *decider, const struct changes *changes,
                  instant now, struct error *err);

/* The operator admits a vendor's system, or ends that. */
bool admit_caller(struct tx *tx, struct str who, const struct oin *oin, struct str name,
                  instant now, struct error *err);
bool dismiss_caller(struct tx *tx, struct str who, const struct oin *oin, instant now,
                    struct error *err);

#endif
