/* SPDX-License-Identifier: EUPL-1.2 */
/* A header is whole at its length and not before, and what follows it changes nothing. */
#include "platform/http/proxy_protocol.h"

#include "tests/fuzz/fuzz.h"

FUZZ(arena, bytes)
{
    struct sockaddr_storage client = { 0 }, again = { 0 };
    size_t len = 0, same = 0;
    enum proxy_header told = proxy_header_read(bytes, &len, &client);
    (void)arena;
    if (told != PROXY_CLIENT && told != PROXY_ITSELF)
        return;
    HOLDS(len >= 16 && len <= bytes.len && len <= PROXY_HEADER_MOST);
    HOLDS(proxy_header_read(str_slice(bytes, 0, len), &same, &again) == told && same == len);
    HOLDS(proxy_header_read(str_slice(bytes, 0, len - 1), &same, &again) == PROXY_MORE);
    if (told == PROXY_CLIENT)
        HOLDS(client.ss_family == AF_INET || client.ss_family == AF_INET6);
}
