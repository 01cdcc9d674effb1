/* SPDX-License-Identifier: EUPL-1.2 */
/* An Internet message (RFC 5322) of plain text: pure functions of values. */
#ifndef PLATFORM_MAIL_MESSAGE_H
#define PLATFORM_MAIL_MESSAGE_H

#include "base/error.h"
#include "base/instant.h"

struct message {
    struct str from, from_name;
    struct str to, to_name;
    struct str subject, body;
    struct str id;      /* the left part of the Message-ID; the right one is the sender's domain */
    instant at;
};

/* Could this text break out of its header line, or is it no UTF-8 text? */
bool header_text_allowed(struct str text);

/* The whole message, lines ending with CR LF: headers in ASCII (RFC 2047), the body in
 * quoted-printable (RFC 2045, section 6.7), marked as made by a machine (RFC 3834). Its texts were
 * let pass by header_text_allowed, its addresses by mail_address_allowed. */
struct str message_write(struct arena *arena, const struct message *message);

#endif
