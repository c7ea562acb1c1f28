#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the code blocks of the documents. The word after the language says how:

    ```cpp compile   a whole file: must compile without a warning
    ```cpp body      statements: compiled inside a function, after the umbrella header
    ```cpp sketch    a picture of an idea, not of the API: only in docs/internals and docs/decisions
    ```python run    must run, after those before it in the same document
    ```sh run        must exit 0, in an empty folder, with the built programs on PATH
    ```sh shown      not run here; its scripts must exist and its `offerkit` commands must be known
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import docs  # noqa: E402
import source  # noqa: E402

BODY = "#include <offerkit/offerkit.hpp>\n{includes}\nvoid documented() {{\n{body}\n}}\n"


def compile_block(options, text, body):
    if body:
        lines = text.splitlines()
        includes = "\n".join(line for line in lines if line.startswith("#include"))
        text = BODY.format(includes=includes, body="\n".join(
            line for line in lines if not line.startswith("#include")))
    command = [options.compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra",
               "-DOFFERKIT_SEPARATE_COMPILATION", f"-I{options.source / 'include'}", "-x", "c++", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr


def run_block(options, text):
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PATH=f"{options.bin}:{os.environ['PATH']}", HOME=folder,
                           XDG_RUNTIME_DIR=folder)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", text], cwd=folder, text=True,
                              env=environment, capture_output=True, timeout=120,
                              stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def run_python(options, text):
    if options.python_package is None:
        return ""  # This build has no Python package.
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ, PYTHONPATH=str(options.python_package), HOME=folder,
                           XDG_RUNTIME_DIR=folder, TMPDIR=folder)
        done = subprocess.run([options.python, "-c", text], cwd=folder, text=True, timeout=120,
                              env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    return "" if done.returncode == 0 else f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def look_at_block(options, text):
    for script in re.findall(r"(?:^|\s)(?:\./)?(scripts/[\w-]+)", text):
        if not os.access(options.source / script, os.X_OK):
            return f"{script} does not exist or is not executable"
    tool = options.bin / "offerkit"
    if tool.exists():
        for words in re.findall(r"^(?:\$ )?(?:\S*/)?offerkit((?: [a-z]+)+)", text, re.M):
            if subprocess.run([tool, words.split()[0], "--help"], capture_output=True).returncode:
                return f"offerkit{words}: the tool knows no such command"
    return ""


def prove(options, path, info, text):
    language, how = docs.ALIASES.get(info[0], info[0]), info[1]
    if language == "python":
        return run_python(options, text)
    if language == "cpp" and how == "sketch":
        allowed = path.startswith(("docs/internals/", "docs/decisions/"))
        return "" if allowed else "a sketch stands only in docs/internals and docs/decisions"
    if language == "cpp":
        return compile_block(options, text, how == "body")
    return run_block(options, text) if how == "run" else look_at_block(options, text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--python-package", type=Path)
    options = parser.parse_args()

    proven, failed = 0, 0
    for file in source.load(options.source):
        if file.suffix != ".md":
            continue
        python = ""  # All of the document's so far: a later block stands on the earlier ones.
        for number, info, lines in docs.blocks(file.lines):
            language = docs.ALIASES.get(info[0], info[0]) if info else ""
            if language not in docs.PROVEN or len(info) < 2:
                continue  # Unmarked blocks are the tidy test's finding.
            text = "\n".join(lines) + "\n"
            if language == "python":
                text = python = python + text
            problem = prove(options, file.path, info, text)
            proven += 1
            if problem:
                failed += 1
                print(f"{file.path}:{number}: {' '.join(info)}: {problem}")
    print(f"doc blocks: {proven - failed} of {proven} hold")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
