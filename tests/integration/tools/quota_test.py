# SPDX-License-Identifier: Apache-2.0
"""`offerkit quota`: what an operator sets holds on a real cluster."""

import json
import subprocess
import sys
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import TOOL, ClusterTest, eventually  # noqa: E402


class QuotaTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.start_dev("--agents", "1", "--resources", "cpus:4;mem:512")
        eventually(lambda: len(self.list("agents")) == 1, "the agent is there")

    def set(self, role, *arguments, code=0):
        done = self.tool("quota", "set", role, *arguments)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        if code != 0:
            self.assert_one_line(done.stderr)
        return done.stdout if code == 0 else done.stderr

    def roles(self):
        done = self.tool("quota", "list", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        return {each["role"]: each for each in json.loads(done.stdout)["roles"]}

    def frameworks(self):
        request = urllib.request.Request(
            self.access()["http"] + "/v1/frameworks",
            headers={"Authorization": "Bearer " + self.access()["token"]})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["frameworks"]

    def start_task(self):
        task = subprocess.Popen([TOOL, "run", "--role", "eng/build", "--cpus", "1", "--mem", "16",
                                 "--", "sleep", "1000"], env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        self.addCleanup(task.communicate)
        self.addCleanup(task.kill)

    def running(self):
        return [each for each in self.list("tasks") if each["state"] == "running"]

    def test_what_is_not_named_stays(self):
        self.set("eng/build", "--weight", "2.5", "--guarantee", "cpus:2;mem:64", "--limit", "cpus:3")
        table = self.set("eng/build", "--limit", "mem:128", "--no-limit", "cpus")
        self.assertIn("eng/build", table)
        role = self.roles()["eng/build"]
        self.assertEqual(role["weight"], 2.5)
        self.assertEqual(role["guarantee"], {"cpus": 2, "mem": 64})
        self.assertEqual(role["limits"], {"mem": 128})
        self.set("eng/build", "--guarantee", "")
        role = self.roles()["eng/build"]
        self.assertEqual((role["guarantee"], role["limits"]), ({}, {"mem": 128}))

    def test_a_limit_holds_and_its_end_is_noticed(self):
        self.set("eng/build", "--limit", "cpus:1")
        self.start_task()
        eventually(lambda: len(self.running()) == 1, "the first task runs")
        self.start_task()
        eventually(lambda: any(claimant["not_offered"].get("quota_limit", 0) > 0
                               for framework in self.frameworks()
                               for claimant in framework["claimants"]),
                   "the second is kept waiting by the limit")
        self.assertEqual(len(self.running()), 1)
        self.set("eng/build", "--no-limit", "cpus")
        eventually(lambda: len(self.running()) == 2, "the second task runs")

    def test_what_cannot_be_is_refused(self):
        refused = self.set("eng/build", "--guarantee", "cpus:100", code=3)
        self.assertIn("guarantee", refused)
        self.assertIn("it is not KIND:AMOUNT", self.set("eng/build", "--limit", "cpus", code=2))
        self.assertIn("has none", self.set("eng/build", "--no-limit", "gpus", code=2))
        self.set("eng//build", "--weight", "2", code=3)
        self.set("eng/build", "--weight", "heavy", code=3)
        self.assertNotIn("eng/build", self.roles())


if __name__ == "__main__":
    unittest.main()
