/* SPDX-License-Identifier: EUPL-1.2 */
/* The rows behind platform/people/factors.h, for the files of this folder. Each write function may run
 * more than once. */
#ifndef PLATFORM_FACTOR_STORE_H
#define PLATFORM_FACTOR_STORE_H

#include "platform/people/factors.h"

/* The app that makes codes. `sealed` is empty when there is none. */
bool totp_find(struct tx *tx, struct str account, struct str *sealed, struct error *err);
/* Puts one in the place of another. `step` is that of the code which proved it. */
bool totp_put(struct tx *tx, struct str account, struct str sealed, int64_t step, instant now,
              struct error *err);
/* Remembers the step of a code; `fresh` is false when a code of that step or a later one was used. */
bool totp_spend(struct tx *tx, struct str account, int64_t step, bool *fresh, struct error *err);
bool totp_remove(struct tx *tx, struct str account, struct error *err);

/* NOT_FOUND when no account has a passkey with this credential. */
bool passkey_find(struct tx *tx, struct str credential, struct passkey *passkey,
                  struct error *err);
/* CONFLICT when it is somebody's already. */
bool passkey_add(struct tx *tx, const struct passkey *passkey, struct error *err);
bool passkey_rename(struct tx *tx, struct str account, struct str id, struct str name,
                    struct error *err);
bool passkey_remove(struct tx *tx, struct str account, struct str id, struct error *err);
/* Moves the sign counter on; `fresh` is false when it may not go there (counter_may_follow). */
bool passkey_count(struct tx *tx, struct str id, int64_t counter, instant now, bool *fresh,
                   struct error *err);

/* Recovery codes: RECOVERY_CODES of 16 letters and digits, "abcd-efgh-ijkl-mnop". */
#define RECOVERY_CODES 10
#define RECOVERY_HASH  32
struct recovery_set {
    struct str codes[RECOVERY_CODES];
    struct str hashes[RECOVERY_CODES];
};
void recovery_make(struct arena *arena, struct str account, struct recovery_set *set);
/* The hash of a code as it was typed, in any case, with or without hyphens and blanks; false when it
 * cannot be one. */
bool recovery_hash(struct arena *arena, struct str account, struct str typed, struct str *hash);
bool recovery_known(struct tx *tx, struct str account, struct str hash, bool *known,
                    struct error *err);
/* The set takes the place of another. */
bool recovery_put(struct tx *tx, struct str account, const struct recovery_set *set,
                  struct error *err);
bool recovery_remove(struct tx *tx, struct str account, struct error *err);
/* `fresh` is false when the code was used before. */
bool recovery_spend(struct tx *tx, struct str account, struct str hash, instant now, bool *fresh,
                    struct error *err);
/* Since the person was last told: when a code was used last; 0: none was. */
bool recovery_used(struct tx *tx, struct str account, instant *used, struct error *err);
bool recovery_told(struct tx *tx, struct str account, struct error *err);

/* A challenge is answered once: `fresh` is false the second time. */
bool challenge_spend(struct tx *tx, struct str challenge, instant expires, instant now,
                     bool *fresh, struct error *err);

/* For the key's entry in the descriptor (platform/keys/use.h). */
struct keeper;
bool accounts_key_needs(struct tx *tx, struct keeper *keeper, int64_t version, int64_t *count,
                        struct error *err);
bool accounts_key_renew(struct tx *tx, struct keeper *keeper, int64_t limit, int64_t *moved,
                        struct error *err);

#endif
