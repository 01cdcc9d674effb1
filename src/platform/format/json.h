/* SPDX-License-Identifier: EUPL-1.2 */
/* JSON from outside (RFC 8259, by jansson): no duplicate keys, no NUL, depth at most 32. */
#ifndef PLATFORM_JSON_H
#define PLATFORM_JSON_H

#include "base/error.h"
#include "base/node.h"

bool json_parse(struct arena *arena, struct str text, const struct node **json, struct error *err);

#endif
