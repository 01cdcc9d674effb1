/* SPDX-License-Identifier: EUPL-1.2 */
/* A Nummervoorziening without a network: an app on the test's database with two schools of one board,
 * a vendor that may ask for the first, and questions as a machine sends them. */
#ifndef TESTS_ECK_WORLD_H
#define TESTS_ECK_WORLD_H

#include "platform/app.h"
#include "platform/http/http.h"
#include "services/nummervoorziening/soap.h"
#include "services/nummervoorziening/state.h"
#include "tests/test.h"

#define VENDOR       "00000003272448340204" /* admitted; may ask for SCHOOL */
#define OTHER_VENDOR "00000003111111110000" /* admitted; may ask for OTHER_SCHOOL */
#define STRANGER     "00000003222222220000" /* nobody admitted it */
#define SCHOOL       "19HY"
#define OTHER_SCHOOL "20DP"
#define SCHOOL_FROM  "http://www.w3.org/2005/08/addressing/anonymous?oin=0000000700019HY34567"
#define OTHER_FROM   "http://www.w3.org/2005/08/addressing/anonymous?oin=0000000700020DP00000"

#define CHAIN_ID  "http://purl.edustandaard.nl/begrippenkader/e7ec7d3c-c235-4513-bfb6-e54e66854795"
#define SECTOR_PO "http://purl.edustandaard.nl/begrippenkader/512e4729-03a4-43a2-95ba-758071d1b725"
#define SECTOR_VO "http://purl.edustandaard.nl/begrippenkader/2a1401e9-c223-493b-9b86-78f6993b1a8d"

struct world {
    struct test *t;
    struct app app;
    const char *oin;  /* of the certificate; NULL: none */
    const char *from; /* wsa:From/wsa:Address; NULL: no header */
    instant now;
    size_t memory;    /* bytes that one question may hold; 0: no limit */
};

/* Opens the app; the test ends it with world_end. */
struct world given_world(struct test *t);
/* As a restart of the server: the app is closed and opened again on the same folder. */
void world_restart(struct world *world);
/* As a command that is run beside the server on the same folder. */
void world_run_command(struct world *world);
void world_end(struct world *world);

struct answered {
    int status;
    struct str text;  /* the whole envelope */
    struct str actor; /* faultactor, or empty */
    void (*after)(struct app *app, void *with, bool whole);
    void *after_with;
};

/* Sends one question and ends its transaction; when it takes too much memory, the status is 503 as
 * with a server. `after` is left to the caller: the answer counts as
 * still on its way. */
struct answered ask_soap(struct world *world, const char *operation, struct str content);
/* Tells the service that the answer arrived, or that the connection broke. */
void arrive(struct world *world, struct answered *answer, bool whole);

/* The text of the first element of this name in the answer, or empty. */
struct str part(struct answered answer, const char *name);

/* Something of the form of an HPGN, by number. */
struct str hpgn_of(struct world *world, int number);

/* Single questions; the test fails on a fault. */
struct str stampseudonym_of(struct world *world, struct str hpgn);
struct str eck_id_of(struct world *world, struct str stampseudonym, const char *sector);
/* The faultactor that the question for this HPGN gets; empty when it is answered. */
struct str refusal_of(struct world *world, struct str hpgn);

#endif
