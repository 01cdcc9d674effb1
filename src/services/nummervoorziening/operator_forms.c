/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator changes: the systems that are admitted, the chains and the sectors. Where somebody
 * else was first, both are shown and the operator chooses. */
#include "services/nummervoorziening/pages.h"

#include "base/encoding.h"
#include "platform/page/conflict.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "sector/text.h"
#include "services/nummervoorziening/signup.h"

#define HERE           "/nummervoorziening/beheer"
#define CONCEPT_ID_MAX 200
#define NAME_MAX_BYTES 200

static bool done(struct request *request, const char *message)
{
    reply_notice(request, "ok", tr(request, message));
    return reply_redirect(request, STR(HERE));
}

static struct node *conflict_page(struct request *request, const char *title, const char *action)
{
    struct node *page = page_new(request, tr(request, title));
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, HERE, tr(request, N_("Nummervoorziening: operation")));
    node_put_text(page, "back", STR(HERE));
    node_put_text(page, "action", str_of(action));
    return page;
}

static bool read_line(struct str text, const char *field, struct error *err)
{
    if (text.len == 0 || text.len > NAME_MAX_BYTES || !is_plain_line(text))
        return fail(err, INVALID, field, N_("Fill in one line, not longer than 200 characters."));
    return true;
}

static bool fail_overtaken(struct error *err)
{
    return fail(err, CONFLICT, NULL,
                N_("Somebody else changed this in the meantime. Look at what it is now, and change "
                   "it again."));
}

/* ---- Admitted systems ---- */

struct caller_change {
    struct request *request;
    struct oin oin;
    struct str name;
    int64_t version; /* of the admission that the operator saw; 0: none */
    bool dismiss;
};

static int64_t caller_version(const struct caller *caller)
{
    return version_of(&caller->name, 1);
}

static bool find_caller(struct tx *tx, const struct oin *oin, struct caller *caller, bool *found,
                        struct error *err)
{
    struct callers callers;
    *found = false;
    if (!nv_callers(tx, &callers, err))
        return false;
    for (size_t i = 0; i < callers.len && !*found; i++) {
        *caller = callers.at[i];
        *found = str_eq(ID_STR(caller->oin), ID_STR(*oin));
    }
    return true;
}

/* Admitting or ending what is so already is done: it was a second click. */
static bool write_caller(struct tx *tx, void *with, struct error *err)
{
    const struct caller_change *change = with;
    struct request *request = change->request;
    struct str who = audit_who(request);
    struct caller known;
    bool found;
    if (!find_caller(tx, &change->oin, &known, &found, err))
        return false;
    if (change->dismiss)
        return (found && known.until) || dismiss_caller(tx, who, &change->oin, request->now, err);
    if (found && !known.until && str_eq(known.name, change->name))
        return true;
    if (found && !known.until && caller_version(&known) != change->version)
        return fail_overtaken(err);
    return admit_caller(tx, who, &change->oin, change->name, request->now, err);
}

static bool reply_caller_conflict(struct request *request, const struct caller_change *change,
                                  const struct form *form, struct error *err)
{
    struct tx *tx;
    struct caller known = { 0 };
    bool found;
    if (!request_tx_anew(request, &tx, err)
        || !find_caller(tx, &change->oin, &known, &found, err))
        return false;
    const struct shared_field fields[] = {
        { "naam", N_("Name"), change->name, known.name, NULL },
    };
    struct node *page = conflict_page(request, N_("Admit a system"), HERE "/aanroepers");
    page_field(page, "oin", "hidden", STR(""), str_copy(request->arena, ID_STR(change->oin)));
    return reply_conflict(request, page, form, change->version, caller_version(&known), fields, 1);
}

/* Only the page of a conflict has a version: the form on the operator's page admits a new system. */
static bool read_caller(const struct form *form, struct caller_change *change, struct error *why)
{
    struct error ignored;
    change->name = form_text(form, "naam");
    change->dismiss = form_has(form, "wat", STR("beeindigen"));
    if (!form_version(form, &change->version, &ignored))
        change->version = 0;
    if (!oin_parse(form_text(form, "oin"), &change->oin, why)) {
        why->field = "oin";
        return false;
    }
    return change->dismiss || read_line(change->name, "naam", why);
}

bool change_caller(struct request *request, struct error *err)
{
    struct form form;
    struct error why = { 0 };
    struct caller_change change = { .request = request };
    if (!request_form(request, &form, err))
        return false;
    if (!read_caller(&form, &change, &why))
        return show_operation_form(request, &form, &why, err);
    if (request_write(request, write_caller, &change, err))
        return done(request, change.dismiss ? N_("The system may no longer ask.")
                                            : N_("The system is admitted."));
    if (err->kind != CONFLICT)
        return false;
    why = *err;
    return change.dismiss ? show_operation_form(request, &form, &why, err)
                          : reply_caller_conflict(request, &change, &form, err);
}

/* ---- Chains and sectors ---- */

struct concept_change {
    struct request *request;
    enum concept_kind kind;
    struct concept concept;
    int64_t version; /* of the one that the operator saw; 0: none */
};

static int64_t concept_version(const struct concept *concept)
{
    const struct str values[] = { concept->name, concept->description };
    return version_of(values, 2);
}

const struct concept *find_concept(const struct concepts *concepts, struct str id)
{
    for (size_t i = 0; i < concepts->len; i++)
        if (str_eq(concepts->at[i].id, id))
            return &concepts->at[i];
    return NULL;
}

void put_concept_start(struct request *request, struct node *page, const struct form *form,
                       const struct concept *chosen)
{
    static const char *const names[] = { "id", "begrip", "betekenis" };
    struct error ignored;
    int64_t version = 0;
    if (!chosen && !form_version(form, &version, &ignored))
        version = 0;
    page_version(request, page, chosen ? concept_version(chosen) : version);
    for (size_t i = 0; i < 3; i++)
        page_start(request, page, names[i],
                   !chosen ? form_start(request, form, names[i])
                   : i == 0 ? chosen->id : i == 1 ? chosen->name : chosen->description);
}

static bool record_concept(struct tx *tx, const struct concept_change *change, struct error *err)
{
    static const char what[] = "nummervoorziening.concept-changed";
    struct request *request = change->request;
    struct str subject = str_format(tx_arena(tx), "%s:%.*s",
                                    change->kind == CHAIN ? "chain" : "sector",
                                    FMT(change->concept.id));
    return audit_add(tx, request->now,
                     &(struct audit_entry){ .who = audit_who(request),
                                            .what = what,
                                            .subject = subject },
                     err)
           && event_add(tx, request->now, what, subject, STR("{}"), err);
}

static bool write_concept(struct tx *tx, void *with, struct error *err)
{
    const struct concept_change *change = with;
    struct concepts concepts;
    if (!nv_concepts(tx, change->kind, &concepts, err))
        return false;
    const struct concept *known = find_concept(&concepts, change->concept.id);
    if (known && concept_version(known) == concept_version(&change->concept))
        return true; /* it is so already */
    if (known && concept_version(known) != change->version)
        return fail_overtaken(err);
    return nv_put_concept(tx, change->kind, &change->concept, err)
           && record_concept(tx, change, err);
}

static bool reply_concept_conflict(struct request *request, const struct concept_change *change,
                                   const struct form *form, struct error *err)
{
    struct tx *tx;
    struct concepts concepts;
    if (!request_tx_anew(request, &tx, err) || !nv_concepts(tx, change->kind, &concepts, err))
        return false;
    const struct concept *known = find_concept(&concepts, change->concept.id);
    if (!known)
        return fail_overtaken(err);
    const struct shared_field fields[] = {
        { "begrip", N_("Name"), change->concept.name, known->name, NULL },
        { "betekenis", N_("Meaning"), change->concept.description, known->description, NULL },
    };
    struct node *page = conflict_page(request, N_("Chains and sectors"), HERE "/begrippen");
    page_field(page, "soort", "hidden", STR(""),
               change->kind == CHAIN ? STR("keten") : STR("sector"));
    page_field(page, "id", "hidden", STR(""), known->id);
    page_start(request, page, "id", known->id);
    return reply_conflict(request, page, form, change->version, concept_version(known), fields,
                          2);
}

static bool read_uri(struct str id, struct error *err)
{
    bool ok = id.len <= CONCEPT_ID_MAX
              && (str_starts(id, STR("http://")) || str_starts(id, STR("https://"))
                  || str_starts(id, STR("urn:")));
    for (size_t i = 0; ok && i < id.len; i++)
        ok = id.at[i] > ' ' && id.at[i] < 0x7f;
    return ok || fail(err, INVALID, "id",
                      N_("An identifier is a URI of at most 200 characters, like "
                         "http://purl.edustandaard.nl/begrippenkader/..."));
}

/* Who typed another identifier over that of the one that was chosen means another one. */
static bool read_concept(struct request *request, const struct form *form,
                         struct concept_change *change, struct error *why)
{
    struct error ignored;
    change->kind = form_has(form, "soort", STR("keten")) ? CHAIN : SECTOR;
    change->concept = (struct concept){ form_text(form, "id"), form_text(form, "begrip"),
                                        form_text(form, "betekenis"), request->now };
    if (!form_version(form, &change->version, &ignored)
        || !str_eq(form_start(request, form, "id"), change->concept.id))
        change->version = 0;
    return read_uri(change->concept.id, why)
           && read_line(change->concept.name, "begrip", why)
           && read_line(change->concept.description, "betekenis", why);
}

bool change_concept(struct request *request, struct error *err)
{
    struct form form;
    struct error why = { 0 };
    struct concept_change change = { .request = request };
    if (!request_form(request, &form, err))
        return false;
    if (!read_concept(request, &form, &change, &why))
        return show_operation_form(request, &form, &why, err);
    if (request_write(request, write_concept, &change, err))
        return done(request, N_("It is changed."));
    return err->kind == CONFLICT && reply_concept_conflict(request, &change, &form, err);
}
