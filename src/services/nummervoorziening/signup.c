/* SPDX-License-Identifier: EUPL-1.2 */
#include "services/nummervoorziening/signup.h"

#include "platform/app.h"
#include "platform/record/audit.h"
#include "platform/record/events.h"
#include "services/nummervoorziening/nummervoorziening.h"

#define SAME(a, b) (memcmp((a).text, (b).text, sizeof(a).text) == 0)

/* `vendor`: whom it is about beside the board; or NULL. */
static bool record(struct tx *tx, const struct decider *decider, const char *what,
                   struct str subject, struct str detail, const struct oin *vendor, instant now,
                   struct error *err)
{
    struct arena *arena = tx_arena(tx);
    struct str board = board_organisation(arena, &decider->board);
    struct str both = vendor ? str_format(arena, "%.*s %.*s", FMT(board),
                                          FMT(vendor_organisation(arena, vendor)))
                             : board;
    return audit_add(tx, now,
                     &(struct audit_entry){ .who = decider->who,
                                            .on_behalf = board,
                                            .what = what,
                                            .subject = subject,
                                            .detail = detail },
                     err)
           && event_add_for(tx, now, &(struct event_entry){ what, subject, detail, both }, err);
}

static struct str school_subject(struct tx *tx, const struct brin *school)
{
    return str_format(tx_arena(tx), "school:%.*s", FMT(ID_STR(*school)));
}

static bool owns(const struct school_list *schools, const struct brin *brin)
{
    for (size_t i = 0; i < schools->len; i++)
        if (SAME(schools->at[i].brin, *brin))
            return true;
    return false;
}

static bool signed_up(const struct signups *signups, const struct brin *brin)
{
    for (size_t i = 0; i < signups->len; i++)
        if (SAME(signups->at[i], *brin))
            return true;
    return false;
}

static bool permitted(const struct permissions *permissions, const struct brin *brin,
                      const struct oin *oin)
{
    for (size_t i = 0; i < permissions->len; i++)
        if (SAME(permissions->at[i].brin, *brin) && SAME(permissions->at[i].oin, *oin))
            return true;
    return false;
}

/* What the board's schools have now. */
struct standing {
    struct school_list schools;
    struct signups signups;
    struct permissions permissions;
};

static void plan_school(struct arena *arena, const struct standing *now, const struct brin *school,
                        const struct oin *vendors, size_t count, enum wish wish,
                        struct changes *changes)
{
    bool is_signed_up = signed_up(&now->signups, school);
    if (wish == WISH_SIGN_OFF) {
        *list_add(arena, changes) =
            (struct change){ .school = *school, .wish = wish, .nothing = !is_signed_up };
        return;
    }
    for (size_t v = 0; v < count; v++) {
        bool is_permitted = is_signed_up && permitted(&now->permissions, school, &vendors[v]);
        *list_add(arena, changes) = (struct change){
            .school = *school,
            .vendor = vendors[v],
            .wish = wish,
            .signs_up = wish == WISH_ALLOW && !is_signed_up && v == 0,
            .nothing = is_permitted == (wish == WISH_ALLOW),
        };
    }
}

/* Is it one of the first `count`? A form may name a school a thousand times; the changes are schools
 * times vendors. */
static bool stands_before(const struct brin *schools, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (SAME(schools[i], schools[count]))
            return true;
    return false;
}

static size_t distinct_vendors(struct arena *arena, const struct oin *vendors, size_t count,
                               struct oin **distinct)
{
    size_t found = 0;
    *distinct = arena_array(arena, struct oin, count + 1);
    for (size_t v = 0; v < count; v++) {
        size_t i = 0;
        while (i < found && !SAME((*distinct)[i], vendors[v]))
            i++;
        (*distinct)[i] = vendors[v];
        found += i == found;
    }
    return found;
}

bool plan_changes(struct tx *tx, const struct decider *decider, const struct brin *schools,
                  size_t school_count, const struct oin *vendors, size_t vendor_count,
                  enum wish wish, instant now, struct changes *changes, struct error *err)
{
    struct standing standing;
    struct oin *distinct;
    *changes = (struct changes){ 0 };
    vendor_count = distinct_vendors(tx_arena(tx), vendors, vendor_count, &distinct);
    if (!sector_schools_of(tx, &decider->board, &standing.schools, err)
        || !nv_signups(tx, &decider->board, now, &standing.signups, err)
        || !nv_permissions(tx, &decider->board, now, &standing.permissions, err))
        return false;
    for (size_t s = 0; s < school_count; s++) {
        if (!owns(&standing.schools, &schools[s]))
            return fail(err, FORBIDDEN, "school", N_("This school is not of your board."));
        if (!stands_before(schools, s))
            plan_school(tx_arena(tx), &standing, &schools[s], distinct, vendor_count, wish,
                        changes);
    }
    return true;
}

static bool make_change(struct tx *tx, const struct decider *decider, const struct change *change,
                        instant now, struct error *err)
{
    struct str subject = school_subject(tx, &change->school);
    struct str detail = str_format(tx_arena(tx), "{\"vendor\":\"%.*s\"}",
                                   FMT(ID_STR(change->vendor)));
    if (change->signs_up
        && (!nv_sign_up(tx, &change->school, &decider->board, now, err)
            || !record(tx, decider, "nummervoorziening.school-signed-up", subject, STR("{}"), NULL,
                       now, err)))
        return false;
    if (change->nothing)
        return true;
    if (change->wish == WISH_SIGN_OFF)
        return nv_sign_off(tx, &change->school, now, err)
               && record(tx, decider, "nummervoorziening.school-signed-off", subject, STR("{}"),
                         NULL, now, err);
    if (change->wish == WISH_END)
        return nv_forbid(tx, &change->school, &change->vendor, now, err)
               && record(tx, decider, "nummervoorziening.vendor-ended", subject, detail,
                         &change->vendor, now, err);
    return nv_permit(tx, &change->school, &change->vendor, now, err)
           && record(tx, decider, "nummervoorziening.vendor-allowed", subject, detail,
                     &change->vendor, now, err);
}

bool make_changes(struct tx *tx, const struct decider *decider, const struct changes *changes,
                  instant now, struct error *err)
{
    for (size_t i = 0; i < changes->len; i++)
        if (!make_change(tx, decider, &changes->at[i], now, err))
            return false;
    return true;
}

static bool record_caller(struct tx *tx, struct str who, const char *what, const struct oin *oin,
                          instant now, struct error *err)
{
    struct str subject = vendor_organisation(tx_arena(tx), oin);
    return audit_add(tx, now,
                     &(struct audit_entry){ .who = who, .what = what, .subject = subject }, err)
           && event_add_for(tx, now, &(struct event_entry){ what, subject, STR("{}"), subject },
                            err);
}

bool admit_caller(struct tx *tx, struct str who, const struct oin *oin, struct str name,
                  instant now, struct error *err)
{
    return nv_put_caller(tx, oin, name, now, err)
           && record_caller(tx, who, "nummervoorziening.caller-admitted", oin, now, err);
}

bool dismiss_caller(struct tx *tx, struct str who, const struct oin *oin, instant now,
                    struct error *err)
{
    bool ended;
    if (!nv_end_caller(tx, oin, now, &ended, err))
        return false;
    if (!ended)
        return fail(err, CONFLICT, NULL, N_("This system is not admitted."));
    return record_caller(tx, who, "nummervoorziening.caller-dismissed", oin, now, err);
}

/* `fundament allow`. */

struct allowing {
    struct str who;
    const struct oin *vendor;
    const struct brin *school;
    instant now;
};

static bool admit_if_new(struct tx *tx, const struct allowing *allowing, struct error *err)
{
    struct vendor vendor = { 0 };
    struct access access;
    bool found;
    if (!nv_find_access(tx, allowing->vendor, allowing->school, allowing->now, &access, err)
        || !sector_find_vendor(tx, allowing->vendor, &vendor, &found, err))
        return false;
    struct str name = found ? vendor.name : ID_STR(*allowing->vendor);
    return access.caller
           || admit_caller(tx, allowing->who, allowing->vendor, name, allowing->now, err);
}

static bool write_allow(struct tx *tx, void *with, struct error *err)
{
    const struct allowing *allowing = with;
    struct school school;
    struct changes changes;
    bool found;
    if (!sector_find_school(tx, allowing->school, &school, &found, err))
        return false;
    if (!found || school.ended)
        return fail_about(err, NOT_FOUND, "school", N_("The register has no active school %s."),
                          "%.*s", FMT(ID_STR(*allowing->school)));
    struct decider decider = { allowing->who, school.board };
    return admit_if_new(tx, allowing, err)
           && plan_changes(tx, &decider, allowing->school, 1, allowing->vendor, 1, WISH_ALLOW,
                           allowing->now, &changes, err)
           && make_changes(tx, &decider, &changes, allowing->now, err);
}

bool nummervoorziening_allow(struct app *app, struct arena *arena, struct str who,
                             const struct oin *vendor, const struct brin *school, instant now,
                             struct error *err)
{
    struct allowing allowing = { who, vendor, school, now };
    return db_write(app->db, arena, write_allow, &allowing, err);
}
