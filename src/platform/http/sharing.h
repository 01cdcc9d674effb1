/* SPDX-License-Identifier: EUPL-1.2 */
/* What a server tells the other nodes of itself and hears from them (platform/nodes). */
#ifndef PLATFORM_SHARING_H
#define PLATFORM_SHARING_H

#include "base/buf.h"
#include "base/instant.h"

struct server;

struct server_load {
    int64_t answered;   /* requests since the start */
    int64_t running;    /* requests between head and last byte */
    bool draining;
};
void server_load(const struct server *server, struct server_load *load);

/* Tells two nodes with another key for forms apart: 16 hexadecimal characters, of which the key cannot be
 * learned. */
#define KEY_MARK 16
void server_key_mark(const struct server *server, char mark[static KEY_MARK]);

/* What the rate limits gave out since the last call, as bytes for server_rates_add at another node. */
void server_rates_taken(struct server *server, struct buf *out);
/* Counts another node's share in; bytes that are not of this form are left alone. */
void server_rates_add(struct server *server, struct str bytes, instant now);

#endif
