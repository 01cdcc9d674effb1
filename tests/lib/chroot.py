# SPDX-License-Identifier: EUPL-1.2
"""A Debian of its own in a folder, with the real systemd as its first process, for tests of packages
and of what the documents tell an operator.

    with Chroot(packages=["curl", "postgresql"]) as machine:
        machine.take("dist/fundament.deb", "/root")
        machine.boot()
        machine.run("apt-get install -y /root/fundament.deb")

It has its own processes, mounts, host name and network (a loopback and nothing else), so that
neither ports nor services of this computer are touched. The base with its packages is made once by
debootstrap and kept in the user's cache folder for a month; a machine is a layer over it, in memory
where there is enough. Its mounts are seen by the program that made them and nobody else, and end
with it. Needs root; raises Skip where that, or something of the kernel, is missing.

FUNDAMENT_TEST_MIRROR is the Debian mirror (http://deb.debian.org/debian);
FUNDAMENT_TEST_CACHE the folder for what is kept between runs."""
import ctypes
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import time

from house import Skip, check

SUITE = "bookworm"
MIRROR = os.environ.get("FUNDAMENT_TEST_MIRROR", "http://deb.debian.org/debian")
CACHE = os.environ.get("FUNDAMENT_TEST_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fundament-tests")
LOOPBACK_UP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loopback.py")
KEPT = 30 * 24 * 3600  # seconds
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MEMORY_OF_ONE = 2 << 30  # bytes; a machine whose layer is in memory may take as much
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CLEAN = {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

# Mounts what a machine has and makes the folder the root; all of it ends with the namespaces.
ENTER = r"""
set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
[ -z "$LOOPBACK" ] || $LOOPBACK
if [ -n "$BOOT" ]; then
    hostname "$BOOT"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
fi
if [ -n "$WRITABLE" ]; then
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    for folder in $WRITABLE; do
        mount --bind "$root$folder" "$root$folder"
    done
    mount -o remount,bind,ro "$root"
fi
cd "$root"
mkdir dev/before
pivot_root . dev/before
umount -l dev/before
rmdir dev/before
unset BOOT LOOPBACK WRITABLE
exec "$@"
"""


def run_or_complain(command, limit=900, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=limit, **more)
    check(done.returncode == 0, "`%s` ended with %d: %s" % (" ".join(command)[:120], done.returncode,
                                                          done.stdout[-1500:]))
    return done.stdout


def unified_cgroups():
    """Where the second version of control groups is mounted."""
    with open("/proc/self/mounts") as mounts:
        for line in mounts:
            _, place, kind, options = line.split()[:4]
            if kind == "cgroup2" and "rw" in options.split(","):
                return place
    raise Skip("this system shows no writable cgroup2, which systemd needs")


def look_at_system():
    if os.geteuid() != 0:
        raise Skip("a machine of its own needs root")
    if not shutil.which("debootstrap", path=PATH):
        raise Skip("debootstrap is not installed")
    tried = subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "true"],
                           capture_output=True)
    if tried.returncode:
        raise Skip("this system gives no new namespaces")


def unshare_mounts(done=[]):
    """What is mounted from now on is this program's alone. Before its first thread."""
    if not done:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
            raise Skip("this system gives no new namespaces: " + os.strerror(ctypes.get_errno()))
        run_or_complain(["mount", "--make-rprivate", "/"])
        done.append(True)


def memory_is_plenty():
    with open("/proc/meminfo") as lines:
        free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    return free > 4 * MEMORY_OF_ONE


class Chroot:
    def __init__(self, packages=(), name="fundament-test", fetched=()):
        """`packages` are there; `fetched` can be installed without a network."""
        self.packages, self.name, self.fetched = sorted(packages), name, sorted(fetched)
        self.init = self.group = self.starter = None

    # ---- the base, kept ----

    def base(self):
        """The folder with a fresh Debian and these packages. Nobody writes there any more."""
        os.makedirs(CACHE, exist_ok=True)
        words = " ".join([SUITE, MIRROR, *self.packages, "+", *self.fetched])
        path = os.path.join(CACHE, "%s-%s" % (SUITE, hashlib.sha256(words.encode())
                                              .hexdigest()[:12]))
        with open(path + ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not os.path.exists(path) or time.time() - os.path.getmtime(path) > KEPT:
                self.make_base(path)
        return path

    def make_base(self, path):
        made = path + ".new"
        for old in (made, path):
            shutil.rmtree(old, ignore_errors=True)
        self.path = made
        if self.packages or self.fetched:
            run_or_complain(["cp", "-a", "--reflink=auto", Chroot().base(), made])
            self.install(*self.packages)
            self.fetch()
        else:
            run_or_complain(["debootstrap", "--variant=minbase", SUITE, made, MIRROR])
            with open(os.path.join(made, "etc/apt/sources.list"), "w") as sources:
                sources.write("deb %s %s main\n" % (MIRROR, SUITE))
        os.utime(made)
        os.rename(made, path)

    def fetch(self):
        """What they need is installed, as on a server that has been used for something before; they
        themselves (and their parts: postgresql-15 for postgresql) wait in apt's cache."""
        if not self.fetched:
            return
        named = " ".join(self.fetched)
        planned = self.inside("apt-get install -q -y --print-uris " + named)
        needed = {line.split()[1].split("_")[0] for line in planned.split("\n")
                  if line.startswith("'http")}
        self.install(*sorted(name for name in needed if not name.startswith(tuple(self.fetched))))
        self.inside("apt-get install -q -y --download-only " + named)

    def install(self, *packages):
        """Through apt, with this computer's network and no service started: before boot only."""
        if not packages:
            return
        self.put("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.inside("apt-get update -q && apt-get install -q -y --no-install-recommends "
                    + " ".join(packages) + " && apt-get clean")
        os.remove(self.at("/usr/sbin/policy-rc.d"))

    # ---- its life ----

    def __enter__(self):
        look_at_system()
        unshare_mounts()
        base = self.base()
        self.folder = tempfile.mkdtemp(prefix="fundament-chroot-")
        self.path = os.path.join(self.folder, "root")
        try:
            self.lay_over(base)
        except BaseException:
            self.__exit__()
            raise
        return self

    def lay_over(self, base):
        """The base below, what this machine changes above it; where that cannot be, a copy."""
        if memory_is_plenty():
            run_or_complain(["mount", "-t", "tmpfs", "-o", "mode=700,size=%d" % MEMORY_OF_ONE,
                             "fundament", self.folder])
        layers = [os.path.join(self.folder, name) for name in ("changed", "work", "root")]
        for layer in layers:
            os.mkdir(layer, 0o755)
        options = "lowerdir=%s,upperdir=%s,workdir=%s" % (base, *layers[:2])
        if subprocess.run(["mount", "-t", "overlay", "-o", options, "fundament", self.path],
                          capture_output=True).returncode:
            run_or_complain(["cp", "-a", "--reflink=auto", base + "/.", self.path])

    def __exit__(self, *_):
        self.stop()
        for mounted in (self.path, self.folder):
            subprocess.run(["umount", "--lazy", mounted], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def unshared(self, command, *more, **asked):
        """`asked`: BOOT, LOOPBACK and WRITABLE of the script above."""
        wanted = {"BOOT": "", "LOOPBACK": "", "WRITABLE": "", **CLEAN, **asked}
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", *more,
                "env", "-i", *["%s=%s" % item for item in wanted.items()],
                "sh", "-c", ENTER, "sh", self.path, *command]

    def inside(self, command, status=0, limit=900):
        """A shell command in the folder without systemd, with this computer's network."""
        shutil.copy("/etc/resolv.conf", os.path.join(self.path, "etc/resolv.conf"))
        done = subprocess.run(self.unshared(["sh", "-ec", command]), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=limit)
        check(done.returncode == status, "`%s` ended with %d: %s"
              % (command[:200], done.returncode, done.stdout[-1500:]))
        return done.stdout

    def boot(self):
        """Starts systemd (the package systemd-sysv must be there) and waits until it is up."""
        self.begin_boot()
        return self.wait_until_up()

    def begin_boot(self):
        """The machine ends with the thread that calls this."""
        self.put("/etc/hostname", self.name + "\n")
        self.group = os.path.join(unified_cgroups(), "fundament-test-%d-%d" % (os.getpid(), id(self)))
        os.mkdir(self.group)
        group = os.path.join(self.group, "cgroup.procs")
        join = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", "echo $$ > %s && exec \"$@\"" % group, "sh"]
        init = ["env", "container=fundament-test", "/lib/systemd/systemd", "--system"]
        self.log = open(os.path.join(self.folder, "boot.log"), "wb")
        self.starter = subprocess.Popen(join + self.unshared(init, "--cgroup", "--net", BOOT=self.name),
                                        stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True)

    def wait_until_up(self, limit=60):
        ends = time.monotonic() + limit
        while time.monotonic() < ends and self.starter.poll() is None:
            self.init = self.child_of(self.starter.pid)
            if self.init and self.is_up():
                return self
            time.sleep(0.2)
        with open(self.log.name, errors="replace") as log:
            raise Skip("systemd does not come up here: " + log.read()[-300:])

    def start_contained(self, command, user, writable, environment):
        """One process as a container has it: not root, no privileges to be had, a read-only root but
        for these folders and /tmp, a loopback and nothing else. `run` works beside it."""
        env = {**CLEAN, **environment}
        become = ["env", "-i", *["%s=%s" % item for item in env.items()],
                  "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs",
                  "--bounding-set=-all", "--inh-caps=-all"]
        self.log = open(os.path.join(self.folder, "container.log"), "ab")
        self.starter = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *self.unshared(
                become + command, "--net", LOOPBACK="/usr/bin/python3 " + LOOPBACK_UP,
                WRITABLE=" ".join(writable))],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        while not self.init and self.starter.poll() is None:
            self.init = self.child_of(self.starter.pid)
            time.sleep(0.01)
        return self.starter

    def log_text(self):
        with open(self.log.name, errors="replace") as log:
            return log.read()

    def is_up(self):
        if not os.path.exists(os.path.join("/proc/%d/root" % self.init, "run/systemd/private")):
            return False
        state = self.run("systemctl is-system-running", status=None)[1].strip()
        return state in ("running", "degraded")

    @staticmethod
    def child_of(pid):
        try:
            with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
                return int((children.read().split() or [0])[0])
        except OSError:
            return None

    def stop(self):
        """Its first process dies, and with it all that it has."""
        if self.starter:
            self.starter.kill()  # --kill-child takes the first process along
            self.starter.wait()
            self.log.close()
        if self.group:
            self.remove_group()
        self.init = self.group = self.starter = None

    def remove_group(self):
        for _ in range(50):
            for folder, _, _ in os.walk(self.group, topdown=False):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass
            if not os.path.exists(self.group):
                return
            time.sleep(0.1)

    # ---- what is done in it ----

    def run(self, command, status=0, user=None, limit=180, environment=None):
        """A shell command on the booted machine; its exit status must be `status` (None: any).
        Returns (status, all that it wrote)."""
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user else []
        env = {**CLEAN, **(environment or {})}
        done = subprocess.run(
            ["nsenter", "--target", str(self.init), "--mount", "--pid", "--uts", "--ipc", "--net",
             "--cgroup", "--root", "--wd", "env", "-i", *["%s=%s" % item for item in env.items()],
             *become, "sh", "-ec", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=limit, start_new_session=True)
        if status is not None:
            check(done.returncode == status, "`%s` ended with %d: %s"
                  % (command[:200], done.returncode, done.stdout[-1500:]))
        return done.returncode, done.stdout

    def says(self, command, **more):
        return self.run(command, **more)[1].strip()

    def at(self, path):
        return os.path.join(self.path, path.lstrip("/"))

    def put(self, path, text, mode=0o644):
        """A file with this text. Not below /run, /tmp or /dev, which are the machine's own."""
        os.makedirs(os.path.dirname(self.at(path)), exist_ok=True)
        with open(self.at(path), "w") as out:
            out.write(text)
        os.chmod(self.at(path), mode)

    def take(self, source, folder):
        """Copies a file of this computer into a folder of the machine; returns its path there."""
        os.makedirs(self.at(folder), exist_ok=True)
        shutil.copy(source, self.at(folder))
        return os.path.join(folder, os.path.basename(source))
