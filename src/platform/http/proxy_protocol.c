/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/http/proxy_protocol.h"

#include <netinet/in.h>

#define SIGNATURE STR("\r\n\r\n\0\r\nQUIT\n")
#define FIXED     16 /* signature, version and command, family, length */
#define V4_BYTES  12 /* two addresses, two ports */
#define V6_BYTES  36

enum { LOCAL = 0x20, PROXY = 0x21 };          /* version 2, and the command */
enum { TCP_OVER_V4 = 0x11, TCP_OVER_V6 = 0x21 };

static unsigned char byte_at(struct str bytes, size_t at)
{
    return (unsigned char)bytes.at[at];
}

/* Behind the fixed part: source address, destination address, source port, destination port. */
static bool read_client(unsigned family, struct str rest, struct sockaddr_storage *client)
{
    if (family == TCP_OVER_V4 && rest.len >= V4_BYTES) {
        struct sockaddr_in *v4 = (void *)client;
        *v4 = (struct sockaddr_in){ .sin_family = AF_INET };
        memcpy(&v4->sin_addr, rest.at, sizeof v4->sin_addr);
        memcpy(&v4->sin_port, rest.at + 8, sizeof v4->sin_port);
        return true;
    }
    if (family == TCP_OVER_V6 && rest.len >= V6_BYTES) {
        struct sockaddr_in6 *v6 = (void *)client;
        *v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6 };
        memcpy(&v6->sin6_addr, rest.at, sizeof v6->sin6_addr);
        memcpy(&v6->sin6_port, rest.at + 32, sizeof v6->sin6_port);
        return true;
    }
    return false;
}

enum proxy_header proxy_header_read(struct str bytes, size_t *len,
                                    struct sockaddr_storage *client)
{
    struct str signature = SIGNATURE;
    size_t known = bytes.len < signature.len ? bytes.len : signature.len;
    if (!str_eq(str_slice(bytes, 0, known), str_slice(signature, 0, known)))
        return PROXY_WRONG;
    if (bytes.len < FIXED)
        return PROXY_MORE;
    unsigned command = byte_at(bytes, 12), family = byte_at(bytes, 13);
    *len = FIXED + ((size_t)byte_at(bytes, 14) << 8 | byte_at(bytes, 15));
    if ((command != LOCAL && command != PROXY) || *len > PROXY_HEADER_MOST)
        return PROXY_WRONG;
    if (bytes.len < *len)
        return PROXY_MORE;
    if (command == LOCAL)
        return PROXY_ITSELF;
    return read_client(family, str_slice(bytes, FIXED, *len), client) ? PROXY_CLIENT : PROXY_WRONG;
}
