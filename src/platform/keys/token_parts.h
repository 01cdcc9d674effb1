/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the token share, for token*.c only: token.c connects, token_keys.c uses. */
#ifndef PLATFORM_TOKEN_PARTS_H
#define PLATFORM_TOKEN_PARTS_H

#include "platform/keys/token.h"

#include <p11-kit/pkcs11.h>

/* This thread's session, with the handles of objects that it found. */
struct session {
    uint64_t generation; /* of the connection that it belongs to */
    CK_SESSION_HANDLE handle;
    size_t known;
    struct known_object {
        char name[160];
        CK_OBJECT_CLASS class;
        CK_OBJECT_HANDLE handle;
    } objects[32];
};

/* A call of the module, in a session. What it answers decides whether it is tried again. */
typedef CK_RV token_call(CK_FUNCTION_LIST_PTR module, struct session *session, void *with);

/* Connects when needed and calls; after a session that was lost, once more. `name` is the key's, for
 * the error. */
bool token_do(struct token *token, token_call *call, void *with, const char *name,
              struct error *err);

/* Finds the object of this name. Our own results, beside the standard's: none, more than one. */
#define RESULT_NONE  (CKR_VENDOR_DEFINED | 1UL)
#define RESULT_TWICE (CKR_VENDOR_DEFINED | 2UL)
CK_RV token_find(CK_FUNCTION_LIST_PTR module, struct session *session, const char *name,
                 CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *object);

#endif
