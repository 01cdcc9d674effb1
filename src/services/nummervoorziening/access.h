/* SPDX-License-Identifier: EUPL-1.2 */
/* Who is asking, and for which school. */
#ifndef NUMMERVOORZIENING_ACCESS_H
#define NUMMERVOORZIENING_ACCESS_H

#include "services/nummervoorziening/store.h"

/* The vendor speaks through its certificate, for a school that it names in wsa:From. */
struct asker {
    struct oin vendor;
    struct brin school; /* empty when the operation is about no school and none was named */
};

/* The school in wsa:From/wsa:Address: exactly the anonymous address with `?oin=` and a school's OIN
 * behind it; nothing escaped, nothing else. */
bool from_parse(struct str address, struct brin *school, struct error *err);

/* Admitted by the operator; and, `for_school`, signed up by the board and permitted by it. */
bool may_ask(struct tx *tx, const struct asker *asker, bool for_school, instant now,
             struct error *err);

#endif
