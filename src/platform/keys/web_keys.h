/* SPDX-License-Identifier: EUPL-1.2 */
/* The keys that are not the keeper's: those of TLS, which the server itself needs. */
#ifndef PLATFORM_WEB_KEYS_H
#define PLATFORM_WEB_KEYS_H

#include "base/instant.h"
#include "platform/app.h"

struct web_key {
    const char *what; /* for the operator */
    const char *path; /* of its file */
    bool there;
    instant until;    /* a certificate's last moment; 0: none, or it cannot be read */
};

/* Tells of each, with what can be seen of it. */
void web_keys_each(const struct app *app, struct arena *arena,
                   void (*show)(void *with, const struct web_key *key), void *with);

#endif
