/* SPDX-License-Identifier: EUPL-1.2 */
/* What an operator may change by hand. A form that is refused comes back with what was typed and the
 * reason beside the field; where somebody else was first, with both and the choice between them. */
#include "base/list.h"
#include "platform/page/conflict.h"
#include "platform/record/audit.h"
#include "sector/pages.h"
#include "sector/register.h"

/* What a form holds and what saving it needs. */
struct edit {
    struct deed deed;
    struct board board;
    struct vendor vendor;
    struct certificate certificate;
    struct str fingerprint, from, until; /* as typed */
    bool new;
};

struct form_page {
    struct str title;
    const char *list, *list_title;
    struct str back;   /* the page of the thing; empty: the list */
    struct str name;   /* and its name */
};

static struct node *form_page(struct request *request, const struct form_page *form)
{
    struct node *page = page_new(request, form->title);
    page_crumb(page, "/", tr(request, N_("Home")));
    page_crumb(page, form->list, tr(request, form->list_title));
    if (form->back.len)
        page_crumb(page, str_c(request->arena, form->back), form->name);
    node_put_text(page, "back", form->back.len ? form->back : str_of(form->list));
    return page;
}

static struct node *put_field(struct request *request, struct node *page, const char *name,
                              const char *label, struct str value, const char *hint)
{
    struct node *field = page_field(page, name, "text", tr(request, label), value);
    if (hint)
        node_put_text(field, "hint", tr(request, hint));
    return field;
}

/* Shows the form, with the reason when one was refused. */
static bool reply_form(struct request *request, struct node *page, const struct error *refused)
{
    if (refused)
        page_form_error(request, page, refused);
    return reply_page(request, "sector/pages/form", page);
}

/* May the person change it and send it again? Other errors go to the error page. */
static bool is_correctable(const struct error *err)
{
    return err->kind == INVALID || err->kind == CONFLICT;
}

/* Was somebody else first? `field` of an error is then that of the thing's own name, or none. */
static bool is_overtaken(const struct error *err, const char *field)
{
    return err->kind == CONFLICT && (!err->field || strcmp(err->field, field) == 0);
}

/* What the fields held when the form was opened. */
struct start {
    const char *name;
    struct str value;
};

/* Without a form they are opened now, with these values. */
static void put_starts(struct request *request, struct node *page, const struct form *form,
                       const struct start *starts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        page_start(request, page, starts[i].name,
                   form ? form_start(request, form, starts[i].name) : starts[i].value);
}

static bool read_form(struct request *request, struct form *form, struct edit *edit,
                      struct error *err)
{
    if (!request_form(request, form, err))
        return false;
    edit->deed = (struct deed){ request->now, audit_who(request), SOURCE_PERSON, ANY_VERSION };
    return form_version(form, &edit->deed.version, err);
}

static bool reply_saved(struct request *request, struct str path)
{
    reply_notice(request, "ok", tr(request, N_("The change has been saved.")));
    return reply_redirect(request, path);
}

/* Boards */

static struct str board_path(struct request *request, const struct board_number *number)
{
    return str_format(request->arena, "/besturen/%.*s", FMT(ID_STR(*number)));
}

static bool find_board(struct request *request, struct board_row *row, struct error *err)
{
    struct board_number number;
    struct tx *tx;
    bool found;
    if (!board_number_parse(request_param(request, "number"), &number, err)
        || !request_tx(request, &tx, err) || !store_find_board(tx, &number, row, &found, err))
        return false;
    return found
        || fail_about(err, NOT_FOUND, NULL, N_("There is no school board with number %s."), "%.*s",
                      FMT(ID_STR(number)));
}

static struct node *board_page(struct request *request, const struct board *board,
                               struct str name)
{
    return form_page(request, &(struct form_page){
        .title = tr(request, N_("Change school board")),
        .list = "/besturen",
        .list_title = N_("School boards"),
        .back = board_path(request, &board->number),
        .name = name,
    });
}

/* `form` as it was sent, or NULL. */
static bool reply_board_form(struct request *request, const struct edit *edit,
                             const struct form *form, struct str name, const struct error *refused)
{
    const struct board *board = &edit->board;
    struct node *page = board_page(request, board, name);
    const struct start starts[] = { { "name", board->name }, { "place", board->place } };
    page_version(request, page, edit->deed.version);
    put_starts(request, page, form, starts, count_of(starts));
    node_put_flag(put_field(request, page, "name", N_("Name"), board->name, NULL), "required", true);
    put_field(request, page, "place", N_("Place"), board->place, NULL);
    return reply_form(request, page, refused);
}

bool show_board_form(struct request *request, struct error *err)
{
    struct board_row row;
    if (!find_board(request, &row, err))
        return false;
    const struct edit edit = { .board = row.board, .deed.version = row.version };
    return reply_board_form(request, &edit, NULL, row.board.name, NULL);
}

static bool write_board(struct tx *tx, void *with, struct error *err)
{
    const struct edit *edit = with;
    return register_board(tx, &edit->deed, &edit->board, err);
}

static bool reply_board_conflict(struct request *request, const struct edit *edit,
                                 const struct form *form, struct error *err)
{
    struct board_row row;
    struct tx *tx;
    if (!request_tx_anew(request, &tx, err) || !find_board(request, &row, err))
        return false;
    const struct shared_field fields[] = {
        { "name", N_("Name"), edit->board.name, row.board.name, NULL },
        { "place", N_("Place"), edit->board.place, row.board.place, NULL },
    };
    if (conflict_is_settled(fields, count_of(fields)))
        return reply_saved(request, board_path(request, &row.board.number));
    return reply_conflict(request, board_page(request, &row.board, row.board.name), form,
                          edit->deed.version, row.version, fields, count_of(fields));
}

bool save_board(struct request *request, struct error *err)
{
    struct board_row row;
    struct form form = { 0 };
    struct edit edit = { 0 };
    if (!find_board(request, &row, err) || !read_form(request, &form, &edit, err))
        return false;
    edit.board = (struct board){ .number = row.board.number,
                                 .name = form_text(&form, "name"),
                                 .place = form_text(&form, "place") };
    if (request_write(request, write_board, &edit, err))
        return reply_saved(request, board_path(request, &row.board.number));
    if (is_overtaken(err, ""))
        return reply_board_conflict(request, &edit, &form, err);
    return is_correctable(err)
        && reply_board_form(request, &edit, &form, row.board.name, err);
}

/* Vendors */

static struct str vendor_path(struct request *request, const struct oin *oin)
{
    return str_format(request->arena, "/leveranciers/%.*s", FMT(ID_STR(*oin)));
}

static bool find_vendor(struct request *request, struct vendor_row *row, struct error *err)
{
    struct oin oin;
    struct tx *tx;
    bool found;
    if (!oin_parse(request_param(request, "oin"), &oin, err) || !request_tx(request, &tx, err)
        || !store_find_vendor(tx, &oin, row, &found, err))
        return false;
    return found
        || fail_about(err, NOT_FOUND, NULL, N_("There is no vendor with OIN %s."), "%.*s",
                      FMT(ID_STR(oin)));
}

static struct node *vendor_page(struct request *request, const struct edit *edit, struct str name)
{
    return form_page(request, &(struct form_page){
        .title = tr(request, edit->new ? N_("Add a vendor") : N_("Change vendor")),
        .list = "/leveranciers",
        .list_title = N_("Vendors"),
        .back = edit->new ? STR("") : vendor_path(request, &edit->vendor.oin),
        .name = name,
    });
}

static struct str ended_value(const struct vendor *vendor)
{
    return vendor->ended ? STR("yes") : STR("");
}

/* `oin` as typed, for a new vendor; `name` of the vendor that is there. */
static bool reply_vendor_form(struct request *request, const struct edit *edit,
                              const struct form *form, struct str oin, struct str name,
                              const struct error *refused)
{
    const struct vendor *vendor = &edit->vendor;
    struct node *page = vendor_page(request, edit, name);
    const struct start starts[] = { { "name", vendor->name },
                                    { "website", vendor->website },
                                    { "ended", ended_value(vendor) } };
    page_version(request, page, edit->deed.version);
    put_starts(request, page, form, starts, edit->new ? 0 : count_of(starts));
    if (edit->new)
        node_put_flag(put_field(request, page, "oin", N_("OIN"), oin,
                                N_("20 characters, as in the vendor's PKIoverheid certificate.")),
                      "required", true);
    node_put_flag(put_field(request, page, "name", N_("Name"), vendor->name, NULL), "required", true);
    put_field(request, page, "website", N_("Website"), vendor->website,
              N_("For example www.example.nl"));
    if (!edit->new)
        page_option(page_field(page, "ended", "checkbox", tr(request, N_("Status")), STR("")),
                    STR("yes"), tr(request, N_("This vendor has ended")), vendor->ended != 0);
    return reply_form(request, page, refused);
}

bool show_new_vendor_form(struct request *request, struct error *err)
{
    const struct edit edit = { .new = true };
    (void)err;
    return reply_vendor_form(request, &edit, NULL, STR(""), STR(""), NULL);
}

bool show_vendor_form(struct request *request, struct error *err)
{
    struct vendor_row row;
    if (!find_vendor(request, &row, err))
        return false;
    const struct edit edit = { .vendor = row.vendor, .deed.version = row.version };
    return reply_vendor_form(request, &edit, NULL, STR(""), row.vendor.name, NULL);
}

static bool write_vendor(struct tx *tx, void *with, struct error *err)
{
    const struct edit *edit = with;
    return register_vendor(tx, &edit->deed, &edit->vendor, err);
}

/* Who adds a vendor that is there goes on with changing it. */
static bool reply_vendor_conflict(struct request *request, const struct edit *edit,
                                  const struct form *form, struct error *err)
{
    static const struct value_title states[] = {
        { "", N_("This vendor is active") }, { "yes", N_("This vendor has ended") }, { NULL, NULL }
    };
    struct vendor_row row;
    struct tx *tx;
    bool found;
    if (!request_tx_anew(request, &tx, err)
        || !store_find_vendor(tx, &edit->vendor.oin, &row, &found, err))
        return false;
    const struct shared_field fields[] = {
        { "name", N_("Name"), edit->vendor.name, row.vendor.name, NULL },
        { "website", N_("Website"), edit->vendor.website, row.vendor.website, NULL },
        { "ended", N_("Status"), ended_value(&edit->vendor), ended_value(&row.vendor), states },
    };
    struct str path = vendor_path(request, &row.vendor.oin);
    if (conflict_is_settled(fields, count_of(fields)))
        return reply_saved(request, path);
    struct node *page = vendor_page(request, &(struct edit){ .vendor = row.vendor },
                                    row.vendor.name);
    node_put_text(page, "action", str_format(request->arena, "%.*s/wijzigen", FMT(path)));
    return reply_conflict(request, page, form, edit->deed.version, row.version, fields,
                          count_of(fields));
}

bool save_new_vendor(struct request *request, struct error *err)
{
    struct form form = { 0 };
    struct edit edit = { 0 };
    if (!read_form(request, &form, &edit, err))
        return false;
    edit.new = true;
    edit.deed.version = 0;
    edit.vendor.name = form_text(&form, "name");
    edit.vendor.website = form_text(&form, "website");
    struct str oin = form_text(&form, "oin");
    if (oin_parse(oin, &edit.vendor.oin, err) && request_write(request, write_vendor, &edit, err))
        return reply_saved(request, vendor_path(request, &edit.vendor.oin));
    if (is_overtaken(err, "oin"))
        return reply_vendor_conflict(request, &edit, &form, err);
    return is_correctable(err) && reply_vendor_form(request, &edit, &form, oin, STR(""), err);
}

bool save_vendor(struct request *request, struct error *err)
{
    struct vendor_row row;
    struct form form = { 0 };
    struct edit edit = { 0 };
    if (!find_vendor(request, &row, err) || !read_form(request, &form, &edit, err))
        return false;
    edit.vendor = (struct vendor){ .oin = row.vendor.oin,
                                   .name = form_text(&form, "name"),
                                   .website = form_text(&form, "website") };
    if (form_has(&form, "ended", STR("yes")))
        edit.vendor.ended = row.vendor.ended ? row.vendor.ended : request->now;
    if (request_write(request, write_vendor, &edit, err))
        return reply_saved(request, vendor_path(request, &row.vendor.oin));
    if (is_overtaken(err, "oin"))
        return reply_vendor_conflict(request, &edit, &form, err);
    return is_correctable(err)
        && reply_vendor_form(request, &edit, &form, STR(""), row.vendor.name, err);
}

/* Certificates */

static struct node *certificate_page(struct request *request, const struct vendor *vendor)
{
    return form_page(request, &(struct form_page){
        .title = tr(request, N_("Register a certificate")),
        .list = "/leveranciers",
        .list_title = N_("Vendors"),
        .back = vendor_path(request, &vendor->oin),
        .name = vendor->name,
    });
}

static bool reply_certificate_form(struct request *request, const struct edit *edit,
                                   const struct error *refused)
{
    struct node *page = certificate_page(request, &edit->vendor);
    page_version(request, page, edit->deed.version);
    node_put_flag(put_field(request, page, "fingerprint", N_("SHA-256 fingerprint"),
                            edit->fingerprint,
                            N_("64 hexadecimal characters, with or without colons.")),
                  "required", true);
    put_field(request, page, "serial", N_("Serial number"), edit->certificate.serial, NULL);
    node_put_flag(page_field(page, "not_before", "date", tr(request, N_("Valid from")), edit->from),
                  "required", true);
    node_put_flag(page_field(page, "not_after", "date", tr(request, N_("Valid until")), edit->until),
                  "required", true);
    return reply_form(request, page, refused);
}

bool show_certificate_form(struct request *request, struct error *err)
{
    struct vendor_row row;
    if (!find_vendor(request, &row, err))
        return false;
    return reply_certificate_form(request, &(struct edit){ .vendor = row.vendor }, NULL);
}

static bool write_certificate(struct tx *tx, void *with, struct error *err)
{
    const struct edit *edit = with;
    return register_certificate(tx, &edit->deed, &edit->vendor.oin, &edit->certificate, err);
}

static bool parse_day(struct str text, const char *field, instant *day, struct error *err)
{
    return day_parse(text, day)
        || fail(err, INVALID, field, N_("Fill in a day, like 2026-11-23."));
}

static bool read_certificate(struct request *request, const struct form *form, struct edit *edit,
                             struct error *err)
{
    edit->fingerprint = form_text(form, "fingerprint");
    edit->from = form_text(form, "not_before");
    edit->until = form_text(form, "not_after");
    edit->certificate.serial = form_text(form, "serial");
    return fingerprint_parse(request->arena, edit->fingerprint, &edit->certificate.fingerprint, err)
        && parse_day(edit->from, "not_before", &edit->certificate.not_before, err)
        && parse_day(edit->until, "not_after", &edit->certificate.not_after, err);
}

static bool reply_certificate_conflict(struct request *request, const struct edit *edit,
                                       const struct form *form, struct error *err)
{
    struct oin owner;
    struct certificate now = { 0 };
    struct tx *tx;
    bool found;
    char from[DAY_TEXT], until[DAY_TEXT];
    if (!request_tx_anew(request, &tx, err)
        || !store_find_certificate(tx, edit->certificate.fingerprint, &owner, &now, &found, err))
        return false;
    const struct shared_field fields[] = {
        { "serial", N_("Serial number"), edit->certificate.serial, now.serial, NULL },
        { "not_before", N_("Valid from"), edit->from,
          str_copy(request->arena, instant_day(now.not_before, from)), NULL },
        { "not_after", N_("Valid until"), edit->until,
          str_copy(request->arena, instant_day(now.not_after, until)), NULL },
    };
    struct node *page = certificate_page(request, &edit->vendor);
    page_field(page, "fingerprint", "hidden", STR(""), edit->certificate.fingerprint);
    return reply_conflict(request, page, form, edit->deed.version, certificate_version(&now),
                          fields, count_of(fields));
}

bool save_certificate(struct request *request, struct error *err)
{
    struct vendor_row row;
    struct form form = { 0 };
    struct edit edit = { 0 };
    if (!find_vendor(request, &row, err) || !read_form(request, &form, &edit, err))
        return false;
    edit.vendor = row.vendor;
    if (read_certificate(request, &form, &edit, err)
        && request_write(request, write_certificate, &edit, err))
        return reply_saved(request, vendor_path(request, &row.vendor.oin));
    if (is_overtaken(err, ""))
        return reply_certificate_conflict(request, &edit, &form, err);
    return is_correctable(err) && reply_certificate_form(request, &edit, err);
}
