/* SPDX-License-Identifier: EUPL-1.2 */
/* Mustache text to operations, in three steps: cut into tokens, decide which lines hold nothing but
 * tags (such a line leaves no trace), write operations. */
#include "platform/page/template.h"

/* What a token is: plain text, or the mark with which its tag starts. */
enum mark {
    TEXT = 0,
    VALUE = 'v',
    SECTION = '#',
    INVERTED = '^',
    CLOSE = '/',
    PARTIAL = '>',
    PARENT = '<',
    BLOCK = '$',
    COMMENT = '!',
    DELIMITERS = '=',
    UNESCAPED = '&',
    TRIPLE = '{',
    TRANSLATED = '_',
};

struct token {
    enum mark mark;
    struct str text;     /* the text (a newline only at its end), or what the tag says */
    struct str indent;   /* of a tag alone on its line: the white space in front of it */
    size_t line;         /* number in the source, for errors */
    size_t partner;      /* CLOSE: its opener; an opener: its CLOSE */
    bool starts_line;
    bool alone;
    bool ends_line;      /* an opener alone on its line, whose newline went too */
    bool dropped;        /* white space of a line that holds only tags */
};

struct parser {
    struct arena *arena;
    const struct template_source *source;
    enum language language;
    enum template_mode mode;
    struct str open, close; /* the delimiters of the moment */
    list_of(struct token) tokens;
    size_t open_tags[TEMPLATE_DEPTH];
    size_t depth;
    size_t line;
    struct error *err;
    /* Writing: */
    struct op_list *ops;
    struct buf text;
    struct str dedent;   /* white space that a block's lines lose */
};

static bool fail_at(struct parser *p, size_t line, const char *what, struct str about)
{
    return fail_about(p->err, INVALID, NULL, N_("A template cannot be read: %s."),
                      "%.*s.html, line %zu: %s %.*s", FMT(str_slice(p->source->name, 0, 40)), line,
                      what, FMT(str_slice(about, 0, 20)));
}

static size_t newlines(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.at[i] == '\n';
    return count;
}

static bool is_opener(enum mark mark)
{
    return mark == SECTION || mark == INVERTED || mark == PARENT || mark == BLOCK;
}

/* ---- Cutting into tokens ---- */

static struct token *add_token(struct parser *p, enum mark mark, struct str text)
{
    struct token *token = list_add(p->arena, &p->tokens);
    const struct token *before = p->tokens.len > 1 ? token - 1 : NULL;
    *token = (struct token){ .mark = mark, .text = text, .line = p->line };
    token->starts_line = !before || (before->mark == TEXT && str_ends(before->text, STR("\n")));
    return token;
}

static void add_text(struct parser *p, struct str text)
{
    while (text.len) {
        ptrdiff_t newline = str_find(text, STR("\n"));
        size_t len = newline < 0 ? text.len : (size_t)newline + 1;
        add_token(p, TEXT, str_slice(text, 0, len));
        p->line += newline < 0 ? 0 : 1;
        text = str_slice(text, len, text.len);
    }
}

/* `{{=<% %>=}}` */
static bool set_delimiters(struct parser *p, struct str text)
{
    if (!str_ends(text, STR("=")))
        return fail_at(p, p->line, "delimiters without an = at the end:", text);
    text = str_trim(str_slice(text, 0, text.len - 1));
    size_t first = 0, second;
    while (first < text.len && !is_space(text.at[first]))
        first++;
    second = first;
    while (second < text.len && is_space(text.at[second]))
        second++;
    struct str open = str_slice(text, 0, first), close = str_slice(text, second, text.len);
    if (!open.len || !close.len || str_has(open, '=') || str_has(close, '=')
        || str_has(close, ' '))
        return fail_at(p, p->line, "delimiters must be two words:", text);
    p->open = open;
    p->close = close;
    return true;
}

static bool add_close(struct parser *p, struct str name)
{
    if (p->depth == 0)
        return fail_at(p, p->line, "closes what is not open:", name);
    size_t opener = p->open_tags[--p->depth];
    if (!str_eq(p->tokens.at[opener].text, name))
        return fail_at(p, p->line, "closes another tag than the one that is open:", name);
    add_token(p, CLOSE, name)->partner = opener;
    p->tokens.at[opener].partner = p->tokens.len - 1;
    return true;
}

static bool add_tag(struct parser *p, enum mark mark, struct str text)
{
    struct str name = str_trim(text);
    if (mark == COMMENT || mark == DELIMITERS) {
        add_token(p, mark, name);
        return mark == COMMENT || set_delimiters(p, name);
    }
    if (!name.len)
        return fail_at(p, p->line, "a tag without a name", name);
    if (p->mode == STRICT && (mark == UNESCAPED || mark == TRIPLE))
        return fail_at(p, p->line, "values are always escaped here:", name);
    if (mark == CLOSE)
        return add_close(p, name);
    if (is_opener(mark)) {
        if (p->depth == TEMPLATE_DEPTH)
            return fail_at(p, p->line, "tags are nested too deep at", name);
        p->open_tags[p->depth++] = p->tokens.len;
    }
    add_token(p, mark, name);
    return true;
}

static enum mark mark_of(char c)
{
    static const char marks[] = "#^/><$!=&{";
    return c && strchr(marks, c) ? (enum mark)c : VALUE;
}

/* `{{#_}}words{{/_}}`: `*rest` starts behind the opening tag. */
static bool cut_translated(struct parser *p, struct str *rest)
{
    struct buf closing = { .arena = p->arena };
    buf_add(&closing, p->open);
    buf_lit(&closing, "/_");
    buf_add(&closing, p->close);
    ptrdiff_t end = str_find(*rest, buf_str(&closing));
    if (end < 0)
        return fail_at(p, p->line, "a text to translate has no end:", str_slice(*rest, 0, 20));
    struct str words = str_slice(*rest, 0, (size_t)end);
    add_token(p, TRANSLATED, words);
    p->line += newlines(words);
    *rest = str_slice(*rest, (size_t)end + closing.len, rest->len);
    return true;
}

/* One tag; `*rest` starts behind its opening delimiter. */
static bool cut_tag(struct parser *p, struct str *rest)
{
    enum mark mark = mark_of(rest->len ? rest->at[0] : 0);
    if (mark != VALUE)
        *rest = str_slice(*rest, 1, rest->len);
    bool triple = mark == TRIPLE;
    struct str close = triple ? str_format(p->arena, "}%.*s", FMT(p->close)) : p->close;
    ptrdiff_t end = str_find(*rest, close);
    if (end < 0)
        return fail_at(p, p->line, "a tag has no end:", str_slice(*rest, 0, 20));
    struct str text = str_slice(*rest, 0, (size_t)end);
    *rest = str_slice(*rest, (size_t)end + close.len, rest->len);
    if (p->mode == STRICT && mark == SECTION && str_eq(str_trim(text), STR("_")))
        return cut_translated(p, rest);
    if (!add_tag(p, mark, text))
        return false;
    p->line += newlines(text);
    return true;
}

static bool cut_tokens(struct parser *p, struct str rest)
{
    for (;;) {
        ptrdiff_t open = str_find(rest, p->open);
        if (open < 0)
            break;
        add_text(p, str_slice(rest, 0, (size_t)open));
        rest = str_slice(rest, (size_t)open + p->open.len, rest.len);
        if (!cut_tag(p, &rest))
            return false;
    }
    add_text(p, rest);
    if (p->depth)
        return fail_at(p, p->tokens.at[p->open_tags[p->depth - 1]].line, "is never closed:",
                       p->tokens.at[p->open_tags[p->depth - 1]].text);
    return true;
}

/* ---- Lines that hold only tags ---- */

static bool is_blank(struct str s)
{
    return str_trim(s).len == 0;
}

/* Belongs to inheritance: such tags may share a line and still be alone on it. */
static bool is_inheritance(const struct parser *p, const struct token *token)
{
    enum mark mark = token->mark == CLOSE ? p->tokens.at[token->partner].mark : token->mark;
    return mark == PARENT || mark == BLOCK;
}

static bool can_be_alone(enum mark mark)
{
    return mark != VALUE && mark != UNESCAPED && mark != TRIPLE && mark != TRANSLATED;
}

/* Is the newline part of the tags' line? `{{$a}}{{/a}}` on one line keeps it: what fills the block
 * stands on that line. */
static bool takes_newline(const struct parser *p, size_t from, size_t last)
{
    const struct token *token = &p->tokens.at[last];
    return token->mark != CLOSE || p->tokens.at[token->partner].mark != BLOCK
           || token->partner < from;
}

static void mark_line(struct parser *p, size_t from, size_t to)
{
    size_t tags = 0, first = 0, last = 0;
    bool inheritance = true;
    for (size_t i = from; i < to; i++) {
        const struct token *token = &p->tokens.at[i];
        if (token->mark == TEXT ? !is_blank(token->text) : !can_be_alone(token->mark))
            return;
        if (token->mark == TEXT)
            continue;
        first = tags++ ? first : i;
        last = i;
        inheritance = inheritance && is_inheritance(p, token);
    }
    if (tags == 0 || (tags > 1 && !inheritance))
        return;
    bool newline = takes_newline(p, from, last);
    for (size_t i = from; i < to; i++) {
        struct token *token = &p->tokens.at[i];
        token->dropped = token->mark == TEXT && (i < last || newline);
        token->alone = token->mark != TEXT && i == first;
        if (i == last)
            token->ends_line = newline;
    }
    if (first > from)
        p->tokens.at[first].indent = p->tokens.at[from].text;
}

static void mark_lines(struct parser *p)
{
    size_t from = 0;
    for (size_t i = 0; i < p->tokens.len; i++) {
        const struct token *token = &p->tokens.at[i];
        if (token->mark == TEXT && str_ends(token->text, STR("\n"))) {
            mark_line(p, from, i + 1);
            from = i + 1;
        }
    }
    mark_line(p, from, p->tokens.len);
}

/* ---- Writing operations ---- */

static void flush_text(struct parser *p)
{
    if (p->text.len == 0)
        return;
    struct op *op = list_add(p->arena, p->ops);
    *op = (struct op){ .kind = OP_TEXT, .text = buf_str(&p->text) };
    p->text = (struct buf){ .arena = p->arena };
}

static size_t add_op(struct parser *p, enum op_kind kind)
{
    flush_text(p);
    *list_add(p->arena, p->ops) = (struct op){ .kind = kind, .target = NO_TEMPLATE };
    return p->ops->len - 1;
}

static bool add_named(struct parser *p, enum op_kind kind, const struct token *token, size_t *index)
{
    *index = add_op(p, kind);
    if (str_eq(token->text, STR(".")))
        return true;
    list_of(struct str) parts = { 0 };
    for (struct str rest = token->text; str_more(rest);) {
        struct str part = str_cut(&rest, '.');
        if (!part.len)
            return fail_at(p, token->line, "a name with an empty part:", token->text);
        *list_add(p->arena, &parts) = part;
    }
    p->ops->at[*index].path = parts.at;
    p->ops->at[*index].parts = parts.len;
    return true;
}

static struct str blanks_before(struct str s)
{
    size_t len = 0;
    while (len < s.len && (s.at[len] == ' ' || s.at[len] == '\t'))
        len++;
    return str_slice(s, 0, len);
}

/* `s` without the white space at its start that it shares with the block's own indentation. */
static struct str dedented(const struct parser *p, struct str s)
{
    size_t len = 0;
    while (len < p->dedent.len && len < s.len && s.at[len] == p->dedent.at[len])
        len++;
    return str_slice(s, len, s.len);
}

/* The indentation of what stands in a block: of its first line; `otherwise` when it is empty. */
static struct str inner_indent(const struct parser *p, size_t opener, struct str otherwise)
{
    for (size_t i = opener + 1; i < p->tokens.at[opener].partner; i++) {
        const struct token *token = &p->tokens.at[i];
        if (!token->dropped)
            return token->mark == TEXT ? blanks_before(token->text) : token->indent;
    }
    return otherwise;
}

static bool write_tokens(struct parser *p, size_t from, size_t to, bool only_blocks);

static bool write_section(struct parser *p, size_t i)
{
    const struct token *token = &p->tokens.at[i];
    size_t op;
    if (!add_named(p, token->mark == SECTION ? OP_SECTION : OP_INVERTED, token, &op)
        || !write_tokens(p, i + 1, token->partner, false))
        return false;
    flush_text(p);
    p->ops->at[op].end = p->ops->len;
    return true;
}

static size_t write_partial(struct parser *p, enum op_kind kind, const struct token *token)
{
    size_t op = add_op(p, kind);
    p->ops->at[op].text = token->text;
    p->ops->at[op].alone = token->alone;
    p->ops->at[op].indent = dedented(p, token->indent);
    return op;
}

static bool write_parent(struct parser *p, size_t i)
{
    size_t op = write_partial(p, OP_PARENT, &p->tokens.at[i]);
    if (!write_tokens(p, i + 1, p->tokens.at[i].partner, true))
        return false;
    p->ops->at[op].end = p->ops->len;
    return true;
}

/* A block that fills a parent (`is_filling`) loses its own indentation where it is written and gets
 * that of the parent's block where it is shown. */
static bool write_block(struct parser *p, size_t i, bool is_filling)
{
    const struct token *token = &p->tokens.at[i];
    struct str outer = p->dedent;
    size_t op = write_partial(p, OP_BLOCK, token);
    if (is_filling)
        p->dedent = token->ends_line ? inner_indent(p, i, STR("")) : STR("");
    else if (token->ends_line)
        p->ops->at[op].indent = dedented(p, inner_indent(p, i, token->indent));
    bool ok = write_tokens(p, i + 1, token->partner, false);
    p->dedent = outer;
    flush_text(p);
    p->ops->at[op].end = p->ops->len;
    return ok;
}

static struct str one_spaced(struct arena *arena, struct str s)
{
    struct buf out = { .arena = arena };
    s = str_trim(s);
    for (size_t i = 0; i < s.len; i++) {
        if (!is_space(s.at[i]))
            buf_byte(&out, s.at[i]);
        else if (!is_space(s.at[i - 1]))
            buf_byte(&out, ' ');
    }
    return buf_str(&out);
}

static bool write_translated(struct parser *p, const struct token *token)
{
    struct str message = one_spaced(p->arena, token->text);
    struct parser inner = {
        .arena = p->arena, .source = p->source, .language = p->language, .mode = p->mode,
        .open = STR("{{"), .close = STR("}}"), .line = token->line, .err = p->err, .ops = p->ops,
        .text = { .arena = p->arena },
    };
    flush_text(p);
    struct str words = str_of(translate(p->language, str_c(p->arena, message)));
    if (!cut_tokens(&inner, words) || !write_tokens(&inner, 0, inner.tokens.len, false))
        return false;
    flush_text(&inner);
    return true;
}

static bool write_token(struct parser *p, size_t i)
{
    const struct token *token = &p->tokens.at[i];
    size_t op;
    switch (token->mark) {
    case TEXT:
        if (!token->dropped)
            buf_add(&p->text, token->starts_line ? dedented(p, token->text) : token->text);
        return true;
    case VALUE:
    case UNESCAPED:
    case TRIPLE:
        if (!add_named(p, OP_VALUE, token, &op))
            return false;
        p->ops->at[op].raw = token->mark != VALUE;
        return true;
    case PARTIAL: write_partial(p, OP_PARTIAL, token); return true;
    case SECTION:
    case INVERTED: return write_section(p, i);
    case PARENT: return write_parent(p, i);
    case BLOCK: return write_block(p, i, false);
    case TRANSLATED: return write_translated(p, token);
    case CLOSE:
    case COMMENT:
    case DELIMITERS: return true;
    }
    return true;
}

/* The tokens from..to-1; within a parent only its blocks count. */
static bool write_tokens(struct parser *p, size_t from, size_t to, bool only_blocks)
{
    for (size_t i = from; i < to; i++) {
        const struct token *token = &p->tokens.at[i];
        if (!only_blocks) {
            if (!write_token(p, i))
                return false;
        } else if (token->mark == BLOCK && !write_block(p, i, true)) {
            return false;
        }
        if (is_opener(token->mark))
            i = token->partner;
    }
    return true;
}

bool template_parse(struct arena *arena, const struct template_source *source,
                    enum language language, enum template_mode mode, struct op_list *ops,
                    struct error *err)
{
    struct parser p = {
        .arena = arena, .source = source, .language = language, .mode = mode, .open = STR("{{"),
        .close = STR("}}"), .line = 1, .err = err, .ops = ops, .text = { .arena = arena },
    };
    *ops = (struct op_list){ 0 };
    if (!cut_tokens(&p, source->text))
        return false;
    mark_lines(&p);
    if (!write_tokens(&p, 0, p.tokens.len, false))
        return false;
    flush_text(&p);
    return true;
}
