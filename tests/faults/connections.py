# SPDX-License-Identifier: EUPL-1.2
"""Connections that break: after each byte of a request and of reading its answer, by FIN and by RST,
on both listeners, with TLS (bytes as they go over the wire) and plain behind a proxy. No worker stays
behind, nothing is kept, and the next request is right."""
import contextlib
import os
import re
import socket
import ssl
import struct
import time

import house
from house import check
from memory import descriptors, settle
from tour import Asker, Kind

FIN, RST = "FIN", "RST"


class Cut(Exception):
    """The connection was ended where the test wanted it."""


class Wire:
    """A TCP connection that ends after so many bytes: `out` sent, or `back` read."""

    def __init__(self, address, how, out=None, back=None):
        self.socket = socket.create_connection(address, timeout=10)
        self.how, self.out, self.back = how, out, back
        self.sent = self.read = 0

    def end(self):
        if self.how == RST:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
        raise Cut

    def send(self, data):
        room = len(data) if self.out is None else min(len(data), self.out - self.sent)
        if room:
            self.socket.sendall(data[:room])
        self.sent += room
        if self.out is not None and self.sent >= self.out:
            self.end()

    def receive(self):
        size = 65536 if self.back is None else min(65536, self.back - self.read)
        if size <= 0:
            self.end()
        data = self.socket.recv(size)
        self.read += len(data)
        if self.back is not None and self.read >= self.back:
            self.end()
        return data


class Plain:
    def __init__(self, wire):
        self.wire = wire

    def write(self, data):
        self.wire.send(data)

    def read(self):
        return self.wire.receive()


class Tls:
    """TLS over a Wire, by hand: each byte of the handshake is one that can be the last."""

    def __init__(self, wire, context):
        self.wire, self.incoming, self.outgoing = wire, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.through(self.tls.do_handshake)

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.wire.send(data)

    def through(self, step):
        while True:
            try:
                result = step()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.wire.receive()
                if not data:
                    raise ConnectionError("closed")
                self.incoming.write(data)

    def write(self, data):
        self.through(lambda: self.tls.write(data))

    def read(self):
        try:
            return self.through(lambda: self.tls.read(65536))
        except (ssl.SSLZeroReturnError, ConnectionError):
            return b""


class Door:
    """Where requests of a kind come in."""

    def __init__(self, name, port, context, kind, headers=b""):
        self.name, self.address, self.context, self.kind = name, ("127.0.0.1", port), context, kind
        self.message = kind.head_and_body()
        if headers:
            line, _, rest = self.message.partition(b"\r\n")
            self.message = line + b"\r\n" + headers + rest

    def talk(self, how=FIN, out=None, back=None):
        """(bytes sent, bytes read, answer); Cut when it was ended before that."""
        wire = Wire(self.address, how, out, back)
        with contextlib.closing(wire.socket):
            stream = Tls(wire, self.context) if self.context else Plain(wire)
            stream.write(self.message)
            answer = b""
            while data := stream.read():
                answer += data
            return wire.sent, wire.read, answer

    def is_right(self):
        _, _, answer = self.talk()
        head, _, body = answer.partition(b"\r\n\r\n")
        found = re.match(rb"HTTP/1.1 (\d+)", head)
        return found and self.kind.is_right(int(found.group(1)), body), answer


def cut_everywhere(world, door, sample, dice):
    """How many cuts; each ends in silence or an answer, never in a server that hangs."""
    right, answer = door.is_right()
    check(right, "%s: without a cut: %s" % (door.name, answer[:300]))
    sent, read, _ = door.talk()
    cuts = [(how, {"out": at}) for how in (FIN, RST) for at in range(1, sent)]
    cuts += [(how, {"back": at}) for how in (FIN, RST) for at in range(1, read)]
    if sample is not None:
        cuts = dice.sample(cuts, min(sample, len(cuts)))
    for number, (how, where) in enumerate(cuts):
        with contextlib.suppress(Cut, OSError):
            door.talk(how, **where)
        if number % 16 == 0:
            right, answer = door.is_right()
            check(right, "%s: after %s %s: %s" % (door.name, how, where, answer[:300]))
    return len(cuts)


def closed_again(world, most, limit=15):
    """The number of descriptors once it is no more than `most`, or at the end of patience. The watch
    looks every few seconds for those who left."""
    end = time.monotonic() + limit
    while descriptors(world.server.pid) > most and time.monotonic() < end:
        time.sleep(0.05)
    return descriptors(world.server.pid)


def nothing_is_left(world, control, doors, sample, dice):
    control.process = world.server.pid
    for door in doors:
        door.talk()
    before = settle(lambda: descriptors(world.server.pid))
    for door in doors: # pools fill
        cut_everywhere(world, door, sample or 300, dice)
    closed_again(world, before + 2)
    blocks = settle(lambda: control.blocks)
    total = 0
    for door in doors:
        cuts = cut_everywhere(world, door, sample, dice)
        total += cuts
        print("  %s: %d cuts" % (door.name, cuts), flush=True)
    after = closed_again(world, before + 2)
    check(after <= before + 2, "%d descriptors before, %d after" % (before, after))
    grown = settle(lambda: control.blocks) - blocks
    check(grown < 200, "%d allocations are kept after %d cuts" % (grown, total))


def doors_of(world):
    """Both listeners, and the machines' gate of a proxy."""
    asker = Asker(world)
    kinds = {kind.name: kind for kind in asker.kinds()}
    server = world.server
    with open(asker.certificate[0]) as file:
        certificate = file.read().replace("\n", "%0A").replace(" ", "%20").replace("+", "%2B")
    header = b"X-Client-Certificate: " + certificate.encode() + b"\r\n"
    return [
        Door("people, TLS", server.people_port, house.tls_context(), kinds["page"]),
        Door("people, TLS, a form", server.people_port, house.tls_context(), kinds["form"]),
        Door("machines, TLS", server.machines_port, house.tls_context(*asker.certificate),
             kinds["SOAP"]),
        Door("machines, behind a proxy", world.proxy_machines, None, kinds["SOAP"], header),
    ]


@contextlib.contextmanager
def people_behind_a_proxy():
    """The people's gate of a proxy, of an installation of its own: a demo is not served there."""
    with house.Folder() as folder:
        os.mkdir(folder.data)
        port, = house.free_ports(1)
        with house.Server(folder.data, **house.NO_LIMITS,
                          **{"proxy.people": "127.0.0.1:%d" % port}) as server:
            proxy = b"X-Forwarded-For: 192.0.2.1\r\n"
            there = type("There", (), {"server": server})
            there.doors = [
                Door("people, behind a proxy", port, None, Kind("home", "GET", "/", 200, b"</html>"),
                     proxy),
                Door("people, behind a proxy, a form", port, None,
                     Kind("form", "POST", "/inloggen", 403, b"", "login=a&password=b",
                          {"Content-Type": "application/x-www-form-urlencoded"}), proxy)]
            yield there
