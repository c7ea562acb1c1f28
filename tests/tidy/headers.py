#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles every header of a folder alone, so that none leans on what its neighbours include.

    headers.py --compiler g++ --source ROOT --folder core [--flag=-DX ...] [--jobs 2]

Only the syntax is checked: no code is made, nothing is written.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def headers_of(root, folder):
    """`top` is what lies in include/offerkit itself; detail/ is private and comes with its users."""
    base = root / "include" / "offerkit"
    found = base.glob("*.hpp") if folder == "top" else \
        [p for suffix in ("hpp", "ipp") for p in (base / folder).rglob(f"*.{suffix}")]
    return sorted(p for p in found if "detail" not in p.relative_to(base).parts)


def compile_alone(command, root, header):
    name = header.relative_to(root / "include").as_posix()
    done = subprocess.run(command, input=f"#include <{name}>\n", capture_output=True, text=True)
    return name, done.returncode, done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--folder", action="append", required=True)
    parser.add_argument("--flag", action="append", default=[])
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()

    command = [options.compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic",
               "-Werror", f"-I{options.source / 'include'}", *options.flag, "-x", "c++", "-"]
    headers = [h for folder in options.folder for h in headers_of(options.source, folder)]
    with ThreadPoolExecutor(options.jobs) as pool:
        done = pool.map(lambda h: compile_alone(command, options.source, h), headers)
        failed = [(name, text) for name, code, text in done if code != 0]
    for name, text in failed:
        print(f"{name} does not compile alone:\n{text}")
    print(f"headers: {len(headers) - len(failed)} of {len(headers)} compile alone")
    return 1 if failed or not headers else 0


if __name__ == "__main__":
    sys.exit(main())
