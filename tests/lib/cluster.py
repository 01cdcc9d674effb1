# SPDX-License-Identifier: EUPL-1.2
"""Several nodes on one PostgreSQL behind HAProxy, for the tests of nodes: real processes on the
loopback, each stopped by its process id."""
import contextlib
import glob
import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import threading
import time
import urllib.parse

import house
from house import (ROOT, SERVICE_PATH, Folder, Skip, check, environment, envelope, executable,
                   free_ports, fundament, record, secret, soap_headers, tls_context)
from world import SCHOOL, SCHOOL_CSV, SCHOOL_OIN, VENDOR

NODE_PASSWORD = "knooppunten-proef-1"
NO_LIMITS = house.NO_LIMITS


def wait_for(what, seconds, message):
    """Until `what()` is true; returns the seconds that took."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            if what():
                return time.monotonic() - started
        time.sleep(0.02)
    raise AssertionError(message() if callable(message) else message)


# ---- PostgreSQL ----

def postgres_bin():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        raise Skip("PostgreSQL is not here")
    return os.path.dirname(found[-1])


def as_postgres(*words):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(words)
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *words]


class Database:
    """A cluster of PostgreSQL on a port of the loopback, in a folder of its own."""

    def __init__(self, folder, name):
        self.bin, self.name = postgres_bin(), name
        self.home = os.path.join(folder, name)
        self.data, self.port = os.path.join(self.home, "data"), free_ports(1)[0]
        self.process = None
        os.mkdir(self.home, 0o755)
        if os.geteuid() == 0:
            shutil.chown(self.home, "postgres")

    def tool(self, name, *words):
        done = subprocess.run(as_postgres(os.path.join(self.bin, name), *words), cwd="/",
                              capture_output=True, text=True)
        check(done.returncode == 0, "%s: %s" % (name, (done.stderr or done.stdout)[-600:]))

    def create(self, **settings):
        self.tool("initdb", "-D", self.data, "-U", "fundament", "-A", "trust", "--no-locale", "-E",
                  "UTF8", "--no-sync", "--no-instructions")
        self.configure({"max_connections": 200, "wal_keep_size": "256MB", **settings})
        self.start()
        self.sql("CREATE DATABASE fundament")
        return self

    def follow(self, primary):
        """A standby of `primary`, by pg_basebackup as an operator makes one."""
        self.tool("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-d",
                  "host=127.0.0.1 port=%d user=fundament application_name=%s"
                  % (primary.port, self.name))
        self.configure({"synchronous_standby_names": ""})
        self.start()
        return self

    def configure(self, settings):
        path = os.path.join(self.data, "postgresql.conf")
        with open(path, "a") as conf:
            conf.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n")
            conf.writelines("%s = '%s'\n" % pair for pair in settings.items())

    def start(self):
        log = open(os.path.join(self.home, "..", self.name + ".log"), "ab")
        self.process = subprocess.Popen(
            as_postgres(os.path.join(self.bin, "postgres"), "-D", self.data, "-p", str(self.port)),
            cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        wait_for(lambda: self.sql("SELECT 1", check_it=False), 30, "%s does not start" % self.name)

    def sql(self, statement, database="postgres", check_it=True):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                               str(self.port), "-U", "fundament", "-d", database, "-c", statement],
                              capture_output=True, text=True, timeout=30)
        if check_it:
            check(done.returncode == 0, done.stderr[-400:])
        return done.stdout.strip() if done.returncode == 0 else None

    def promote(self):
        self.tool("pg_ctl", "promote", "-D", self.data, "-w")

    def backends(self):
        """All its processes: the postmaster and its children."""
        out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)],
                             capture_output=True, text=True).stdout.split()
        return [self.process.pid] + [int(pid) for pid in out]

    def signal_all(self, number):
        for pid in self.backends():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.signal_all(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
            self.kill()


def conninfo(*databases):
    return "host=%s port=%s user=fundament dbname=fundament" % (
        ",".join("127.0.0.1" for _ in databases), ",".join(str(d.port) for d in databases))


# ---- nodes ----

class Node:
    """`fundament serve` behind a proxy."""

    def __init__(self, name, data, settings, binary=None, cores=None, limit=15):
        self.name, self.data, self.binary = name, data, binary or executable()
        self.people, self.machines = free_ports(2)
        named = {} if binary else {"node.name": name}  # an old version knows no such setting
        self.settings = {**named, "tls.certificate": "", "machines.ca": "tls/demo-ca.crt",
                         "proxy.people": "127.0.0.1:%d" % self.people,
                         "proxy.machines": "127.0.0.1:%d" % self.machines, **settings}
        self.cores, self.limit = cores, limit
        self.process = None
        self.start()

    def start(self):
        words = (["taskset", "-c", self.cores] if self.cores else []) + [
            self.binary, "serve", "--data", self.data]
        started = time.monotonic()
        with open(os.path.join(self.data, "..", self.name + ".log"), "ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=environment(self.settings))
        wait_for(self.is_up, self.limit, lambda: "%s does not start: %s" % (self.name, self.log()))
        return time.monotonic() - started

    def is_up(self):
        check(self.process.poll() is None, "%s ended: %s" % (self.name, self.log()))
        return self.ask("/healthz")[0] == 200

    def ask(self, path, method="GET", body=None, headers=None, timeout=10, port=None):
        link = http.client.HTTPConnection("127.0.0.1", port or self.people, timeout=timeout)
        try:
            link.request(method, path, body, headers or {})
            answer = link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            link.close()

    def log(self):
        with open(os.path.join(self.data, "..", self.name + ".log"), errors="replace") as log:
            return log.read()[-1500:]

    def is_ready(self):
        return self.ask("/readyz")[0] == 200

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, limit=40):
        """A graceful stop, which must end with 0."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=limit)
            except subprocess.TimeoutExpired:
                self.kill()
        record("server.log", self.log())
        check(self.process.returncode == 0,
              "%s ended with %s: %s" % (self.name, self.process.returncode, self.log()))


class Proxy:
    """HAProxy by packaging/haproxy.cfg, on free ports, in front of these nodes."""

    PEM_FORM = ("-----BEGIN%%20CERTIFICATE-----%%0A%[ssl_c_der,base64]%%0A"
                "-----END%%20CERTIFICATE-----")

    def __init__(self, cluster, nodes, pem_form=False):
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        if not os.path.exists(program):
            raise Skip("haproxy is not here")
        self.people_port, self.machines_port = free_ports(2)
        self.people = "https://localhost:%d" % self.people_port
        self.machines = "https://localhost:%d" % self.machines_port
        path = os.path.join(cluster.path, "haproxy-%d.cfg" % self.people_port)
        with open(path, "w") as conf:
            conf.write(self.configuration(cluster, nodes, pem_form))
        tested = subprocess.run([program, "-c", "-f", path], capture_output=True, text=True)
        check(tested.returncode == 0 and "WARNING" not in tested.stderr, tested.stderr)
        self.process = subprocess.Popen([program, "-db", "-f", path], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def configuration(self, cluster, nodes, pem_form):
        with open(os.path.join(ROOT, "packaging", "haproxy.cfg")) as example:
            text = example.read()
        changes = [(":443 ssl", "127.0.0.1:%d ssl" % self.people_port),
                   (":8444 ssl", "127.0.0.1:%d ssl" % self.machines_port),
                   ("/etc/haproxy/fundament.pem", cluster.pem),
                   ("/etc/haproxy/machines-ca.pem", cluster.ca),
                   ("    maxconn 20000", "    maxconn 2000")]
        for number, node in enumerate(nodes):
            name = ("one", "two")[number]
            for port, gate in ((node.people, 8081), (node.machines, 8082)):
                changes.append(("server %s 10.0.0.1%d:%d" % (name, number + 1, gate),
                                "server %s 127.0.0.1:%d" % (name, port)))
        if pem_form:
            changes.append(("%[ssl_c_der,base64]", '"%s"' % self.PEM_FORM))
        for old, new in changes:
            check(old in text, "packaging/haproxy.cfg has no " + old)
            text = text.replace(old, new)
        return re.sub(r"^    server (one|two) 10\..*\n", "", text, flags=re.M)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Cluster(Folder):
    """`database`, and nodes on it with the same keys. Not the demo: that is not served to others."""

    def __init__(self, **settings):
        self.settings = {**NO_LIMITS, "log.level": "warn", **settings}
        self.ends = contextlib.ExitStack()
        self.first = None

    def __enter__(self):
        super().__enter__()
        os.chmod(self.path, 0o711)
        try:
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *what):
        try:
            self.ends.close()
        finally:
            super().__exit__(*what)

    def keep(self, thing):
        """Stopped at the end, however that comes."""
        def end():
            stop = getattr(thing, "kill", thing.stop)
            if thing.process and thing.process.poll() is None:
                stop()
        self.ends.callback(end)
        return thing

    def make_database(self):
        self.database = self.keep(Database(self.path, "primary"))
        self.database.create()
        return conninfo(self.database)

    def prepare(self):
        secret(NODE_PASSWORD)
        self.settings["database"] = "postgres:" + self.make_database()
        os.mkdir(self.data)
        self.fill(executable())

    def fill(self, binary):
        env = environment(self.settings)

        def command(*words, **more):
            done = subprocess.run([binary, *words, "--data", self.data], env=env, text=True,
                                  capture_output=True, **more)
            check(done.returncode == 0, "%s: %s" % (words, done.stderr[-500:]))

        command("migrate")
        command("import", "duo", self.file("vo.csv", SCHOOL_CSV), "--kind", "vo", "--force")
        command("allow", VENDOR, SCHOOL)
        command("user", "add", "lid", "board-member", "board:10028", input=NODE_PASSWORD + "\n")
        base = os.path.join(self.path, VENDOR)
        command("certificate", VENDOR, "--out", base)
        self.certificate = base + ".crt", base + ".key"
        self.ca = os.path.join(self.data, "tls", "demo-ca.crt")
        self.make_server_certificate()

    def make_server_certificate(self):
        key, crt = self.path + "/server.key", self.path + "/server.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", crt],
                       check=True, capture_output=True)
        self.pem = self.file("server.pem", open(crt).read() + open(key).read())

    def node(self, name, binary=None, cores=None, **settings):
        """A node with a data folder of its own: the keys are copied from the first node after its
        first start, as the operator does."""
        data = os.path.join(self.path, name, "data")
        if not os.path.exists(data):
            shutil.copytree(self.first or self.data, data)
        node = self.keep(Node(name, data, {**self.settings, **settings}, binary, cores))
        self.first = self.first or data
        return node

    def proxy(self, *nodes, **more):
        proxy = self.keep(Proxy(self, nodes, **more))
        for node in nodes:
            wait_for(node.is_ready, 10, "%s is not ready" % node.name)
        wait_for(lambda: Browser(proxy.people).get("/healthz")[0] == 200, 10, "HAProxy is not up")
        return proxy


# ---- clients that do not try again by themselves ----

class Browser:
    """A person's browser: cookies, one kept-alive connection."""

    def __init__(self, base, timeout=20):
        host, port = base.split("//")[1].split(":")
        self.cookies = {}
        self.link = http.client.HTTPSConnection(host, int(port), timeout=timeout,
                                                context=tls_context())

    def ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join("%s=%s" % pair for pair in self.cookies.items())
        try:
            self.link.request(method, path, body, headers)
            answer = self.link.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.link.close()
            raise
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, dict(answer.getheaders()), content

    def get(self, path):
        return self.ask("GET", path)

    def form_token(self, path):
        found = re.search(rb'name="form_token" value="([^"]+)"', self.get(path)[2])
        check(found, "no form token on " + path)
        return found.group(1).decode()

    def post(self, path, fields, token_from=None):
        token = self.form_token(token_from or path)
        body = urllib.parse.urlencode({"form_token": token, **fields})
        return self.ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def log_in(self, login="lid", password=NODE_PASSWORD):
        """The status of the answer: 303 is well."""
        return self.post("/inloggen", {"login": login, "password": password})[0]

    def is_logged_in(self):
        return self.get("/account")[0] == 200

    def close(self):
        self.link.close()


class Machine:
    """A vendor's machine over one kept-alive connection."""

    def __init__(self, base, certificate, timeout=30):
        host, port = base.split("//")[1].split(":")
        self.link = http.client.HTTPSConnection(host, int(port), timeout=timeout,
                                                context=tls_context(*certificate))

    def call(self, operation, inner):
        """(status, headers, content)"""
        try:
            self.link.request("POST", SERVICE_PATH, envelope(operation, inner, SCHOOL_OIN),
                              soap_headers(operation))
            answer = self.link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except (OSError, http.client.HTTPException):
            self.link.close()
            raise

    def text(self, operation, inner, name):
        status, _, content = self.call(operation, inner)
        found = re.search(rb"<(?:\w+:)?%s>([^<]+)<" % name.encode(), content)
        check(status == 200 and found, "%s answered %d: %s" % (operation, status, content[-300:]))
        return found.group(1).decode()

    def stampseudonym(self, hpgn):
        return self.text("retrieveStampseudonym", "<e:hpgn>%s</e:hpgn>" % hpgn, "stampseudonym")

    def submit(self, hpgns):
        items = "".join("<e:hpgnList><e:index>%d</e:index><e:hPgn>%s</e:hPgn></e:hpgnList>" % pair
                        for pair in enumerate(hpgns))
        return self.text("submitStampseudonymBatch", items, "batchIdentifier")

    def fetch(self, batch, limit=60):
        """{index: value} of a finished batch."""
        inner = "<e:batchIdentifier>%s</e:batchIdentifier>" % batch
        deadline = time.monotonic() + limit
        while True:
            status, _, content = self.call("retrieveBatch", inner)
            if status == 200:
                return {int(i): v.decode() for i, v in re.findall(
                    rb"<success><index>(\d+)</index><value>([^<]+)</value>", content)}
            check(b"NotFinished" in content and time.monotonic() < deadline,
                  "a batch was lost: %d %s" % (status, content[-300:]))
            time.sleep(0.1)

    def close(self):
        self.link.close()


class Crowd:
    """Threads that each do one thing over and over until `stop`; what goes wrong is kept."""

    def __init__(self):
        self.stopping = threading.Event()
        self.lock, self.threads = threading.Lock(), []
        self.done, self.failed, self.last = {}, [], {}

    def add(self, name, what, pause=0.0):
        def run():
            while not self.stopping.is_set():
                try:
                    what()
                except Exception as error:  # any failure of a request counts
                    with self.lock:
                        self.failed.append((time.monotonic(), name, "%s: %s" % (
                            type(error).__name__, str(error)[:300])))
                else:
                    with self.lock:
                        self.done[name] = self.done.get(name, 0) + 1
                        self.last[name] = time.monotonic()
                self.stopping.wait(pause)
        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=60)
            check(not thread.is_alive(), "a client hangs")
