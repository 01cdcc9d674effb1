/* SPDX-License-Identifier: EUPL-1.2 */
/* Requests, routes and replies. A service's table of routes says who may knock (listener, role),
 * how much may be sent, and who answers; the same table makes the OpenAPI document.
 *
 * An answering function decodes the request, calls the domain and fills the reply; when it returns
 * false, the platform answers the error as the client reads it (problem+json or a page). All memory
 * of a request is its arena's. */
#ifndef PLATFORM_HTTP_H
#define PLATFORM_HTTP_H

#include "base/error.h"
#include "base/instant.h"
#include "base/list.h"
#include "base/node.h"
#include "platform/config.h"
#include "platform/db/db.h"

struct app;
struct service;
struct session;

enum method { METHOD_NONE, GET, POST, PUT, DELETE, METHODS }; /* HEAD is answered as GET */

/* Where a route answers; may be combined. */
enum listener { PEOPLE = 1, MACHINES = 2, EVERYWHERE = PEOPLE | MACHINES };

/* What a person must be. A session has the roles of its memberships (platform/people/accounts.h). */
enum role {
    ROLE_ANYONE,       /* nobody needs to log in */
    ROLE_PERSON,       /* anybody with an account */
    ROLE_BOARD_MEMBER, /* reads for a school board */
    ROLE_BOARD_ADMIN,  /* decides for a school board; is a member too */
    ROLE_SCHOOL_ICT,   /* keeps a school's systems */
    ROLE_VENDOR,       /* works for a vendor */
    ROLE_OPERATOR,     /* runs this installation */
    ROLES
};

enum language { DUTCH, ENGLISH, LANGUAGES };
#define LANGUAGE_COOKIE "taal" /* what a person chose */

/* A parameter of a route in the query, for its decoder and for OpenAPI. */
struct api_param {
    const char *name;
    const char *help;
    bool required;
};

/* What OpenAPI says of a route. A route without it does not stand in the document. */
struct api {
    const char *summary;
    const struct api_param *query;  /* ends with a NULL name; NULL: none */
    const char *answer;             /* JSON Schema of the 200 answer, as JSON text */
    const char *body;               /* JSON Schema of the request body, as JSON text; NULL: none */
};

struct request;

#define ROUTE_PARAMS 4

struct route {
    enum method method;
    const char *path;               /* "/scholen/{brin}": a brace part matches one segment */
    bool (*answer)(struct request *request, struct error *err);
    unsigned on;                    /* enum listener */
    enum role role;                 /* PEOPLE only; MACHINES always have a certificate */
    bool before_factor;             /* also for who must still set up a second factor first */
    size_t body;                    /* most bytes of a body; 0: BODY_FORM for POST and PUT */
    bool quick;                     /* answers small requests in the network thread: no slow work */
    bool (*is_quick)(const struct request *request); /* with `quick`: for these only; NULL: all */
    /* Asked before a body of more than QUICK_BODY bytes, or of an unknown length, is read: may its
     * sender send it at all? In the network thread, with request_tx; NULL: who came so far may. */
    bool (*admit)(struct request *request, struct error *err);
    /* How such a refusal is told, in the words of this route's clients; NULL: as any other. */
    void (*refuse)(struct request *request, const struct error *err);
    bool no_csrf;                   /* a POST that carries no form token (an API for machines) */
    bool open;                      /* a MACHINES route that needs no certificate (health) */
    const struct api *api;
};

#define BODY_FORM ((size_t)64 * 1024)

/* The client certificate of a machine, verified against the CA list and CRL. */
struct client {
    struct str serial_number;  /* the subject's serialNumber: an OIN, as yet unparsed */
    struct str common_name;
    struct str fingerprint;    /* SHA-256 of the certificate, hex */
    instant not_after;
};

struct header {
    const char *name;
    struct str value;
};

struct reply {
    int status;                 /* 0: 200 */
    const char *type;           /* content type; NULL: nothing to send */
    struct buf body;
    struct str fixed;           /* instead of body: bytes that live as long as the program */
    struct header headers[12];
    size_t header_count;
    /* Called once, after the last byte was sent (`whole`) or the connection broke, in whatever
     * thread saw that; `with` must outlive the request (not the arena's). May be NULL. */
    void (*after)(struct app *app, void *with, bool whole);
    void *after_with;
};

struct request {
    struct arena *arena;
    struct app *app;
    const struct service *service;
    const struct route *route;
    unsigned listener;
    enum method method;
    struct str path;            /* decoded, without query */
    struct str target;          /* path and query as they came, to come back to */
    struct str host;            /* "localhost:8443", from Host, checked against its syntax */
    struct str params[ROUTE_PARAMS]; /* the brace parts, decoded, in order */
    struct str body;
    struct str peer;            /* address of the peer (or what the proxy says), for rate limits */
    const struct client *client;      /* on MACHINES; NULL on open routes without one */
    const struct session *session;    /* on PEOPLE; NULL: nobody is logged in */
    enum language language;
    instant now;
    struct str id;              /* a random name for this request, for logs and problem answers */
    struct reply reply;
    struct tx *tx;              /* the read transaction, once request_tx was called */
    void *connection;           /* the HTTP library's own */
};

/* The state of the service that owns this route. */
void *request_state(const struct request *request);

struct str request_param(const struct request *request, const char *name);  /* of the path */
struct str request_query(const struct request *request, const char *name);  /* first; or empty */
bool request_has_query(const struct request *request, const char *name);
struct str request_header(const struct request *request, const char *name); /* or empty */
struct str request_cookie(const struct request *request, const char *name);

/* A whole number in the query within min..max; absent gives `otherwise`. */
bool request_query_int(const struct request *request, const char *name, int64_t min, int64_t max,
                       int64_t otherwise, int64_t *number, struct error *err);

/* The fields of a urlencoded or multipart form body, decoded, valid UTF-8 text; at most 20,000. */
struct form_field {
    struct str name, value;
    struct str file_name; /* at != NULL: an uploaded file, whose value may be any bytes */
};
struct form {
    list_of(struct form_field);
};
bool request_form(struct request *request, struct form *form, struct error *err);
/* The trimmed first value, or empty; never of a file. */
struct str form_text(const struct form *form, const char *name);
bool form_has(const struct form *form, const char *name, struct str value); /* e.g. a ticked box */

/* The request's read transaction: one snapshot for the whole request. */
bool request_tx(struct request *request, struct tx **tx, struct error *err);

/* The same, of now: what was written since the first look is seen. Texts read before stay. */
bool request_tx_anew(struct request *request, struct tx **tx, struct error *err);

/* Runs `work` in a durable write transaction (see db_write). What an operator does who acts for a
 * board is written down in the board's name (audit.h). */
bool request_write(struct request *request, db_work *work, void *with, struct error *err);

/* Replies. They return true, so that a handler may end with them. */
bool reply_bytes(struct request *request, const char *type, struct str bytes);
bool reply_json(struct request *request, int status, const struct node *json);
bool reply_csv(struct request *request, struct str file_name, struct str bytes);
bool reply_redirect(struct request *request, struct str path); /* 303, to a path of our own */
void reply_header(struct request *request, const char *name, struct str value);
/* Where to go after logging in or changing the language: this path of our own, or home. */
struct str way_back(struct str path);

/* Tells who waits for the end of the reply (`after`) how that was, once. Called by what sends the
 * reply, and by what puts another in its place. */
void reply_ended(struct request *request, bool whole);

/* Sets a cookie: HttpOnly, Secure, SameSite=Lax, Path=/; `seconds` 0 deletes it, -1 is the session. */
void reply_cookie(struct request *request, const char *name, struct str value, int64_t seconds);

/* The error as problem+json (RFC 9457) or, for a browser, as a page. */
void reply_problem(struct request *request, const struct error *err);
int problem_status(enum error_kind kind);

/* The form token of this browser, for hidden fields (pages get it from page_new). */
struct str csrf_token(struct request *request);

/* Its settings, for the table of settings in config.c. */
extern const struct setting http_settings[];

/* The server: both listeners, and the proxy ones where configured. */
struct server;
/* Binds the sockets and reads keys and certificates; nobody is answered yet. */
bool server_open(struct app *app, struct error *err);
/* Answers; opens first what is not open. */
bool server_start(struct app *app, struct error *err);
/* The port on which a listener answers (the system chose it where the setting is 0). */
int server_port(const struct server *server, enum listener listener);
/* A load balancer that asks /readyz is told from now on that this server goes, while it still serves;
 * its clients are told to go elsewhere for their next request. Returns for how many seconds that should
 * last: server.drain_seconds, or 0 when nobody asked /readyz in the last minute. */
int64_t server_drain(struct app *app);
/* Stops accepting, lets running requests end (at most `grace` microseconds), frees all. */
void server_stop(struct app *app, instant grace);
/* Reads certificates, CA list and CRL again; running connections stay. */
bool server_reload(struct app *app, struct error *err);
/* Do all the threads that answer requests hang, for longer than `limit`? */
bool server_hangs(struct server *server, instant limit);

/* The OpenAPI 3.1 document of all routes that have an `api`, as JSON. */
struct node *openapi_document(struct arena *arena, const struct service *const *services,
                              struct str base_url);

#endif
