# SPDX-License-Identifier: EUPL-1.2
"""Figures of several nodes, and of a start after a crash with much data.

Two nodes against one: on a machine with few cores the machine itself would be the limit. So each node
gets a fixed share of a core (a control group's CPU quota), and the database and the clients have the
rest; the table says how much of the machine was in use."""
import contextlib
import http.client
import os
import re
import sqlite3
import subprocess
import threading
import time

from cluster import Browser, Cluster
from house import ROOT, SERVICE_PATH, Skip, check, envelope, free_ports
from world import SCHOOL_OIN, World, hpgn

LOAD = os.path.join(ROOT, "build", "tests", "load", "load")
SHARE = 0.1       # of a core, for each node
FULL = 0.9        # of the machine's cores in use: it is the limit
CLIENTS = 6       # that log in, for each node
ROW = 1000        # bytes, of the data that only lies there


class Quota:
    """A control group whose processes get `share` of a core."""

    def __init__(self, name, share):
        period, quota = 100000, int(share * 100000)
        one, two = "/sys/fs/cgroup/cpu", "/sys/fs/cgroup"
        try:
            if os.path.exists(one + "/cpu.cfs_quota_us"):
                self.path = os.path.join(one, name)
                os.mkdir(self.path)
                self.write("cpu.cfs_period_us", period)
                self.write("cpu.cfs_quota_us", quota)
            else:
                self.path = os.path.join(two, name)
                os.mkdir(self.path)
                self.write("cpu.max", "%d %d" % (quota, period))
        except OSError as why:
            raise Skip("no control group can be made here: %s" % why)

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(str(value))

    def take(self, pid):
        """The process and its children."""
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True,
                                  text=True).stdout.split()
        for each in [pid] + children:
            self.write("cgroup.procs", each)

    def end(self):
        with contextlib.suppress(OSError):
            os.rmdir(self.path)


def busy():
    """Seconds of CPU that the machine has used."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def spent(nodes):
    """Seconds of CPU that these nodes and their children have used."""
    total = 0
    for node in nodes:
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(node.process.pid)],
                                  capture_output=True, text=True).stdout.split()
        for pid in [node.process.pid] + children:
            with open("/proc/%s/stat" % pid) as stat:
                total += sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))
    return total / os.sysconf("SC_CLK_TCK")


def look_ups(cluster, nodes, bodies, seconds):
    """Answers a second of all these nodes together, by one load generator each."""
    soap = ["-H", "Content-Type: text/xml; charset=utf-8", "-H",
            'SOAPAction: "http://ketenid.nl/eck/schemas/v1_0/retrieveStampseudonym"']
    running = [subprocess.Popen(
        [LOAD, "-c", "8", "-s", str(seconds), *soap, "-C", cluster.certificate[0], "-K",
         cluster.certificate[1], "-l", bodies,
         "https://localhost:%s%s" % (node.settings["machines.port"], SERVICE_PATH)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for node in nodes]
    rate = 0
    for child in running:
        out, err = child.communicate(timeout=seconds + 60)
        check(child.returncode == 0, err + out)
        found = dict(re.findall(r"(\S+)=([\d.]+)", out))
        check(found["2xx"] == found["requests"], "not every answer was good: " + out)
        rate += float(found["rate"])
    return rate


class Plain(Browser):
    """Straight to a node's gate for the proxy."""

    def __init__(self, node):
        super().__init__("https://localhost:1")
        self.link = http.client.HTTPConnection("127.0.0.1", node.people, timeout=30)


def log_ins(_, nodes, __, seconds):
    counts, failures, until = [], [], time.monotonic() + seconds

    def go_on(node):
        count = 0
        while time.monotonic() < until:
            browser = Plain(node)
            status = browser.log_in()
            browser.close()
            if status == 429:  # more passwords at once than this machine can check now
                time.sleep(0.02)
                continue
            if status != 303:
                failures.append(status)
            count += 1
        counts.append(count)

    started = time.monotonic()
    threads = [threading.Thread(target=go_on, args=(node,)) for node in nodes for _ in
               range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, "log-ins failed: %s" % failures[:5])
    return sum(counts) / (time.monotonic() - started)


def two_against_one(table, cluster, nodes, bodies, seconds, name, measure):
    measure(cluster, nodes, bodies, 1)  # warm
    before = spent(nodes[:1])
    alone = measure(cluster, nodes[:1], bodies, seconds)
    cost_alone = (spent(nodes[:1]) - before) / (alone * seconds)
    started, used, before = time.monotonic(), busy(), spent(nodes)
    both = measure(cluster, nodes, bodies, seconds)
    cost_both = (spent(nodes) - before) / (both * seconds)
    used = (busy() - used) / (time.monotonic() - started)
    full = used > FULL * os.cpu_count()  # of others' work: then this rate says nothing of the nodes
    table.add("%s, two nodes of %d %% of a core each" % (name, 100 * SHARE),
              "{:,.1f}/s".format(both), ">= 1.7 x one node",
              None if full else both >= 1.7 * alone, "{:,.1f}/s".format(alone), both / alone)
    table.add("  cores that the machine used then", "%.2f of %d%s" % (
        used, os.cpu_count(), ": full" if full else ""))
    table.add("  CPU time of the nodes for each", "%.2f ms" % (1000 * cost_both),
              "so that two do >= 1.7 x", 2 * cost_alone / cost_both >= 1.7,
              "%.2f ms" % (1000 * cost_alone), 2 * cost_alone / cost_both)


def two_nodes(table, short):
    with Cluster() as cluster, contextlib.ExitStack() as stack:
        nodes = []
        for name in ("one", "two"):
            people, machines = free_ports(2)
            node = cluster.node(name, **{"tls.certificate": "tls/server.crt",
                                         "people.port": people, "machines.port": machines})
            quota = Quota("fundament-%d-%s" % (os.getpid(), name), SHARE)
            stack.callback(quota.end)
            stack.callback(node.kill)
            quota.take(node.process.pid)
            nodes.append(node)
        bodies = cluster.file("bodies.txt", b"\n".join(
            envelope("retrieveStampseudonym", "<e:hpgn>%s</e:hpgn>" % hpgn("load %d" % i),
                     SCHOOL_OIN, "urn:uuid:00000000-0000-4000-8000-%012d" % i)
            for i in range(200)) + b"\n", "wb")
        seconds = 1 if short else 8
        for name, measure in (("look-ups", look_ups), ("log-ins", log_ins)):
            two_against_one(table, cluster, nodes, bodies, seconds, name, measure)


# ---- a start after a crash ----

def fill_sqlite(world, rows):
    with contextlib.closing(sqlite3.connect(os.path.join(world.data, "fundament.db"))) as db:
        last = db.execute("SELECT COALESCE(MAX(number), 0) FROM event").fetchone()[0]
        db.executemany("INSERT INTO event (number, at, kind, subject, payload) VALUES"
                       " (?, 0, 'load.filled', 'school:00AV', ?)",
                       ((last + 1 + i, "%08d" % i * (ROW // 8)) for i in range(rows)))
        db.execute("UPDATE series SET last = ? WHERE name LIKE 'event%'", (last + rows,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the data lies there, as after a year


def fill_postgres(world, rows):
    conninfo = world.settings["database"].partition(":")[2]
    subprocess.run(["psql", "-q", conninfo, "-c", (
        "INSERT INTO event (number, at, kind, subject, payload) SELECT n + (SELECT"
        " COALESCE(MAX(number), 0) FROM event), 0, 'load.filled', 'school:00AV',"
        " repeat(md5(n::text), %d) FROM generate_series(1, %d) n" % (ROW // 32, rows)), "-c",
        "UPDATE series SET last = (SELECT MAX(number) FROM event) WHERE name LIKE 'event%'"],
        check=True, capture_output=True)


def write_until_killed(world):
    client = world.client()
    with contextlib.suppress(Exception):  # it is killed in the middle
        for number in range(10000):
            client.submit([hpgn("crash %d %d" % (number, i)) for i in range(500)])
    client.close()


def start_after_a_crash(table, short, engine):
    if engine == "postgres" and not os.environ.get("FUNDAMENT_TEST_POSTGRES"):
        raise Skip("FUNDAMENT_TEST_POSTGRES is not set")
    os.environ["FUNDAMENT_TEST_ENGINE"] = engine
    rows = 20000 if short else 1024 * 1024
    try:
        with World(**{"log.level": "warn"}) as world:
            (fill_postgres if engine == "postgres" else fill_sqlite)(world, rows)
            times = []
            for _ in range(1 if short else 5):
                writer = threading.Thread(target=write_until_killed, args=(world,))
                writer.start()
                time.sleep(1)
                world.server.kill()
                writer.join()
                world.restart()
                times.append(world.server.ready_after)
            took = max(times)
            table.add("start after kill -9 under writes, %.1f GB, %s" % (rows * ROW / 1e9, engine),
                      "%.0f ms" % (took * 1000), "< 1 s, the slowest", took < 1)
    finally:
        os.environ["FUNDAMENT_TEST_ENGINE"] = "sqlite"
