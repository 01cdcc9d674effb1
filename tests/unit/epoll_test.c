/* SPDX-License-Identifier: EUPL-1.2 */
#include "tests/test.h"

#include <dlfcn.h>
#include <sys/epoll.h>
#include <unistd.h>

TEST(a_socket_may_be_taken_out_of_a_set_twice)
{
    int set = epoll_create1(0), ends[2];
    CHECK(set >= 0 && pipe(ends) == 0);
    struct epoll_event event = { .events = EPOLLIN };
    CHECK_INT(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), 0);
    CHECK_INT(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event), -1);
    CHECK_INT(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL), 0);
    CHECK_INT(epoll_ctl(set, EPOLL_CTL_DEL, ends[0], NULL), 0);
    CHECK_INT(epoll_ctl(set, EPOLL_CTL_DEL, -1, NULL), -1);
    close(ends[0]);
    close(ends[1]);
    close(set);
}

TEST(libraries_meet_that_epoll_ctl_first)
{
    int (*found)(int, int, int, struct epoll_event *) = NULL;
    *(void **)&found = dlsym(RTLD_DEFAULT, "epoll_ctl");
    CHECK(found != NULL);
    int set = epoll_create1(0), ends[2];
    CHECK(set >= 0 && pipe(ends) == 0);
    CHECK_INT(found(set, EPOLL_CTL_DEL, ends[0], NULL), 0);
    close(ends[0]);
    close(ends[1]);
    close(set);
    (void)t;
}
