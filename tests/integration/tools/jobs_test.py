# SPDX-License-Identifier: Apache-2.0
"""`offerkit run --jobs`: order, retries, timeouts, results as they come, interruption, resumption."""

import json
import os
import pty
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import TOOL, ClusterTest, eventually  # noqa: E402


class JobsTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.start_dev("--agents", "2", "--resources", "cpus:2;mem:512")
        self.results = self.folder / "results.jsonl"

    def arguments(self, *lines):
        return ["run", "--cpus", "0.1", "--mem", "16", "--backoff", "10ms", "--jobs",
                self.jobs(*lines), "--results", str(self.results)]

    def run_jobs(self, *lines, arguments=()):
        done = self.tool(*self.arguments(*lines), *arguments)
        return done, self.rows()

    def start_jobs(self, *lines, arguments=()):
        run = subprocess.Popen([TOOL, *self.arguments(*lines), *arguments], env=self.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.communicate)
        self.addCleanup(run.kill)
        return run

    def rows(self):
        if not self.results.exists():
            return {}
        return {row["id"]: row for row in map(json.loads, self.results.read_text().splitlines())}

    def states(self):
        return {name: row["state"] for name, row in self.rows().items()}

    def waits_for(self, path):
        return f"while ! test -e {path}; do sleep 0.05; done"

    # Order.

    def test_jobs_run_after_those_that_they_wait_for(self):
        log = self.folder / "log"
        done, rows = self.run_jobs(
            {"id": "last", "command": f"echo last >>{log}", "after": ["left", "right"]},
            {"id": "left", "command": f"echo left >>{log}", "after": ["first"]},
            {"id": "right", "command": f"echo right >>{log}", "after": ["first"]},
            {"id": "first", "command": f"sleep 0.2; echo first >>{log}"})
        self.assertEqual(done.returncode, 0, done.stderr)
        order = log.read_text().split()
        self.assertEqual((order[0], set(order[1:3]), order[3]), ("first", {"left", "right"}, "last"))
        self.assertEqual(len(rows), 4)

    def test_what_waits_for_a_job_that_failed_is_not_run_and_says_so(self):
        mark = self.folder / "ran"
        done, rows = self.run_jobs(
            {"id": "bad", "command": "exit 4"},
            {"id": "next", "command": f"touch {mark}", "after": ["bad"]},
            {"id": "over", "command": f"touch {mark}", "after": ["next"]},
            {"id": "good", "command": "true"})
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "4 jobs, 1 finished, 1 failed, 2 not run\n")
        self.assertIn("job next: not run: job bad did not finish", done.stderr)
        self.assertFalse(mark.exists())
        for name in ("next", "over"):
            self.assertEqual((rows[name]["state"], rows[name]["reason"], rows[name]["attempts"]),
                             ("not_run", "dependency_failed", 0))
            self.assertIn("job bad", rows[name]["message"])

    def test_circles_and_unknown_jobs_are_named_and_nothing_runs(self):
        mark = self.folder / "ran"
        done, _ = self.run_jobs({"id": "free", "command": f"touch {mark}"},
                                {"id": "a", "command": "true", "after": ["c"]},
                                {"id": "b", "command": "true", "after": ["a"]},
                                {"id": "c", "command": "true", "after": ["b"]})
        self.assertEqual(done.returncode, 2)
        self.assertIn("a, which waits for c, which waits for b, which waits for a", done.stderr)
        done, rows = self.run_jobs({"id": "free", "command": f"touch {mark}"},
                                   {"id": "a", "command": "true", "after": ["nobody"]})
        self.assertEqual(done.returncode, 2)
        self.assertIn("line 2: read job: job a waits for nobody", done.stderr)
        self.assertEqual(rows, {})
        self.assertFalse(mark.exists())

    # Failures.

    def test_a_job_that_fails_is_tried_again_and_may_finish(self):
        count = self.folder / "count"
        command = f"echo x >>{count}; test $(wc -l <{count}) -ge 3"
        done, rows = self.run_jobs({"id": "a", "command": command, "retries": 5})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((rows["a"]["state"], rows["a"]["attempts"], rows["a"]["task"]),
                         ("finished", 3, "a@3"))
        self.assertEqual(count.read_text(), "x\n" * 3)

    def test_retries_have_an_end_and_a_line_may_say_less_than_the_flag(self):
        done, rows = self.run_jobs({"id": "a", "command": "exit 9"},
                                   {"id": "b", "command": "exit 9", "retries": 0},
                                   arguments=["--retries", "2"])
        self.assertEqual(done.returncode, 1)
        self.assertEqual((rows["a"]["attempts"], rows["b"]["attempts"]), (3, 1))
        self.assertIn("job a: failed, exit code 9", done.stderr)
        self.assertIn("(attempt 3)", done.stderr)

    def test_a_job_that_runs_for_too_long_is_killed(self):
        done, rows = self.run_jobs({"id": "slow", "argv": ["sleep", "1000"], "timeout": "300ms"},
                                   {"id": "quick", "command": "true", "timeout": "1h"})
        self.assertEqual(done.returncode, 1)
        self.assertEqual((rows["slow"]["state"], rows["slow"]["reason"]),
                         ("killed", "run_time_exceeded"))
        self.assertEqual(rows["quick"]["state"], "finished")
        self.assertIn("it ran for too long", done.stderr)

    # Interruption.

    def test_ctrl_c_once_lets_what_runs_end_and_starts_nothing_more(self):
        go, mark = self.folder / "go", self.folder / "ran"
        run = self.start_jobs({"id": "a", "command": self.waits_for(go)},
                              {"id": "b", "command": f"touch {mark}"},
                              {"id": "c", "command": f"touch {mark}", "after": ["a"]},
                              arguments=["--max-parallel", "1"])
        eventually(lambda: self.list("tasks", "--state", "running"), "it runs")
        run.send_signal(signal.SIGINT)
        self.assertIn("1 may end, or Ctrl-C again kills them", run.stderr.readline())
        go.touch()
        out, _ = run.communicate(timeout=60)
        self.assertEqual((run.returncode, out), (130, "3 jobs, 1 finished, 2 not started\n"))
        self.assertEqual(self.states(), {"a": "finished"})
        self.assertFalse(mark.exists())

    def test_ctrl_c_twice_kills_what_runs(self):
        run = self.start_jobs({"id": "a", "argv": ["sleep", "1000"]})
        eventually(lambda: self.list("tasks", "--state", "running"), "it runs")
        run.send_signal(signal.SIGINT)
        run.stderr.readline()
        run.send_signal(signal.SIGINT)
        out, _ = run.communicate(timeout=60)
        self.assertEqual((run.returncode, out), (130, "1 job, 1 interrupted\n"))
        self.assertEqual((self.rows()["a"]["state"], self.rows()["a"]["exit_code"]),
                         ("interrupted", None))
        eventually(lambda: not self.list("tasks", "--state", "running"), "the task is gone")

    def test_sigterm_kills_what_runs(self):
        run = self.start_jobs({"id": "a", "argv": ["sleep", "1000"]})
        eventually(lambda: self.list("tasks", "--state", "running"), "it runs")
        run.send_signal(signal.SIGTERM)
        out, _ = run.communicate(timeout=60)
        self.assertEqual((run.returncode, out), (130, "1 job, 1 interrupted\n"))

    # Results and resumption.

    def test_results_are_there_while_the_run_goes_on_and_survive_its_kill(self):
        go = self.folder / "go"
        lines = [{"id": "a", "command": "true"}, {"id": "b", "command": self.waits_for(go)},
                 {"id": "c", "command": "true", "after": ["b"]}]
        run = self.start_jobs(*lines)
        eventually(lambda: self.states() == {"a": "finished"}, "the result of a is there")
        eventually(lambda: len(self.list("tasks", "--state", "running")) == 1, "b runs")
        run.kill()
        run.wait()
        self.assertEqual(self.states(), {"a": "finished"})
        with self.results.open("a") as results:
            results.write('{"id": "b", "sta')  # As a crash would leave it.
        go.touch()
        done, rows = self.run_jobs(*lines, arguments=["--resume"])
        self.assertEqual((done.returncode, done.stdout), (0, "3 jobs, 2 finished, 1 finished earlier\n"),
                         done.stderr)
        self.assertEqual(set(rows), {"a", "b", "c"})
        self.assertEqual(len(self.results.read_text().splitlines()), 3)

    def test_what_failed_is_run_again_and_new_jobs_are_run(self):
        mark, count = self.folder / "mark", self.folder / "count"
        lines = [{"id": "a", "command": f"echo x >>{count}"},
                 {"id": "b", "command": f"test -e {mark}"},
                 {"id": "c", "command": "true", "after": ["b"]}]
        done, _ = self.run_jobs(*lines)
        self.assertEqual(done.returncode, 1)
        mark.touch()
        # How much a job takes is no part of what it does.
        done, _ = self.run_jobs({**lines[0], "mem_mib": 24}, *lines[1:],
                                {"id": "new", "command": "true"}, arguments=["--resume"])
        self.assertEqual((done.returncode, done.stdout),
                         (0, "4 jobs, 3 finished, 1 finished earlier\n"), done.stderr)
        self.assertEqual(count.read_text(), "x\n")
        self.assertEqual(self.states(), dict.fromkeys(("a", "b", "c", "new"), "finished"))

    def test_a_changed_job_that_is_done_is_noticed_and_nothing_runs(self):
        self.run_jobs({"id": "a", "command": "true"}, {"id": "gone", "command": "true"})
        mark = self.folder / "ran"
        done, _ = self.run_jobs({"id": "a", "command": "echo changed"},
                                {"id": "b", "command": f"touch {mark}"}, arguments=["--resume"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("job a has finished, but with another command", done.stderr)
        self.assertIn("line 1", done.stderr)
        self.assertFalse(mark.exists())
        done, _ = self.run_jobs({"id": "a", "command": "true"}, arguments=["--resume"])
        self.assertEqual((done.returncode, done.stdout), (0, "1 job, 1 finished earlier\n"))
        self.assertIn("1 of its lines are about jobs that", done.stderr)

    def test_results_of_an_earlier_run_are_not_written_over(self):
        self.run_jobs({"id": "a", "command": "true"})
        before = self.results.read_text()
        done, _ = self.run_jobs({"id": "a", "command": "true"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("--resume", done.stderr)
        self.assert_one_line(done.stderr)
        self.assertEqual(self.results.read_text(), before)

    def test_a_second_run_on_the_same_results_is_refused(self):
        run = self.start_jobs({"id": "a", "argv": ["sleep", "1000"]})
        eventually(lambda: self.list("tasks", "--state", "running"), "it runs")
        done, _ = self.run_jobs({"id": "a", "argv": ["sleep", "1000"]}, arguments=["--resume"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("another run is writing it", done.stderr)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(60), 130)

    def test_results_that_cannot_be_written_end_the_run(self):
        mark = self.folder / "ran"
        lines = [{"id": "a", "command": "true"},
                 {"id": "b", "command": f"sleep 1; touch {mark}", "after": ["a"]}]
        arguments = self.arguments(*lines)
        arguments[-1] = "/dev/full"
        done = self.tool(*arguments)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/dev/full: write results: No space left on device", done.stderr)

    # Progress.

    def test_progress_is_one_rewritten_line_on_a_terminal(self):
        master, slave = pty.openpty()
        run = subprocess.Popen([TOOL, *self.arguments(
            *[{"id": f"j{i}", "command": "sleep 0.2"} for i in range(8)]), "--max-parallel", "1"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        said = b""
        try:
            while piece := os.read(master, 65536):
                said += piece
        except OSError:  # The other end has been closed.
            pass
        os.close(master)
        self.assertEqual(run.wait(60), 0)
        self.assertRegex(said, rb"\r[0-9]+ of 8 ended, 1 running")
        self.assertNotIn(b"\n", said)
        self.assertTrue(said.endswith(b"\r\x1b[K"), said[-80:])


if __name__ == "__main__":
    unittest.main()
