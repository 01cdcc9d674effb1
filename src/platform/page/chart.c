/* SPDX-License-Identifier: EUPL-1.2 */
/* Charts. The colours are the style sheet's (classes series-1 to series-6); patterns, dashes and
 * marks of the points tell the series apart without colour. */
#include "base/list.h"
#include "platform/page/page.h"

#include <math.h>

/* In units of the view box; the style sheet decides how wide that is on the page. */
#define WIDTH   640.0
#define HEIGHT  320.0
#define LEFT    76.0
#define RIGHT   12.0
#define TOP     16.0
#define BOTTOM  40.0
#define TICKS   4   /* wished for on the axis of values */
#define LABELS  6   /* most that fit on the axis of labels, also in large type */
#define LABEL_CHARS 12
#define GROUP_FILL  0.75 /* of the room of a group of bars */

struct drawing {
    struct request *request;
    const struct chart *chart;
    const char *key;
    size_t series_count;
    double low, high, step; /* of the axis of values */
    struct buf out;
};

/* The smallest of 1, 2 and 5 times a power of ten that is not below `wanted`. */
static double nice_step(double wanted)
{
    double power = 1;
    while (power * 10 <= wanted)
        power *= 10;
    if (power >= wanted)
        return power;
    if (power * 2 >= wanted)
        return power * 2;
    return power * 5 >= wanted ? power * 5 : power * 10;
}

static void scale(struct drawing *d)
{
    double low = 0, high = 0;
    for (size_t s = 0; s < d->series_count; s++)
        for (size_t i = 0; i < d->chart->label_count; i++) {
            low = fmin(low, (double)d->chart->series[s].values[i]);
            high = fmax(high, (double)d->chart->series[s].values[i]);
        }
    d->step = nice_step(fmax((high - low) / TICKS, 1));
    d->low = floor(low / d->step) * d->step;
    d->high = fmax(ceil(high / d->step), d->low / d->step + 1) * d->step;
}

static double y_of(const struct drawing *d, double value)
{
    return TOP + (HEIGHT - TOP - BOTTOM) * (d->high - value) / (d->high - d->low);
}

/* The middle of the room of label `i`. */
static double x_of(const struct drawing *d, size_t i)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * ((double)i + 0.5) / (double)d->chart->label_count;
}

static double room(const struct drawing *d)
{
    return (WIDTH - LEFT - RIGHT) / (double)d->chart->label_count;
}

/* ---- Axes ---- */

static void put_value_axis(struct drawing *d)
{
    for (double value = d->low; value <= d->high + d->step / 2; value += d->step) {
        struct str text = show_number(d->request->arena, d->request->language, (int64_t)value);
        double y = y_of(d, value);
        buf_addf(&d->out, "<line class=\"chart__grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                 LEFT, WIDTH - RIGHT, y, y);
        buf_addf(&d->out, "<text class=\"chart__text\" x=\"%.0f\" y=\"%.1f\" dy=\"0.35em\" "
                          "text-anchor=\"end\">%.*s</text>",
                 LEFT - 8, y, FMT(text));
    }
}

/* At most LABEL_CHARS characters, whole ones. */
static struct str cut_label(struct str label)
{
    size_t chars = 0, i = 0;
    for (; i < label.len; i++)
        if (((unsigned char)label.at[i] & 0xc0) != 0x80 && chars++ == LABEL_CHARS)
            break;
    return str_slice(label, 0, i);
}

static void put_label_axis(struct drawing *d)
{
    size_t every = (d->chart->label_count + LABELS - 1) / LABELS;
    for (size_t i = 0; i < d->chart->label_count; i += every) {
        buf_addf(&d->out, "<text class=\"chart__text\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">",
                 x_of(d, i), HEIGHT - BOTTOM + 24);
        buf_escaped(&d->out, cut_label(d->chart->labels[i]));
        buf_lit(&d->out, "</text>");
    }
}

/* ---- Bars ---- */

/* What is drawn over a tile of 8 by 8 in the series' own colour. */
static const char *const tiles[CHART_SERIES] = {
    "",
    "<path class=\"chart__mark\" d=\"M0 8L8 0M-2 2L2 -2M6 10L10 6\"/>",
    "<circle class=\"chart__dot\" cx=\"4\" cy=\"4\" r=\"1.6\"/>",
    "<path class=\"chart__mark\" d=\"M0 4H8\"/>",
    "<path class=\"chart__mark\" d=\"M4 0V8M0 4H8\"/>",
    "<path class=\"chart__mark\" d=\"M0 0L8 8M-2 6L2 10M6 -2L10 2\"/>",
};

static void put_patterns(struct drawing *d)
{
    buf_lit(&d->out, "<defs>");
    for (size_t s = 0; s < d->series_count; s++)
        buf_addf(&d->out,
                 "<pattern id=\"%s-p%zu\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
                 "<rect class=\"series-%zu\" width=\"8\" height=\"8\"/>%s</pattern>",
                 d->key, s + 1, s + 1, tiles[s]);
    buf_lit(&d->out, "</defs>");
}

static void put_bars(struct drawing *d)
{
    double width = room(d) * GROUP_FILL / (double)d->series_count;
    for (size_t s = 0; s < d->series_count; s++)
        for (size_t i = 0; i < d->chart->label_count; i++) {
            double value = (double)d->chart->series[s].values[i];
            double x = x_of(d, i) - room(d) * GROUP_FILL / 2 + width * (double)s;
            double top = y_of(d, fmax(value, 0)), bottom = y_of(d, fmin(value, 0));
            buf_addf(&d->out, "<rect class=\"chart__bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                              "height=\"%.1f\" fill=\"url(#%s-p%zu)\"/>",
                     x, top, fmax(width - 1, 0.5), bottom - top, d->key, s + 1);
        }
}

/* ---- Lines ---- */

static const char *const dashes[CHART_SERIES] = { "none", "8 4", "2 4", "12 4 2 4", "16 6", "4 2" };

/* Points, around 0,0. */
static const char *const points[CHART_SERIES] = {
    "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z", "M-4 -4H4V4H-4Z",          "M0 -5L5 4H-5Z",
    "M0 -5L5 0L0 5L-5 0Z",                 "M-5 -4H5L0 5Z",           "M-5 -2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z",
};

/* More points than this would cover the line. */
#define POINTS_MOST 40

static void put_line(struct drawing *d, size_t s)
{
    const int64_t *values = d->chart->series[s].values;
    buf_addf(&d->out, "<polyline class=\"chart__line line-%zu\" stroke-dasharray=\"%s\" points=\"",
             s + 1, dashes[s]);
    for (size_t i = 0; i < d->chart->label_count; i++)
        buf_addf(&d->out, "%.1f,%.1f ", x_of(d, i), y_of(d, (double)values[i]));
    buf_lit(&d->out, "\"/>");
    for (size_t i = 0; i < d->chart->label_count && d->chart->label_count <= POINTS_MOST; i++)
        buf_addf(&d->out, "<path class=\"series-%zu\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>",
                 s + 1, x_of(d, i), y_of(d, (double)values[i]), points[s]);
}

/* ---- The whole ---- */

/* "Highest: 1.250 (May)." */
static struct str describe(const struct drawing *d)
{
    const struct chart *chart = d->chart;
    size_t best_series = 0, best = 0;
    if (!chart->label_count || !d->series_count)
        return tr(d->request, N_("There are no figures yet."));
    for (size_t s = 0; s < d->series_count; s++)
        for (size_t i = 0; i < chart->label_count; i++)
            if (chart->series[s].values[i] > chart->series[best_series].values[best]) {
                best_series = s;
                best = i;
            }
    struct str number = show_number(d->request->arena, d->request->language,
                                    chart->series[best_series].values[best]);
    return trf(d->request, N_("Highest: %.*s %.*s (%.*s, %.*s). All figures are in the table below."),
               FMT(number), FMT(chart->unit), FMT(chart->series[best_series].title),
               FMT(chart->labels[best]));
}

static struct str draw(struct drawing *d)
{
    buf_addf(&d->out, "<svg class=\"chart__picture\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                      "aria-labelledby=\"%s-title %s-desc\"><title id=\"%s-title\">",
             WIDTH, HEIGHT, d->key, d->key, d->key);
    buf_escaped(&d->out, d->chart->title);
    buf_addf(&d->out, "</title><desc id=\"%s-desc\">", d->key);
    buf_escaped(&d->out, describe(d));
    buf_lit(&d->out, "</desc>");
    put_patterns(d);
    put_value_axis(d);
    if (d->chart->label_count && d->series_count) {
        put_label_axis(d);
        if (!d->chart->lines)
            put_bars(d);
        for (size_t s = 0; s < d->series_count && d->chart->lines; s++)
            put_line(d, s);
    }
    buf_addf(&d->out, "<line class=\"chart__axis\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/></svg>",
             LEFT, WIDTH - RIGHT, y_of(d, 0), y_of(d, 0));
    return buf_str(&d->out);
}

static struct str line_sample(struct arena *arena, size_t s)
{
    return str_format(arena,
                      "<svg class=\"chart__sample\" viewBox=\"0 0 32 16\" aria-hidden=\"true\">"
                      "<polyline class=\"chart__line line-%zu\" stroke-dasharray=\"%s\" "
                      "points=\"0,8 32,8\"/><path class=\"series-%zu\" "
                      "transform=\"translate(16 8)\" d=\"%s\"/></svg>",
                      s + 1, dashes[s], s + 1, points[s]);
}

static struct str bar_sample(struct arena *arena, const char *key, size_t s)
{
    return str_format(arena,
                      "<svg class=\"chart__sample\" viewBox=\"0 0 32 16\" aria-hidden=\"true\">"
                      "<rect class=\"chart__bar\" width=\"32\" height=\"16\" "
                      "fill=\"url(#%s-p%zu)\"/></svg>",
                      key, s + 1);
}

/* A sample of each series, with its name. */
static void put_legend(struct drawing *d, struct node *node)
{
    struct node *legend = node_put_list(node, "legend");
    for (size_t s = 0; s < d->series_count; s++) {
        struct node *entry = node_add_map(legend);
        node_put_markup(entry, "sample",
                        d->chart->lines ? line_sample(d->request->arena, s)
                                        : bar_sample(d->request->arena, d->key, s));
        node_put_text(entry, "name", d->chart->series[s].title);
    }
}

static void put_table(struct drawing *d, struct node *node)
{
    static const char *const keys[CHART_SERIES] = { "1", "2", "3", "4", "5", "6" };
    struct arena *arena = d->request->arena;
    struct column *columns = arena_array(arena, struct column, d->series_count + 2);
    struct node *rows = node_list(arena);
    columns[0] = (struct column){ .key = "0", .title = str_c(arena, d->chart->heading) };
    for (size_t s = 0; s < d->series_count; s++)
        columns[s + 1] = (struct column){ .key = keys[s], .number = true,
                                          .title = str_c(arena, d->chart->series[s].title) };
    for (size_t i = 0; i < d->chart->label_count; i++) {
        struct node *row = node_add_map(rows);
        node_put_text(row, "0", d->chart->labels[i]);
        for (size_t s = 0; s < d->series_count; s++)
            node_put_int(row, keys[s], d->chart->series[s].values[i]);
    }
    table_put(d->request, node, "figures", columns, NULL, rows, (int64_t)rows->count);
}

void chart_put(struct request *request, struct node *page, const char *key,
               const struct chart *chart)
{
    struct drawing d = {
        .request = request, .chart = chart, .key = key, .series_count = chart->series_count,
        .out = { .arena = request->arena },
    };
    if (d.series_count > CHART_SERIES)
        d.series_count = CHART_SERIES;
    scale(&d);
    struct node *node = node_put_map(page, key);
    node_put_text(node, "caption", chart->title);
    node_put_text(node, "unit", chart->unit);
    node_put_markup(node, "picture", draw(&d));
    put_legend(&d, node);
    put_table(&d, node);
}
