/* SPDX-License-Identifier: EUPL-1.2 */
/* Landlock, capabilities and no_new_privs are a thread's own, and the kernel has no call that sets
 * them for a process. So each thread is interrupted by a signal and does it itself, as glibc does
 * for setuid. */
#include "base/instant.h"
#include "platform/isolation/isolation.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STEP_SIGNAL  (SIGRTMAX - 2) /* nobody else's */
#define THREADS_MOST 4096
#define PATIENCE     (5 * SECOND)

/* What the handler is to do; one broadcast at a time. */
static struct {
    int (*step)(void *with);
    void *with;
    _Atomic int asked;   /* the thread that must do it now */
    _Atomic int result;
} now;

static void do_step(int number)
{
    int kept = errno;
    (void)number;
    if (atomic_load(&now.asked) == (int)syscall(SYS_gettid)) {
        atomic_store(&now.result, now.step(now.with));
        atomic_store(&now.asked, 0);
    }
    errno = kept;
}

/* False: the thread is gone, or did not answer. */
static bool ask(int thread, bool *gone)
{
    instant until = instant_monotonic() + PATIENCE;
    atomic_store(&now.result, 0);
    atomic_store(&now.asked, thread);
    *gone = syscall(SYS_tgkill, getpid(), thread, STEP_SIGNAL) < 0;
    while (!*gone && atomic_load(&now.asked) != 0 && instant_monotonic() < until) {
        usleep(50);
        *gone = syscall(SYS_tgkill, getpid(), thread, 0) < 0;
    }
    return atomic_exchange(&now.asked, 0) == 0;
}

struct done {
    int threads[THREADS_MOST];
    size_t count;
};

static bool is_done(const struct done *done, int thread)
{
    for (size_t i = 0; i < done->count; i++)
        if (done->threads[i] == thread)
            return true;
    return false;
}

static bool ask_one(struct done *done, int thread, struct error *err)
{
    bool gone = false;
    if (done->count == THREADS_MOST)
        return fail_internal(err, "more than %d threads", THREADS_MOST);
    if (!ask(thread, &gone) && !gone)
        return fail_internal(err, "thread %d does not take the signal of the sandbox", thread);
    int result = atomic_load(&now.result);
    if (!gone && result < 0)
        return fail_internal(err, "thread %d: %s", thread, strerror(-result));
    done->threads[done->count++] = thread;
    return true;
}

/* One look through the threads; `fresh` tells whether one was found that had not done it. */
static bool ask_all(struct done *done, bool *fresh, struct error *err)
{
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        return fail_internal(err, "/proc/self/task: %s", strerror(errno));
    bool well = true;
    *fresh = false;
    for (struct dirent *entry; well && (entry = readdir(tasks));) {
        int thread = (int)strtol(entry->d_name, NULL, 10);
        if (thread <= 0 || is_done(done, thread))
            continue;
        *fresh = true;
        well = ask_one(done, thread, err);
    }
    closedir(tasks);
    return well;
}

bool in_every_thread(int (*step)(void *with), void *with, struct error *err)
{
    struct sigaction action = { .sa_handler = do_step, .sa_flags = SA_RESTART }, before;
    struct done done = { .count = 0 };
    bool well = true, fresh = true;
    now.step = step;
    now.with = with;
    sigaction(STEP_SIGNAL, &action, &before);
    /* This thread last: what it does may keep it from seeing the others. Threads that start meanwhile
     * have it from their parent, or are found by another look. */
    done.threads[done.count++] = (int)syscall(SYS_gettid);
    while (well && fresh)
        well = ask_all(&done, &fresh, err);
    int result = well ? step(with) : 0;
    sigaction(STEP_SIGNAL, &before, NULL);
    return well && (result == 0 || fail_internal(err, "this thread: %s", strerror(-result)));
}
