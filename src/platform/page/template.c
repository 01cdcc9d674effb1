/* SPDX-License-Identifier: EUPL-1.2 */
/* Templates: the set of all, and the machine that runs their operations. */
#include "platform/page/template.h"

#include "base/file.h"
#include "platform/embedded.h"

#include <stdio.h>
#include <stdlib.h>

#define OVERRIDE_LIMIT ((size_t)1024 * 1024)
#define INDENT_LIMIT   128

struct template {
    struct str name;
    struct op_list ops[LANGUAGES];
};

struct templates {
    struct template *at; /* sorted by name */
    size_t len;
};

/* ---- The set ---- */

static int by_name(const void *a, const void *b)
{
    const struct template_source *left = a, *right = b;
    return str_cmp(left->name, right->name);
}

static size_t find_template(const struct templates *templates, struct str name)
{
    size_t low = 0, high = templates->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(templates->at[middle].name, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NO_TEMPLATE;
}

static bool resolve_partials(const struct templates *templates, const struct template *template,
                             struct op_list *ops, enum template_mode mode, struct error *err)
{
    for (size_t i = 0; i < ops->len; i++) {
        struct op *op = &ops->at[i];
        if (op->kind != OP_PARTIAL && op->kind != OP_PARENT)
            continue;
        op->target = find_template(templates, op->text);
        if (op->target == NO_TEMPLATE && mode == STRICT)
            return fail_about(err, INVALID, NULL, N_("A template cannot be read: %s."),
                              "%.*s.html asks for a template that is not there: %.*s",
                              FMT(str_slice(template->name, 0, 40)),
                              FMT(str_slice(op->text, 0, 40)));
    }
    return true;
}

bool templates_compile(struct arena *arena, struct template_source *sources, size_t count,
                       enum template_mode mode, struct templates **templates, struct error *err)
{
    struct templates *set = arena_new(arena, struct templates);
    set->at = arena_array(arena, struct template, count);
    set->len = count;
    if (count)
        qsort(sources, count, sizeof *sources, by_name);
    for (size_t i = 0; i < count; i++) {
        set->at[i].name = sources[i].name;
        for (enum language language = 0; language < LANGUAGES; language++)
            if (!template_parse(arena, &sources[i], language, mode, &set->at[i].ops[language], err))
                return false;
    }
    for (size_t i = 0; i < count; i++)
        for (enum language language = 0; language < LANGUAGES; language++)
            if (!resolve_partials(set, &set->at[i], &set->at[i].ops[language], mode, err))
                return false;
    *templates = set;
    return true;
}

/* The override folder's text of an embedded file, or the embedded one. */
static bool read_source(struct arena *arena, const char *overrides, const struct embedded *file,
                        struct str *text, struct error *err)
{
    *text = file->bytes;
    if (!overrides || !*overrides)
        return true;
    struct str path = str_format(arena, "%s/%s", overrides, file->name);
    return !file_exists(path.at) || file_read(arena, path.at, OVERRIDE_LIMIT, text, err);
}

bool templates_load(struct arena *arena, const char *overrides, struct templates **templates,
                    struct error *err)
{
    const struct str suffix = STR(".html");
    list_of(struct template_source) sources = { 0 };
    for (size_t i = 0; i < embedded_count; i++) {
        struct str name = str_of(embedded_files[i].name);
        struct str text;
        if (!str_ends(name, suffix))
            continue;
        if (!read_source(arena, overrides, &embedded_files[i], &text, err))
            return false;
        *list_add(arena, &sources) =
            (struct template_source){ str_slice(name, 0, name.len - suffix.len), text };
    }
    return templates_compile(arena, sources.at, sources.len, STRICT, templates, err);
}

/* ---- Rendering ---- */

/* The blocks with which a template fills its parent: the operations of an OP_PARENT. */
struct filling {
    const struct op_list *ops;
    size_t parent;
};

struct machine {
    const struct templates *templates;
    enum language language;
    struct buf *out;
    struct error *err;
    const struct node *context[TEMPLATE_DEPTH]; /* innermost last */
    size_t contexts;
    struct filling fillings[TEMPLATE_DEPTH];    /* outermost template first */
    size_t filling_count;
    size_t depth;
    char indent[INDENT_LIMIT]; /* goes in front of each line of the template at hand */
    size_t indent_len;
    bool at_line_start;
};

static bool run(struct machine *m, const struct op_list *ops, size_t from, size_t to);

static bool fail_deep(struct machine *m, const char *what)
{
    return fail_internal(m->err, "a template goes too deep: %s", what);
}

static const struct node *look_up(const struct machine *m, const struct op *op)
{
    if (op->parts == 0)
        return m->context[m->contexts - 1];
    const struct node *found = NULL;
    for (size_t i = m->contexts; i-- > 0 && !found;)
        found = node_get(m->context[i], op->path[0]);
    for (size_t i = 1; i < op->parts && found; i++)
        found = node_get(found, op->path[i]);
    return found;
}

/* Missing, null, false, an empty list and an empty text do not show a section; a number does. */
static bool shows(const struct node *node)
{
    if (!node)
        return false;
    switch (node->kind) {
    case NODE_NULL: return false;
    case NODE_FLAG: return node->flag;
    case NODE_TEXT: return node->text.len > 0;
    case NODE_LIST: return node->first != NULL;
    default: return true;
    }
}

static void put_indent(struct machine *m)
{
    if (m->at_line_start)
        buf_add(m->out, (struct str){ m->indent, m->indent_len });
    m->at_line_start = false;
}

static void put_text(struct machine *m, struct str text)
{
    if (m->indent_len == 0) {
        buf_add(m->out, text);
        return;
    }
    while (text.len) {
        ptrdiff_t newline = str_find(text, STR("\n"));
        size_t len = newline < 0 ? text.len : (size_t)newline + 1;
        put_indent(m);
        buf_add(m->out, str_slice(text, 0, len));
        m->at_line_start = newline >= 0;
        text = str_slice(text, len, text.len);
    }
}

/* The shortest of two forms that gives the same number back. */
static void put_real(struct buf *out, double real)
{
    char text[40];
    snprintf(text, sizeof text, "%.15g", real);
    if (strtod(text, NULL) != real)
        snprintf(text, sizeof text, "%.17g", real);
    buf_add(out, str_of(text));
}

static void put_value(struct machine *m, const struct op *op)
{
    const struct node *node = look_up(m, op);
    put_indent(m);
    if (!node)
        return;
    switch (node->kind) {
    case NODE_INT: buf_int(m->out, node->number); break;
    case NODE_REAL: put_real(m->out, node->real); break;
    case NODE_FLAG: buf_add(m->out, node->flag ? STR("true") : STR("false")); break;
    case NODE_TEXT:
        if (node->safe || op->raw)
            buf_add(m->out, node->text);
        else
            buf_escaped(m->out, node->text);
        break;
    default: break;
    }
}

static bool run_with(struct machine *m, const struct op_list *ops, size_t at,
                     const struct node *context)
{
    if (m->contexts == TEMPLATE_DEPTH)
        return fail_deep(m, "sections");
    m->context[m->contexts++] = context;
    bool ok = run(m, ops, at + 1, ops->at[at].end);
    m->contexts--;
    return ok;
}

static bool run_section(struct machine *m, const struct op_list *ops, size_t at)
{
    const struct node *node = look_up(m, &ops->at[at]);
    if (!shows(node))
        return true;
    if (node->kind != NODE_LIST)
        return run_with(m, ops, at, node);
    for (const struct node *child = node->first; child; child = child->next)
        if (!run_with(m, ops, at, child))
            return false;
    return true;
}

/* Runs with more (or, for a template in the middle of a line, without) indentation. */
static bool run_indented(struct machine *m, const struct op_list *ops, size_t from, size_t to,
                         const struct op *op, bool inherits)
{
    size_t before = m->indent_len;
    if (op->alone && before + op->indent.len > sizeof m->indent)
        return fail_deep(m, "indentation");
    if (op->alone && op->indent.len) {
        memcpy(m->indent + before, op->indent.at, op->indent.len);
        m->indent_len += op->indent.len;
    } else if (!op->alone && !inherits) {
        put_indent(m);
        m->indent_len = 0;
    }
    m->at_line_start = m->at_line_start || op->alone;
    bool ok = run(m, ops, from, to);
    m->indent_len = before;
    m->at_line_start = op->alone;
    return ok;
}

static bool run_template(struct machine *m, const struct op *op)
{
    if (op->target == NO_TEMPLATE)
        return true;
    const struct op_list *ops = &m->templates->at[op->target].ops[m->language];
    return run_indented(m, ops, 0, ops->len, op, false);
}

static bool run_parent(struct machine *m, const struct op_list *ops, size_t at)
{
    if (m->filling_count == TEMPLATE_DEPTH)
        return fail_deep(m, "parents");
    m->fillings[m->filling_count++] = (struct filling){ ops, at };
    bool ok = run_template(m, &ops->at[at]);
    m->filling_count--;
    return ok;
}

/* The outermost template that fills this block wins. */
static bool run_block(struct machine *m, const struct op_list *ops, size_t at)
{
    const struct op *block = &ops->at[at];
    for (size_t f = 0; f < m->filling_count; f++) {
        const struct op_list *from = m->fillings[f].ops;
        size_t parent = m->fillings[f].parent;
        for (size_t i = parent + 1; i < from->at[parent].end; i = from->at[i].end)
            if (str_eq(from->at[i].text, block->text))
                return run_indented(m, from, i + 1, from->at[i].end, block, true);
    }
    return run(m, ops, at + 1, block->end);
}

static bool run_op(struct machine *m, const struct op_list *ops, size_t at)
{
    const struct op *op = &ops->at[at];
    switch (op->kind) {
    case OP_TEXT: put_text(m, op->text); return true;
    case OP_VALUE: put_value(m, op); return true;
    case OP_SECTION: return run_section(m, ops, at);
    case OP_INVERTED: return shows(look_up(m, op)) || run(m, ops, at + 1, op->end);
    case OP_PARTIAL: return run_template(m, op);
    case OP_PARENT: return run_parent(m, ops, at);
    case OP_BLOCK: return run_block(m, ops, at);
    }
    return true;
}

static bool run(struct machine *m, const struct op_list *ops, size_t from, size_t to)
{
    if (m->depth == TEMPLATE_DEPTH)
        return fail_deep(m, "templates");
    m->depth++;
    for (size_t i = from; i < to; i = ops->at[i].end > i ? ops->at[i].end : i + 1)
        if (!run_op(m, ops, i))
            return false;
    m->depth--;
    return true;
}

bool template_render(const struct templates *templates, struct str name, enum language language,
                     const struct node *data, struct buf *out, struct error *err)
{
    size_t index = find_template(templates, name);
    if (index == NO_TEMPLATE)
        return fail_internal(err, "there is no template %.*s", FMT(name));
    struct machine m = {
        .templates = templates, .language = language, .out = out, .err = err,
        .context = { data }, .contexts = 1, .at_line_start = true,
    };
    const struct op_list *ops = &templates->at[index].ops[language];
    return run(&m, ops, 0, ops->len);
}
