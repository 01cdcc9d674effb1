# SPDX-License-Identifier: EUPL-1.2
"""Memory that ends at every allocation of a request, whoever makes it: our own code, libmicrohttpd,
GnuTLS, OpenSSL, libxml2, jansson, SQLite. The server goes on, the client gets a clear refusal, and
the next request is right."""
import os
import random
import re
import time

from house import check
from tour import BROKEN, Asker


# These do not survive the end of memory: GMP says so and aborts, by design; libtasn1 uses what it did not
# get. GnuTLS stands on both, so that only room left in advance helps (see the README of isolation).
FALL_BY_THEMSELVES = {"libgmp", "libtasn1", "libgnutls", "libnettle", "libhogweed"}
FALL = re.compile(r"^fell by signal \d+\n((?:\S+\(.*\n)*)", re.M)


def fallen_in(log):
    """The file whose code the server fell in, below the C library: "libgmp", "fundament"."""
    falls = FALL.findall(log)
    names = re.findall(r"^(?:\S*/)?([^/(\s]+?)(?:\.so[\d.]*)?\(", falls[-1], re.M) if falls else []
    return next((name for name in names if name not in ("faults", "libc")), None)


class Tally:
    """How requests went in which an allocation failed."""

    def __init__(self):
        self.right = self.refused = self.closed = 0
        self.wrong, self.fallen = [], {}

    def __str__(self):
        fallen = "".join(", %d fell in %s" % (number, library)
                         for library, number in sorted(self.fallen.items()))
        return "%d right, %d refused, %d closed%s" % (self.right, self.refused, self.closed, fallen)


def once(control, asker, kind, at, forever, handshake):
    """One request with the at-th allocation failing; what came of it, as (status, content)."""
    connection = asker.connect(kind)
    try:
        if not handshake:
            connection.connect()
        control.memory.arm(at, forever)
        return asker.ask(kind, connection)
    except BROKEN:
        return None, b""
    finally:
        control.memory.disarm()
        connection.close()


def count(control, asker, kind, handshake):
    """How many allocations a request makes; the most of some, for not all are alike."""
    most = 0
    for _ in range(4):
        status, content = once(control, asker, kind, 0, False, handshake)
        check(kind.is_right(status, content), "%s without a fault: %s" % (kind.name, status))
        most = max(most, control.memory.seen)
    return most


def judge(tally, kind, at, status, content):
    if status is None:
        tally.closed += 1
    elif kind.is_right(status, content):
        tally.right += 1
    elif status >= 500:
        tally.refused += 1
    else:
        tally.wrong.append("%s: allocation %d gave %s %s" % (kind.name, at, status, content[:200]))


def goes_on(world, control, tally, asker, kind, at):
    """Is the server there, and the next request right? Otherwise a new server, to find more."""
    try:
        status, content = asker.ask(kind)
        if kind.is_right(status, content):
            return
        tally.wrong.append("%s: the request after allocation %d failed got %s %s"
                           % (kind.name, at, status, content[-300:]))
    except (*BROKEN, OSError):
        if world.server.process.poll() is None:
            world.server.kill()
        library = fallen_in(world.server.log_text_of_ended())
        if library in FALL_BY_THEMSELVES:
            tally.fallen[library] = tally.fallen.get(library, 0) + 1
        else:
            tally.wrong.append("%s: allocation %d ended the server (%s) in %s: %s" % (
                kind.name, at, world.server.process.returncode, library,
                world.server.log_text_of_ended()[-900:]))
        control.process = -1
        world.restart()
        control.process = world.server.pid


def moments(most, sample, dice):
    return range(1, most + 1) if sample is None else sorted(dice.sample(
        range(1, most + 1), min(sample, most)))


def memory_ends(world, control, kind, handshake, sample, dice):
    """Every allocation (or a sample), alone and with all that follow."""
    asker, tally = Asker(world, timeout=10), Tally()
    control.process = world.server.pid
    most = count(control, asker, kind, handshake)
    for forever in (False, True):
        for at in moments(most, sample, dice):
            try:
                judge(tally, kind, at, *once(control, asker, kind, at, forever, handshake))
            except TimeoutError:
                tally.wrong.append("%s: no answer when allocation %d%s failed" % (
                    kind.name, at, " and all after it" if forever else ""))
            goes_on(world, control, tally, asker, kind, at)
    print("  %s%s: %d allocations; %s" % (kind.name, " with its handshake" if handshake else "",
                                          most, tally), flush=True)
    check(not tally.wrong, "%d wrong: %s" % (len(tally.wrong), "; ".join(tally.wrong[:int(os.environ.get("FAULTS_SHOW", 4))])))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def settle(read, limit=10):
    """The value once it is the same for a while."""
    value, since, end = read(), time.monotonic(), time.monotonic() + limit
    while time.monotonic() - since < 0.5 and time.monotonic() < end:
        time.sleep(0.05)
        now = read()
        if now != value:
            value, since = now, time.monotonic()
    return value


def seeded():
    seed = int(os.environ.get("FUNDAMENT_TEST_SEED", random.randrange(1 << 30)))
    print("  seed %d" % seed, flush=True)
    return random.Random(seed)
