/* SPDX-License-Identifier: EUPL-1.2 */
/* A server in the test's own process, on free ports, with the platform's routes and a small service
 * that answers in ways that the tests need. */
#ifndef TESTS_UNIT_HTTP_WORLD_H
#define TESTS_UNIT_HTTP_WORLD_H

#include "platform/app.h"
#include "platform/http/http.h"
#include "tests/unit/http_client.h"

struct world {
    struct app app;
    int people, machines;
};

#define GOOD_OIN "00000003272448340204"

/* On the database of a TEST_DB, else on SQLite. `settings`: lines for the configuration, beside the ports. */
struct world *given_server(struct test *t, const char *settings);
/* Does a server start with these settings? */
bool try_server(struct test *t, struct app *app, const char *settings, struct error *err);
void end_server(struct world *world);

/* A certificate by the CA that this server trusts; `age` ago valid for `days`. */
struct pem given_client(struct test *t, struct world *world, int64_t age_days, int64_t days);
/* By another CA. */
struct pem given_stranger(struct test *t);
/* A CRL (PEM) of the CA in this folder, with these certificates (PEM) revoked, from `now` for a year. */
struct str given_crl(struct test *t, const char *folder, const struct str *revoked, size_t count,
                     instant now);
/* Makes the CRL with these, and has the server read it. */
void given_revoked(struct test *t, struct world *world, const struct pem *revoked, size_t count);

/* How often replies with an `after` ended whole, and not. */
int after_whole(void);
int after_broken(void);

#endif
