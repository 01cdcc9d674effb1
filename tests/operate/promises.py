# SPDX-License-Identifier: EUPL-1.2
"""What docs/operating.md promises, looked at: before a block is typed (BEFORE, by words of the block)
and after a chapter (AFTER). The clients stand at the machine `proxy` and go through the load balancer
as people and vendors do."""
import base64
import hashlib
import hmac
import http.server
import json
import re
import struct
import threading
import time

from cluster import Browser, Crowd, Machine, wait_for
from house import check, same, secret
from world import SCHOOL, SCHOOL_CSV, VENDOR, hpgn

FRONT, MACHINES_FRONT = "https://192.0.2.13:443", "https://192.0.2.13:8444"
PASSWORD = "een lange zin die u kiest"  # as the document has it
RECEIVER = ("192.0.2.13", 9000)
MOMENT = "2026-03-02 14:30:00 Europe/Amsterdam"  # the document's, in the place of the operator's
# Every table and what is in it, for those of the application alone.
DIGESTS = """DO $$ DECLARE each text; BEGIN
    CREATE TEMP TABLE digest (name text, rows bigint, content text);
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('INSERT INTO digest SELECT %L, count(*), md5(string_agg(t::text, chr(10)
            ORDER BY t::text)) FROM %I t', each, each);
    END LOOP; END $$; SELECT name || '=' || rows || '/' || coalesce(content, '') FROM digest"""


def code_now(key):
    """What an app shows (RFC 6238)."""
    step = struct.pack(">Q", int(time.time() / 30))
    mac = hmac.new(base64.b32decode(key), step, hashlib.sha1).digest()
    return "%06d" % ((struct.unpack_from(">I", mac, mac[19] & 15)[0] & 0x7fffffff) % 1000000)


class Receiver:
    """Takes the messages of webhooks."""

    def __init__(self):
        got = self.got = []

        class Taker(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(RECEIVER, Taker)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Installation:
    """What stands on the machines, and what it has acknowledged so far."""

    def __init__(self, network, folder):
        self.network, self.folder = network, folder
        self.primary = "db"
        self.batches, self.number = {}, 0  # a batch can be fetched once
        self.pseudonyms = {}
        self.webhooks = {}  # path at the receiver -> (secret, page)
        self.crowd = None

    def on(self, name, command, **more):
        return self.network.machines[name].says(command, **more)

    def sql(self, statement, database="fundament"):
        machine = self.network.machines[self.primary]
        return machine.says("runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 %s <<'EOF'\n%s\nEOF"
                            % (database, statement))

    # ---- people and vendors ----

    def begin_to_use(self):
        """The operator sets up the second step, a register is imported, a vendor connects."""
        self.network.stand_at("proxy")
        self.operator = Browser(FRONT)
        same(self.operator.log_in("operator", PASSWORD), 303, "the operator's log-in")
        page = self.operator.get("/account/code-app")[2].decode()
        key = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page).group(1).replace(" ", "")
        secret(key)
        setup = re.search(r'name="setup" value="([^"]+)"', page).group(1)
        same(self.operator.post("/account/code-app", {"code": code_now(key), "setup": setup})[0], 200,
             "the answer to the first code")
        self.network.machines["node1"].put("/var/lib/fundament/vo.csv", SCHOOL_CSV)
        self.on("node1", "fundamentctl import duo /var/lib/fundament/vo.csv --kind vo --force")
        self.on("node1", "fundamentctl allow %s %s" % (VENDOR, SCHOOL))
        self.on("node1", "printf '%s\\n' '" + PASSWORD + "' | fundamentctl user add lid board-member"
                " board:10028")
        base = "/var/lib/fundament/vendor"
        self.on("node1", "fundamentctl certificate %s --out %s" % (VENDOR, base))
        self.certificate = [self.network.machines["node1"].at(base + end) for end in (".crt", ".key")]
        self.vendor = Machine(MACHINES_FRONT, self.certificate)
        self.member = Browser(FRONT)
        same(self.member.log_in("lid", PASSWORD), 303, "the member's log-in")

    def submit(self, machine):
        """A batch of pseudonyms: an acknowledged write."""
        self.number += 1
        values = [hpgn("walk %d %d" % (self.number, i)) for i in range(5)]
        self.batches[machine.submit(values)] = values

    def write(self):
        self.vendor.close()  # its node may have been stopped since
        self.submit(self.vendor)

    def wait_for_both_fronts(self, after):
        """The load balancer looks at each front's nodes by themselves, so one may be a second later."""
        wait_for(lambda: Browser(FRONT).get("/readyz")[0] == 200, 20, "not ready after " + after)

        def is_answered():
            self.vendor.close()
            return self.vendor.stampseudonym(hpgn("ready"))
        wait_for(is_answered, 20, "machines are not served after " + after)

    def check_whole(self):
        """Everything that was acknowledged is still there, and the sessions hold."""
        vendor = self.vendor
        for kept_alive in (vendor, self.operator, self.member):  # nodes may have been stopped since
            kept_alive.close()
        for value, pseudonym in self.pseudonyms.items():
            same(vendor.stampseudonym(value), pseudonym, "the pseudonym of earlier")
        for batch, values in self.batches.items():
            got = vendor.fetch(batch)
            same(len(got), len(values), "the number of values of a batch")
            self.pseudonyms[values[2]] = got[2]
        self.batches = {}
        for who in (self.operator, self.member):
            check(who.is_logged_in(), "a session that was given is gone")
        check(b"Testschool op het eiland" in Browser(FRONT).get("/scholen")[2], "the school is gone")

    def begin_load(self):
        """Clients that go on while the document's next commands are typed."""
        crowd, reader = Crowd(), Browser(FRONT)
        writer, asker = (Machine(MACHINES_FRONT, self.certificate) for _ in range(2))

        def read():
            status = reader.get("/scholen")[0]
            check(status == 200, "/scholen answered %d" % status)

        def use():
            status = self.member.get("/account")[0]
            check(status == 200, "/account answered %d" % status)
        crowd.add("write", lambda: self.submit(writer), .1)
        crowd.add("ask", lambda: asker.stampseudonym(hpgn("ask")), .05)
        crowd.add("read", read, .1)
        crowd.add("use", use, .1)
        self.crowd = crowd

    def end_load(self):
        crowd, self.crowd = self.crowd, None
        crowd.stop()
        check(all(crowd.done.get(name, 0) > 3 for name in ("write", "ask", "read", "use")),
              "hardly any load: %s, %s" % (crowd.done, crowd.failed[-2:]))
        return crowd

    # ---- webhooks ----

    def add_webhook(self):
        path = "/%d" % len(self.webhooks)
        self.operator.close()
        status, _, page = self.operator.post("/webhooks", {"address": "http://%s:%d%s" % (*RECEIVER, path)})
        same(status, 200, "the answer to a new webhook")
        key = re.search(rb"<code>(whsec_[^<]+)</code>", page).group(1).decode()
        secret(key)
        self.webhooks[path] = key, re.search(rb'href="(/webhooks/[0-9a-f]+)"', page).group(1).decode()

    def check_webhooks(self):
        """Each still signs with the secret that was shown when it was made."""
        self.operator.close()
        for path, (key, page) in self.webhooks.items():
            before = len(self.receiver.got)
            check(self.operator.post(page, {"wat": "test"})[0] in (200, 303), "no test was sent")
            wait_for(lambda: any(got[0] == path for got in self.receiver.got[before:]), 15,
                     "webhook %s says nothing" % path)
            _, headers, body = next(got for got in self.receiver.got[before:] if got[0] == path)
            signed = "%s.%s." % (headers["webhook-id"], headers["webhook-timestamp"])
            mac = hmac.new(base64.b64decode(key[len("whsec_"):]), signed.encode() + body, hashlib.sha256)
            same(headers["webhook-signature"], "v1," + base64.b64encode(mac.digest()).decode(),
                 "the signature of webhook " + path)

    def sealed_by(self):
        """The version of the key that seals each webhook's secret; the first one leaves no mark."""
        marks = self.sql("SELECT encode(substr(secret, 1, 8), 'hex') FROM webhook ORDER BY created")
        return [int(mark[8:], 16) if mark[8:14] == "000000" else 1 for mark in marks.split("\n")]

    def digests(self, database="fundament"):
        return dict(line.split("=") for line in self.sql(DIGESTS, database).split("\n"))


# ---- chapter by chapter ----

def well(at, written):
    check("BROKEN" not in written, "the doctor finds: " + written[-1500:])


def after_1(at, written):
    check("\nactive\n" in written, "it is not active: " + written[-300:])
    check("\nlisten.address = 127.0.0.1\n" in written, "the settings are not listed: " + written[-300:])


def after_2(at, written):
    check("\nok" in written, "no health: " + written[-300:])
    well(at, written)
    page = at.on("node1", "curl -sk https://127.0.0.1:8443/inloggen")
    check("Regio Noord" in page, "the name of the organisation is not on the page")


def after_3(at, written):
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        same(at.sql("SHOW " + setting, "postgres"), "on", setting)


def after_4(at, written):
    check("PostgreSQL" in written, "the doctor: " + written[-1500:])
    well(at, written)
    ssl = at.sql("SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                 " WHERE usename = 'fundament'")
    same(ssl, "t", "whether the connections of the node are encrypted")
    settings = at.network.machines["node1"].at("/etc/fundament/fundament.conf")
    with open(settings, "a") as out:  # the receiver of this test stands on a private network
        out.write("webhooks.allow_private = yes\n")
    at.on("node1", "systemctl restart fundament")


def after_5(at, written):
    well(at, written)
    same(at.sql("SELECT count(*) FROM node"), "2", "the nodes")


def after_6(at, written):
    check(written.strip().endswith("ready"), "not ready behind the load balancer: " + written[-300:])
    at.begin_to_use()
    page = at.operator.get("/beheer/knooppunten")[2].decode()
    check("node1" in page and "node2" in page, "the page does not show both nodes: " + re.sub(
        r"<[^>]+>|\s+", " ", page[page.find("<main"):])[:600])
    at.receiver = Receiver()
    at.add_webhook()
    at.check_webhooks()
    at.write()
    at.check_whole()


def before_backup(at):
    at.write()
    wait_for(lambda: at.sql("SELECT count(*) FROM nummervoorziening_batch_chunk") != "0", 10, "no batch")
    at.before = at.digests()


def before_drill_ends(at):
    """Beside what goes on changing by itself, the restored database is the real one."""
    now, restored = at.digests(), at.digests("drill")
    still = {name for name in now if now[name] == at.before.get(name)}
    for name in ("account", "key_version", "nummervoorziening_batch_chunk", "recovery_code",
                 "sector_school", "totp"):
        check(name in still and not now[name].startswith("0/"), "nothing to compare in " + name)
    same({name: restored.get(name) for name in still}, {name: now[name] for name in still},
         "what was restored")
    same(set(restored), set(now), "the tables")


def before_going_back(at):
    """A good deed, the moment, a mistake."""
    at.write()
    time.sleep(.5)
    at.moment = at.sql("SELECT now()")
    time.sleep(.5)
    at.network.machines["node1"].put("/var/lib/fundament/vo.csv",
                                     SCHOOL_CSV.replace("19HY", "20AA").replace("eiland", "vasteland"))
    at.on("node1", "fundamentctl import duo /var/lib/fundament/vo.csv --kind vo --force")
    page = Browser(FRONT).get("/scholen")[2]
    check(b"vasteland" in page and b"eiland" not in page, "the mistake was not made")


def after_7(at, written):
    well(at, written)
    check("verified" in written, "the backup was not verified")
    at.wait_for_both_fronts("going back")
    at.check_whole()
    check(b"vasteland" not in Browser(FRONT).get("/scholen")[2], "the mistake is still there")
    at.write()
    made = at.on("node1", "ls /var/backups/fundament").split()
    same(at.on("node1", "systemctl is-active fundament-backup.timer"), "active", "the timer")
    at.on("node1", "systemctl start fundament-backup")
    same(len(at.on("node1", "ls /var/backups/fundament").split()), len(made) + 1,
         "the backups after that of the timer's service")


def before_renewing(at):
    """The new version is in use, the old one still opens what it sealed, and may not go yet."""
    at.add_webhook()
    same(at.sealed_by(), [1, 2], "the versions that seal the webhooks")
    at.check_webhooks()
    status, said = at.network.machines["node1"].run("fundamentctl key retire webhooks 1", status=None)
    check(status != 0, "a version that is needed was retired: " + said)


def after_8(at, written):
    same(at.sealed_by(), [2, 2], "the versions that seal the webhooks")
    at.check_webhooks()
    listed = written[written.rindex("\nwebhooks:"):].split("\n")[2:4]
    check("retired" in listed[0] and "active" in listed[1], "the list of keys: %s" % listed)
    for node in ("node1", "node2"):
        well(at, at.on(node, "fundamentctl doctor"))


def before_the_loss(at):
    """The standby is waited for; then all processes of the first database end at once, under load."""
    for _ in range(2):
        at.write()
    same(at.sql("SELECT sync_state FROM pg_stat_replication"), "quorum", "the standby")
    crowd = at.end_load()
    check(not crowd.failed, "restarts were noticed: %s" % crowd.failed[-3:])
    at.begin_load()
    time.sleep(1)
    at.on("db", "systemctl kill --kill-whom=all --signal=KILL postgresql@15-main")


def after_9(at, written):
    at.primary = "standby"
    promoted = time.monotonic()
    crowd = at.crowd
    wait_for(lambda: all(crowd.last.get(name, 0) > promoted for name in ("write", "ask", "read", "use")),
             30, lambda: "no service after the promotion: %s" % crowd.failed[-2:])
    at.wait_for_both_fronts("the promotion")
    print("  %.1f s from the promotion to service" % (time.monotonic() - promoted))
    at.end_load()
    strange = [failure for failure in crowd.failed if not any(word in failure[2] for word in (
        " 503", "soap:Server", "RemoteDisconnected", "ConnectionReset", "SSLZeroReturn", "SSLEOF"))]
    check(not strange, "errors that nobody may try again: %s" % strange[:3])
    at.check_whole()
    at.on("node1", "fundamentctl audit verify")
    wait_for(lambda: at.on("standby", "ls /var/backups/wal"), 10, "the archive does not go on")


def before_upgrading(at):
    at.begin_load()
    at.versions = [at.on(node, "dpkg-query -W -f '${Version}' fundament") for node in ("node1", "node2")]


def after_10(at, written):
    well(at, written)
    crowd = at.end_load()
    check(not crowd.failed, "the upgrade was noticed: %s" % crowd.failed[-3:])
    at.check_whole()
    at.check_webhooks()
    for node, before in zip(("node1", "node2"), at.versions):
        same(at.on(node, "dpkg-query -W -f '${Version}' fundament"), before + "+next", node)
        at.on(node, "test -e /etc/fundament/fundament.conf.dpkg-dist")
        check("192.0.2.14" in at.on(node, "cat /etc/fundament/fundament.conf"), "the settings are lost")


def after_11(at, written):
    findings = json.loads(written.strip().split("\n")[0])
    check(findings and all(one["health"] in ("ok", "worry") for one in findings), str(findings)[:900])
    number, head = at.on("node1", "fundamentctl audit head").split()
    at.write()
    at.on("node1", "fundamentctl audit verify --head " + head)
    status, said = at.network.machines["node1"].run("fundamentctl audit verify --head " + "0" * 64,
                                                    status=None)
    check(status != 0, "a head that never was is in the chain: " + said)


def after_12(at, written):
    """What the table has one do about accounts."""
    at.on("node1", "fundamentctl user disable lid")
    check(not at.member.is_logged_in(), "a session of an account that was ended goes on")
    at.on("node1", "fundamentctl user reset-factors operator")
    check(not at.operator.is_logged_in(), "a session goes on without its second step")


# Words of a block -> what is looked at before it is typed.
BEFORE = {
    "fundamentctl backup /var/backups/fundament --passphrase-file /etc/fundament/backup.passphrase --keep":
        before_backup,
    "dropdb drill": before_drill_ends,
    "fundamentctl audit export": before_going_back,
    "fundamentctl key renew": before_renewing,
    "target_session_attrs": lambda at: at.crowd or at.begin_load(),
    "systemctl disable postgresql": before_the_loss,
    "./new/fundament_": lambda at: at.crowd or before_upgrading(at),
}
AFTER = {1: after_1, 2: after_2, 3: after_3, 4: after_4, 5: after_5, 6: after_6, 7: after_7, 8: after_8,
         9: after_9, 10: after_10, 11: after_11, 12: after_12}
