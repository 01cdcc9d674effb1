# SPDX-License-Identifier: EUPL-1.2
"""The Debian package that the tests install, built once for all parts of the suite.

FUNDAMENT_TEST_DEB is a folder with a package that was built already, or in which it is built for the
parts that come after."""
import fcntl
import glob
import os
import subprocess

from chroot import run_or_complain
from house import ROOT


def package(otherwise):
    """The path of the package; `otherwise` is the folder to build in when none is named."""
    folder = os.environ.get("FUNDAMENT_TEST_DEB") or otherwise
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w") as lock:  # parts of the suite run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not glob.glob(folder + "/fundament_*.deb"):
            run_or_complain([os.path.join(ROOT, "packaging", "build-deb"), folder])
    return glob.glob(folder + "/fundament_*.deb")[0]


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
