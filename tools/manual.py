#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Makes a manual page: manual.py FUNDAMENT IN OUT. The lists of commands and settings come from the
program itself (`fundament help`, `fundament config`), so that the manual cannot say otherwise."""
import datetime
import os
import re
import subprocess
import sys
import tempfile


def ask(program, command):
    environment = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8",
                   "ASAN_OPTIONS": "detect_leaks=0"}
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([program, command, "--data", folder], check=True, env=environment,
                              capture_output=True, text=True).stdout


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def wrapped(text):
    """A sentence a line, as manual pages are written."""
    return "\n".join(roff(line) for line in re.sub(r"(?<=[.;]) (?=[A-Z`-])", "\n", text).split("\n"))


def commands(program):
    lines = ask(program, "help").split("\n")
    for line, text in zip(lines, lines[1:]):
        found = re.match(r"  (\S+) ?(.*)$", line)
        if found and text.startswith("      "):
            name, usage = found.groups()
            yield ".It Cm %s %s\n%s" % (roff(name), roff(usage), wrapped(text.strip()))


def settings(program):
    for block in ask(program, "config").split("\n\n"):
        lines = [line.strip() for line in block.strip().split("\n")]
        if " = " not in lines[0] + " ":
            continue
        facts = re.sub(r" ?Now from: .*$", "", " ".join(lines[2:]))
        yield ".It Va %s\n%s\n%s" % (roff(lines[0].split(" = ")[0].rstrip(" =")), wrapped(lines[1]),
                                     wrapped(facts))


def data_folder(program):
    """The one that this program was built for."""
    return re.search(r"^The data folder is (\S+) unless", ask(program, "help"), re.M).group(1)


def date():
    """Of the sources, not of the build: two builds give the same page."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc) if epoch else None
    return moment.strftime("%B %-d, %Y") if moment else "November 23, 2026"


def main(program, source, target):
    with open(source, encoding="utf-8") as page:
        text = page.read()
    text = text.replace("@DATE@", date())
    text = text.replace("@DATA@", roff(data_folder(program)))
    for mark, lines in (("@COMMANDS@", commands), ("@SETTINGS@", settings)):
        if mark in text:
            listed = list(lines(program))
            if not listed:
                sys.exit("manual.py: the program lists nothing for " + mark)
            text = text.replace(mark, "\n".join(listed))
    with open(target, "w", encoding="utf-8") as page:
        page.write(text)


main(*sys.argv[1:])
