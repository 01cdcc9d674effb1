# SPDX-License-Identifier: EUPL-1.2
"""A real mail server: Exim from Debian on a free port of the loopback, with a configuration, a CA and a
spool of its own. It wants STARTTLS and a log-in, delivers every message into a folder, refuses
whoever is called `refused`, and puts off whoever is called `later`."""
import email
import email.policy
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from house import Skip, free_ports

USER, PASSWORD = "fundament", "a good password for mail"

CONFIG = """
exim_user = {user}
exim_group = {group}
primary_hostname = localhost
spool_directory = {path}/spool
log_file_path = {path}/spool/log-%s
pid_file_path = {path}/spool/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
qualify_domain = localhost
never_users =
tls_advertise_hosts = *
tls_certificate = {path}/server.crt
tls_privatekey = {path}/server.key
acl_smtp_rcpt = recipients
acl_smtp_data = messages
host_lookup =
rfc1413_hosts =
deliver_drop_privilege = true
keep_environment =

begin acl
recipients:
  require encrypted = *
          message = encryption is required
  require authenticated = *
          message = log in first
  deny  local_parts = refused
        message = there is no $local_part@$domain here
  defer condition = ${{if exists{{{path}/busy}}}}
        message = later, please
  accept
messages:
  accept

begin routers
all:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = {path}/box
  maildir_format = false
  directory_file = $message_exim_id
  envelope_to_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_condition = ${{if and{{{{eq{{$auth2}}{{{login}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


class MailServer:
    def __init__(self, folder):
        self.path = os.path.join(folder, "exim")
        self.port = free_ports(1)[0]
        self.process = None
        self.program = next((path for path in ("/usr/sbin/exim4", "/usr/bin/exim4")
                             if os.path.exists(path)), None)
        if not self.program:
            raise Skip("Exim is not installed (exim4-daemon-light)")
        for name in ("", "spool", "box"):
            os.makedirs(os.path.join(self.path, name), exist_ok=True)
        self.user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.certificates()
        self.configure()
        if os.getuid() == 0:
            os.chmod(folder, 0o711)
            for name in ("", "spool", "box", "server.key"):
                os.chown(os.path.join(self.path, name), self.user.pw_uid, self.user.pw_gid)

    def certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.path, check=True, capture_output=True)
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.crt", "-days", "2",
                "-subj", "/CN=A CA for mail")
        openssl("req", *curve, "-keyout", "server.key", "-out", "server.csr",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", "server.crt", "-days", "2", "-copy_extensions", "copy")

    def configure(self):
        import grp
        with open(os.path.join(self.path, "exim.conf"), "w") as out:
            out.write(CONFIG.format(path=self.path, port=self.port, user=self.user.pw_name,
                                    group=grp.getgrgid(self.user.pw_gid).gr_name, login=USER,
                                    password=PASSWORD))

    @property
    def ca(self):
        return os.path.join(self.path, "ca.crt")

    def start(self):
        with open(os.path.join(self.path, "out.txt"), "ab") as out:
            self.process = subprocess.Popen(
                [self.program, "-bdf", "-C", os.path.join(self.path, "exim.conf"),
                 "-oX", "127.0.0.1:%d" % self.port], stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        with open(os.path.join(self.path, "out.txt")) as out:
            raise AssertionError("Exim did not start: " + out.read())

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            self.process.wait(timeout=10)
        self.process = None

    def be_busy(self, busy):
        path = os.path.join(self.path, "busy")
        if busy:
            open(path, "w").close()
        elif os.path.exists(path):
            os.remove(path)

    def wait_for(self, address, limit=20):
        """The message to this address, parsed; it is taken out of the box."""
        deadline = time.monotonic() + limit
        box = os.path.join(self.path, "box")
        while time.monotonic() < deadline:
            for name in self.delivered():
                with open(os.path.join(box, name), "rb") as source:
                    raw = source.read()
                message = email.message_from_bytes(raw, policy=email.policy.default)
                if str(message["Envelope-to"]) == address:
                    os.remove(os.path.join(box, name))
                    message.raw = raw
                    return message
            time.sleep(0.05)
        raise AssertionError("no mail came for %s" % address.split("@")[0])

    def delivered(self):
        """What lies in the box, but for what is being written there at this moment."""
        return [name for name in os.listdir(os.path.join(self.path, "box"))
                if not name.startswith("temp.")]

    def is_empty(self):
        return not self.delivered()

    def close(self):
        self.stop()
        shutil.rmtree(self.path, ignore_errors=True)


