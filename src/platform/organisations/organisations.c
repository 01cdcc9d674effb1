/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/organisations/organisations.h"

#include "platform/page/page.h"
#include "platform/service.h"

static bool find_any(struct tx *tx, struct str id, struct organisation *organisation, bool *found,
                     struct error *err)
{
    (void)tx, (void)err;
    *organisation = (struct organisation){ id, id };
    *found = true;
    return true;
}

static bool find_none(struct tx *tx, struct str id, struct organisation_list *list,
                      struct error *err)
{
    (void)tx, (void)id, (void)err;
    *list = (struct organisation_list){ 0 };
    return true;
}

static bool search_none(struct tx *tx, struct str text, int64_t limit,
                        struct organisation_list *found, struct error *err)
{
    (void)limit;
    return find_none(tx, text, found, err);
}

static bool find_no_governor(struct tx *tx, struct str id, struct str *governor, struct error *err)
{
    (void)tx, (void)id, (void)err;
    *governor = STR("");
    return true;
}

static const struct organisations unknown = { find_any, find_none, search_none, find_no_governor };

const struct organisations *organisations_of(const struct app *app)
{
    for (size_t i = 0; app->services[i]; i++)
        if (app->services[i]->organisations)
            return app->services[i]->organisations;
    return &unknown;
}

struct str organisation_kind(struct str id)
{
    return str_has(id, ':') ? str_cut(&id, ':') : STR("");
}

bool organisation_name(struct request *request, struct str id, struct str *name, struct error *err)
{
    struct tx *tx;
    bool found;
    struct organisation organisation;
    *name = tr(request, N_("this installation"));
    if (!id.len)
        return true;
    if (!request_tx(request, &tx, err)
        || !organisations_of(request->app)->find(tx, id, &organisation, &found, err))
        return false;
    *name = found ? organisation.name : id;
    return true;
}
