/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/people/cbor.h"

#define DEPTH 4 /* CTAP2, section 6: of maps and arrays in each other */

/* What a head holds beside its kind: in its own byte, or in the 1, 2, 4 or 8 bytes behind it. */
static bool take_number(struct str *rest, unsigned low, uint64_t *number)
{
    static const uint64_t least[] = { 24, 0x100, 0x10000, 0x100000000 };
    *number = low;
    if (low < 24)
        return true;
    if (low > 27) /* reserved, or a length that is not told beforehand */
        return false;
    size_t size = (size_t)1 << (low - 24);
    if (rest->len < size)
        return false;
    *number = 0;
    for (size_t i = 0; i < size; i++)
        *number = *number << 8 | (unsigned char)rest->at[i];
    *rest = str_slice(*rest, size, rest->len);
    return *number >= least[low - 24];
}

static bool is_simple(uint64_t value)
{
    return value >= 20 && value <= 22; /* false, true, null */
}

bool cbor_take(struct str *rest, struct cbor *item)
{
    enum { TAG = 6 };
    uint64_t number;
    if (!rest->len)
        return false;
    unsigned head = (unsigned char)rest->at[0], kind = head >> 5;
    *rest = str_slice(*rest, 1, rest->len);
    if (kind == TAG || !take_number(rest, head & 31, &number) || number > INT64_MAX)
        return false;
    *item = (struct cbor){ .kind = kind < TAG ? (enum cbor_kind)kind : CBOR_SIMPLE,
                           .number = (int64_t)number };
    if (item->kind == CBOR_SIMPLE)
        return (head & 31) < 24 && is_simple(number);
    if (item->kind == CBOR_NEGATIVE)
        item->number = -1 - (int64_t)number;
    if (item->kind != CBOR_BYTES && item->kind != CBOR_TEXT)
        return true;
    if (number > rest->len)
        return false;
    item->bytes = str_slice(*rest, 0, (size_t)number);
    *rest = str_slice(*rest, (size_t)number, rest->len);
    return true;
}

static bool skip(struct str *rest, int depth)
{
    struct cbor item;
    if (!cbor_take(rest, &item))
        return false;
    if (item.kind != CBOR_LIST && item.kind != CBOR_MAP)
        return true;
    /* Each item takes a byte at least: a count beyond that ends at the end of the bytes. */
    if (depth == DEPTH || (uint64_t)item.number > rest->len)
        return false;
    for (int64_t i = 0; i < item.number * (item.kind == CBOR_MAP ? 2 : 1); i++)
        if (!skip(rest, depth + 1))
            return false;
    return true;
}

bool cbor_skip(struct str *rest)
{
    return skip(rest, 0);
}
