# SPDX-License-Identifier: Apache-2.0
"""`offerkit dev`: however it ends, nothing stays."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import ClusterTest, TOOL, eventually  # noqa: E402


class DevTest(ClusterTest):
    def start_with_task(self):
        """Two agents, and a task that would run on for a quarter of an hour."""
        self.start_dev("--agents", "2", "--resources", "cpus:1;mem:256")
        access = self.access()
        run = subprocess.Popen([TOOL, "run", "--cpus", "0.1", "--mem", "16", "--", "sleep", "1000"],
                               env=self.environment, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        self.bystanders.add(run.pid)
        eventually(lambda: self.list("tasks", "--state", "running"), "the task runs")
        addresses = [access["master"], access["http"]]
        addresses += [f"127.0.0.1:{agent['port']}" for agent in self.list("agents")]
        # Its framework neither ends nor hears of the end: the task is the cluster's to end.
        run.send_signal(signal.SIGSTOP)
        return addresses

    def check_ends(self, number):
        addresses = self.start_with_task()
        programs = {os.path.basename(os.readlink(f"/proc/{process}/exe"))
                    for process in self.processes()}
        self.assertLessEqual({"offerkit", "offerkit-master", "offerkit-agent", "offerkit-launcher",
                              os.path.basename(os.path.realpath(shutil.which("sleep")))}, programs)
        self.dev.send_signal(number)
        code = self.dev.wait(60)
        self.assertEqual(code, -9 if number == signal.SIGKILL else 0)
        self.assert_nothing_left(addresses)

    def test_ctrl_c_leaves_nothing(self):
        self.check_ends(signal.SIGINT)

    def test_sigterm_leaves_nothing(self):
        self.check_ends(signal.SIGTERM)

    def test_kill_leaves_nothing(self):
        self.check_ends(signal.SIGKILL)

    def test_an_end_while_it_comes_up_leaves_nothing(self):
        for pause in (0, 0.02, 0.1, 0.3):
            with self.subTest(pause=pause):
                dev = subprocess.Popen([TOOL, "dev", "--agents", "2", "--resources",
                                        "cpus:1;mem:256"], env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
                time.sleep(pause)
                dev.send_signal(signal.SIGTERM)
                dev.wait(60)
                self.assert_nothing_left([])

    def test_only_its_user_can_read_the_token(self):
        self.start_dev()
        self.assertEqual(stat.S_IMODE(self.dev_file().stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.dev_file().parent.stat().st_mode), 0o700)
        token = self.access()["token"]
        self.assertEqual(len(token), 64)
        for process in self.processes():
            command = Path(f"/proc/{process}/cmdline").read_bytes()
            self.assertNotIn(token.encode(), command)

    def test_a_second_one_is_refused_and_harms_nothing(self):
        self.start_dev()
        second = self.tool("dev")
        self.assertEqual(second.returncode, 1)
        self.assert_one_line(second.stderr)
        self.assertIn("another one runs for this user", second.stderr)
        self.assertEqual(len(self.list("agents")), 1)

    def test_it_can_be_started_again_in_the_same_folder(self):
        work = str(self.folder / "work")
        for _ in range(2):
            self.start_dev("--work-dir", work, "--resources", "cpus:1;mem:256")
            self.assertEqual(self.run_task("--", "echo", "again").stdout, "again\n")
            self.end_dev()

    def daemons(self, program):
        found = []
        for process in self.processes():
            with contextlib.suppress(FileNotFoundError):  # It has ended meanwhile.
                if os.readlink(f"/proc/{process}/exe").endswith("/" + program):
                    found.append(process)
        return found

    def test_daemons_that_are_killed_are_started_again_and_lose_nothing(self):
        self.start_dev("--agents", "2", "--resources", "cpus:1;mem:256")
        run = subprocess.Popen([TOOL, "run", "--cpus", "0.1", "--mem", "16", "--", "sh", "-c",
                                "echo $$; while ! test -e go; do sleep 0.05; done; exit 7"],
                               env=self.environment, stdout=subprocess.PIPE, text=True)
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        self.bystanders.add(run.pid)
        process = int(run.stdout.readline())
        for program in ("offerkit-agent", "offerkit-master", "offerkit-agent"):
            before = self.daemons(program)
            for daemon in before:
                os.kill(daemon, signal.SIGKILL)
            eventually(lambda: len(set(self.daemons(program)) - set(before)) == len(before),
                       f"every {program} is started again")
            eventually(lambda: [agent["state"] for agent in self.list("agents")] == ["active"] * 2,
                       "both agents are back")
        Path(f"/proc/{process}/cwd/go").touch()
        self.assertEqual(run.wait(60), 7)
        self.dev.send_signal(signal.SIGTERM)
        said = self.dev.stdout.read()
        self.assertEqual(said.count("was ended by signal 9; it is started again"), 5, said)
        self.assertEqual(self.dev.wait(60), 0)
        self.assert_nothing_left([])

    def test_a_daemon_that_always_ends_ends_the_cluster_in_words(self):
        self.start_dev("--resources", "cpus:1;mem:256")

        def kill_again():
            for daemon in self.daemons("offerkit-agent"):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(daemon, signal.SIGKILL)
            return self.dev.poll() is not None

        eventually(kill_again, "dev gives up")
        self.assertEqual(self.dev.returncode, 1)
        self.assertIn("was ended by signal 9, and so each time", self.dev.stderr.read())
        self.assert_nothing_left([])

    def test_wrong_flags_are_refused_in_one_line(self):
        for arguments, text in ((["--agents", "0"], "--agents"), (["--agents", "x"], "--agents"),
                                (["--resources", "cpus:x"], "cpus"),
                                (["--policy", "nonsense"], "nonsense")):
            with self.subTest(arguments=arguments):
                done = self.tool("dev", *arguments)
                self.assertIn(done.returncode, (1, 2))
                self.assert_one_line(done.stderr)
                self.assertIn(text, done.stderr)
                self.assert_nothing_left([])


if __name__ == "__main__":
    unittest.main()
