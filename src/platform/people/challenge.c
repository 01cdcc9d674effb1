/* SPDX-License-Identifier: EUPL-1.2 */
/* Challenges to passkeys. One is random bytes, a time, and a MAC over them with what it is for, the
 * account, and the form token, which is bound to the browser and its session. So asking writes
 * nothing, and a flood of askers fills no table; answering spends it (challenge_spend). */
#include "base/encoding.h"
#include "base/random.h"
#include "platform/embedded.h"
#include "platform/keys/keeper.h"
#include "platform/page/page.h"
#include "platform/people/cose.h"
#include "platform/people/people.h"

#include <endian.h>

#define NONCE_BYTES     16
#define TIME_BYTES      8
#define CHALLENGE_BYTES (NONCE_BYTES + TIME_BYTES + MAC256_BYTES)
#define PATIENCE_MS     300000 /* that a browser waits for the person */

static bool make_mac(struct request *request, const char *purpose, struct str account,
                     struct str front, unsigned char mac[static MAC256_BYTES], struct error *err)
{
    struct str fields[] = { STR("challenge"), str_of(purpose), account, csrf_token(request),
                            front };
    return keeper_mac256(request->app->keeper, ACCOUNTS_MAC_KEY, fields, count_of(fields), mac, err);
}

bool challenge_make(struct request *request, const char *purpose, struct str account,
                    struct str *challenge, struct error *err)
{
    char *bytes = arena_alloc(request->arena, CHALLENGE_BYTES);
    struct str front = { bytes, NONCE_BYTES + TIME_BYTES };
    uint64_t made = htobe64((uint64_t)request->now);
    random_bytes(bytes, NONCE_BYTES);
    memcpy(bytes + NONCE_BYTES, &made, TIME_BYTES);
    *challenge = (struct str){ bytes, CHALLENGE_BYTES };
    return make_mac(request, purpose, account, front, (unsigned char *)bytes + front.len, err);
}

bool challenge_check(struct request *request, const char *purpose, struct str account,
                     struct str challenge, instant *expires, struct error *err)
{
    unsigned char mac[MAC256_BYTES];
    uint64_t made;
    size_t front = NONCE_BYTES + TIME_BYTES;
    if (challenge.len != CHALLENGE_BYTES)
        return fail(err, INVALID, NULL, N_("This answer of a passkey is not for this page. Load "
                                           "the page again and try once more."));
    if (!make_mac(request, purpose, account, str_slice(challenge, 0, front), mac, err))
        return false;
    memcpy(&made, challenge.at + NONCE_BYTES, TIME_BYTES);
    *expires = (instant)be64toh(made) + CHALLENGE_LASTS;
    if (!str_eq_secret(str_slice(challenge, front, challenge.len),
                       (struct str){ (const char *)mac, sizeof mac }))
        return fail(err, INVALID, NULL, N_("This answer of a passkey is not for this page. Load "
                                           "the page again and try once more."));
    return *expires > request->now
           || fail(err, INVALID, NULL,
                   N_("This page was open for too long. Try once more."));
}

bool relying_party(const struct request *request, struct relying_party *party)
{
    struct str origin = config_text(request->app->config, "people.origin");
    if (!origin.len)
        origin = people_address_set(request->app->config);
    if (!origin.len)
        origin = str_format(request->arena, "https://%.*s", FMT(request->host));
    origin = str_lower(request->arena, origin);
    if (str_ends(origin, STR(":443"))) /* a browser does not name the standard port */
        origin.len -= 4;
    return relying_party_of(origin, party);
}

/* ---- What the browser is asked ---- */

static void add_credentials(struct arena *arena, struct node *list,
                            const struct passkeys *passkeys, struct str rp)
{
    for (size_t i = 0; passkeys && i < passkeys->len; i++) {
        if (!str_eq(passkeys->at[i].rp, rp))
            continue;
        struct node *credential = node_add_map(list);
        node_put_text(credential, "type", STR("public-key"));
        node_put_text(credential, "id", base64url_encode(arena, passkeys->at[i].credential));
    }
}

static void put_making(struct request *request, struct node *question,
                       const struct relying_party *party, const struct session *person)
{
    static const int algorithms[] = { COSE_EDDSA, COSE_ES256, COSE_RS256 };
    struct node *rp = node_put_map(question, "rp");
    node_put_text(rp, "id", party->id);
    node_put_text(rp, "name", config_text(request->app->config, "organisation"));
    struct node *user = node_put_map(question, "user");
    node_put_text(user, "id", base64url_encode(request->arena, person->account));
    node_put_text(user, "name", person->login);
    node_put_text(user, "displayName", person->name);
    struct node *params = node_put_list(question, "pubKeyCredParams");
    for (size_t i = 0; i < count_of(algorithms); i++) {
        struct node *param = node_add_map(params);
        node_put_text(param, "type", STR("public-key"));
        node_put_int(param, "alg", algorithms[i]);
    }
    struct node *selection = node_put_map(question, "authenticatorSelection");
    node_put_text(selection, "residentKey", STR("preferred"));
    node_put_text(selection, "userVerification", STR("required"));
    node_put_text(question, "attestation", STR("none"));
}

/* Section 5.5 of Web Authentication (to ask for one) and 5.4 (to make one). */
static struct str question_text(struct request *request, const struct relying_party *party,
                                struct str challenge, const struct passkeys *passkeys,
                                const struct session *person)
{
    struct node *question = node_map(request->arena);
    struct buf out = { .arena = request->arena };
    node_put_text(question, "challenge", base64url_encode(request->arena, challenge));
    node_put_int(question, "timeout", PATIENCE_MS);
    if (person) {
        put_making(request, question, party, person);
    } else {
        node_put_text(question, "rpId", party->id);
        node_put_text(question, "userVerification", STR("required"));
    }
    add_credentials(request->arena,
                    node_put_list(question, person ? "excludeCredentials" : "allowCredentials"),
                    passkeys, party->id);
    node_to_json(question, &out);
    return buf_str(&out);
}

static void put_script(struct request *request, struct node *page)
{
    const struct embedded *script = embedded_find(STR("web/passkey.js"));
    struct str tag = script ? str_slice(script->etag, 1, script->etag.len - 1) : STR("0");
    node_put_text(page, "script",
                  str_format(request->arena, "/static/passkey.js?v=%.*s", FMT(tag)));
}

bool put_passkey_question(struct request *request, struct node *page, const char *purpose,
                          struct str account, const struct passkeys *passkeys,
                          const struct session *person, struct error *err)
{
    struct str challenge;
    struct relying_party party;
    if (!relying_party(request, &party)) {
        node_put_flag(page, "no_passkeys_here", true);
        return true;
    }
    if (!challenge_make(request, purpose, account, &challenge, err))
        return false;
    struct node *passkey = node_put_map(page, "passkey");
    node_put_text(passkey, "question",
                  question_text(request, &party, challenge, passkeys, person));
    node_put_flag(passkey, "makes", person != NULL);
    put_script(request, page);
    return true;
}
