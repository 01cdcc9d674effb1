/* SPDX-License-Identifier: EUPL-1.2 */
/* Organisations as the platform knows them: a name like "board:41804" that it compares, and what the
 * one service that knows more tells of it. */
#ifndef PLATFORM_ORGANISATIONS_H
#define PLATFORM_ORGANISATIONS_H

#include "base/list.h"
#include "platform/db/db.h"
#include "platform/http/http.h"

struct organisation {
    struct str id;   /* "board:41804", "school:00AV", "vendor:OIN" */
    struct str name; /* as people call it */
};
struct organisation_list {
    list_of(struct organisation);
};

/* What the platform asks of the service that knows organisations (struct service's member of the same
 * name; src/sector has one). Texts live in the tx's arena. */
struct organisations {
    /* Is there an active organisation with this id, and how is it called? */
    bool (*find)(struct tx *tx, struct str id, struct organisation *organisation, bool *found,
                 struct error *err);
    /* The active schools of a board ("board:..."), by name; none for any other organisation. */
    bool (*schools_of)(struct tx *tx, struct str id, struct organisation_list *schools,
                       struct error *err);
    /* Active boards and vendors whose name or number has this text, at most `limit` of each. */
    bool (*search)(struct tx *tx, struct str text, int64_t limit, struct organisation_list *found,
                   struct error *err);
    /* Who governs it now: of a school its board, also of one that has ended; empty: nobody. */
    bool (*governor)(struct tx *tx, struct str id, struct str *governor, struct error *err);
};

/* Those functions of this app's services. Without such a service every organisation is found, under
 * its own id, and none has schools. */
const struct organisations *organisations_of(const struct app *app);

/* The kind of an organisation: what stands before the colon, "board". Empty for the installation. */
struct str organisation_kind(struct str id);

/* "board:10001" as people read it: its name, or its id where nobody knows it; for an empty id the
 * word for this installation. */
bool organisation_name(struct request *request, struct str id, struct str *name,
                       struct error *err);

#endif
