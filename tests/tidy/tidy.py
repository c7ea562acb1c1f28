#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Style as a test: prints one line for each broken rule of the tree and fails if there is any.

    tests/tidy/tidy.py [ROOT]

A line that has to break a rule says so, on itself or in a comment above: `// tidy: allow RULE:
reason`; floating point shown to people: `// tidy: presentation: reason`.
"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import bans  # noqa: E402
import docs  # noqa: E402
import floors  # noqa: E402
import shape  # noqa: E402
import source  # noqa: E402

cache = {}  # (path, text) to findings: the self test looks at one tree many times.


def check_file(file):
    key = (file.path, file.text)
    if key not in cache:
        cache[key] = [f for check in (floors.check, bans.check, shape.check, docs.check)
                      for f in check(file)]
    return cache[key]


def check_scripts(files):
    for file in files:
        if file.path.startswith(("scripts/", ".ci/")) and shape.is_script(file) \
                and not file.mode & 0o100:
            yield file.finding(1, "executable", "a script is executable")


def findings_of(root):
    files = source.load(root)
    found = [f for file in files for f in check_file(file)]
    for check in (floors.check_tree, shape.check_tree, docs.check_tree, check_scripts):
        found += check(files)
    return sorted(set(found))


def main():
    here = Path(__file__).resolve().parents[2]
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else here
    found = findings_of(root)
    for finding in found:
        print(finding)
    print(f"tidy: {len(found)} broken" if found else "tidy: clean", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
