# SPDX-License-Identifier: Apache-2.0
"""`offerkit logs` and `offerkit events` on a live cluster."""

import json
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import TOOL, ClusterTest, eventually  # noqa: E402


class LogsTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.start_dev("--agents", "1", "--resources", "cpus:2;mem:256")
        eventually(lambda: len(self.list("agents")) == 1, "the agent is there")

    def start(self, *arguments):
        process = subprocess.Popen([TOOL, *arguments], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def run_jobs(self, *jobs):
        lines = [{"cpus": 0.1, "mem_mib": 16, **job} for job in jobs]
        return self.tool("run", "--jobs", self.jobs(*lines))

    def test_what_an_ended_task_wrote(self):
        self.run_jobs({"id": "both", "command": "echo out; echo err >&2"},
                      {"id": "long", "command": "seq 1 100; printf end"})
        done = self.tool("logs", "both")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "out\n", "err\n"))
        done = self.tool("logs", "--stream", "stderr", "both")
        self.assertEqual((done.stdout, done.stderr), ("", "err\n"))
        self.assertEqual(self.tool("logs", "-n", "3", "long").stdout, "99\n100\nend")
        self.assertEqual(self.tool("logs", "--tail", "1000", "long").stdout.count("\n"), 100)

    def test_several_have_prefixes_and_each_end_is_said(self):
        self.run_jobs({"id": "good", "command": "echo one; printf two"},
                      {"id": "bad", "command": "echo three; exit 7"})
        done = self.tool("logs", "-f", "good", "bad")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines(), ["good | one", "good | two", "bad | three"])
        self.assertIn("offerkit: task good: finished, exit code 0\n", done.stderr)
        self.assertIn("offerkit: task bad: failed, exit code 7", done.stderr)

    def test_follow_waits_for_a_task_to_come_and_for_its_end(self):
        go = self.folder / "go"
        logs = self.start("logs", "-f", "late")
        self.assertEqual(logs.stderr.readline(), "offerkit: task late: waits until it starts\n")
        run = self.start("run", "--name", "late", "--cpus", "0.1", "--mem", "16", "--", "sh", "-c",
                         f"echo begun; while [ ! -e {go} ]; do sleep 0.05; done; echo over")
        self.assertEqual(logs.stdout.readline(), "begun\n")
        go.touch()
        out, err = logs.communicate(timeout=60)
        self.assertEqual((logs.returncode, out), (0, "over\n"))
        self.assertEqual(err, "offerkit: task late: finished, exit code 0\n")
        run.communicate(timeout=60)

    def test_an_unknown_task_is_refused_with_what_was_meant(self):
        self.run_jobs({"id": "build", "command": "true"})
        done = self.tool("logs", "biuld")
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr)
        self.assertIn("did you mean build?", done.stderr)

    def events(self, *arguments):
        done = self.tool("events", "-o", "json", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["events"]

    def test_events_of_a_task_have_its_launch_as_their_cause(self):
        self.run_jobs({"id": "bad", "command": "exit 3"})
        events = self.events("--task", "bad")
        self.assertEqual(events[0]["what"], "staging")
        self.assertEqual(events[-1]["what"], "failed")
        self.assertIn("exit code 3", events[-1]["text"])
        self.assertEqual({event["cause"] for event in events}, {events[0]["id"]})
        everything = self.events()
        self.assertEqual([event["id"] for event in everything],
                         list(range(1, len(everything) + 1)))
        since = everything[-3]["id"]
        self.assertEqual([event["id"] for event in self.events("--since", str(since))],
                         [event["id"] for event in everything if event["id"] > since])

    def test_what_an_agents_end_brings_about_has_one_cause(self):
        run = self.start("run", "--name", "victim", "--cpus", "0.1", "--mem", "16", "--", "sleep",
                         "1000")
        eventually(lambda: self.list("tasks", "--state", "running"), "it runs")
        agent = self.list("agents")[0]["id"]
        follow = self.start("events", "-f", "-o", "jsonl", "--task", "victim")
        self.assertEqual(json.loads(follow.stdout.readline())["what"], "staging")
        self.assertEqual(self.tool("agent", "gone", agent).returncode, 0)
        run.communicate(timeout=60)
        eventually(lambda: any(event["what"] == "removed" for event in self.events("--agent", agent)),
                   "the agent is gone")
        gone = next(event for event in self.events("--task", "victim")
                    if event["what"] == "gone_by_operator")
        chain = [(event["kind"], event["what"]) for event in
                 self.events("--cause", str(gone["cause"]))]
        self.assertIn(("task", "gone_by_operator"), chain)
        self.assertIn(("agent", "removed"), chain)
        table = self.tool("events", "--cause", str(gone["cause"])).stdout
        self.assertIn("gone_by_operator", table)
        while json.loads(follow.stdout.readline())["what"] != "gone_by_operator":
            pass


if __name__ == "__main__":
    unittest.main()
