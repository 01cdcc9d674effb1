/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/mail/message.h"

#include "base/buf.h"
#include "base/encoding.h"
#include "base/list.h"

#include <time.h>

#define WORD_BYTES 42 /* of text in one encoded word: 56 characters of base64, at most 75 in all */
#define LINE_CHARS 76 /* of quoted-printable, without its CR LF */

bool header_text_allowed(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
            return false;
    return utf8_valid(text);
}

static bool is_plain(struct str text, size_t most)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    /* What looks like an encoded word would be read as one. */
    return text.len <= most && str_find(text, STR("=?")) < 0;
}

/* So many bytes of the text that no character is cut in two. */
static size_t whole_characters(struct str text, size_t most)
{
    size_t len = text.len < most ? text.len : most;
    while (len > 0 && len < text.len && ((unsigned char)text.at[len] & 0xc0) == 0x80)
        len--;
    return len;
}

static void put_encoded_words(struct buf *out, struct str text)
{
    bool first = true;
    while (text.len) {
        size_t len = whole_characters(text, WORD_BYTES);
        struct str word = base64_encode(out->arena, str_slice(text, 0, len));
        buf_addf(out, "%s=?UTF-8?B?%.*s?=", first ? "" : "\r\n ", FMT(word));
        text = str_slice(text, len, text.len);
        first = false;
    }
}

/* Unstructured text (a subject). */
static void put_text(struct buf *out, struct str text)
{
    if (is_plain(text, LINE_CHARS - 10))
        buf_add(out, text);
    else
        put_encoded_words(out, text);
}

/* A name and an address (RFC 5322, section 3.4). */
static void put_mailbox(struct buf *out, struct str name, struct str address)
{
    if (!name.len) {
        buf_add(out, address);
        return;
    }
    if (is_plain(name, LINE_CHARS - 20)) {
        buf_byte(out, '"');
        for (size_t i = 0; i < name.len; i++) {
            if (name.at[i] == '"' || name.at[i] == '\\')
                buf_byte(out, '\\');
            buf_byte(out, name.at[i]);
        }
        buf_byte(out, '"');
    } else {
        put_encoded_words(out, name);
    }
    buf_addf(out, "\r\n <%.*s>", FMT(address));
}

/* "Mon, 23 Nov 2026 20:49:00 +0000" (RFC 5322, section 3.3); never in the process's language. */
static void put_date(struct buf *out, instant at)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(at / SECOND);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    buf_addf(out, "%.3s, %d %.3s %d %02d:%02d:%02d +0000", days + (ptrdiff_t)tm.tm_wday * 3,
             tm.tm_mday, months + (ptrdiff_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
}

static struct str domain_of(struct str address)
{
    str_cut(&address, '@');
    return address;
}

static void put_headers(struct buf *out, const struct message *message)
{
    buf_lit(out, "Date: ");
    put_date(out, message->at);
    buf_lit(out, "\r\nFrom: ");
    put_mailbox(out, message->from_name, message->from);
    buf_lit(out, "\r\nTo: ");
    put_mailbox(out, message->to_name, message->to);
    buf_lit(out, "\r\nSubject: ");
    put_text(out, message->subject);
    buf_addf(out, "\r\nMessage-ID: <%.*s@%.*s>\r\n", FMT(message->id),
             FMT(domain_of(message->from)));
    buf_lit(out, "Auto-Submitted: auto-generated\r\n"
                 "MIME-Version: 1.0\r\n"
                 "Content-Type: text/plain; charset=UTF-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
}

/* One byte in quoted-printable. A dot is written so too: it could begin a line and end the message. */
static bool stands_for_itself(char c, bool at_end)
{
    if (c == ' ' || c == '\t')
        return !at_end;
    return c > ' ' && c <= '~' && c != '=' && c != '.';
}

static void put_line(struct buf *out, struct str line)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        char c = line.at[i];
        bool plain = stands_for_itself(c, i + 1 == line.len);
        size_t width = plain ? 1 : 3;
        if (column + width >= LINE_CHARS) {
            buf_lit(out, "=\r\n");
            column = 0;
        }
        column += width;
        if (plain) {
            buf_byte(out, c);
            continue;
        }
        buf_byte(out, '=');
        buf_byte(out, digits[(unsigned char)c >> 4]);
        buf_byte(out, digits[(unsigned char)c & 15]);
    }
    buf_lit(out, "\r\n");
}

struct str message_write(struct arena *arena, const struct message *message)
{
    struct buf out = { .arena = arena };
    struct str rest = message->body;
    put_headers(&out, message);
    while (rest.len) {
        struct str line = str_cut(&rest, '\n');
        if (line.len && line.at[line.len - 1] == '\r')
            line.len--;
        put_line(&out, line);
    }
    return buf_str(&out);
}
