/* SPDX-License-Identifier: EUPL-1.2 */
/* Pages for people: a tree of data and a template. The frame (navigation, breadcrumb, language
 * choice, messages) is the platform's; a handler adds its own data and names its template.
 *
 *     struct node *page = page_new(r, tr(r, N_("Schools")));
 *     page_crumb(page, "/", tr(r, N_("Home")));
 *     ... node_put_text(page, "name", school.name) ...
 *     return reply_page(r, "sector/pages/school", page); */
#ifndef PLATFORM_PAGE_H
#define PLATFORM_PAGE_H

#include "platform/http/http.h"

/* Templates: Mustache (spec v1.4: variables, sections, inverted, comments, partials, delimiters,
 * inheritance with blocks), compiled once per language. `{{#_}}text{{/_}}` is translated when it is
 * compiled: the message is its raw text, tags and all, with white space collapsed. Escapes & < > " '
 * always; only a node_put_markup value passes as it is ({{{x}}} and {{&x}} are refused). An empty
 * text does not show a section; a number always does.
 *
 * A template is a .html file among the resources, known without its suffix. A page fills the frame:
 *
 *     {{<platform/pages/frame}}
 *     {{$content}}
 *     <h1>{{title}}</h1>
 *     {{>platform/pages/fields}}
 *     {{/content}}
 *     {{/platform/pages/frame}}
 *
 * (the frame's other block is `head`, for what belongs in <head>). The frame's data, put by page_new:
 * title, language ("nl", "en"), organisation, person{name} when somebody is logged in, token (the
 * form token: every POST form holds {{>platform/pages/token}}), here (the path, percent-encoded),
 * entries[] {path, title, summary, current}, crumbs[] {path, title}, notices[] {kind, text, alert},
 * fields[] (page_field), errors{field: text}, problems[] {field, text}, demo, version.
 *
 * Partials: platform/pages/token, platform/pages/fields (all fields of page_field),
 * platform/pages/field (one), platform/pages/table and platform/pages/chart (within the section of
 * the table's or chart's key: {{#schools}}{{>platform/pages/table}}{{/schools}}). */
struct templates;
/* `overrides` is a folder whose files win over the embedded ones, or NULL. */
bool templates_load(struct arena *arena, const char *overrides, struct templates **templates,
                    struct error *err);
bool template_render(const struct templates *templates, struct str name, enum language language,
                     const struct node *data, struct buf *out, struct error *err);

/* Translation: the text of a catalogue message in a language (gettext .mo catalogues, embedded);
 * without one, the English message itself. */
const char *translate(enum language language, const char *message);
/* The translation of a message in a GNU .mo catalogue, or NULL. The bytes may be anything. */
const char *catalogue_find(struct str bytes, const char *message);
struct str tr(const struct request *request, const char *message);
struct str trf(const struct request *request, const char *message, ...); /* printf-like; use %s, %lld */

/* For people to read: 12.345 or 12,345; "23 november 2026"; "23 november 2026, 18:26" in the time of
 * the Netherlands (CET or CEST). */
struct str show_number(struct arena *arena, enum language language, int64_t number);
struct str show_day(struct arena *arena, enum language language, instant at);
struct str show_time(struct arena *arena, enum language language, instant at);

/* A page's data with the frame's part filled in: title, language, person, navigation, token. */
struct node *page_new(struct request *request, struct str title);
void page_crumb(struct node *page, const char *path, struct str title);
/* A message above the content: kind is "ok", "info", "warning" or "error". */
void page_notice(struct node *page, const char *kind, struct str text);
/* A notice that is shown on the next page (after a redirect). */
void reply_notice(struct request *request, const char *kind, struct str text);

bool reply_page(struct request *request, const char *template, struct node *page);

/* Adds a field of a form, shown by platform/pages/fields in the order of the calls. `type` is that of
 * an <input> (text, password, email, number, date, file, hidden), or textarea, select, radio,
 * checkbox. `label` is translated already. The map that is returned takes more: node_put_text "hint",
 * "autocomplete"; node_put_flag "required". `page` may be a map within the page: a page with more than
 * one form has one for each. */
struct node *page_field(struct node *page, const char *name, const char *type, struct str label,
                        struct str value);
/* (A page with more than one form puts a map under a key for each, gives it to page_field and
 * page_form_error instead of the page, and shows it in its section: {{#a_form}}{{>platform/pages/fields}}
 * {{/a_form}}.) */
/* A choice of a select, radio or checkbox field. */
void page_option(struct node *field, struct str value, struct str label, bool chosen);

/* Error beside a field: puts the translated message of `err` where the form's templates look
 * (`errors.<field>`, the field of page_field, and the summary on top), and sets status 422. What was typed is kept by the
 * handler, which fills the values from the form. */
void page_form_error(struct request *request, struct node *page, const struct error *err);

/* A table of rows: searched, sorted, paged and offered as CSV, all by links and a GET form; other
 * parameters of the query stay in them. table_read takes q, sort (`name`, or `-name` for descending;
 * the first sortable column when it is not there), page and format from the query. */
struct column {
    const char *key;    /* name in a row and in `sort=`; NULL ends the list */
    const char *title;  /* N_() */
    bool sortable;
    bool number;        /* aligned right */
};
struct table {
    struct str search;     /* what was typed */
    struct str folded;     /* its fold(), for LIKE '%..%' on a folded column */
    const char *sort;      /* key of a sortable column: never text from outside; or NULL */
    bool descending;
    int64_t page;          /* from 1 */
    int64_t limit, offset; /* of rows to read */
    bool csv;              /* format=csv: all rows, no page */
};
#define TABLE_PAGE_ROWS 25
#define TABLE_CSV_ROWS  100000
bool table_read(const struct request *request, const struct column *columns, struct table *table,
                struct error *err);
/* Puts the table under `key`: rows is a list of maps with a TEXT (or INT) per column key and, where
 * the first cell is a link, "href". `total` is the number of rows that match. A page without a search
 * shows the form all the same, unless `table` is NULL: then it is only a table. */
void table_put(struct request *request, struct node *page, const char *key,
               const struct column *columns, const struct table *table, struct node *rows,
               int64_t total);
/* The same rows as a CSV download. */
bool table_reply_csv(struct request *request, const char *file_name, const struct column *columns,
                     const struct node *rows);

/* Charts as SVG drawn by the server, each shown with its table. All series share the labels. Texts
 * are translated already. Put under `key`, shown by platform/pages/chart. */
#define CHART_SERIES 6
struct chart_series {
    struct str title;
    const int64_t *values; /* as many as there are labels */
};
struct chart {
    struct str title;
    struct str unit;      /* of the values, "questions" */
    struct str heading;   /* of the labels, "Day": the table's first column */
    const struct str *labels;
    size_t label_count;
    const struct chart_series *series; /* at most CHART_SERIES; more are left out */
    size_t series_count;
    bool lines;                        /* lines instead of bars */
};
void chart_put(struct request *request, struct node *page, const char *key,
               const struct chart *chart);

#endif
