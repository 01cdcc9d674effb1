/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/file.h"
#include "base/instant.h"
#include "platform/config.h"
#include "platform/operation/doctor.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define PEM_LIMIT ((size_t)16 * 1024 * 1024)
#define SOON      30 /* days: time to ask for another certificate */

/* Whole days from now until then; negative: it is past. */
static int days_until(const ASN1_TIME *then)
{
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, NULL, then);
    return seconds < 0 ? days - 1 : days;
}

struct soonest {
    int days, count;
};

static void note(struct soonest *soonest, const ASN1_TIME *end)
{
    int days = days_until(end);
    if (!soonest->count++ || days < soonest->days)
        soonest->days = days;
}

static void read_certificates(BIO *file, struct soonest *soonest)
{
    for (X509 *one; (one = PEM_read_bio_X509(file, NULL, NULL, NULL)); X509_free(one))
        note(soonest, X509_get0_notAfter(one));
}

static void read_revocations(BIO *file, struct soonest *soonest)
{
    for (X509_CRL *one; (one = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL)); X509_CRL_free(one))
        if (X509_CRL_get0_nextUpdate(one))
            note(soonest, X509_CRL_get0_nextUpdate(one));
}

struct file {
    const char *setting;
    void (*read)(BIO *file, struct soonest *soonest);
    int soon; /* days */
    const char *well, *soon_text, *past, *none; /* N_() */
};

static const struct file files[] = {
    { "tls.certificate", read_certificates, SOON,
      N_("The certificate of this server is valid for %s days."),
      N_("The certificate of this server ends in %s days: put a new one in its place and run "
         "systemctl reload fundament."),
      N_("The certificate of this server has ended (%s days): browsers refuse it. Put a new one in its "
         "place and run systemctl reload fundament."),
      N_("The file %s holds no certificate.") },
    { "machines.ca", read_certificates, SOON,
      N_("The CAs of the machines are valid for %s days."),
      N_("A CA of the machines ends in %s days: add its successor to the file."),
      N_("A CA of the machines has ended (%s days): its machines are refused. Take its successor."),
      N_("The file %s holds no certificate.") },
    { "machines.crl", read_revocations, 1,
      N_("The revocation lists are fresh for %s days."),
      N_("A revocation list must be renewed in %s days: is the timer that fetches it running?"),
      N_("A revocation list is out of date (%s days): fetch it and run systemctl reload "
         "fundament."),
      N_("The file %s holds no revocation list.") },
};

static void judge(struct findings *findings, const struct file *file, const char *path,
                  const struct soonest *soonest)
{
    if (!soonest->count)
        found(findings, BROKEN, file->none, "%s", path);
    else if (soonest->days < 0)
        found(findings, BROKEN, file->past, "%d", soonest->days);
    else
        found(findings, soonest->days < file->soon ? WORRY : WELL,
              soonest->days < file->soon ? file->soon_text : file->well, "%d", soonest->days);
}

static bool look_at_file(struct app *app, struct findings *findings, const struct file *file,
                         struct error *err)
{
    struct str text, name = config_text(app->config, file->setting);
    struct soonest soonest = { 0 };
    if (!name.len)
        return true;
    const char *path = config_path(app->config, findings->arena, str_c(findings->arena, name));
    if (!file_exists(path)) {
        found(findings, WELL, N_("There is no file %s yet: the first start makes one for trying out."),
              "%s", path);
        return true;
    }
    if (!file_read(findings->arena, path, PEM_LIMIT, &text, err))
        return false;
    BIO *memory = BIO_new_mem_buf(text.at, (int)text.len);
    if (!memory)
        return fail_internal(err, "no memory to read %s", path);
    file->read(memory, &soonest);
    BIO_free(memory);
    judge(findings, file, path, &soonest);
    return true;
}

bool look_at_certificates(struct app *app, struct findings *findings, struct error *err)
{
    for (size_t i = 0; i < count_of(files); i++)
        if (!look_at_file(app, findings, &files[i], err))
            return false;
    return true;
}
