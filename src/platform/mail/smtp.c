/* SPDX-License-Identifier: EUPL-1.2 */
#include "platform/mail/smtp.h"

#include <curl/curl.h>

#define CONNECT_SECONDS 15L
#define TOTAL_SECONDS   60L

/* Called by libcurl; touches no arena. */
static size_t give(char *out, size_t size, size_t count, void *with)
{
    struct str *rest = with;
    size_t room = size * count, len = rest->len < room ? rest->len : room;
    if (len)
        memcpy(out, rest->at, len);
    *rest = str_slice(*rest, len, rest->len);
    return len;
}

static size_t swallow(char *bytes, size_t size, size_t count, void *with)
{
    (void)bytes, (void)with;
    return size * count;
}

/* NULL when memory ends. */
static CURL *dress(const struct smtp *smtp)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        return NULL;
    curl_easy_setopt(curl, CURLOPT_URL, smtp->server);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, TOTAL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(smtp->starttls ? CURLUSESSL_ALL
                                                                  : CURLUSESSL_NONE));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (smtp->ca) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, smtp->ca);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    if (smtp->user) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, smtp->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, smtp->password);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    return curl;
}

static enum smtp_outcome outcome_of(CURLcode result, long code)
{
    switch (result) {
    case CURLE_OK:
        return SMTP_SENT;
    case CURLE_USE_SSL_FAILED:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ISSUER_ERROR:
        return SMTP_UNTRUSTED;
    case CURLE_LOGIN_DENIED:
        return SMTP_NO_LOGIN;
    default:
        return code >= 500 && code < 600 ? SMTP_REFUSED : SMTP_LATER;
    }
}

enum smtp_outcome smtp_send(struct arena *arena, const struct smtp *smtp, struct str from,
                            struct str to, struct str message, long *code)
{
    const char *sender = str_format(arena, "<%.*s>", FMT(from)).at;
    const char *recipient = str_format(arena, "<%.*s>", FMT(to)).at;
    struct str rest = message;
    *code = 0;
    CURL *curl = dress(smtp);
    struct curl_slist *recipients = curl_slist_append(NULL, recipient);
    CURLcode result = CURLE_OUT_OF_MEMORY;
    if (curl && recipients) {
        curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender);
        curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(curl, CURLOPT_READDATA, &rest);
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        result = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
    }
    curl_slist_free_all(recipients);
    curl_easy_cleanup(curl);
    return outcome_of(result, *code);
}

enum smtp_outcome smtp_greet(const struct smtp *smtp, long *code)
{
    CURL *curl = dress(smtp);
    CURLcode result = CURLE_OUT_OF_MEMORY;
    *code = 0;
    if (curl) {
        curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, CONNECT_SECONDS);
        result = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, code);
    }
    curl_easy_cleanup(curl);
    return outcome_of(result, *code);
}
