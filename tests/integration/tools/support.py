# SPDX-License-Identifier: Apache-2.0
"""A cluster of `offerkit dev` with a runtime folder of its own, and what tests ask about it. The
programs are in the folder that OFFERKIT_BIN_DIR names."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

BIN = Path(os.environ["OFFERKIT_BIN_DIR"])
TOOL = str(BIN / "offerkit")
PATIENCE = 60


def eventually(is_so, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class ClusterTest(unittest.TestCase):
    """A folder for each test; everything of its cluster names it in its environment or arguments."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="offerkit-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.runtime = self.folder / "run"
        self.temporary = self.folder / "tmp"
        for folder in (self.runtime, self.temporary):
            folder.mkdir(mode=0o700)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                            "XDG_RUNTIME_DIR": str(self.runtime), "TMPDIR": str(self.temporary)}
        for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.dev = None
        self.bystanders = set()  # Processes of a test that are not of its cluster.

    def start_dev(self, *arguments):
        self.dev = subprocess.Popen([TOOL, "dev", *arguments], env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end_dev)
        eventually(lambda: self.dev_file().exists() or self.dev.poll() is not None, "dev is up")
        if self.dev.poll() is not None:
            self.fail(f"offerkit dev ended: {self.dev.stderr.read()}")

    def end_dev(self, number=signal.SIGTERM):
        """Ends it, and everything that names our folder, so that no test leaves a process."""
        if self.dev is not None and self.dev.poll() is None:
            self.dev.send_signal(number)
            try:
                self.dev.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.dev.kill()
                self.dev.wait()
        if self.dev is not None:
            self.dev.stdout.close()
            self.dev.stderr.close()
        self.dev = None
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def dev_file(self):
        return self.runtime / "offerkit" / "dev.json"

    def access(self):
        return json.loads(self.dev_file().read_text())

    def processes(self):
        """Of our cluster: those that have our folder in their environment, arguments or folder."""
        mark = str(self.folder).encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            if int(process.name) in self.bystanders | {os.getpid()}:
                continue
            with contextlib.suppress(OSError):
                if (mark in (process / "environ").read_bytes()
                        or mark in (process / "cmdline").read_bytes()
                        or mark in os.readlink(process / "cwd").encode()):
                    if (process / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                        found.append(int(process.name))
        return found

    def tool(self, *arguments, **options):
        """Runs the tool, bounded in time. Returns its exit code, output and errors as text."""
        options.setdefault("timeout", PATIENCE)
        return subprocess.run([TOOL, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=options.pop("text", True), **options)

    def run_task(self, *arguments, **options):
        return self.tool("run", "--cpus", "0.1", "--mem", "16", *arguments, **options)

    def jobs(self, *lines):
        path = self.folder / "jobs.jsonl"
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n"
                                for line in lines))
        return str(path)

    def list(self, what, *arguments):
        done = self.tool(what, "-o", "json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)[what]

    def assert_one_line(self, text):
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("offerkit: "), text)

    def assert_nothing_left(self, addresses):
        eventually(lambda: not self.processes(), "all processes have ended")
        for address in addresses:
            host, port = address.removeprefix("http://").rsplit(":", 1)
            with socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex((host, int(port))), 0, f"{address} answers")
        desks = {f"run-{process}.sock" for process in self.bystanders}  # Of runs of the test's own.
        left = [str(path.relative_to(self.folder)) for path in self.folder.rglob("*")
                if not path.is_dir() and path.name != "jobs.jsonl" and path.name not in desks]
        self.assertEqual(left, [])
        self.assertEqual(list(self.temporary.iterdir()), [])


class DaemonsTest(ClusterTest):
    """A master and an agent that the test itself starts and ends."""

    def setUp(self):
        super().setUp()
        self.work = self.folder / "master"
        self.ready = self.folder / "ready.json"
        self.log = self.folder / "log"
        self.master = None
        self.agent = None
        self.addCleanup(self.kill_all)

    def kill_all(self):
        for process in (self.agent, self.master):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        for process in self.processes():  # A launcher outlives its agent.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def spawn(self, *arguments):
        with self.log.open("a") as log:
            return subprocess.Popen([str(word) for word in arguments], env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def start_master(self):
        self.ready.unlink(missing_ok=True)
        self.master = self.spawn(BIN / "offerkit-master", "--work-dir", self.work, "--port", 0,
                                 "--http-port", 0, "--ready-file", self.ready)
        eventually(lambda: self.ready.exists() or self.master.poll() is not None, "master is up")
        if self.master.poll() is not None:
            self.fail(self.log.read_text())
        return json.loads(self.ready.read_text())

    def spawn_agent(self, master, folder):
        return self.spawn(BIN / "offerkit-agent", "--work-dir", folder, "--master",
                          master["master"], "--http-port", 0, "--token-file", self.work / "token",
                          "--resources", "cpus:1;mem:64")

    def start_agent(self, master):
        self.agent = self.spawn_agent(master, self.folder / "agent")
