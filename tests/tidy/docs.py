# SPDX-License-Identifier: Apache-2.0
"""Documents: relative links and their anchors resolve, every code block says what proves it, and the
tests and messages that a document names exist."""

import functools
import re
from pathlib import PurePosixPath
import posixpath

FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*)$")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^()\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]]*\]\(([^()\s]+)\)")
PROVEN = {"cpp": {"compile", "body", "sketch"}, "sh": {"run", "shown"}, "python": {"run"}}
ALIASES = {"c++": "cpp", "cc": "cpp", "py": "python", "python3": "python", "bash": "sh", "shell": "sh", "console": "sh"}


def blocks(lines):
    """Yields (first line number, info words, text lines) for each fenced block."""
    fence, start, info, body = None, 0, [], []
    for number, line in enumerate(lines, 1):
        found = FENCE.match(line)
        if fence is None and found:
            fence, start, info, body = found.group(2), number, found.group(3).split(), []
        elif fence is not None and line.strip().startswith(fence) and not line.strip(" `~"):
            yield start, info, body
            fence = None
        elif fence is not None:
            body.append(line)


def prose(lines):
    """(number, line) outside fenced blocks, code spans blanked."""
    fence = None
    for number, line in enumerate(lines, 1):
        found = FENCE.match(line)
        if fence is None and found:
            fence = found.group(2)
        elif fence is not None:
            if line.strip().startswith(fence) and not line.strip(" `~"):
                fence = None
        else:
            yield number, re.sub(r"`[^`]*`", lambda m: " " * len(m.group()), line)


def anchors(file):
    found = set()
    fenced = None
    for line in file.lines:
        mark = FENCE.match(line)
        if mark:
            fenced = None if fenced else mark.group(2)
        elif not fenced and line.startswith("#"):
            text = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(text.replace(" ", "-"))
    return found


FRAGMENT = re.compile(r"kind: (?:breaking|added|changed|fixed|security)\ncomponent: \w+\n\n\S")


def check(file):
    if file.suffix != ".md":
        return
    if file.path.startswith("docs/changes/") and not FRAGMENT.match(file.text):
        yield file.finding(1, "change-fragment", "begin with `kind:`, `component:`, an empty line")
    for number, info, _ in blocks(file.lines):
        language = ALIASES.get(info[0], info[0]) if info else ""
        if language in PROVEN and not (len(info) > 1 and info[1] in PROVEN[language]):
            choice = ", ".join(sorted(PROVEN[language]))
            yield file.finding(number, "doc-block", f"say which after ```{info[0]}: {choice}")


TEST_FILE = re.compile(r"`(tests/[\w./-]+)`")
TEST_ITEM = re.compile(r"^- `(tests/[\w./-]+)`((?:.*\n(?:  .*\n)*))", re.M)
CASE = re.compile(r'\b(?:TEST_CASE|SCENARIO)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')


@functools.cache
def test_names(text):
    """What a file calls its tests: C++ cases and Python methods."""
    cases = {re.sub(r'"\s*"', "", name.strip())[1:-1] for name in CASE.findall(text)}
    return cases | set(re.findall(r"^    def (test_\w+)", text, re.M))


def check_tests(file, files):
    """A list item that begins with a file of tests goes on with names of tests in it, in quotes."""
    for number, line in enumerate(file.lines, 1):
        for path in TEST_FILE.findall(line):
            if not re.search(r"[A-Z]{4}", path) and not (file.root / path).exists():
                yield file.finding(number, "doc-test", f"{path} does not exist")
    for item in TEST_ITEM.finditer(file.text + "\n"):
        tests = files.get(item.group(1))
        if tests is None:
            continue
        number = file.text.count("\n", 0, item.start()) + 1
        known = test_names(tests.text)
        for name in re.findall(r'"([^"]+)"', re.sub(r"\s+", " ", item.group(2))):
            if name not in known:
                yield file.finding(number, "doc-test", f"{tests.path} has no test \"{name}\"")


# What the programs put together: names and numbers (in capitals here), and parts of a refusal.
SEAM = re.compile(r"\.\.\.|[:;,] |\b[A-Z]+\b|'")
PART_LEAST = 8  # Shorter ones are found anywhere.


def check_messages(file, texts):
    """A block "text message" has what the programs print, a line each."""
    for start, info, lines in blocks(file.lines):
        if info[:2] != ["text", "message"]:
            continue
        for number, line in enumerate(lines, start + 1):
            for part in SEAM.split(line):
                part = part.strip(" :;,")
                if len(part) >= PART_LEAST and not is_said(part, texts()):
                    yield file.finding(number, "doc-message", f"no program says \"{part}\"")


said_in = {}  # What was looked for to the text that had it: the self test looks many times.


def is_said(part, texts):
    if said_in.get(part) not in texts:
        said_in[part] = next((text for text in texts if part in joined(text)), None)
    return said_in[part] is not None


@functools.cache
def joined(text):
    """The code with texts that go on in the next line made one."""
    return re.sub(r'"\s*\n\s*"', "", text)


def check_tree(files):
    by_path = {f.path: f for f in files}
    programs = functools.cache(lambda: {f.text for f in files
                                        if f.is_cpp and not f.path.startswith("tests/")})
    for file in files:
        if file.suffix == ".md":
            yield from check_tests(file, by_path)
            yield from check_messages(file, programs)
    documents = {f.path: f for f in files if f.suffix == ".md"}
    for path, file in documents.items():
        for number, line in prose(file.lines):
            for found in LINK.finditer(line):
                target = found.group(1) or found.group(2)
                if re.match(r"[a-z]+:", target):
                    continue
                name, _, anchor = target.partition("#")
                full = posixpath.normpath(str(PurePosixPath(path).parent / name)) if name else path
                if not (file.root / full).exists():
                    yield file.finding(number, "doc-link", f"{target} leads nowhere")
                elif anchor and full in documents and anchor not in anchors(documents[full]):
                    yield file.finding(number, "doc-link", f"{full} has no heading {anchor}")
