#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requires that wrong uses of the typed API do not compile, and that the compiler says why.

    compile_fail.py --compiler g++ --source ROOT FILE.cpp

A file holds one case after another, numbered from 1 in the order of their `// case:` lines:

    // case: adding cpus to mem
    // expect: no match for 'operator\\+'|invalid operands
    #if CASE == 1
    auto sum = 1_cpus + 512_MiB;
    #endif

Each case must fail to compile, with an error that matches its regular expression (one for all
compilers). `// errors: 1` after it: with so many errors at most, so that the one that matters is not
lost among what follows from it. CASE 0, everything outside the cases, is the control and must compile: otherwise a case
might fail for a reason of its own making.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path


def cases_of(text):
    """(number, name, expected, errors at most) of each case, or a problem."""
    cases, problems = [], []
    for part in re.split(r"(?m)^\s*// case: *", text)[1:]:
        name = part.splitlines()[0].strip()
        number = len(cases) + 1
        expected = re.search(r"(?m)^\s*// expect: *(\S.*)$", part)
        if not expected:
            problems.append(f"case {number}, {name}: no `// expect:` line")
        if not re.search(rf"(?m)^\s*#\s*if CASE == {number}$", part):
            problems.append(f"case {number}, {name}: no `#if CASE == {number}` after it")
        most = re.search(r"(?m)^\s*// errors: *(\d+)$", part)
        cases.append((number, name, expected.group(1).strip() if expected else "$^",
                      int(most.group(1)) if most else None))
    if not cases:
        problems.append("no `// case:` line")
    return cases, problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("file", type=Path)
    options = parser.parse_args()

    def compile_case(number):
        return subprocess.run(
            [options.compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
             "-DOFFERKIT_SEPARATE_COMPILATION", f"-I{options.source / 'include'}",
             f"-DCASE={number}", options.file], capture_output=True, text=True)

    cases, problems = cases_of(options.file.read_text(encoding="utf-8"))
    control = compile_case(0)
    if control.returncode != 0:
        problems.append(f"the control does not compile:\n{control.stderr}")
    for number, name, expected, most in [] if problems else cases:
        done = compile_case(number)
        errors = len(re.findall(r"(?m)\berror: ", done.stderr))
        if done.returncode == 0:
            problems.append(f"case {number}, {name}: compiles")
        elif not re.search(expected, done.stderr):
            problems.append(f"case {number}, {name}: no error matches {expected}:\n{done.stderr}")
        elif most is not None and errors > most:
            problems.append(f"case {number}, {name}: {errors} errors, want {most} at most:\n"
                            f"{done.stderr}")
    for problem in problems:
        print(f"{options.file.name}: {problem}")
    print(f"compile: {len(cases)} cases, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
