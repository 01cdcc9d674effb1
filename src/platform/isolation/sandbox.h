/* SPDX-License-Identifier: EUPL-1.2 */
/* The sandbox: what a process may still do, once it has opened what it needs. Entered once, for all
 * threads of the process; nothing leaves it again.
 *
 * It is made of what the kernel has: no_new_privs, no capabilities, no core dumps and no tracing
 * (dumpable off), an allow-list of system calls (seccomp), and rules for files and ports (Landlock).
 * A call that is not on the list gives EPERM and one line in the log that names it. What the kernel
 * lacks is logged, once; the rest still holds. README.md says what each profile may do. */
#ifndef PLATFORM_SANDBOX_H
#define PLATFORM_SANDBOX_H

#include "base/error.h"
#include "base/list.h"
#include "platform/config.h"

struct app;

enum sandbox_profile {
    SANDBOX_SERVER,        /* the files and ports named below; threads, but no new processes */
    SANDBOX_KEEPER,        /* descriptors that are open already; reads the files named below; no network */
    SANDBOX_KEEPER_MODULE, /* as the server's: for PKCS#11 modules, that open files and sockets */
    SANDBOX_PARSER,        /* as KEEPER, alone: no threads either, with the limits below */
    SANDBOX_PROFILES
};

struct sandbox_path {
    const char *path;      /* a file, or a folder with all that is in it; one that is missing is passed
                              over. Must be the caller's until sandbox_enter returns */
    bool writes;           /* also written, made and removed */
    bool names;            /* only the names in a folder, and those of its folders */
};

/* What a SERVER or KEEPER_MODULE needs besides what it has open. Zeroed: nothing. */
struct sandbox {
    enum sandbox_profile profile;
    struct arena *arena;   /* of the lists */
    struct sandbox_paths {
        list_of(struct sandbox_path);
    } paths;
    struct sandbox_ports {
        list_of(uint16_t);
    } connects;            /* TCP ports that it may connect to, on any host (Landlock ABI 4) */
    bool connects_anywhere;
    size_t memory;         /* of a PARSER: most bytes of address space; 0: no limit */
    unsigned seconds;      /* of a PARSER: most seconds of processor time; 0: no limit */
};

/* Adds a path; of a link what it leads to now. */
void sandbox_read(struct sandbox *sandbox, const char *path);
void sandbox_write(struct sandbox *sandbox, const char *path);
void sandbox_connect(struct sandbox *sandbox, int64_t port);

/* The settings sandbox, sandbox.connect, sandbox.read and user, for the table in config.c. */
extern const struct setting isolation_settings[];

/* Does the setting `sandbox` ask for it? */
bool sandbox_wanted(const struct config *config);

/* Enters. Other threads of the process enter with the caller (they must not have all signals
 * blocked). An error only when the process is in a state that is neither in nor out: it must end. */
bool sandbox_enter(const struct sandbox *sandbox, struct error *err);

/* Before the database is opened: where SQLite puts what does not fit in memory. */
void sandbox_prepare_server(const char *data);

/* The server's sandbox: the data folder but its keys, the certificates, templates, what libpq and the
 * resolver read, the ports of the settings, and what each service's `needs` adds. Called after the
 * sockets are bound and the database is open, before anybody is answered. With `sandbox = off` it
 * only logs that. */
bool sandbox_enter_server(struct app *app, struct error *err);

/* Before anything else of the data folder is opened: started as root, the process becomes the user of
 * the setting `user` (or else the owner of the data folder), for good; it keeps nothing but the right
 * to bind low ports, until it enters the sandbox. Not started as root: does nothing. */
bool sandbox_take_identity(const struct config *config, struct arena *arena, struct error *err);

#endif
