/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/says.h"

#include <stdarg.h>
#include <stdio.h>

const struct saying sayings[SAYINGS] = {
    [KEY_FAILED] = { INTERNAL, NULL },
    [KEY_NOT_A_FILE] = { INVALID, N_("%s is not a file.") },
    [KEY_OF_ANOTHER_USER] = { INVALID, N_("The key file %s belongs to another user; give it to the "
                                          "user that runs Fundament with chown.") },
    [KEY_READABLE] = { INVALID,
                       N_("The key file %s can be read by others; run chmod 600 on it. Replace the "
                          "key if somebody may have copied it.") },
    [KEY_NO_FILE] = { NOT_FOUND,
                      N_("The file %s cannot be opened; check its name and permissions.") },
    [KEY_DAMAGED] = { INVALID, N_("The key file %s is damaged or holds another key; restore it from "
                                  "the backup.") },
    [KEY_NAME_LONG] = { INVALID, N_("The name %s is too long.") },
    [KEY_NOT_MADE] = { UNAVAILABLE, N_("The key file %s cannot be made; check the folder's "
                                       "permissions and free space.") },
    [KEY_MISSING] = { NOT_FOUND,
                      N_("The key file %s is missing; restore it from the backup, or copy it from "
                         "another node. Another key gives other pseudonyms and cannot open what was "
                         "sealed.") },
    [KEY_NOT_OPENED] = { UNAVAILABLE, N_("The key file %s cannot be opened; check that it is a file "
                                         "of the user that runs Fundament.") },
    [KEY_NOT_HELD] = { UNAVAILABLE, N_("This node does not have the key %s. `fundament key list` "
                                       "tells where it should be.") },
    [KEY_FOLDER_OPEN] = { INVALID, N_("Others can reach into the folder of keys; run: chmod 700 %s") },
    [KEY_NOT_FOR_US] = { INVALID, N_("What came was not encrypted for the key %s, or was changed on the "
                                     "way; let the sender take the public key again.") },
    [TOKEN_NO_MODULE] = { INVALID,
                          N_("This key is in a PKCS#11 token, but keys.pkcs11_module is not set.") },
    [TOKEN_MODULE_FAILS] = { UNAVAILABLE, N_("The PKCS#11 module %s cannot be used; check "
                                             "keys.pkcs11_module and that module's own settings.") },
    [TOKEN_AWAY] = { UNAVAILABLE,
                     N_("The PKCS#11 token %s is not there; check that it is connected and that "
                        "keys.pkcs11_token is its label.") },
    [TOKEN_NO_PIN] = { INVALID, N_("The PIN of the PKCS#11 token cannot be read; write it to the file "
                                   "of keys.pkcs11_pin_file (%s), for the user that runs Fundament "
                                   "alone (chmod 600).") },
    [TOKEN_WRONG_PIN] = { UNAVAILABLE,
                          N_("The PKCS#11 token refused the PIN. It is not tried again, so that the "
                             "token is not locked: correct the file %s.") },
    [TOKEN_LAST_TRY] = { UNAVAILABLE,
                         N_("The PKCS#11 token %s accepts one more wrong PIN before it locks; log in "
                            "once with its own tool, then start again.") },
    [TOKEN_LOCKED] = { UNAVAILABLE, N_("The PKCS#11 token %s has locked its PIN; unlock it with its "
                                       "own tool.") },
    [TOKEN_NO_OBJECT] = { NOT_FOUND, N_("The PKCS#11 token has no key called %s; restore it from the "
                                        "token's backup.") },
    [TOKEN_TWICE] = { CONFLICT, N_("The PKCS#11 token has more than one key called %s; remove those "
                                   "that are not ours.") },
    [TOKEN_FAILS] = { UNAVAILABLE, N_("The PKCS#11 token did not answer as it should.") },
    [TOKEN_UNABLE] = { UNSUPPORTED, N_("The PKCS#11 token cannot make or use the key %s.") },
    [KEEPER_GONE] = { UNAVAILABLE,
                      N_("The keeper of keys has stopped; the service starts again by itself.") },
};

bool say(struct error *err, enum says what, const char *subject, ...)
{
    char text[sizeof err->subject];
    va_list args;
    va_start(args, subject);
    vsnprintf(text, sizeof text, subject, args);
    va_end(args);
    return fail_about(err, sayings[what].kind, NULL, sayings[what].message, "%s", text);
}

enum says said(const struct error *err)
{
    for (int i = KEY_FAILED + 1; i < SAYINGS; i++)
        if (err->message == sayings[i].message && err->kind == sayings[i].kind)
            return (enum says)i;
    return KEY_FAILED;
}
