/* SPDX-License-Identifier: EUPL-1.2 */
/* The keys of this installation, and who may compute with them. See README.md in this folder. */
#include "platform/service.h"

static const struct setting settings[] = {
    { "keys.channels", SETTING_INT, "8",
      N_("How many questions the keeper of keys works on at the same time."), 1, 64 },
    { "keys.engine", SETTING_TEXT, "file",
      N_("Where keys are made that do not exist yet: file (in <data>/keys) or pkcs11.") },
    { "keys.pkcs11_module", SETTING_TEXT, "",
      N_("The PKCS#11 library of the token that holds keys; empty: there is none.") },
    { "keys.pkcs11_pin_file", SETTING_TEXT, "",
      N_("The file with the token's PIN, which only the user that runs Fundament may read.") },
    { "keys.pkcs11_token", SETTING_TEXT, "",
      N_("The label of the token; empty: the only one that the library knows.") },
    { "keys.pkcs11_writes", SETTING_TEXT, "",
      N_("Files and folders that the PKCS#11 library writes (its token, when that is software), with "
         "commas between.") },
    { .name = NULL },
};

static const struct migration migrations[] = {
    { 1, "platform/keys/schema/001-keys.sql" },
    { 2, "platform/keys/schema/002-certificates.sql" },
    { 0 },
};

static const struct deed_kind deeds[] = {
    { "key.added", N_("A key was added") },
    { "key.made", N_("A key was made") },
    { "key.moved", N_("A key was moved") },
    { "key.retired", N_("A key was retired") },
    { "key.rotated", N_("A key was replaced by a new one") },
    { NULL },
};

const struct service keys_service = {
    .name = "keys",
    .title = N_("Keys"),
    .settings = settings,
    .migrations = migrations,
    .deeds = deeds,
};
