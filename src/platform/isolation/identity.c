/* SPDX-License-Identifier: EUPL-1.2 */
/* From root to the user of the service, early, so that everything is made and read by the user whose
 * it is. */
#include "base/log.h"
#include "platform/config.h"
#include "platform/isolation/isolation.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool find_user(const struct config *config, struct arena *arena, const struct stat *folder,
                      const struct passwd **user, struct error *err)
{
    struct str name = config_text(config, "user");
    *user = name.len ? getpwnam(str_c(arena, name)) : getpwuid(folder->st_uid);
    if (*user || !name.len) /* the owner need not have a name; then nothing is done for it below */
        return true;
    return fail_about(err, INVALID, "user",
                      N_("There is no user %s on this system; make it, or change the setting user."),
                      "%.*s", FMT(str_slice(name, 0, 60)));
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    int entries = 0;
    while (folder && entries < 3 && readdir(folder))
        entries++;
    if (folder)
        closedir(folder);
    return entries < 3; /* . and .. */
}

/* All three of each, and in every thread (glibc sees to that); read back, for a change of identity
 * that did not happen must not go unseen. */
static bool become(uid_t uid, gid_t gid, const char *name, struct error *err)
{
    uid_t uids[3];
    gid_t gids[3];
    prctl(PR_SET_KEEPCAPS, 1L);
    if ((name ? initgroups(name, gid) : setgroups(0, NULL)) < 0 || setresgid(gid, gid, gid) < 0
        || setresuid(uid, uid, uid) < 0)
        return fail_internal(err, "cannot become user %d: %s", (int)uid, strerror(errno));
    int problem = keep_only_bind_capability();
    prctl(PR_SET_KEEPCAPS, 0L);
    if (problem || getresuid(&uids[0], &uids[1], &uids[2]) < 0
        || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return fail_internal(err, "cannot give up the rights of root: %s", strerror(-problem));
    for (int i = 0; i < 3; i++)
        if (uids[i] != uid || gids[i] != gid)
            return fail_internal(err, "still has the identity of root");
    return setresuid(0, 0, 0) < 0 || fail_internal(err, "can become root again");
}

bool sandbox_take_identity(const struct config *config, struct arena *arena, struct error *err)
{
    struct stat folder;
    const struct passwd *user = NULL;
    const char *data = config_path(config, arena, ".");
    if (geteuid() != 0 || stat(data, &folder) < 0)
        return true;
    if (!find_user(config, arena, &folder, &user, err))
        return false;
    uid_t uid = user ? user->pw_uid : folder.st_uid;
    gid_t gid = user ? user->pw_gid : folder.st_gid;
    if (uid == 0)
        return true; /* said by sandbox_enter_server */
    if (folder.st_uid == 0 && is_empty(data) && chown(data, uid, gid) < 0)
        return fail_internal(err, "chown of the data folder: %s", strerror(errno));
    if (user)
        setenv("HOME", user->pw_dir, 1);
    return become(uid, gid, user ? user->pw_name : NULL, err);
}
