/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/keys/web_keys.h"

#include "base/file.h"
#include "base/list.h"
#include "platform/config.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <time.h>

#define CERTIFICATE_MAX ((size_t)1024 * 1024)

/* The end of the first certificate of a file. */
static instant end_of(struct arena *arena, const char *path)
{
    struct str text;
    struct error ignored;
    struct tm end;
    instant until = 0;
    if (!file_read(arena, path, CERTIFICATE_MAX, &text, &ignored))
        return 0;
    BIO *bio = BIO_new_mem_buf(text.at, (int)text.len);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    if (certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end))
        until = (instant)timegm(&end) * SECOND;
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return until;
}

static const char *setting_path(const struct app *app, struct arena *arena, const char *setting)
{
    struct str path = config_text(app->config, setting);
    return path.len ? config_path(app->config, arena, str_c(arena, path)) : "";
}

void web_keys_each(const struct app *app, struct arena *arena,
                   void (*show)(void *with, const struct web_key *key), void *with)
{
    const struct {
        const char *what, *key, *certificate;
    } keys[] = {
        { "tls: the server's certificate", setting_path(app, arena, "tls.key"),
          setting_path(app, arena, "tls.certificate") },
        { "demo-ca: test certificates, and the first server certificate",
          config_path(app->config, arena, "tls/demo-ca.key"),
          config_path(app->config, arena, "tls/demo-ca.crt") },
    };
    for (size_t i = 0; i < count_of(keys); i++) {
        struct web_key key = { .what = keys[i].what, .path = keys[i].key };
        key.there = file_exists(key.path);
        if (key.there && keys[i].certificate)
            key.until = end_of(arena, keys[i].certificate);
        show(with, &key);
    }
}
