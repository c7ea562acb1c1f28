# SPDX-License-Identifier: Apache-2.0
"""Draining and deactivating an agent of a real cluster with the tool."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import TOOL, ClusterTest, eventually  # noqa: E402


class AgentTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.start_dev("--agents", "1", "--resources", "cpus:1;mem:256")
        eventually(lambda: len(self.list("agents")) == 1, "the agent is there")
        self.agent = self.list("agents")[0]["id"]

    def state(self):
        return self.list("agents")[0]["state"]

    def start_task(self, *command):
        """A task that runs until it is killed, or told to go on by a file."""
        task = subprocess.Popen([TOOL, "run", "--cpus", "0.1", "--mem", "16", "--", *command],
                                env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(task.communicate)
        self.addCleanup(task.kill)
        eventually(lambda: any(each["state"] == "running" for each in self.list("tasks")),
                   "the task runs")
        return task

    def change(self, what, *arguments):
        done = self.tool("agent", what, self.agent, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_dry_run_says_what_a_drain_would_end_and_changes_nothing(self):
        task = self.start_task("sleep", "1000")
        text = self.change("drain", "--dry-run")
        self.assertIn(f"a drain of agent {self.agent}", text)
        self.assertIn("would end 1 tasks of 1 frameworks", text)
        plan = json.loads(self.change("drain", "--dry-run", "-o", "json"))["drain"]
        self.assertEqual([each["state"] for each in plan["tasks"]], ["running"])
        self.assertEqual(self.state(), "active")
        self.assertIsNone(task.poll())

    def test_what_still_runs_at_the_deadline_is_killed_and_the_agent_is_drained(self):
        task = self.start_task("sleep", "1000")
        text = self.change("drain", "--deadline", "1s", "--watch")
        self.assertIn(f"agent {self.agent} is drained", text)
        self.assertEqual(self.state(), "drained")
        self.assertNotEqual(task.wait(60), 0)

    def test_a_task_may_end_by_itself_before_the_deadline(self):
        go = self.folder / "go"
        task = self.start_task("sh", "-c", f"while [ ! -e {go} ]; do sleep 0.02; done; exit 3")
        self.change("drain", "--deadline", "10m")
        self.assertEqual(self.state(), "draining")
        go.touch()
        self.assertEqual(task.wait(60), 3)
        eventually(lambda: self.state() == "drained", "the agent is drained")

    def test_no_offers_of_a_deactivated_agent_until_it_is_activated(self):
        for what, state in (("deactivate", "deactivated"), ("drain", "drained")):
            with self.subTest(what=what):
                self.change(what)
                eventually(lambda state=state: self.state() == state, f"it is {state}")
                with self.assertRaises(subprocess.TimeoutExpired):
                    self.run_task("--", "true", timeout=2)
                self.change("activate")
                self.assertEqual(self.state(), "active")
                self.assertEqual(self.run_task("--", "true").returncode, 0)

    def test_what_was_answered_is_seen_at_once(self):
        for _ in range(20):
            self.change("deactivate")
            self.assertEqual(self.state(), "deactivated")
            self.change("activate")
            self.assertEqual(self.state(), "active")

    def test_an_agent_that_is_not_there_is_refused(self):
        done = self.tool("agent", "drain", "a9-9")
        self.assertEqual(done.returncode, 3)
        self.assert_one_line(done.stderr)
        self.assertIn("a9-9", done.stderr)


if __name__ == "__main__":
    unittest.main()
