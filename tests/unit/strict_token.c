/* SPDX-License-Identifier: EUPL-1.2 */
/* A PKCS#11 module that is SoftHSM but refuses raw RSA (CKM_RSA_X_509), as many tokens in hardware do. */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stddef.h>

static CK_FUNCTION_LIST_PTR inside;
static CK_FUNCTION_LIST strict;

static CK_RV refuse_raw(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                        CK_OBJECT_HANDLE key)
{
    return mechanism->mechanism == CKM_RSA_X_509 ? CKR_MECHANISM_INVALID
                                                 : inside->C_DecryptInit(session, mechanism, key);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    CK_C_GetFunctionList get = NULL;
    void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    if (library)
        *(void **)&get = dlsym(library, "C_GetFunctionList");
    CK_RV result = get ? get(&inside) : CKR_GENERAL_ERROR;
    if (result != CKR_OK)
        return result;
    strict = *inside;
    strict.C_DecryptInit = refuse_raw;
    *list = &strict;
    return CKR_OK;
}
