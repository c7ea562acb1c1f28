# SPDX-License-Identifier: Apache-2.0
"""How a file looks: licence line, header anatomy, sizes, marks left for later, machine paths."""

import re

SIZED = {".hpp", ".ipp", ".cpp", ".h", ".py", ".proto", ".ts", ".tsx"}
LICENSED = SIZED | {".cmake"}
FILE_SOFT, FILE_HARD, FUNCTION_HARD, COLUMNS = 400, 800, 70, 100
RATCHET = "tests/tidy/size_ratchet.txt"
# Spelled in halves so that these rules do not find themselves.
LATER = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b(?!\(#\d+\))")
MACHINE = re.compile(r"(?<![\w.*$}])/(?:wo" r"rk|ro" r"ot|tm" r"p|ho" r"me)/")


def is_script(file):
    return file.text.startswith("#!") and file.suffix == ""


def check(file):
    yield from check_licence(file)
    yield from check_marks(file)
    if file.suffix in SIZED and len(file.lines) > FILE_HARD:
        yield file.finding(FILE_HARD, "size-hard", f"{len(file.lines)} lines, at most {FILE_HARD}")
    if file.is_cpp:
        yield from check_columns(file)
    if file.is_header and "#pragma once" not in file.lines:
        yield file.finding(1, "pragma-once", "a header says #pragma once")
    in_product = file.path.startswith(("include/", "daemons/", "tools/", "bindings/", "examples/"))
    if file.is_cpp and in_product:
        yield from check_scopes(file)


def check_licence(file):
    wanted = file.suffix in LICENSED or file.path.endswith("CMakeLists.txt") or is_script(file)
    if not wanted or not file.lines:
        return
    line = 1 if file.text.startswith("#!") else 0
    if line >= len(file.lines) or "SPDX-License-Identifier: Apache-2.0" not in file.lines[line]:
        yield file.finding(line + 1, "spdx", "the first line names the licence (SPDX)")


def check_marks(file):
    if file.path == "LICENSE":
        return
    for number, line in enumerate(file.lines, 1):
        if LATER.search(line) and not file.allows(number, "later"):
            yield file.finding(number, "later", "a mark for later carries an issue, as in (#12)")
        if MACHINE.search(line) and not file.allows(number, "machine-path"):
            yield file.finding(number, "machine-path", "a path of one machine: ask the system")


def check_columns(file):
    for number, line in enumerate(file.lines, 1):
        if len(line) > COLUMNS and not file.allows(number, "columns"):
            yield file.finding(number, "columns", f"{len(line)} columns, at most {COLUMNS}")
        if "\t" in line or line != line.rstrip():
            yield file.finding(number, "whitespace", "no tabs, no blanks at the end of a line")


def check_scopes(file):
    """Follows braces: namespace-scope `using namespace` in headers, and functions that are long."""
    code = [re.sub(r"^\s*#.*", "", line) for line in file.code]
    scopes, before, entered = [], "", []
    for number, line in enumerate(code, 1):
        for piece in re.findall(r"using\s+namespace\b|[{};]|[^{};]+?(?=using\s+namespace\b|[{};]|$)",
                                line):
            if re.match(r"using\s+namespace", piece) and file.is_header and set(scopes) <= {"namespace"}:
                yield file.finding(number, "using-namespace", "only inside a function")
            if piece == "{":
                scopes.append(scope_kind(before, scopes))
                entered.append(number)
                before = ""
            elif piece == "}":
                if scopes:
                    kind, start = scopes.pop(), entered.pop()
                    if kind == "function" and number - start > FUNCTION_HARD \
                            and not file.allows(start, "function-size"):
                        yield file.finding(start, "function-size",
                                           f"{number - start} lines, at most {FUNCTION_HARD}")
                before = ""
            elif piece == ";" and before.count("(") == before.count(")"):
                before = ""
            else:
                before += piece
        before += " "


def scope_kind(before, scopes):
    if scopes and scopes[-1] not in ("namespace", "class"):
        return "block"
    before = re.sub(r"alignas\s*\([^()]*\)|\[\[.*?\]\]", "", before)
    if re.search(r"\bnamespace\b", before) or re.search(r"\bextern\s*$", before):
        return "namespace"
    if re.search(r"\b(?:class|struct|union)\b[^()=]*$", before):
        return "class"
    if re.search(r"\benum\b", before) or "(" not in before or re.search(r"=\s*$", before):
        return "block"
    return "function"


def check_tree(files):
    """The soft limit, ratcheted: a file over it is listed with its size, which may only shrink."""
    listed, ratchet = {}, next((f for f in files if f.path == RATCHET), None)
    for number, line in enumerate(ratchet.lines if ratchet else [], 1):
        if line and not line.startswith("#"):
            size, path = line.split(maxsplit=1)
            listed[path] = (int(size), number)
    sizes = {f.path: f for f in files if f.suffix in SIZED and len(f.lines) > FILE_SOFT}
    for path, file in sizes.items():
        size, number = listed.get(path, (None, 1))
        if size is None:
            yield file.finding(FILE_SOFT, "size-soft", f"{len(file.lines)} lines, over {FILE_SOFT}")
        elif len(file.lines) > size:
            yield file.finding(size, "size-ratchet", f"grew from {size} to {len(file.lines)} lines")
        elif len(file.lines) < size:
            yield ratchet.finding(number, "size-ratchet", f"{path} shrank: write {len(file.lines)}")
    for path, (_, number) in listed.items():
        if path not in sizes:
            yield ratchet.finding(number, "size-ratchet", f"{path} is within the limit: delete this")
