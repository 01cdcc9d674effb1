/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/qr.h"

#include "base/buf.h"

#include <qrencode.h>

#define QUIET 4   /* modules of light around it (ISO/IEC 18004, section 9.1) */
#define SIDE  232 /* pixels on the page */

/* Each row's dark runs as one path, so that the page stays small. */
static void put_path(struct buf *out, const QRcode *code)
{
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++) {
            int start = x;
            while (x < code->width && (code->data[y * code->width + x] & 1))
                x++;
            if (x > start)
                buf_addf(out, "M%d %dh%dv1h-%dz", start + QUIET, y + QUIET, x - start, x - start);
        }
}

static void free_code(void *code)
{
    QRcode_free(code);
}

bool qr_svg(struct arena *arena, struct str text, struct str title, struct str *svg,
            struct error *err)
{
    QRcode *code = QRcode_encodeString8bit(str_c(arena, text), 0, QR_ECLEVEL_M);
    if (!code)
        return fail_internal(err, "the QR code could not be made");
    arena_defer(arena, free_code, code);
    struct buf out = { .arena = arena };
    int side = code->width + 2 * QUIET;
    buf_addf(&out, "<svg width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
             SIDE, SIDE, side, side);
    buf_escaped(&out, title);
    buf_addf(&out, "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
                   "<path fill=\"#000\" d=\"", side, side);
    put_path(&out, code);
    buf_lit(&out, "\"/></svg>");
    *svg = buf_str(&out);
    return true;
}
