# SPDX-License-Identifier: EUPL-1.2
"""The Debian package that the tests install, built once for all parts of the suite.

FUNDAMENT_TEST_DEB is a folder with a package that was built already, or to which it is brought for the
parts that come after.

Builds are repeated in each run of the suite, so they have two places that stay, each with a cache of
objects (ccache, where that is installed) of its own: what the second place gives was never compiled in
the first. FUNDAMENT_TEST_LONG=1 compiles everything."""
import contextlib
import fcntl
import glob
import os
import shutil
import subprocess

from chroot import CACHE, run_or_complain
from house import ROOT, check


@contextlib.contextmanager
def place(name):
    """(folder, environment) to build in; one builds there at a time."""
    folder = os.path.join(CACHE, name)
    os.makedirs(folder, exist_ok=True)
    env = {**os.environ, "FUNDAMENT_BUILD_CACHE": os.path.join(CACHE, name + "-objects")}
    if os.environ.get("FUNDAMENT_TEST_LONG"):
        del env["FUNDAMENT_BUILD_CACHE"]
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder, env
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def package(otherwise):
    """The path of the package; `otherwise` is its folder when none is named."""
    folder = os.environ.get("FUNDAMENT_TEST_DEB") or otherwise
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:  # parts of the suite run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not glob.glob(folder + "/fundament_*.deb"):
            with place("first-build") as (built, env):
                run_or_complain([os.path.join(ROOT, "packaging", "build-deb"), built], env=env)
                for made in glob.glob(built + "/fundament*"):
                    shutil.copy(made, folder)
    return glob.glob(folder + "/fundament_*.deb")[0]


def build_again(deb):
    """Builds it once more in another place and compares; what that says."""
    with place("second-build") as (built, env):
        said = run_or_complain([os.path.join(ROOT, "packaging", "reproducible"), os.path.dirname(deb),
                                built], env=env)
    check("Both builds gave the same bytes" in said, said)


def needs_of(deb):
    """The packages that a package depends on; of alternatives the first."""
    field = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], check=True, capture_output=True,
                           text=True).stdout
    return [each.split("|")[0].split("(")[0].strip() for each in field.split(",")]


def next_version(deb, folder):
    """The same package under the number of a later version, with settings that come with it: as far
    as apt and dpkg can see, what the next release will be."""
    tree = os.path.join(folder, "next")
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control) as text:
        lines = ["Version: %s+next" % line.split()[1] if line.startswith("Version:") else line.rstrip()
                 for line in text]
    with open(control, "w") as out:
        out.write("\n".join(lines) + "\n")
    with open(os.path.join(tree, "etc", "fundament", "fundament.conf"), "a") as settings:
        settings.write("\n# A setting that the next version knows.\n#organisation = Fundament\n")
    made = os.path.join(folder, os.path.basename(deb).replace("_amd64", "+next_amd64"))
    subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "--build", tree, made], check=True,
                   capture_output=True)
    return made
