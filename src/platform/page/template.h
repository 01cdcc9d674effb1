/* SPDX-License-Identifier: EUPL-1.2 */
/* The inside of the template engine: a template is parsed once (template_parse.c) to a flat array of
 * operations, which template.c runs. Everything else uses platform/page/page.h. */
#ifndef PLATFORM_TEMPLATE_H
#define PLATFORM_TEMPLATE_H

#include "base/list.h"
#include "platform/page/page.h"

enum op_kind { OP_TEXT, OP_VALUE, OP_SECTION, OP_INVERTED, OP_PARTIAL, OP_PARENT, OP_BLOCK };

/* Sections, parents and blocks hold the operations behind them, up to (not including) `end`. */
struct op {
    enum op_kind kind;
    bool raw;             /* OP_VALUE: not escaped (only outside strict mode) */
    bool alone;           /* PARTIAL, PARENT, BLOCK: stands on a line of its own */
    size_t end;
    struct str text;      /* TEXT: the bytes; PARTIAL, PARENT: template name; BLOCK: block name */
    struct str indent;    /* PARTIAL, PARENT, BLOCK: white space in front of each of its lines */
    const struct str *path; /* VALUE, SECTION, INVERTED: the parts of a dotted name; 0 parts is `.` */
    size_t parts;
    size_t target;        /* PARTIAL, PARENT: index of the template, or NO_TEMPLATE */
};

#define NO_TEMPLATE    ((size_t)-1)
#define TEMPLATE_DEPTH 64 /* nesting of tags in a template, and of what is being rendered */

struct op_list {
    list_of(struct op);
};

struct template_source {
    struct str name;
    struct str text;
};

/* STRICT, for our own templates: markup passes only as a value marked safe, so {{{x}}} and {{&x}} are
 * refused; every partial must exist; {{#_}} translates. SPECIFIED: as the Mustache specification
 * says, for its test cases. */
enum template_mode { STRICT, SPECIFIED };

/* Compiles a set of templates (sorted by name here) for every language. */
bool templates_compile(struct arena *arena, struct template_source *sources, size_t count,
                       enum template_mode mode, struct templates **templates, struct error *err);

/* Parses one template to operations; partials are not resolved yet. */
bool template_parse(struct arena *arena, const struct template_source *source,
                    enum language language, enum template_mode mode, struct op_list *ops,
                    struct error *err);

#endif
