/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/access.h"

#define FROM_PREFIX "http://www.w3.org/2005/08/addressing/anonymous?oin="

static bool refused(struct error *err, const char *message)
{
    return fail_code(err, FORBIDDEN, NOT_ALLOWED_CALLER, message);
}

bool from_parse(struct str address, struct brin *school, struct error *err)
{
    struct oin oin;
    struct error ignored;
    if (!str_starts(address, STR(FROM_PREFIX))
        || !oin_parse(str_slice(address, strlen(FROM_PREFIX), address.len), &oin, &ignored)
        || !oin_school(&oin, school))
        return refused(err, N_("The header wsa:From must name the OIN of a school, as "
                               "http://www.w3.org/2005/08/addressing/anonymous?oin=OIN."));
    return true;
}

bool may_ask(struct tx *tx, const struct asker *asker, bool for_school, instant now,
             struct error *err)
{
    struct access access;
    if (!nv_find_access(tx, &asker->vendor, for_school ? &asker->school : NULL, now, &access, err))
        return false;
    if (!access.caller)
        return refused(err, N_("The system of this certificate is not admitted to the "
                               "Nummervoorziening."));
    if (for_school && !access.school)
        return refused(err, N_("This school is not signed up for the Nummervoorziening."));
    if (for_school && !access.permission)
        return refused(err, N_("The board of this school does not let this vendor ask for it."));
    return true;
}
