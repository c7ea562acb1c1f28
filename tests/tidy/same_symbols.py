#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The simulator and the daemons run the same machines, not two compilations of them.

    same_symbols.py --archive libofferkit_machines.a --binary PROGRAM=master,agent ... [--nm nm]

Each program was linked with a map (PROGRAM.map). For every machine named, `step` must be defined
exactly once in the archive, be present in the program, and the map must say that its code came from
that member of that archive; and the program may define none of the machine's handlers anywhere else.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

MEMBER = re.compile(r"(\S*lib\w+\.a)\(([^)]+)\)")


def defined(nm, path):
    """Mangled to (kind, demangled) of the functions that a file defines."""
    symbols = {}
    plain = subprocess.run([nm, "--defined-only", path], capture_output=True, text=True, check=True)
    names = subprocess.run([nm, "-C", "--defined-only", path], capture_output=True, text=True,
                           check=True)
    for line, nice in zip(plain.stdout.splitlines(), names.stdout.splitlines()):
        parts = line.split()
        if len(parts) == 3 and parts[1] in "TtWwV":
            symbols[parts[2]] = (parts[1], nice.split(maxsplit=2)[2])
    return symbols


def owners(map_file, mangled, demangled):
    """Archive members that the link map places a symbol's code in (mold, bfd and lld formats)."""
    found, current, names = set(), None, {mangled, demangled}
    for line in map_file.read_text(errors="replace").splitlines():
        member = MEMBER.search(line)
        if member:
            current = (Path(member.group(1)).name, member.group(2))
        elif re.search(r"\.o(?::\(|\s|$)", line):
            current = (line.split()[-1], "")
        text = re.sub(r"^\s*(?:0x)?[0-9a-fA-F]+\s+", "", line)
        text = re.sub(r"^(?:[0-9a-fA-F]+\s+)+", "", text).strip()
        if current and (text in names or line.strip().split(maxsplit=1)[-1:] == [demangled]):
            found.add(current)
    return found


def check(nm, archive, program, machines):
    library, linked = defined(nm, archive), defined(nm, program)
    link_map = Path(f"{program}.map")
    for machine in machines:
        step = re.compile(rf"offerkit::{machine}::\w+::step\(")
        steps = {m: (k, d) for m, (k, d) in library.items() if step.match(d)}
        if len(steps) != 1:
            yield f"{archive.name} defines {len(steps)} steps of {machine}, not one"
            continue
        mangled, (kind, demangled) = steps.popitem()
        if kind != "T":
            yield f"{demangled} is {kind} in {archive.name}: not compiled once"
        if mangled not in linked:
            yield f"{program.name} has no {demangled}"
            continue
        if linked[mangled][0] not in "Tt":
            yield f"{program.name} has {demangled} as {linked[mangled][0]}: compiled again"
        where = owners(link_map, mangled, demangled)
        if {name for name, _ in where} != {archive.name}:
            yield f"{link_map.name} places {demangled} in {sorted(where) or 'nothing'}"
        handler = re.compile(rf"offerkit::{machine}::\w+::(?:step|on)\(")
        for name, (kind, nice) in linked.items():
            if handler.match(nice) and "{lambda" not in nice and name not in library:
                yield f"{program.name} has {nice} that {archive.name} lacks"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--binary", action="append", required=True)
    parser.add_argument("--nm", default="nm")
    options = parser.parse_args()
    problems, checked = [], 0
    for binary in options.binary:
        program, _, machines = binary.partition("=")
        checked += len(machines.split(","))
        problems += check(options.nm, options.archive, Path(program), machines.split(","))
    for problem in problems:
        print(problem)
    print(f"same symbols: {checked} checked, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
