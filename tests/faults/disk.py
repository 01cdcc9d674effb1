# SPDX-License-Identifier: EUPL-1.2
"""A disk that gives errors, writes half, or is full: what was acknowledged is there afterwards, the
database is whole, who writes meanwhile hears 503, and when the disk is back all is as before."""
import contextlib
import errno
import os
import sqlite3
import subprocess
import tempfile
import time

import house
from control import READS, SYNCS, WRITES
from house import Fault, check, request, same
from tour import BROKEN, Asker
from world import World, hpgn

SHORT = 0  # instead of an errno: half of the bytes
TROUBLES = [("EIO when it writes", WRITES, errno.EIO), ("ENOSPC when it writes", WRITES, errno.ENOSPC),
            ("short writes", WRITES, SHORT), ("EIO when it syncs", SYNCS, errno.EIO),
            ("EIO when it reads", READS, errno.EIO)]


class Ledger:
    """Batches that were acknowledged: each must be answered in the end."""

    def __init__(self, world):
        self.world, self.batches, self.refused, self.kept = world, {}, 0, 0

    def submit(self):
        """True: acknowledged. A refusal must be one: a fault, or a connection that is closed."""
        values = [hpgn("%d-%d" % (self.refused + len(self.batches), index)) for index in range(3)]
        client = self.world.client()
        try:
            self.batches[client.submit(values)] = values
            return True
        except (Fault, *BROKEN):
            self.refused += 1
            return False
        finally:
            client.close()

    def check_all(self):
        client = self.world.client()
        try:
            while self.batches: # each can be fetched once
                batch, values = self.batches.popitem()
                self.kept += 1
                found, wrong = client.fetch(batch)
                same((len(found), wrong), (len(values), {}), "what was acknowledged")
        finally:
            client.close()


def is_whole(data):
    with contextlib.closing(sqlite3.connect(os.path.join(data, "fundament.db"))) as database:
        same(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "integrity_check")


def set_disk(control, calls, error, pattern):
    control.calls, control.error, control.pattern = calls, error, pattern.encode()


def calls_of_a_write(world, control, ledger):
    control.disk.arm()
    check(ledger.submit(), "a batch is refused without a fault")
    control.disk.disarm()
    return control.disk.seen


def database_disk_fails(world, control, trouble, sample, dice):
    """Each call of a write to the database and its WAL in turn."""
    name, calls, error = trouble
    ledger = Ledger(world)
    control.process = world.server.pid
    set_disk(control, calls, error, "fundament.db")
    most = max(calls_of_a_write(world, control, ledger) for _ in range(3))
    check(most > 0, "%s: nothing is called" % name)
    places = range(1, most + 1)
    for at in places if sample is None else dice.sample(places, min(sample, most)):
        control.disk.arm(at)
        ledger.submit()
        control.disk.disarm()
        check(ledger.submit(), "%s: no write succeeds after call %d failed: %s"
              % (name, at, world.server.log_text()[-400:]))
    disk_is_gone_for_a_while(world, control, ledger, name)
    after_a_kill(world, control, ledger)
    print("  %s: %d calls; %d acknowledged, %d refused" % (name, most, ledger.kept,
                                                          ledger.refused), flush=True)


def disk_is_gone_for_a_while(world, control, ledger, name):
    """All calls fail; then it is back."""
    asker = Asker(world)
    kinds = {kind.name: kind for kind in asker.kinds()}
    control.disk.arm(1, True)
    for _ in range(3):
        ledger.submit()
    writes = control.calls & (WRITES | SYNCS) and control.error != SHORT
    if writes:
        status, content = asker.ask(kinds["log-in"])
        same(status, 503, "logging in without a disk (%s)" % content[-200:])
        same(asker.ask(kinds["page"])[0], 200, "a page without a disk to write to")
    same(request(world.server.people + "/healthz")[0], 200, "/healthz")
    control.disk.disarm()
    check(ledger.submit(), "%s: no write succeeds when the disk is back: %s"
          % (name, world.server.log_text()[-400:]))
    status, content = asker.ask(kinds["log-in"])
    same(status, 303, "logging in when the disk is back (%s)" % content[-200:])


def after_a_kill(world, control, ledger):
    """What was acknowledged, as another process finds it."""
    check(ledger.submit(), "the last batch is refused")
    control.process = -1
    world.server.kill()
    is_whole(world.data)
    world.restart()
    ledger.check_all()


# ---- other files -------------------------------------------------------------------------------

def first_start_fails(folder, control, trouble, at, data):
    """The at-th call on a key or certificate of a new installation: False when there are fewer."""
    name, calls, error = trouble
    set_disk(control, calls, error, data + "/")
    control.process = 0
    control.disk.arm(at)
    status, _, err = house.fundament(data, "demo", "--schools", "1", status=None)
    failed, _ = control.disk.failed, control.disk.disarm()
    if not failed:
        return False
    check(status in (0, 65, 66, 69, 70, 71, 74, 75), "%s at call %d ended with %d: %s"
          % (name, at, status, err[-300:]))
    check(status == 0 or err.startswith("fundament: "), "%s at call %d says nothing: %s"
          % (name, at, err[-300:]))
    house.fundament(data, "demo", "--schools", "1")  # the next time all is there, and right
    is_whole(data)
    return True


def backup_fails(world, control, trouble, at):
    """A backup either is whole or is not there."""
    name, calls, error = trouble
    folder = tempfile.mkdtemp(prefix="backups-", dir=world.path)
    set_disk(control, calls, error, folder)
    control.process = 0
    control.disk.arm(at)
    status, _, err = house.fundament(world.data, "backup", folder, settings=world.settings,
                                     status=None, limit=120)
    failed, _ = control.disk.failed, control.disk.disarm()
    if not failed:
        return False
    finished = [each for each in os.listdir(folder) if not each.endswith(".partial")]
    if error != SHORT:
        check(status != 0 or finished, "%s at call %d: neither a backup nor a word" % (name, at))
        check(status == 0 or err.startswith("fundament: "),
              "%s at call %d says: %s" % (name, at, err[-300:]))
        # Where only the entry of its folder was not made durable, or where the sync was one of
        # SQLite's own, after which the file was synced again: then it is a whole one.
        for each in finished:
            restored = os.path.join(folder, "restored")
            house.fundament(restored, "restore", os.path.join(folder, each), limit=120)
            is_whole(restored)
    else:
        same(status, 0, "a backup with a short write (%s)" % err)
    return True


# ---- a disk that is really full ----------------------------------------------------------------

@contextlib.contextmanager
def small_disk(megabytes):
    """A file system of this size, that is gone afterwards. Root only."""
    with house.Folder() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "fundament-test",
                               folder.path], capture_output=True, text=True)
        if done.returncode:
            raise house.Skip("no file system can be mounted here: " + done.stderr.strip())
        try:
            yield folder
        finally:
            subprocess.run(["umount", folder.path], check=True)


def fill(path):
    """All that is left, to the last byte."""
    size = 1 << 20
    with open(path, "wb", buffering=0) as out:
        while size:
            try:
                out.write(b"\0" * size)
            except OSError as error:
                same(error.errno, errno.ENOSPC, "the error")
                size //= 2


def real_disk_is_full():
    with small_disk(32) as folder:
        house.fundament(folder.data, "demo", "--schools", "6")
        with house.Server(folder.data, **house.NO_LIMITS) as server:
            world = type("There", (), {"server": server, "path": folder.path, "data": folder.data})
            asker = Asker.__new__(Asker)
            asker.world, asker.timeout, asker.certificate = world, 20, ()
            token, cookie = asker.token()
            log_in = ["POST", "/inloggen", "form_token=%s&login=school&password=%s"
                      % (token, house.PASSWORD),
                      {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}]
            ask = lambda: request(server.people + log_in[1], log_in[0], *log_in[2:])[0]
            same(ask(), 303, "logging in")
            fill(os.path.join(folder.path, "filling"))
            answers = [ask() for _ in range(40)]
            check(503 in answers, "the disk is full and nobody hears it: %s" % sorted(set(answers)))
            check(set(answers) <= {303, 503}, "answers on a full disk: %s" % sorted(set(answers)))
            same(request(server.people + "/scholen")[0], 200, "a page on a full disk")
            os.remove(os.path.join(folder.path, "filling"))
            same(ask(), 303, "logging in when there is room again")
        is_whole(folder.data)
