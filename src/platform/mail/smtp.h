/* SPDX-License-Identifier: EUPL-1.2 */
/* One message to one mail server, by libcurl. */
#ifndef PLATFORM_MAIL_SMTP_H
#define PLATFORM_MAIL_SMTP_H

#include "base/error.h"

struct smtp {
    const char *server;      /* smtp://host:port or smtps://host:port */
    bool starttls;           /* required, with a certificate that fits the host */
    const char *ca;          /* CAs (PEM) of that certificate; NULL: those of the system */
    const char *user, *password; /* NULL: no log-in */
};

enum smtp_outcome {
    SMTP_SENT,
    SMTP_LATER,   /* the server is away, or said so with 4xx: try again */
    SMTP_REFUSED, /* 5xx: it will never take this message */
    SMTP_UNTRUSTED, /* no TLS, or a certificate that does not fit: an operator must look at it */
    SMTP_NO_LOGIN,  /* it does not know us */
    SMTP_OUTCOMES
};

/* Sends; waits at most a minute. `code` gets the server's last answer, 0 without one. */
enum smtp_outcome smtp_send(struct arena *arena, const struct smtp *smtp, struct str from,
                            struct str to, struct str message, long *code);

/* Goes as far as the log-in, and sends nothing: SMTP_SENT when the server would take mail now. */
enum smtp_outcome smtp_greet(const struct smtp *smtp, long *code);

#endif
