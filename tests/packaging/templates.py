# SPDX-License-Identifier: EUPL-1.2
"""Renders Helm charts that keep to a small part of Go's templates: if, else, with, range, define,
include, pipes, and the functions below. Stricter than Helm: a value that values.yaml does not have
is an error, and so is anything that is not known here."""
import hashlib
import re

import yaml

TAG = re.compile(r"\{\{(-?)\s*(/\*.*?\*/|.*?)\s*(-?)\}\}", re.S)
WORD = re.compile(r'\(|\)|\||:=|,|"(?:\\.|[^"\\])*"|[^\s()|,"]+')


class Wrong(Exception):
    """The template asks for something that is not there."""


def pieces(text):
    """Texts and tags in turn; white space beside {{- and -}} is gone."""
    found, at, trim = [], 0, False
    for tag in TAG.finditer(text):
        before = text[at:tag.start()]
        before = before.lstrip() if trim else before
        found.append(("text", before.rstrip() if tag.group(1) else before))
        if not tag.group(2).startswith("/*"):
            found.append(("tag", tag.group(2)))
        at, trim = tag.end(), bool(tag.group(3))
    rest = text[at:]
    return found + [("text", rest.lstrip() if trim else rest)]


def parse(items, defined):
    """A list of nodes: (kind, what, body, otherwise)."""
    nodes = []
    while items:
        kind, what = items.pop(0)
        word = what.split()[0] if kind == "tag" else ""
        if word in ("end", "else"):
            return nodes, word
        if word in ("if", "with", "range", "define"):
            body, ended = parse(items, defined)
            otherwise = parse(items, defined)[0] if ended == "else" else []
            argument = what[len(word):].strip()
            if word == "define":
                defined[argument.strip('"')] = body
            else:
                nodes.append((word, argument, body, otherwise))
        else:
            nodes.append((kind, what, [], []))
    return nodes, ""


def to_yaml(value):
    return yaml.safe_dump(value, default_flow_style=False).rstrip("\n").removesuffix("\n...")


def indented(count, text):
    return "\n" + "\n".join(" " * count + line for line in text.split("\n"))


def shown(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


FUNCTIONS = {
    "default": lambda otherwise, value: value or otherwise,
    "eq": lambda one, two: one == two,
    "indent": lambda count, text: indented(count, text)[1:],
    "ne": lambda one, two: one != two,
    "nindent": indented,
    "print": lambda *values: "".join(shown(value) for value in values),
    "quote": lambda value: '"%s"' % shown(value).replace("\\", "\\\\").replace('"', '\\"'),
    "sha256sum": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "toYaml": to_yaml,
}


class Chart:
    def __init__(self, files, context):
        """`files`: name -> text, below the chart's folder."""
        self.defined, self.trees, self.used = {}, {}, set()
        self.root = {**context, "Template": {"BasePath": "templates"}}
        for name, text in files.items():
            self.trees[name] = parse(pieces(text), self.defined)[0]

    def render(self, name):
        return self.show(self.trees[name], self.root, {"$": self.root})

    def show(self, nodes, dot, names):
        out = []
        for kind, what, body, otherwise in nodes:
            if kind == "text":
                out.append(what)
            elif kind == "tag":
                out.append(shown(self.value(what, dot, names)))
            elif kind == "range":
                out.append(self.show_range(what, body, dot, names))
            else:
                value = self.value(what, dot, names)
                inner = value if kind == "with" and value else dot
                out.append(self.show(body if value else otherwise, inner, names))
        return "".join(out)

    def show_range(self, what, body, dot, names):
        variables, _, source = what.rpartition(":=")
        variables = [each.strip() for each in variables.split(",") if each.strip()]
        values = self.value(source.strip(), dot, names)
        pairs = sorted(values.items()) if isinstance(values, dict) else enumerate(values)
        return "".join(self.show(body, value, {**names, **dict(zip(variables, (key, value)))})
                       for key, value in pairs)

    def value(self, text, dot, names):
        words = WORD.findall(text)
        value = self.pipe(words, dot, names)
        if words:
            raise Wrong("what is behind %r?" % text)
        return value

    def pipe(self, words, dot, names):
        piped = []
        while True:
            value = self.call(words, dot, names, piped)
            if not words or words[0] != "|":
                return value
            words.pop(0)
            piped = [value]

    def call(self, words, dot, names, piped):
        first, arguments = words.pop(0), []
        if first not in FUNCTIONS and first != "include":
            words.insert(0, first)
            return self.operand(words, dot, names)
        while words and words[0] not in ("|", ")"):
            arguments.append(self.operand(words, dot, names))
        arguments += piped
        if first != "include":
            return FUNCTIONS[first](*arguments)
        name, inner = arguments
        nodes = self.trees.get(name) or self.defined.get(name)
        if nodes is None:
            raise Wrong("there is no template " + name)
        return self.show(nodes, inner, names)

    def operand(self, words, dot, names):
        word = words.pop(0)
        if word == "(":
            value = self.pipe(words, dot, names)
            words.pop(0)
            return value
        if word.startswith('"'):
            return word[1:-1]
        if re.fullmatch(r"\d+", word):
            return int(word)
        if word.startswith("$"):
            name, *path = word.split(".")
            return self.walk(names[name], path, word)
        if word.startswith("."):
            return self.walk(dot, [part for part in word.split(".") if part], word)
        raise Wrong("what is %s?" % word)

    def walk(self, value, path, whole):
        if path[:1] == ["Values"]:
            self.used.add(tuple(path[1:]))
        for part in path:
            if not isinstance(value, dict) or part not in value:
                raise Wrong("%s does not exist" % whole)
            value = value[part]
        return value
