/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include "base/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct manager {
    int fd;
    struct sockaddr_un address;
};

static bool start_manager(struct test *t, struct manager *manager)
{
    manager->address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(manager->address.sun_path, sizeof manager->address.sun_path, "%s/notify", t->folder);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return manager->fd >= 0
           && bind(manager->fd, (struct sockaddr *)&manager->address, sizeof manager->address) == 0
           && setenv("NOTIFY_SOCKET", manager->address.sun_path, 1) == 0;
}

static struct str heard(struct test *t, struct manager *manager)
{
    char *bytes = arena_array(t->arena, char, 200);
    ssize_t count = recv(manager->fd, bytes, 200, MSG_DONTWAIT);
    return (struct str){ bytes, count < 0 ? 0 : (size_t)count };
}

TEST(the_manager_hears_that_a_service_is_ready_and_no_child_can_say_so)
{
    struct manager manager;
    CHECK(start_manager(t, &manager));
    setenv("WATCHDOG_USEC", "3000000", 1);
    notify_open();
    notify_send("READY=1");
    CHECK_STR(heard(t, &manager), STR("READY=1"));
    CHECK_INT(notify_interval(), 1500000);
    CHECK(!getenv("NOTIFY_SOCKET") && !getenv("WATCHDOG_USEC"));
    notify_reloading();
    CHECK(str_starts(heard(t, &manager), STR("RELOADING=1\nMONOTONIC_USEC=")));
    close(manager.fd);
    notify_send("STOPPING=1"); /* nobody listens any more: nothing happens */
}

TEST(a_watchdog_that_is_meant_for_another_process_is_left_alone)
{
    struct manager manager;
    CHECK(start_manager(t, &manager));
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    notify_open();
    CHECK_INT(notify_interval(), 0);
    close(manager.fd);
}
