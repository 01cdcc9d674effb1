/* SPDX-License-Identifier: EUPL-1.2 */
/* For whom a request speaks: the school board of its person, the vendor of its certificate. */
#include "platform/people/accounts.h"
#include "sector/sector.h"

/* What stands behind "board:" in an organisation of that kind; empty for any other organisation. */
static struct str organisation_id(struct str organisation, struct str prefix)
{
    if (!str_starts(organisation, prefix))
        return (struct str){ 0 };
    return str_slice(organisation, prefix.len, organisation.len);
}

/* The same behind the organisation for which the person has this role now. */
static struct str person_organisation(const struct request *request, struct str prefix,
                                      enum role role)
{
    return organisation_id(session_organisation(request->session, role), prefix);
}

bool request_board(const struct request *request, enum role role, struct board_number *board,
                   struct error *err)
{
    struct str id = person_organisation(request, STR("board:"), ROLE_BOARD_MEMBER);
    if (!id.len)
        return fail(err, FORBIDDEN, NULL, N_("Your account does not work for a school board."));
    if (!session_acts_for(request->session, role,
                          session_organisation(request->session, ROLE_BOARD_MEMBER)))
        return fail(err, FORBIDDEN, NULL,
                    N_("For this, you must decide for the school board. Ask one of its "
                       "administrators."));
    return board_number_parse(id, board, err);
}

bool request_client_oin(const struct request *request, struct oin *oin, struct error *err)
{
    struct error why = { 0 };
    if (!request->client)
        return fail(err, UNAUTHENTICATED, NULL, N_("A client certificate is needed here."));
    if (!oin_parse(request->client->serial_number, oin, &why))
        return fail(err, FORBIDDEN, NULL,
                    N_("The serialNumber in the subject of the client certificate is not an OIN."));
    return true;
}
