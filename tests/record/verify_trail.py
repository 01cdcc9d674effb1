#!/usr/bin/python3
# SPDX-License-Identifier: EUPL-1.2
"""Checks an export of the audit trail (`fundament audit export`, JSON Lines on standard input) without
Fundament: every row's hash must be the SHA-256 of its fields and the hash before it, and rows that follow
each other must be chained. Prints the number of rows and the newest hash; ends with 1 at a misfit."""
import hashlib
import json
import struct
import sys

FIELDS = ("who", "on_behalf", "what", "subject", "detail")


def digest(row):
    parts = [bytes.fromhex(row["before"]), struct.pack(">q", row["number"]),
             struct.pack(">q", row["at"])] + [row[name].encode() for name in FIELDS]
    return hashlib.sha256(b"".join(struct.pack(">Q", len(part)) + part for part in parts)).hexdigest()


def main():
    count, last = 0, None
    for line in sys.stdin:
        row = json.loads(line)
        follows = last and row["number"] == last["number"] + 1
        starts = row["number"] == 1 and row["before"] != "00" * 32
        if digest(row) != row["hash"] or starts or (follows and row["before"] != last["hash"]):
            sys.exit("row %d does not fit" % row["number"])
        count, last = count + 1, row
    print(count, last["hash"] if last else "00" * 32)


main()
