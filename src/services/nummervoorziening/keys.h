/* SPDX-License-Identifier: EUPL-1.2 */
/* The three keys of the Nummervoorziening, and what in the database needs which version of them. */
#ifndef NUMMERVOORZIENING_KEYS_H
#define NUMMERVOORZIENING_KEYS_H

#include "platform/keys/use.h"

extern const struct key_use nummervoorziening_keys[]; /* ends with a NULL name */

#endif
