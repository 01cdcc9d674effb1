/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/token.h"
#include "platform/keys/says.h"
struct token { int x; };
struct token *token_new(struct arena *arena, const struct token_settings *settings) { (void)settings; return arena_new(arena, struct token); }
void token_free(struct token *token) { (void)token; }
void token_prepare(struct token *token) { (void)token; }
#define NO return say(err, TOKEN_MODULE_FAILS, "%s", "")
bool token_make_secret(struct token *token, const char *name, struct error *err) { (void)token, (void)name; NO; }
bool token_put_secret(struct token *token, const char *name, struct str bytes, struct error *err) { (void)token, (void)name, (void)bytes; NO; }
bool token_remove(struct token *token, const char *name, struct error *err) { (void)token, (void)name; NO; }
bool token_mac(struct token *token, const char *name, struct str data, size_t size, unsigned char *out, struct error *err) { (void)token, (void)name, (void)data, (void)size, (void)out; NO; }
bool token_make_pair(struct token *token, const char *name, bool rsa, struct error *err) { (void)token, (void)name, (void)rsa; NO; }
bool token_sign_ec(struct token *token, const char *name, struct str digest, unsigned char out[64], struct error *err) { (void)token, (void)name, (void)digest, (void)out; NO; }
bool token_sign_rsa(struct token *token, const char *name, bool pss, struct str digest, struct arena *arena, struct str *signature, struct error *err) { (void)token, (void)name, (void)pss, (void)digest, (void)arena, (void)signature; NO; }
bool token_public_key(struct token *token, const char *name, bool rsa, struct arena *arena, struct str *der, struct error *err) { (void)token, (void)name, (void)rsa, (void)arena, (void)der; NO; }
