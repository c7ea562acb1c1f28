# SPDX-License-Identifier: Apache-2.0
"""What tests of a hostile environment share: a cluster under a light load, and ways to make a disk
full, a sync fail or the clock jump."""

import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checker  # noqa: E402
from cluster import Cluster, make_folder, remove_folder  # noqa: E402
from processes import PATIENCE, eventually  # noqa: E402

FIU = [f"/usr/lib/fiu/fiu_{name}_preload.so" for name in ("run", "posix")]
NO_SPACE, IO_ERROR = 28, 5
SLOTS = 30


def preload(environment, libraries):
    environment["LD_PRELOAD"] = " ".join(libraries)
    # A sanitizer wants to be the first library; these come before it.
    options = environment.get("ASAN_OPTIONS", "")
    environment["ASAN_OPTIONS"] = ":".join(filter(None, [options, "verify_asan_link_order=0"]))


class EnvironmentTest(unittest.TestCase):
    """Each test has a cluster of its own, whose folder stays unless the test comes to `finish`."""

    AGENTS = 1

    def setUp(self):
        self.folder = make_folder()
        self.cluster = Cluster(self.folder, agents=self.AGENTS, record=True)
        self.addCleanup(self.clean_up)
        self.acknowledged = {}
        self.attempted = {}
        self.is_good = False

    def clean_up(self):
        self.cluster.end()
        if self.is_good:
            remove_folder(self.folder)
        else:
            print(f"logs, books and event logs are in {self.folder}", file=sys.stderr)

    # The load.

    def start_load(self):
        """Tasks without end, until `finish`."""
        self.run_framework(1_000_000)
        self.await_ends(1)

    def run_framework(self, tasks, per_second=40):
        self.cluster.plan_framework(tasks, per_second, 1, time.monotonic())
        self.cluster.framework.start()

    def ends(self, state="finished"):
        try:
            return self.cluster.framework_log.read_text().count(f" {state} ")
        except FileNotFoundError:
            return 0

    def await_ends(self, number, state="finished"):
        eventually(lambda: self.ends(state) >= number, f"{number} tasks are {state}")

    def await_more(self, number=5, state="finished"):
        self.await_ends(self.ends(state) + number, state)

    def finish(self):
        """The load comes to its end, and the books agree."""
        framework = self.cluster.framework
        framework.kill()  # It comes back with no more to launch than it has.
        tasks = len(checker.parse_heard(self.cluster.framework_log.read_text()).launched)
        self.run_framework(tasks)
        eventually(lambda: not framework.is_running(), "the framework has heard of every task")
        self.assertEqual(framework.process.returncode, 0, framework.last_words())
        problems, figures = checker.check_tasks(self.cluster.task_record.read_text(),
                                                self.cluster.framework_log.read_text(), SLOTS)
        agents = [agent["id"] for agent in self.cluster.ask("agents")]
        problems += checker.check_registry(self.cluster.registry(), agents, self.acknowledged,
                                           self.attempted)
        self.assertEqual(problems, [], figures)
        self.assertEqual(figures["tasks"], tasks)
        self.is_good = True
        return figures

    def write(self, timeout=5):
        """An operator's write. Returns the HTTP code."""
        number = len(self.attempted)
        name = f"operator/{number}"
        self.attempted[name] = 1 + number
        code = self.cluster.write_role(name, 1 + number, timeout)
        if code == 200:
            self.acknowledged[name] = 1 + number
        return code

    def await_writes(self, code):
        eventually(lambda: self.write() == code, f"writes are answered with {code}")

    def restart(self, daemon):
        daemon.kill()
        self.cluster.start(daemon)
        self.cluster.await_agents()

    # Faults.

    def preload_fiu(self, daemon):
        preload(daemon.environment, FIU)
        daemon.environment["FIU_CTRL_FIFO"] = str(self.folder / "fiu")

    def make_fail(self, daemon, points, error):
        for point in points:
            self.control(daemon, f"enable name={point},failinfo={error}")

    def make_work(self, daemon, points):
        for point in points:
            self.control(daemon, f"disable name={point}")

    def control(self, daemon, command):
        if not daemon.is_running():
            return  # Its faults have ended with it.
        subprocess.run(["fiu-ctrl", "-f", str(self.folder / "fiu"), "-c", command,
                        str(daemon.pid)], check=True, timeout=PATIENCE)


class Disk:
    """A small file system over a folder, filled up to the last byte and freed again. Where nothing
    may be mounted (a container without that right) the daemon's writes are refused instead, with
    the same error: that needs `preload_fiu`, and fails only what the daemon itself writes."""

    POINTS = ["posix/io/rw/pwrite", "posix/io/rw/pwritev"]

    def __init__(self, test, daemon, path, mebibytes=8):
        self.test, self.daemon, self.path = test, daemon, Path(path)
        self.path.mkdir(parents=True, mode=0o700, exist_ok=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0700", "tmpfs", str(path)],
            capture_output=True, check=False)
        self.is_mounted = mounted.returncode == 0
        if self.is_mounted:
            test.addCleanup(self.unmount)
        else:
            print("mount is not permitted, libfiu stands in")
            test.preload_fiu(daemon)

    def unmount(self):
        self.test.cluster.end()  # Whoever uses it.
        subprocess.run(["umount", "-l", str(self.path)], check=True)

    def fill(self):
        if not self.is_mounted:
            return self.test.make_fail(self.daemon, self.POINTS, NO_SPACE)
        ballast = os.open(self.path / "ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            for size in (1 << 16, 4096, 1):
                try:
                    while True:
                        os.write(ballast, b"\0" * size)
                except OSError as error:
                    if error.errno != NO_SPACE:
                        raise
        finally:
            os.close(ballast)

    def free(self):
        if not self.is_mounted:
            return self.test.make_work(self.daemon, self.POINTS)
        (self.path / "ballast").unlink()
