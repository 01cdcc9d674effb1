# SPDX-License-Identifier: EUPL-1.2
"""A person at a browser without scripts: cookies, form tokens, pages as text."""
import html
import re
import urllib.parse

from house import PASSWORD, check, record, same, secret, tls_context

TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


class Person:
    def __init__(self, server, language="nl"):
        self.server, self.language = server, language
        self.cookies, self.token, self.path = {}, "", ""
        self.status, self.page = 0, ""
        self.headers = {}  # sent with each request

    def ask(self, method, path, body=None, headers=None):
        cookie = "; ".join("%s=%s" % pair for pair in self.cookies.items())
        sent = {"Accept": "text/html", "Accept-Language": self.language, "Cookie": cookie,
                **self.headers, **(headers or {})}
        self.path = path
        self.status, answer, content = self.raw(method, path, body, sent)
        self.page = content.decode()
        found = TOKEN.search(self.page)
        self.token = found.group(1) if found else self.token
        return answer.get("Location")

    def raw(self, method, path, body, headers):
        """As house.request, with every Set-Cookie of the answer."""
        import http.client
        host, port = self.server.people.split("//")[1].split(":")
        connection = http.client.HTTPSConnection(host, int(port), timeout=30,
                                                 context=tls_context())
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    self.keep(value)
        finally:
            connection.close()
        if answer.status >= 400:
            record("errors.txt", content)
        return answer.status, dict(answer.getheaders()), content

    def keep(self, cookie):
        name, _, rest = cookie.partition("=")
        value = rest.split(";")[0]
        if "Max-Age=0" in cookie or not value:
            self.cookies.pop(name, None)
            return
        if len(value) >= 16:
            secret(value)
        self.cookies[name] = value

    def get(self, path, status=200):
        """The page, redirects followed."""
        for _ in range(5):
            path = self.ask("GET", path)
            if path is None:
                break
        same(self.status, status, "the status of %s (%s)" % (self.path, self.said()[:700]))
        return self.page

    def post(self, path, fields, status=200, token=None):
        """Sends a form with the token of the page before, and follows."""
        body = urllib.parse.urlencode({"form_token": self.token if token is None else token,
                                       **fields})
        where = self.ask("POST", path, body,
                         {"Content-Type": "application/x-www-form-urlencoded"})
        if where is not None:
            return self.get(where, status)
        same(self.status, status, "the status of %s (%s)" % (path, self.said()[:700]))
        return self.page

    def log_in(self, login, password=PASSWORD):
        self.get("/inloggen")
        self.post("/inloggen", {"login": login, "password": password})
        check("__Host-fundament_session" in self.cookies, "%s could not log in" % login)
        return self

    def said(self):
        """What the page says, without its frame."""
        start = self.page.find("<main")
        text = re.sub(r"<[^>]+>", " ", self.page[start:self.page.find("</main>")])
        return " ".join(html.unescape(text).split())

    def says(self, *texts):
        for text in texts:
            check(text in self.said(), "the page does not say %r: %s" % (text, self.said()))

    def links(self, pattern):
        return re.findall(r'href="(%s)"' % pattern, self.page)
