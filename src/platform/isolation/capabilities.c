/* SPDX-License-Identifier: EUPL-1.2 */
/* Capabilities by the kernel's own calls, so that no library is needed for two of them. */
#include "platform/isolation/isolation.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A service manager may have taken them already, and the call that changes them with it. */
static bool has_none(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };
    if (syscall(SYS_capget, &header, sets) < 0)
        return false;
    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        if (sets[i].effective || sets[i].permitted || sets[i].inheritable)
            return false;
    return true;
}

static int set_capabilities(uint32_t low)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {
        { .effective = low, .permitted = low, .inheritable = 0 }
    };
    return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

int keep_only_bind_capability(void)
{
    return set_capabilities(1u << CAP_NET_BIND_SERVICE);
}

int drop_capabilities(void)
{
    /* The bounding set first: that takes a capability. Who has none needs it not. */
    for (unsigned long one = 0; prctl(PR_CAPBSET_READ, one) >= 0; one++)
        if (prctl(PR_CAPBSET_DROP, one) < 0 && errno != EPERM)
            break;
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return has_none() ? 0 : set_capabilities(0);
}
