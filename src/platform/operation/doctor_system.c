/* SPDX-License-Identifier: EUPL-1.2 */
/* What can be seen without the database: files, space, limits, the clock, certificates. */
#include "base/file.h"
#include "platform/config.h"
#include "platform/operation/doctor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define MIB         (1024 * 1024)
#define LEAST_FREE  ((uint64_t)1024 * MIB)
#define NEARLY_FULL ((uint64_t)100 * MIB)
#define SPARE_FILES 256 /* beside the connections of both listeners */

static bool look_at_settings(struct app *app, struct findings *findings, struct error *err)
{
    struct stat about;
    const char *path = config_path(app->config, findings->arena, "fundament.conf");
    (void)err;
    if (stat(path, &about) != 0)
        found(findings, WELL, N_("There is no file %s: every setting has its default."), "%s", path);
    else if (about.st_mode & S_IROTH)
        found(findings, WORRY,
              N_("Everybody on this computer can read %s; run chmod 640 on it."), "%s", path);
    else
        found(findings, WELL, N_("The settings in %s are in order."), "%s", path);
    return true;
}

static bool look_at_folder(struct app *app, struct findings *findings, struct error *err)
{
    struct stat about;
    const char *path = config_path(app->config, findings->arena, ".");
    (void)err;
    if (stat(path, &about) != 0)
        found(findings, BROKEN, N_("The data folder %s cannot be seen: make it, or mend its rights."),
              "%s", path);
    else if (access(path, W_OK) != 0)
        found(findings, BROKEN,
              N_("You cannot write in %s: run this as the user that runs Fundament."), "%s", path);
    else if (about.st_mode & S_IRWXO)
        found(findings, WORRY, N_("Others can look into the folder %s; run chmod 750 on it."), "%s",
              path);
    return true;
}

static bool look_at_space(struct app *app, struct findings *findings, struct error *err)
{
    struct statvfs disk;
    const char *path = config_path(app->config, findings->arena, ".");
    if (statvfs(path, &disk) != 0)
        return fail_about(err, UNAVAILABLE, NULL, N_("The disk of %s cannot be asked."), "%s", path);
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    unsigned long mib = (unsigned long)(free_bytes / MIB);
    if (free_bytes < NEARLY_FULL)
        found(findings, BROKEN, N_("Only %s MiB are free on the disk: make room now."), "%lu", mib);
    else if (free_bytes < LEAST_FREE)
        found(findings, WORRY, N_("Only %s MiB are free on the disk: make room."), "%lu", mib);
    else
        found(findings, WELL, N_("%s MiB are free on the disk."), "%lu", mib);
    return true;
}

static bool look_at_limits(struct app *app, struct findings *findings, struct error *err)
{
    struct rlimit files;
    rlim_t wanted = 2 * (rlim_t)config_int(app->config, "http.connections") + SPARE_FILES;
    (void)err;
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < wanted)
        found(findings, WORRY,
              N_("A process may open fewer files than http.connections needs (%s): raise LimitNOFILE "
                 "of the service."),
              "%llu", (unsigned long long)wanted);
    return true;
}

/* Sessions, codes and certificates live by the clock. */
static bool look_at_clock(struct app *app, struct findings *findings, struct error *err)
{
    struct timex clock = { 0 };
    (void)app, (void)err;
    if (adjtimex(&clock) == TIME_ERROR || clock.status & STA_UNSYNC)
        found(findings, WORRY,
              N_("The clock is not kept right by the network: log-in codes and certificates may be "
                 "refused. Install chrony or systemd-timesyncd."),
              "%s", "");
    return true;
}

static bool is_answered(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answered = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return answered;
}

static bool look_at_service(struct app *app, struct findings *findings, struct error *err)
{
    int64_t port = config_int(app->config, "people.port");
    (void)err;
    if (!config_text(app->config, "tls.certificate").len || port == 0)
        found(findings, WELL, N_("Fundament answers behind a reverse proxy only."), "%s", "");
    else if (is_answered((int)port))
        found(findings, WELL, N_("Somebody answers on port %s."), "%lld", (long long)port);
    else
        found(findings, WORRY,
              N_("Nobody answers on port %s: is the service started? See systemctl status "
                 "fundament."),
              "%lld", (long long)port);
    return true;
}

const struct check system_checks[] = {
    { "settings", look_at_settings }, { "data folder", look_at_folder },
    { "disk", look_at_space },        { "limits", look_at_limits },
    { "clock", look_at_clock },       { "certificates", look_at_certificates },
    { "service", look_at_service },   { .name = NULL },
};
