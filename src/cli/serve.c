/* SPDX-License-Identifier: EUPL-1.2 */
#include "base/file.h"
#include "base/log.h"
#include "base/notify.h"
#include "cli/commands.h"
#include "platform/isolation/sandbox.h"
#include "platform/keys/keeper.h"
#include "platform/nodes/nodes.h"
#include "platform/record/jobs.h"
#include "services/services.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GRACE (10 * SECOND)

/* `--only a,b`: the platform, the sector register and these services. */
static bool choose_services(struct command_line *line, const char *only,
                            const struct service *const **chosen, struct error *err)
{
    bool wanted[SERVICES_MAX] = { false };
    for (struct str rest = str_of(only); str_more(rest);) {
        struct str name = str_trim(str_cut(&rest, ','));
        size_t place;
        if (!service_find(name, &place))
            return fail_about(err, INVALID, "only", N_("There is no service called %s."), "%.*s",
                              FMT(str_slice(name, 0, 40)));
        wanted[place] = true;
    }
    const struct service **list = arena_array(line->arena, const struct service *, SERVICES_MAX);
    size_t count = 0;
    for (size_t i = 0; all_services[i]; i++)
        if (!only || i < BASE_SERVICES || wanted[i])
            list[count++] = all_services[i];
    *chosen = list;
    return true;
}

/* Handled by sigwait in the main thread; blocked before any other thread starts. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD); /* the keeper's end */
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* The next signal; 0 after `limit` (0: none) without one, or when interrupted. */
static int next_signal(const sigset_t *set, instant limit)
{
    struct timespec wait = { .tv_sec = limit / SECOND, .tv_nsec = limit % SECOND * 1000 };
    int signal_number = limit ? sigtimedwait(set, NULL, &wait) : sigwaitinfo(set, NULL);
    return signal_number > 0 ? signal_number : 0;
}

static void reload(struct app *app)
{
    struct error err;
    notify_reloading();
    if (server_reload(app, &err))
        log_info("reloaded");
    else
        log_failure("reload-refused", &err);
    notify_send("READY=1");
}

/* The watchdog hears nothing any more once the threads that answer hang: then the process is ended
 * and started again by who watches. False: the keeper of keys has ended, without whom nothing can be
 * answered, and only a new server can fork a new one. */
static bool wait_for_end(struct app *app, const sigset_t *set, struct error *err)
{
    instant interval = notify_interval();
    for (;;) {
        if (interval && !server_hangs(app->server, interval))
            notify_send("WATCHDOG=1");
        int signal_number = next_signal(set, interval);
        if (signal_number == SIGHUP)
            reload(app);
        else if (signal_number == SIGINT || signal_number == SIGTERM)
            return true;
        else if (signal_number == SIGCHLD && !keeper_lives(app->keeper))
            return fail(err, UNAVAILABLE, NULL,
                        N_("The keeper of keys has ended, and with it this server; start it again."));
    }
}

/* A second signal ends the waiting. */
static void drain(struct app *app, const sigset_t *set)
{
    int64_t seconds = server_drain(app);
    nodes_leave(app);
    instant until = instant_monotonic() + seconds * SECOND;
    if (seconds)
        log_info("draining", { "seconds", LOG_NUMBER(seconds) });
    for (instant left; (left = until - instant_monotonic()) > 0;) {
        instant interval = notify_interval();
        notify_send("WATCHDOG=1");
        int signal_number = next_signal(set, interval && interval < left ? interval : left);
        if (signal_number == SIGINT || signal_number == SIGTERM)
            return;
    }
}

static void greet(const struct app *app)
{
    int people = server_port(app->server, PEOPLE), machines = server_port(app->server, MACHINES);
    printf("Fundament is ready.\n"
           "  People:   https://localhost:%d\n"
           "  Machines: https://localhost:%d (client certificate)\n",
           people, machines);
    if (app->demo)
        printf("  The log-in page (https://localhost:%d/inloggen) lists the demo accounts.\n",
               people);
    puts("  The browser warns once about the certificate, which this installation made itself.\n"
         "  Stop with Ctrl-C.");
    fflush(stdout);
}

/* Everybody may read the demo's passwords and make its certificates. */
static bool check_demo(const struct app *app, struct error *err)
{
    struct str address = config_text(app->config, "listen.address");
    bool here = str_starts(address, STR("127.")) || str_eq(address, STR("::1"));
    bool behind_proxy = config_text(app->config, "proxy.people").len > 0;
    if (!app->demo || (here && !behind_proxy))
        return true;
    return fail(err, INVALID, "listen.address",
                N_("This data folder holds the demo, whose passwords everybody knows: it is served to "
                   "this computer only. Set listen.address to 127.0.0.1 and no proxy.people, or start "
                   "with an empty folder."));
}

static bool serve(struct app *app, const sigset_t *set, struct error *err)
{
    if (!check_demo(app, err) || !app_recover(app, err) || !server_open(app, err)
        || !sandbox_enter_server(app, err)
        || !jobs_start(app, config_int(app->config, "jobs.workers"), err)) {
        server_stop(app, 0);
        return false;
    }
    if (!server_start(app, err) || !nodes_start(app, err)) {
        server_stop(app, 0);
        jobs_stop(app);
        return false;
    }
    greet(app);
    notify_send("READY=1");
    bool asked = wait_for_end(app, set, err);
    log_event(asked ? LOG_INFO : LOG_ERROR, asked ? "stopping" : "keeper-ended", LOG_FIELDS());
    notify_send("STOPPING=1");
    jobs_leave(app);
    if (asked)
        drain(app, set);
    nodes_quiet(app);
    server_stop(app, asked ? GRACE : 0);
    jobs_stop(app);
    nodes_stop(app);
    return asked;
}

static bool run(struct command_line *line, struct error *err)
{
    struct app app;
    sigset_t set;
    const struct service *const *services = NULL;
    const char *only = cli_option(line, "--only");
    if (line->count)
        return cli_usage(&command_serve, err);
    if (!choose_services(line, only, &services, err))
        return false;
    block_signals(&set);
    sandbox_prepare_server(line->data);
    notify_open();
    if (!folder_make(line->data, err)
        || !app_open_to_serve(line->arena, line->data, services, &app, err))
        return false;
    bool served = serve(&app, &set, err);
    app_close(&app);
    return served;
}

const struct command command_serve = {
    .name = "serve",
    .usage = "[--only SERVICE,SERVICE]",
    .help = "Runs Fundament until it is told to stop (SIGTERM, Ctrl-C); SIGHUP reads certificates "
            "again.",
    .run = run,
};
