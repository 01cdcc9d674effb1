/* SPDX-License-Identifier: EUPL-1.2 */
/* What codes of the record say to people. */
#include "platform/organisations/organisations.h"
#include "platform/people/accounts.h"
#include "platform/record/pages.h"

static const char *find_sentence(const struct deed_kind *kinds, struct str what)
{
    for (; kinds && kinds->what; kinds++)
        if (str_eq(str_of(kinds->what), what))
            return kinds->sentence;
    return NULL;
}

struct str deed_text(const struct request *request, struct str what)
{
    for (const struct service *const *s = request->app->services; *s; s++) {
        const char *sentence = find_sentence((*s)->deeds, what);
        if (sentence)
            return tr(request, sentence);
    }
    return what;
}

struct str event_text(const struct request *request, struct str kind)
{
    for (const struct service *const *s = request->app->services; *s; s++) {
        const char *sentence = find_sentence((*s)->events, kind);
        if (sentence)
            return tr(request, sentence);
    }
    return kind;
}

struct str job_text(const struct request *request, struct str kind)
{
    for (const struct service *const *s = request->app->services; *s; s++)
        for (const struct job_kind *job = (*s)->jobs; job && job->name; job++)
            if (str_eq(str_of(job->name), kind) && job->title)
                return tr(request, job->title);
    return kind;
}

/* The name that the account has now: the trail itself holds none. */
static struct str account_name(struct request *request, struct tx *tx, struct known_names *names,
                               struct str id)
{
    struct account account;
    struct error ignored;
    for (size_t i = 0; i < names->len; i++)
        if (str_eq(names->at[i].id, id))
            return names->at[i].name;
    struct str name = account_find_id(tx, id, &account, &ignored)
                          ? account.name
                          : tr(request, N_("An account that is gone"));
    *list_add(request->arena, names) = (struct known_name){ id, name };
    return name;
}

static const struct {
    const char *prefix;
    const char *text; /* with one %.*s */
} parties[] = {
    { "board:", N_("School board %.*s") },   { "chain:", N_("Chain %.*s") },
    { "client:", N_("System with OIN %.*s") }, { "command:", N_("Command %.*s on the server") },
    { "duo:", N_("File of DUO (%.*s)") },    { "school:", N_("School %.*s") },
    { "sector:", N_("Sector %.*s") },        { "vendor:", N_("Vendor %.*s") },
    { "webhook:", N_("Webhook %.*s") },      { "job:", N_("Background work %.*s") },
};

struct str party_text(struct request *request, struct tx *tx, struct known_names *names,
                      struct str party)
{
    if (str_eq(party, STR("anyone")))
        return tr(request, N_("Somebody who was not logged in"));
    if (str_starts(party, STR("account:")))
        return account_name(request, tx, names, str_slice(party, 8, party.len));
    for (size_t i = 0; i < count_of(parties); i++) {
        struct str prefix = str_of(parties[i].prefix);
        struct error ignored;
        struct organisation known;
        bool found = false;
        if (!str_starts(party, prefix))
            continue;
        if (organisations_of(request->app)->find(tx, party, &known, &found, &ignored) && found
            && known.name.len && !str_eq(known.name, party))
            return known.name;
        return trf(request, parties[i].text, FMT(str_slice(party, prefix.len, party.len)));
    }
    return party;
}
