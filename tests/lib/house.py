# SPDX-License-Identifier: EUPL-1.2
"""What the suite's Python parts share: tests as sentences, a Fundament in a temporary folder, SOAP.

    @test
    def a_bad_item_fails_alone(world): ...

    run(lambda: World(...))

FUNDAMENT_TEST_BINARY is the executable (default: build-asan/fundament, else build/fundament). FUNDAMENT_TEST_RECORD
is a folder where every log, metrics answer and error body of the run is kept, for the search for
secrets at the end; the values to search for go to FUNDAMENT_TEST_RECORD/../values."""
import contextlib
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("FUNDAMENT_TEST_DATA", os.path.join(ROOT, "..", "shared", "data"))
EXAMPLES = os.path.join(SHARED, "nummervoorziening-osr")
PASSWORD = "fundament-demo"

NS = "http://ketenid.nl/eck/schemas/v1_0"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
SERVICE_PATH = "/eck/ws/201703"


def executable():
    chosen = os.environ.get("FUNDAMENT_TEST_BINARY")
    if chosen:
        return os.path.join(ROOT, chosen)
    for folder in ("build-asan", "build"):
        path = os.path.join(ROOT, folder, "fundament")
        if os.path.exists(path):
            return path
    sys.exit("There is no fundament to test: run `make build` first.")


def is_sanitized():
    return "asan" in executable()


# ---- the tally ---------------------------------------------------------------------------------

class Skip(Exception):
    """Raised by a test that cannot run here; says why."""


_tests = []
_tally = {"passed": 0, "failed": 0, "skipped": 0}


def add_to_tally(passed, failed):
    """What a program that this part ran has counted itself."""
    _tally["passed"] += passed
    _tally["failed"] += failed


def test(function):
    _tests.append(function)
    return function


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def same(got, wanted, what):
    check(got == wanted, "%s is %r, not %r" % (what, got, wanted))


@contextlib.contextmanager
def sentence(name):
    """One test: counts it and prints how it went."""
    started = time.monotonic()
    try:
        yield
    except Skip as why:
        _tally["skipped"] += 1
        print("skipped %s: %s" % (name, why), flush=True)
    except Exception as error:  # a test may fail in any way
        _tally["failed"] += 1
        print("FAILED %s" % name)
        lines = traceback.format_exception_only(type(error), error)
        print("  " + "".join(lines).strip()[:1500].replace("\n", "\n  "))
        where = traceback.extract_tb(error.__traceback__)[-1]
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if os.path.basename(frame.filename) != "house.py":
                where = frame
                break
        print("  at %s:%d" % (os.path.relpath(where.filename, ROOT), where.lineno), flush=True)
    else:
        _tally["passed"] += 1
        print("ok %s (%.1f s)" % (name, time.monotonic() - started), flush=True)


def finish():
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % _tally, flush=True)
    sys.exit(1 if _tally["failed"] else 0)


def run(make_world, words=None):
    """Runs the tests of this file whose name holds one of the words (all without words)."""
    words = sys.argv[1:] if words is None else words
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `with` blocks clean up
    world, entered = make_world(), False
    try:
        with world as inside:
            entered = True
            for function in _tests:
                if words and not any(word in function.__name__ for word in words):
                    continue
                with sentence(function.__name__):
                    function(inside)
    except Exception:
        with sentence("the_world_ends_well" if entered else "the_world_starts"):
            raise
    finish()


# ---- what is recorded for the search for secrets -----------------------------------------------

def record(name, text):
    folder = os.environ.get("FUNDAMENT_TEST_RECORD")
    if folder:
        with open(os.path.join(folder, name), "ab") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
            out.write(b"\n")


def secret(*values):
    """These values must not be found in anything that was recorded."""
    folder = os.environ.get("FUNDAMENT_TEST_RECORD")
    if folder:
        with open(folder.rstrip("/") + ".values", "a") as out:
            out.writelines(value + "\n" for value in values)


def secret_keys(data):
    """The contents of the data folder's key files, as hex and as they stand in the file."""
    for folder, _, names in os.walk(data):
        for name in names:
            if name.endswith(".key"):
                with open(os.path.join(folder, name), errors="replace") as key:
                    secret(*[line.strip() for line in key if len(line.strip()) >= 32
                             and "-----" not in line])


# ---- a Fundament -------------------------------------------------------------------------------

# Below those that the system gives to connections and to who asks for any: nobody takes one of these
# between the look and the start of a server, but for another test that drew the same number.
PORTS = (10000, 32000)


def free_ports(count):
    ports = []
    while len(ports) < count:
        port = random.randrange(*PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def environment(settings):
    """Only what a service needs, and settings as FUNDAMENT_NAME variables."""
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8",
           "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
           "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    if "SOFTHSM2_CONF" in os.environ:  # where a test's own token is
        env["SOFTHSM2_CONF"] = os.environ["SOFTHSM2_CONF"]
    for name, value in settings.items():
        env["FUNDAMENT_" + name.upper().replace(".", "_").replace("-", "_")] = str(value)
    return env


def fundament(data, *words, settings=None, status=0, limit=60, **more):
    """Runs a command; its exit status must be `status` (None: any). Returns (status, out, err)."""
    done = subprocess.run([executable(), *words, "--data", data], capture_output=True,
                          env=environment(settings or {}), timeout=limit, **more)
    out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    record("commands.txt", "$ fundament %s\n%s" % (words[0], err))
    check("Sanitizer" not in err and "runtime error" not in err, err[-1500:])
    if status is not None:
        check(done.returncode == status, "`fundament %s` ended with %d: %s %s"
              % (" ".join(words), done.returncode, out[-500:], err[-500:]))
    return done.returncode, out, err


NO_LIMITS = {"limit.people": 0, "limit.machines": 0, "limit.login": 0}


class Server:
    """A running `fundament serve` on free ports of the loopback."""

    expects_refusals = False  # of the sandbox, in the log

    def __init__(self, data, **settings):
        self.data = data
        self.people_port, self.machines_port = free_ports(2)
        self.settings = {"people.port": self.people_port, "machines.port": self.machines_port,
                         "metrics.open": "yes", **settings}
        self.people = "https://localhost:%d" % self.people_port
        self.machines = "https://localhost:%d" % self.machines_port
        self.log_path = os.path.join(data, "..", "server-%d.log" % self.people_port)
        self.started = time.monotonic()
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen([executable(), "serve", "--data", data],
                                        stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                        env=environment(self.settings))
        self.ready_after = self.wait()

    @property
    def pid(self):
        return self.process.pid

    def wait(self, limit=30):
        while time.monotonic() - self.started < limit:
            if self.process.poll() is not None:
                raise AssertionError("the server ended at once: " + self.log_text()[-1500:])
            try:
                status, _, _ = request(self.people + "/healthz", timeout=2)
                if status == 200:
                    return time.monotonic() - self.started
            except OSError:
                time.sleep(0.005)
        raise AssertionError("the server did not become healthy: " + self.log_text()[-1500:])

    def log_text(self):
        self.log.flush()
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def is_healthy(self):
        if self.process.poll() is not None:
            return False
        return request(self.people + "/healthz", timeout=5)[0] == 200

    def memory(self):
        """Resident memory in bytes."""
        with open("/proc/%d/status" % self.pid) as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) * 1024

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.close_log()

    def stop(self):
        """A graceful stop, which must end with 0 and without a sanitizer's report."""
        if self.process.poll() is None:
            with contextlib.suppress(OSError, AssertionError):
                record("metrics.txt", request(self.people + "/metrics", timeout=5)[2])
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.close_log()
        text = self.log_text_of_ended()
        check("Sanitizer" not in text and "runtime error" not in text,
              text[text.find("Sanitizer") - 200:][:3000] if "Sanitizer" in text else text[-2000:])
        refused = text.find("sandbox-refused")
        check(refused < 0 or self.expects_refusals, text[refused - 60:][:400])
        check(self.process.returncode == 0,
              "the server ended with %s: %s" % (self.process.returncode, text[-800:]))

    def log_text_of_ended(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def close_log(self):
        if not self.log.closed:
            self.log.close()
            record("server.log", self.log_text_of_ended())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Folder:
    """A temporary folder with `path` and, in it, a data folder `data`; removed at the end."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="fundament-suite-")
        self.data = os.path.join(self.path, "data")
        return self

    def __exit__(self, *_):
        secret_keys(self.path)
        shutil.rmtree(self.path, ignore_errors=True)

    def file(self, name, text, mode="w"):
        path = os.path.join(self.path, name)
        with open(path, mode) as out:
            out.write(text)
        return path


# ---- requests ----------------------------------------------------------------------------------

def tls_context(certificate=None, key=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


class Connection:
    """Requests over one TLS connection, kept alive."""

    def __init__(self, base, certificate=None, key=None, timeout=60):
        import http.client
        host, port = base.split("//")[1].split(":")
        self.http = http.client.HTTPSConnection(host, int(port), timeout=timeout,
                                                context=tls_context(certificate, key))

    def ask(self, method, path, body=None, headers=None):
        import http.client
        for attempt in (1, 2):
            try:
                self.http.request(method, path, body, headers or {})
                answer = self.http.getresponse()
                return answer.status, dict(answer.getheaders()), answer.read()
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                self.http.close()  # the server may close an idle connection
                if attempt == 2:
                    raise

    def close(self):
        self.http.close()


def request(url, method="GET", body=None, headers=None, certificate=None, key=None, timeout=30):
    """One request on a connection of its own: (status, headers, bytes)."""
    base, slash, path = url.partition("//")[2].partition("/")
    connection = Connection("https://" + base, certificate, key, timeout)
    try:
        status, answer, content = connection.ask(method, slash + path or "/", body, headers)
    finally:
        connection.close()
    if status >= 400:
        record("errors.txt", content)
    return status, answer, content


# ---- SOAP as bytes -----------------------------------------------------------------------------

def envelope(operation, inner, oin, message_id="urn:uuid:00000000-0000-4000-8000-000000000001"):
    return ('<?xml version="1.0" encoding="UTF-8"?>'
            '<s:Envelope xmlns:s="%s" xmlns:a="%s"><s:Header>'
            '<a:Action s:mustUnderstand="1">%s/%s</a:Action><a:MessageID>%s</a:MessageID>'
            '<a:To>https://localhost%s</a:To><a:From><a:Address>'
            'http://www.w3.org/2005/08/addressing/anonymous?oin=%s</a:Address></a:From></s:Header>'
            '<s:Body><e:%sRequest xmlns:e="%s">%s</e:%sRequest></s:Body></s:Envelope>'
            % (SOAP, WSA, NS, operation, message_id, SERVICE_PATH, oin, operation, NS, inner,
               operation)).encode()


def soap_headers(operation):
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"%s/%s"' % (NS, operation)}


class Fault(Exception):
    def __init__(self, actor, code, text):
        super().__init__("%s: %s" % (actor, text))
        self.actor, self.code, self.text = actor, code, text


class Client:
    """A vendor's machine: one certificate, one connection, one school."""

    def __init__(self, server, certificate, key, oin):
        self.server, self.certificate, self.key, self.oin = server, certificate, key, oin
        self.connection = Connection(server.machines, certificate, key)

    def post(self, body, operation, headers=None):
        return self.connection.ask("POST", SERVICE_PATH, body,
                                   {**soap_headers(operation), **(headers or {})})

    def call(self, operation, inner=""):
        """The response element; a Fault is raised."""
        import xml.etree.ElementTree as ET
        status, _, content = self.post(envelope(operation, inner, self.oin), operation)
        body = ET.fromstring(content).find("{%s}Body" % SOAP)
        fault = body.find("{%s}Fault" % SOAP)
        if fault is not None:
            record("errors.txt", content)
            check(status == 500, "a fault came with status %d" % status)
            raise Fault(fault.findtext("faultactor"), fault.findtext("faultcode"),
                        fault.findtext("faultstring"))
        check(status == 200, "status %d without a fault" % status)
        return body[0]

    def text(self, operation, inner, name):
        return self.call(operation, inner).findtext("{%s}%s" % (NS, name))

    def stampseudonym(self, hpgn):
        return self.text("retrieveStampseudonym", "<e:hpgn>%s</e:hpgn>" % hpgn, "stampseudonym")

    def submit(self, hpgns):
        items = "".join("<e:hpgnList><e:index>%d</e:index><e:hPgn>%s</e:hPgn></e:hpgnList>"
                        % (index, hpgn) for index, hpgn in enumerate(hpgns))
        return self.text("submitStampseudonymBatch", items, "batchIdentifier")

    def fetch(self, batch, limit=60):
        """Polls as clients do: {index: value}, {index: message}."""
        deadline = time.monotonic() + limit
        inner = "<e:batchIdentifier>%s</e:batchIdentifier>" % batch
        while True:
            try:
                answer = self.call("retrieveBatch", inner)
            except Fault as fault:
                if fault.actor != "NotFinishedException" or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
                continue
            names = {"success": "value", "failed": "errorMessage"}
            return [{int(item.findtext("{%s}index" % NS)): item.findtext("{%s}%s" % (NS, text))
                     for item in answer.findall("{%s}%s" % (NS, name))}
                    for name, text in names.items()]

    def close(self):
        self.connection.close()
