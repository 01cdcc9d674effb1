/* SPDX-License-Identifier: EUPL-1.2 */
/* The PROXY protocol, version 2 (HAProxy's proxy-protocol.txt, section 2.2): what a load balancer says
 * before the first byte of a connection that it only hands on, so that TLS and client certificates go
 * from end to end and we still know who connected. */
#ifndef PLATFORM_PROXY_PROTOCOL_H
#define PLATFORM_PROXY_PROTOCOL_H

#include "base/str.h"

#include <sys/socket.h>

#define PROXY_HEADER_MOST 1040 /* bytes of a header that is believed; extensions make it longer */

enum proxy_header {
    PROXY_MORE,   /* so far it is one, and not whole yet */
    PROXY_CLIENT, /* whole: `client` is who connected */
    PROXY_ITSELF, /* whole: the load balancer's own connection (a health check) */
    PROXY_WRONG,  /* not a header of version 2, or longer than we take */
};

/* Reads the header at the start of the bytes; `len` gets its length when it is whole. */
enum proxy_header proxy_header_read(struct str bytes, size_t *len,
                                    struct sockaddr_storage *client);

#endif
