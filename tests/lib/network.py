# SPDX-License-Identifier: EUPL-1.2
"""Machines of their own (chroot.py) on one network: a bridge, which the first machine holds."""
import contextlib
import ctypes
import os

from chroot import CLONE_NEWNET, Chroot, run_or_complain
from house import Skip, check


class Network:
    """`addresses`: name -> address; each machine has these names in /etc/hosts. `prepare(machine)` is
    called before a machine boots."""

    def __init__(self, addresses, packages, fetched, hosts="", prepare=None):
        self.addresses, self.hosts, self.prepare = addresses, hosts, prepare
        self.packages, self.fetched = packages, fetched
        self.stack, self.machines = contextlib.ExitStack(), {}

    def __enter__(self):
        try:
            for name in self.addresses:
                self.start(name)
            for name, machine in self.machines.items():
                machine.wait_until_up()
                self.join(name)
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *what):
        return self.stack.__exit__(*what)

    def start(self, name):
        machine = self.stack.enter_context(Chroot(self.packages, fetched=self.fetched, name=name))
        machine.put("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n" + "".join(
            "%s %s\n" % (address, other) for other, address in self.addresses.items()) + self.hosts)
        if self.prepare:
            self.prepare(machine)
        machine.begin_boot()
        self.machines[name] = machine

    def join(self, name):
        """One end of a wire in the machine, the other at the bridge in the first machine."""
        machine, first = self.machines[name], self.machines[next(iter(self.addresses))]
        address = self.addresses[name] + "/24"

        def ip(where, *words):
            run_or_complain(["nsenter", "--target", str(where.init), "--net", "ip", *words])
        if machine is first:
            try:
                ip(first, "link", "add", "bridge0", "type", "bridge")
            except AssertionError as error:
                raise Skip("this kernel joins no machines: %s" % error)
            ip(first, "link", "set", "bridge0", "up")
            ip(first, "address", "add", address, "dev", "bridge0")
            return
        ip(first, "link", "add", "to-" + name, "type", "veth", "peer", "name", "eth0", "netns",
           str(machine.init))
        ip(first, "link", "set", "to-" + name, "master", "bridge0", "up")
        ip(machine, "address", "add", address, "dev", "eth0")
        ip(machine, "link", "set", "eth0", "up")

    def stand_at(self, name):
        """From now on this program, and its threads to come, use the network of that machine."""
        with open("/proc/%d/ns/net" % self.machines[name].init) as network:
            failed = ctypes.CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET)
        check(not failed, "the network of %s: %s" % (name, os.strerror(ctypes.get_errno())))

    def copy(self, source, to, target):
        """scp NAME:SOURCE TARGET, for the machines have no ssh between them. A file that is there keeps
        its owner and mode."""
        name, _, path = source.partition(":")
        with open(self.machines[name].at(path), "rb") as original:
            content = original.read()
        with open(self.machines[to].at(target), "wb") as out:
            out.write(content)
