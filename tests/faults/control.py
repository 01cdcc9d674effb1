# SPDX-License-Identifier: EUPL-1.2
"""The control of tests/faults/faults.c: a mapped file, so that a fault is set without a word to the
server; and servers that are started with it."""
import contextlib
import ctypes
import mmap
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import house
from house import Skip, executable

WRITES, SYNCS, TRUNCATES, OPENS, RENAMES, READS = 1, 2, 4, 8, 16, 32


class Fault(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("armed", "seen", "fail_at", "forever", "failed")]

    def arm(self, at=0, forever=False):
        """Counts from here; the at-th fails (0: none), and with `forever` all after it."""
        self.seen = self.failed = 0
        self.fail_at, self.forever = at, int(forever)
        self.armed = 1

    def disarm(self):
        self.armed = self.fail_at = 0


class Control(ctypes.Structure):
    _fields_ = [("process", ctypes.c_int64), ("memory", Fault), ("disk", Fault),
                ("blocks", ctypes.c_int64), ("calls", ctypes.c_int64), ("error", ctypes.c_int64),
                ("smallest", ctypes.c_int64), ("pattern", ctypes.c_char * 64)]


@contextlib.contextmanager
def faults(**more):
    """Gives the Control of the servers that are started inside; no fault is set yet."""
    shim = os.path.join(os.path.dirname(executable()), "tests", "faults", "faults.so")
    if not os.path.exists(shim):
        raise Skip("not in a build with sanitizers: they have an allocator of their own")
    with tempfile.NamedTemporaryFile(prefix="fundament-faults-") as file:
        file.truncate(4096)
        os.chmod(file.name, 0o666)
        memory = mmap.mmap(file.fileno(), 4096)
        control = Control.from_buffer(memory)
        control.process = -1
        plain = house.environment
        house.environment = lambda settings: {**plain(settings), "LD_PRELOAD": shim,
                                              "FAULTS": file.name, **more}
        try:
            yield control
        finally:
            house.environment = plain
            control.memory.disarm()
            control.disk.disarm()
