#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What compiling costs a user: examples/hello against the compiled library, and a clean build.

    scripts/bench compile [--runs 3] [--no-clean-build]

`hello_seconds` is the CPU time (user and system, all processes) of compiling hello at -O0,
`hello_mb` the largest resident size of one of them, `clean_build_seconds` the wall time of building
everything but tests into an empty folder on two cores, without a compiler cache.
"""

import argparse
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def report(workload, metric, value, unit, **more):
    print(json.dumps({"bench": "compile", "workload": workload, "seed": 0, "metric": metric,
                      "value": round(value, 3), "unit": unit, **more}), flush=True)


def measured(command, **options):
    """CPU seconds and largest resident MB of the command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    pid = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(pid.pid, 0)
    pid.returncode = status
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status != 0:
        sys.exit(f"compile: failed: {shlex.join(map(str, command))}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, usage.ru_maxrss / 1024


def hello_command(build, output):
    """How the build compiles hello, at -O0 and without a compiler cache."""
    entries = json.loads((build / "compile_commands.json").read_text())
    entry = next((e for e in entries if "/examples/hello/" in e["file"]), None)
    if entry is None:
        sys.exit("compile: the build has no examples/hello")
    words = shlex.split(entry["command"])
    while Path(words[0]).name == "ccache":
        words.pop(0)
    words = [w for w in words if not w.startswith("-O") and w != "-DNDEBUG"]
    words[words.index("-o") + 1] = str(output)
    return words + ["-O0"]


def bench_hello(runs):
    with tempfile.TemporaryDirectory() as folder:
        command = hello_command(ROOT / "build/release", Path(folder) / "hello.o")
        results = [measured(command, cwd=ROOT / "build/release") for _ in range(runs)]
    report("hello -O0, library", "hello_seconds", min(cpu for cpu, _ in results), "s", runs=runs)
    report("hello -O0, library", "hello_mb", max(mb for _, mb in results), "MB", runs=runs)


def bench_clean_build():
    folder = ROOT / "build/bench-compile"
    shutil.rmtree(folder, ignore_errors=True)
    environment = dict(os.environ, CCACHE_DISABLE="1")
    started = time.monotonic()
    for command in (["cmake", "--preset", "release", "-B", str(folder)],
                    ["cmake", "--build", str(folder), "-j", "2"]):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"compile: {shlex.join(command)} failed:\n{done.stdout[-4000:]}{done.stderr}")
    report("release, no tests, 2 jobs", "clean_build_seconds", time.monotonic() - started, "s",
           processors=os.cpu_count())
    shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-clean-build", action="store_true")
    options = parser.parse_args()
    bench_hello(options.runs)
    if not options.no_clean_build:
        bench_clean_build()


if __name__ == "__main__":
    main()
