# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the floor table of design and cmake/Floors.cmake."""

import re

FLOOR = {
    "core": 0, "resources": 1, "model": 2, "allocation": 3, "protocol": 3,
    "master": 4, "agent": 4, "framework": 4, "executor": 4, "wire": 4,
    "record": 5, "sim": 6, "runtime": 6,
}
HEADER_ONLY = [folder for folder, floor in FLOOR.items() if floor <= 4 and folder != "wire"]
PROGRAMS = ("daemons/master", "daemons/agent", "tools", "bindings", "examples")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def folder_of(path):
    """The floor's folder that a path of include/offerkit lies in, or None."""
    parts = path.split("/")
    if path.startswith("include/offerkit/") and len(parts) > 3:
        return parts[2]
    return None


def check(file):
    if not file.is_cpp:
        return
    own = folder_of(file.path)
    for number, line in enumerate(file.code, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        kind, target = found.groups()
        if file.path.startswith("include/") and kind == '"':
            yield file.finding(number, "include-form", f"spell it <offerkit/...>, not \"{target}\"")
        if target.startswith("offerkit/") and kind == "<":
            yield from check_downward(file, own, number, target)
        for program in PROGRAMS:
            if target.startswith(program + "/") and file.path.startswith(PROGRAMS) \
                    and not file.path.startswith(program):
                yield file.finding(number, "floor", f"{file.path} includes {target} of a sibling")


def check_downward(file, own, number, target):
    other = folder_of("include/" + target)
    if other is None:
        if own is not None and target.split("/")[1] in ("offerkit.hpp", "src.hpp"):
            yield file.finding(number, "floor", f"{own} includes the umbrella {target}")
        return
    if other not in FLOOR:
        yield file.finding(number, "floor", f"{target} is on no floor that floors.py knows")
    elif own is not None and own != other and FLOOR[other] >= FLOOR.get(own, -1):
        yield file.finding(
            number, "floor",
            f"{own} (floor {FLOOR.get(own)}) includes {target} (floor {FLOOR[other]}): "
            "only lower floors may be included, siblings never")
    elif file.path == "include/offerkit/offerkit.hpp" and other not in HEADER_ONLY:
        yield file.finding(number, "floor", f"the authors' umbrella holds floors 0-4: not {target}")


def check_tree(files):
    """src.hpp, the compile-once door, includes every .ipp, as the build's own units do."""
    door = next((f for f in files if f.path == "include/offerkit/src.hpp"), None)
    bodies = {f.path.removeprefix("include/") for f in files
              if f.suffix == ".ipp" and folder_of(f.path) in HEADER_ONLY}
    if door is None:
        return
    included = {m.group(2) for m in map(INCLUDE.match, door.code) if m}
    for body in sorted(bodies - included):
        yield door.finding(1, "src-door", f"src.hpp does not include {body}")
