# SPDX-License-Identifier: EUPL-1.2
"""One request of each kind: what the parts share that look at a server from all sides. Each kind is
a prepared request, so that a connection can be made before and the answer judged after."""
import http.client
import re
import ssl

import house
from house import PASSWORD, SERVICE_PATH, envelope, soap_headers
from world import SCHOOL_OIN, VENDOR, certificate, hpgn

FORM_TOKEN = re.compile(rb'name="form_token" value="([^"]+)"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# What a client sees of a connection that is closed on it.
BROKEN = (http.client.HTTPException, ConnectionError, ssl.SSLError, BrokenPipeError)


class Kind:
    """A request that has one right answer: its status, and something that stands in it."""

    def __init__(self, name, method, path, status, holds=b"", body=None, headers=None,
                 machine=False):
        self.name, self.method, self.path, self.body = name, method, path, body
        self.headers, self.machine = headers or {}, machine
        self.status, self.holds = status, holds

    def is_right(self, status, content):
        return status == self.status and self.holds in content

    def head_and_body(self, host="localhost"):
        """The request as bytes, for who sends them one by one."""
        body = self.body or b""
        body = body.encode() if isinstance(body, str) else body
        lines = ["%s %s HTTP/1.1" % (self.method, self.path), "Host: " + host, "Connection: close",
                 *("%s: %s" % header for header in self.headers.items())]
        if body:
            lines.append("Content-Length: %d" % len(body))
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Asker:
    """Requests to the people's side and, with a certificate, the machines'."""

    def __init__(self, world, timeout=20):
        self.world, self.timeout = world, timeout
        self.certificate = certificate(world, VENDOR)

    def connect(self, kind):
        base = self.world.server.machines if kind.machine else self.world.server.people
        host, port = base.split("//")[1].split(":")
        connection = http.client.HTTPSConnection(
            host, int(port), timeout=self.timeout,
            context=house.tls_context(*(self.certificate if kind.machine else ())))
        return connection

    def ask(self, kind, connection=None):
        """(status, content) of one request; raises what is in BROKEN, or a timeout."""
        own = connection or self.connect(kind)
        try:
            own.request(kind.method, kind.path, kind.body, kind.headers)
            answer = own.getresponse()
            return answer.status, answer.read()
        finally:
            own.close()

    def token(self):
        """A form token, and the cookie that belongs to it."""
        _, headers, content = house.request(self.world.server.people + "/inloggen")
        found = FORM_TOKEN.search(content)
        return found.group(1).decode(), headers["Set-Cookie"].split(";")[0]

    def session(self, login="school"):
        """The cookies of somebody who has logged in, and a form token."""
        token, cookie = self.token()
        status, headers, content = house.request(
            self.world.server.people + "/inloggen", "POST",
            "form_token=%s&login=%s&password=%s" % (token, login, PASSWORD),
            {**FORM, "Cookie": cookie})
        house.same(status, 303, "logging in: %s" % content[-300:])
        session = re.search(r"(__Host-fundament_session=[^;]+)", headers["Set-Cookie"]).group(1)
        cookies = "%s; %s" % (cookie, session)
        _, _, content = house.request(self.world.server.people + "/account",
                                      headers={"Cookie": cookies})
        return cookies, FORM_TOKEN.search(content).group(1).decode()

    def kinds(self):
        """One of each."""
        token, cookie = self.token()
        cookies, form_token = self.session()
        single = envelope("retrieveStampseudonym", "<e:hpgn>%s</e:hpgn>" % hpgn("een"), SCHOOL_OIN)
        items = "".join("<e:hpgnList><e:index>%d</e:index><e:hPgn>%s</e:hPgn></e:hpgnList>"
                        % (index, hpgn(str(index))) for index in range(10))
        batch = envelope("submitStampseudonymBatch", items, SCHOOL_OIN)
        return [
            Kind("page", "GET", "/scholen", 200, b"</html>"),
            Kind("log-in", "POST", "/inloggen", 303, b"",
                 "form_token=%s&login=school&password=%s" % (token, PASSWORD),
                 {**FORM, "Cookie": cookie}),
            Kind("form", "POST", "/account/sessies", 303, b"", "form_token=" + form_token,
                 {**FORM, "Cookie": cookies}),
            Kind("account", "GET", "/account", 200, b"</html>", None, {"Cookie": cookies}),
            Kind("REST", "GET", "/api/v1/schools?limit=5", 200, b"}", machine=True),
            Kind("SOAP", "POST", SERVICE_PATH, 200, b"<", single,
                 soap_headers("retrieveStampseudonym"), True),
            Kind("SOAP batch", "POST", SERVICE_PATH, 200, b"batchIdentifier", batch,
                 soap_headers("submitStampseudonymBatch"), True),
        ]
