# SPDX-License-Identifier: EUPL-1.2
"""The Containerfile without a container engine: its steps, literally, in folders with a Debian made by
debootstrap (where an engine takes debian:bookworm-slim, the same system without manuals), and what
comes out started as a container would be: not root, without privileges, with a read-only root.

The first stage builds the package with the network's packages; in the short form (the default) the
package that was built already stands for it. FUNDAMENT_TEST_LONG=1 runs all."""
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import time

from chroot import Chroot, look_at_system
from house import ROOT, check, same, test

FILE = os.path.join(ROOT, "packaging", "container", "Containerfile")
DATA = "/var/lib/fundament"
KNOWN = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN",
         "STOPSIGNAL", "USER", "VOLUME"}


def instructions():
    with open(FILE) as text:
        for line in text:
            line = line.strip()
            if line and not line.startswith("#"):
                word, _, rest = line.partition(" ")
                check(word in KNOWN, "an instruction that this does not know: " + word)
                yield word, rest.strip()


def stages():
    """(name, instructions) of each stage."""
    found = []
    for word, rest in instructions():
        if word == "FROM":
            same(rest.split()[0], "${BASE}", "the base")
            found.append((rest.split()[2] if " AS " in rest else "", []))
        elif found:
            found[-1][1].append((word, rest))
    return found


def copy_context(folder):
    """COPY . FOLDER: what git knows, and its history. What .containerignore leaves out, git does."""
    os.makedirs(folder, exist_ok=True)
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
                             "--exclude-standard"], check=True, capture_output=True).stdout
    subprocess.run("tar -C '%s' -c --null --no-recursion --ignore-failed-read -T - | tar -C '%s' -x"
                   % (ROOT, folder), shell=True, input=listed, check=True)
    subprocess.run(["git", "clone", "--quiet", "--bare", "--no-hardlinks", ROOT, folder + "/.git"],
                   check=True)
    subprocess.run(["git", "-C", folder, "config", "core.bare", "false"], check=True)
    subprocess.run(["git", "-C", folder, "reset", "--quiet"], check=True)


class Image:
    """A stage that is being built: a folder, and what the instructions set."""

    def __init__(self, machine):
        self.machine, self.environment, self.settings = machine, {}, {}

    def step(self, word, rest, others):
        if word == "RUN":
            exports = "".join("export %s=%s\n" % (name, shlex.quote(value))
                              for name, value in self.environment.items())
            self.machine.inside(exports + rest)
        elif word == "COPY":
            self.copy(rest.split(), others)
        elif word == "ENV":
            name, _, value = rest.partition("=")
            self.environment[name] = value
        else:
            self.settings[word] = rest

    def copy(self, words, others):
        origin = next((word.split("=")[1] for word in words if word.startswith("--from=")), None)
        source, target = [word for word in words if not word.startswith("--")]
        if origin:
            shutil.copytree(others[origin] + source, self.machine.at(target), dirs_exist_ok=True)
        else:
            same(source, ".", "what is copied")
            copy_context(self.machine.at(target))


def build_image(package, stack):
    """The last stage, built; the first one's result is the package at hand unless all is run."""
    look_at_system()
    others = {}
    for name, steps in stages():
        if name and not os.environ.get("FUNDAMENT_TEST_LONG"):
            others[name] = os.path.join(package.folder, "stage-" + name)
            os.makedirs(others[name] + "/result")
            shutil.copy(package.deb, others[name] + "/result")
            continue
        image = Image(stack.enter_context(Chroot()))
        for word, rest in steps:
            image.step(word, rest, others)
        others[name] = image.machine.path
    return image


def image_of(package):
    if not package.image:
        package.image = build_image(package, package.stack)
    return package.image


def command_of(image):
    return json.loads(image.settings["ENTRYPOINT"]), json.loads(image.settings["CMD"])


def start(image, command):
    """As the image says, with its volume as the only folder that can be written."""
    user = image.settings["USER"].split(":")[0]
    volume = image.settings["VOLUME"]
    os.makedirs(image.machine.at(volume), exist_ok=True)
    os.chown(image.machine.at(volume), int(user), int(user))
    return image.machine.start_contained(command, user, [volume], image.environment)


def wait_until_healthy(image, limit=60):
    probe = json.loads(image.settings["HEALTHCHECK"].partition("CMD ")[2])
    ends = time.monotonic() + limit
    while time.monotonic() < ends and image.machine.starter.poll() is None:
        if image.machine.run(shlex.join(probe), status=None)[0] == 0:
            return
        time.sleep(0.2)
    raise AssertionError("never healthy: " + image.machine.log_text()[-1500:])


@test
def the_image_is_built_by_its_own_steps(package):
    image = image_of(package)
    same(image.settings["USER"], "10001:10001", "the user")
    said = image.machine.inside("setpriv --reuid 10001 --regid 10001 --clear-groups fundament version")
    check(re.match(r"fundament \d+\.\d+\.\d+ \(revision", said), said)


@test
def nothing_of_the_build_is_in_the_image(package):
    machine = image_of(package).machine
    for path in ("/result", "/source", "/usr/bin/gcc", "/usr/bin/meson", "/usr/bin/git"):
        check(not os.path.exists(machine.at(path)), path + " is in the image")
    same(os.listdir(machine.at("/var/lib/apt/lists")), [], "lists of packages")


@test
def a_container_serves_with_a_read_only_root_and_no_rights(package):
    image = image_of(package)
    entry, command = command_of(image)
    start(image, entry + command)
    wait_until_healthy(image)
    check("Fundament" in image.machine.says("curl -sk https://localhost:8443/scholen"), "no page")
    status = image.machine.says("cat /proc/1/status")
    values = dict(line.split(":\t", 1) for line in status.split("\n") if ":\t" in line)
    same((values["Uid"].split("\t")[0], values["NoNewPrivs"], int(values["CapEff"], 16),
          int(values["CapBnd"], 16)), ("10001", "1", 0, 0), "the process")
    check(image.machine.run("touch /etc/x", status=None)[0], "the root can be written")


@test
def a_container_that_is_told_to_stop_ends_well(package):
    machine = image_of(package).machine
    os.kill(machine.init, signal.SIGTERM)
    same(machine.starter.wait(timeout=40), 0, "the exit status; the log: "
         + machine.log_text()[-600:])
    machine.stop()


@test
def the_charts_first_step_gives_keys_that_the_next_accepts(package):
    """The script of the init container, literally, on secrets as Kubernetes mounts them: links to
    files of root that a group may read."""
    from chart import objects, pod
    image = image_of(package)
    machine = image.machine
    data = machine.at(DATA)
    secrets = machine.at("/secrets")
    for name, kept in (("keys", "keys"), ("tls", "tls")):
        shutil.copytree(os.path.join(data, kept), os.path.join(secrets, name, "..data"))
        os.chmod(os.path.join(secrets, name, "..data"), 0o755)
    shutil.move(secrets + "/tls/..data/server.crt", secrets + "/tls/..data/tls.crt")
    shutil.move(secrets + "/tls/..data/server.key", secrets + "/tls/..data/tls.key")
    for name in ("keys", "tls"):
        for file in os.listdir(os.path.join(secrets, name, "..data")):
            os.chown(os.path.join(secrets, name, "..data", file), 0, 10001)
            os.chmod(os.path.join(secrets, name, "..data", file), 0o440)
            os.symlink("..data/" + file, os.path.join(secrets, name, file))
    before = sorted(os.listdir(data + "/keys"))
    shutil.rmtree(data)
    first, second = pod(objects())["initContainers"]
    # A pod that is started again runs the first step once more, over what is there.
    for container in (first["command"], first["command"], json.loads(image.settings["ENTRYPOINT"]) + second["args"]):
        started = start(image, container)
        same(started.wait(timeout=60), 0, "the step's exit status: " + machine.log_text()[-800:])
        machine.stop()
    same(sorted(os.listdir(data + "/keys")), before, "the keys")
    same(os.stat(data + "/tls/server.key").st_mode & 0o777, 0o600, "the mode of the key")
