# SPDX-License-Identifier: Apache-2.0
"""What programs read of the tool: every form agrees with the schemas that are shipped."""

import json
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import jsonschema

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import BIN, TOOL, ClusterTest, eventually  # noqa: E402

SCHEMAS = Path(__file__).resolve().parents[3] / "docs" / "reference" / "schema"


def schema(name):
    return json.loads((SCHEMAS / (name + ".json")).read_text())


class OutputTest(ClusterTest):
    def start_all(self):
        self.start_dev("--agents", "2", "--resources", "cpus:2;mem:256")
        eventually(lambda: len(self.list("agents")) == 2, "the agents are there")
        self.tool("quota", "set", "eng", "--weight", "2", "--limit", "cpus:3")
        self.start_framework("picky", "eng", "decline", "constraint", "60", "not here")
        self.start_framework("taker", "*", "take", "cpus:1;mem:32", "1", "sleep 1000")
        eventually(lambda: self.list("tasks", "--state", "running"), "a task runs")
        self.assertEqual(self.run_task("--", "sh", "-c", "exit 3").returncode, 3)

    def start_framework(self, *words):
        process = subprocess.Popen([str(BIN / "tools_moody"), *words], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def hold_offers(self):
        self.start_framework("holder", "*", "hold")
        eventually(lambda: self.list("offers"), "an offer is out")

    def check(self, name, *arguments):
        done = self.tool(*arguments, "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        document = json.loads(done.stdout)
        jsonschema.validate(document, schema(name))
        return document

    def test_every_output_is_as_its_schema_says(self):
        self.start_all()
        self.hold_offers()
        agent = self.list("agents")[0]["id"]
        for name, *arguments in (("agents", "agents"), ("frameworks", "frameworks"),
                                 ("tasks", "tasks"), ("offers", "offers"),
                                 ("roles", "quota", "list"), ("events", "events"),
                                 ("why", "why", "picky"), ("why", "why", "taker"),
                                 ("why", "why", "take-1"), ("why", "why", "*"), ("top", "top"),
                                 ("drain", "agent", "drain", agent, "--dry-run")):
            with self.subTest(arguments=arguments):
                self.check(name, *arguments)
        for path in ("/v1/cluster", "/v1/nothing"):
            request = urllib.request.Request(
                self.access()["http"] + path,
                headers={"Authorization": "Bearer " + self.access()["token"]})
            try:
                body, name = urllib.request.urlopen(request, timeout=10).read(), "cluster"
            except urllib.error.HTTPError as error:
                body, name = error.read(), "error"
                error.close()
            jsonschema.validate(json.loads(body), schema(name))

    def test_lines_are_the_items_and_filters_hold_in_every_form(self):
        self.start_all()
        self.hold_offers()
        for what, *filters in (("agents", "--state", "active"), ("tasks", "--state", "failed"),
                               ("frameworks", "--role", "eng"), ("frameworks", "--name", "taker"),
                               ("tasks", "--role", "eng"), ("offers", "--role", "*")):
            with self.subTest(what=what, filters=filters):
                items = self.list(what, *filters)
                lines = self.tool(what, "-o", "jsonl", *filters).stdout.splitlines()
                self.assertEqual(sorted(item["id"] for item in items),
                                 sorted(json.loads(line)["id"] for line in lines))
                table = self.tool(what, *filters).stdout.splitlines()
                self.assertEqual(len(table), 1 + len(items))
                wide = self.tool(what, "-o", "wide", *filters).stdout.splitlines()
                self.assertEqual(len(wide), 1 + len(items))
                self.assertGreater(len(wide[0]), len(table[0]))
        self.assertEqual([each["name"] for each in self.list("frameworks", "--role", "eng")],
                         ["picky"])
        self.assertEqual(len(self.list("tasks", "--state", "failed")), 1)
        self.assertEqual(self.list("tasks", "--role", "eng"), [])

    def test_top_is_one_plain_view_when_nobody_watches(self):
        self.start_all()
        self.hold_offers()
        eventually(lambda: len(self.list("frameworks")) == 3, "the run is over")
        done = self.tool("top")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("\033", done.stdout)
        self.assertRegex(done.stdout, r"^cluster offerkit   policy \S+   2 agents   3 frameworks")
        self.assertIn("1 running", done.stdout)

    def test_watch_says_what_changes(self):
        self.start_all()
        watch = subprocess.Popen([TOOL, "tasks", "--watch", "-o", "jsonl", "--state", "running"],
                                 env=self.environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        self.assertEqual(json.loads(watch.stdout.readline())["id"], "take-1")
        run = subprocess.Popen([TOOL, "run", "--name", "later", "--cpus", "0.1", "--mem", "16",
                                "--", "sleep", "1000"], env=self.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        self.assertEqual(json.loads(watch.stdout.readline())["id"], "later")


if __name__ == "__main__":
    unittest.main()
