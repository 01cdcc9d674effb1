/* SPDX-License-Identifier: EUPL-1.2 */
/* What the files of the sandbox share. */
#ifndef PLATFORM_ISOLATION_H
#define PLATFORM_ISOLATION_H

#include "platform/isolation/sandbox.h"

/* Code of the sanitizers traces its own process, and reads its own file: only in test builds. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature) /* clang says it this way, before its version 15 in no other */
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

/* threads.c: runs `step` in every thread of this process, also in those that start meanwhile. It must
 * be fit for a signal handler; a negative return is -errno and an error. */
bool in_every_thread(int (*step)(void *with), void *with, struct error *err);

/* capabilities.c: -errno, fit for a signal handler. */
int drop_capabilities(void);
int keep_only_bind_capability(void);

/* landlock.c: the rules as a descriptor; -1 and `missing` where the kernel has no Landlock. */
int landlock_rules(const struct sandbox *sandbox, const char **missing, struct error *err);
int landlock_restrict(int rules); /* -errno; for this thread */

/* seccomp.c: the filter of the profile, for all threads. `missing` when the kernel has none. */
bool seccomp_enter(enum sandbox_profile profile, const char **missing, struct error *err);

#endif
