#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Turns files into one C table (platform/embedded.h): embed.py SOURCE_ROOT OUTPUT FILE...

A file is named by its path below src/ or by web/...; a built file (a catalogue) by its own name."""
import hashlib
import os
import sys


def name_of(root, path):
    relative = os.path.relpath(os.path.abspath(path), root)
    if relative.startswith("src/"):
        return relative[4:]
    if relative.startswith("web/"):
        return relative
    return os.path.basename(path)


def c_bytes(data):
    lines = []
    for start in range(0, len(data), 64):
        lines.append('    "' + "".join("\\%03o" % b for b in data[start:start + 64]) + '"')
    return "\n".join(lines) or '    ""'


def main():
    root, output, files = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3:]
    entries = []
    for path in files:
        with open(path, "rb") as f:
            entries.append((name_of(root, path), f.read()))
    entries.sort(key=lambda entry: entry[0].encode())
    with open(output, "w") as out:
        out.write('/* Made by tools/embed.py. */\n#include "platform/embedded.h"\n\n')
        for i, (_, data) in enumerate(entries):
            out.write("static const char bytes_%d[] =\n%s;\n" % (i, c_bytes(data)))
        out.write("\nconst struct embedded embedded_files[] = {\n")
        for i, (name, data) in enumerate(entries):
            etag = hashlib.sha256(data).hexdigest()[:16]
            out.write('    { "%s", { bytes_%d, sizeof bytes_%d - 1 }, S("\\"%s\\"") },\n'
                      % (name, i, i, etag))
        out.write("};\n\nconst size_t embedded_count = %d;\n" % len(entries))


main()
