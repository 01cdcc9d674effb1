/* SPDX-License-Identifier: EUPL-1.2 */
/* Keys of passkeys: read from COSE (see cose_key_parse in webauthn.h) and used to check signatures. */
#ifndef PLATFORM_COSE_H
#define PLATFORM_COSE_H

#include "base/str.h"

/* The algorithms that we ask for, the best first (the numbers of the IANA COSE registry). */
enum cose_algorithm { COSE_EDDSA = -8, COSE_ES256 = -7, COSE_RS256 = -257 };

/* Is this the signature of these bytes by the holder of this key (a SubjectPublicKeyInfo)? */
bool signature_check(struct str public_key, struct str bytes, struct str signature);

#endif
