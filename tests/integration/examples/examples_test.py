# SPDX-License-Identifier: Apache-2.0
"""The programs of examples/, each as its first lines say to use it."""

import json
import os
import signal
import subprocess
import sys
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from support import PATIENCE, ClusterTest, DaemonsTest, eventually  # noqa: E402

EXAMPLES = Path(os.environ["OFFERKIT_BIN_DIR"]).parent / "examples"


class Example:
    """Runs examples in a test's folder and environment."""

    def example(self, name, *arguments, text=""):
        return subprocess.run([str(EXAMPLES / name), *arguments], input=text, cwd=self.folder,
                              env=self.environment, capture_output=True, text=True,
                              timeout=4 * PATIENCE)

    def assert_ends_well(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class SimulatedTest(Example, ClusterTest):
    """Those that need no cluster."""

    def test_chaos_finds_the_mistake_and_only_the_mistake(self):
        done = self.example("chaos")
        self.assert_ends_well(done)
        self.assertIn("careful: nothing is wrong with 50 seeds", done.stdout)
        found = done.stdout.split("careless: seed ")[1]
        self.assertIn("jobs were forgotten", found)
        again = self.example("chaos", "careless", found.split(":")[0])
        self.assertEqual(again.returncode, 1)
        self.assertIn("jobs were forgotten", again.stdout)

    def test_delay_scheduling_brings_tasks_to_their_data(self):
        self.assert_ends_well(self.example("delay"))

    def test_simulate_cluster_is_the_same_each_time(self):
        one, other = self.example("simulate_cluster", "5"), self.example("simulate_cluster", "5")
        self.assert_ends_well(one)
        self.assertEqual(one.stdout, other.stdout)
        self.assertIn("drf", one.stdout)


class LiveTest(Example, ClusterTest):
    """Those that run on `offerkit dev`."""

    def setUp(self):
        super().setUp()
        self.start_dev("--agents", "2")

    def test_hello(self):
        done = self.example("hello")
        self.assert_ends_well(done)
        self.assertIn("hello is finished", done.stdout)

    def test_batch_tries_again_what_fails(self):
        mark = self.folder / "mark"
        done = self.example("batch", text=f"true\ntest -e {mark} || {{ touch {mark}; exit 1; }}\n")
        self.assert_ends_well(done)
        self.assertEqual(done.stdout.count(": finished"), 2, done.stdout)
        self.assertEqual(done.stdout.count(": failed"), 1, done.stdout)

    def test_gang_members_know_their_number(self):
        done = self.example("gang", "3", f"echo $RANK of $WORLD_SIZE >> {self.folder}/ranks")
        self.assert_ends_well(done)
        ranks = sorted((self.folder / "ranks").read_text().splitlines())
        self.assertEqual(ranks, ["0 of 3", "1 of 3", "2 of 3"])

    def test_dag_keeps_the_order(self):
        log = self.folder / "order"
        lines = [f"{line}: echo {line.split()[0]} >> {log}"
                 for line in ("fetch", "parse fetch", "count fetch", "report parse count")]
        done = self.example("dag", text="\n".join(lines) + "\n")
        self.assert_ends_well(done)
        order = log.read_text().split()
        self.assertEqual((order[0], order[3], sorted(order[1:3])),
                         ("fetch", "report", ["count", "parse"]))

    def test_dag_gives_up_what_waits_for_a_failure(self):
        done = self.example("dag", text="a: false\nb a: true\nc b: true\nd: true\n")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(sorted(done.stdout.splitlines()),
                         ["a failed", "b given up", "c given up", "d finished"])
        self.assertEqual(self.example("dag", text="a b: true\nb a: true\n").returncode, 2)

    def test_service_is_updated_without_a_gap(self):
        self.assert_ends_well(self.example("service", "v1", "3", "sleep 1000", "--once"))
        self.assertEqual(self.running(), ["service.v1.1", "service.v1.2", "service.v1.3"])
        done = self.example("service", "v2", "2", "sleep 1000", "--once")
        self.assert_ends_well(done)
        self.assertEqual(self.running(), ["service.v2.4", "service.v2.5"])

    def running(self):
        return sorted(task["id"] for task in self.list("tasks") if task["state"] == "running")

    def test_the_second_of_a_pair_takes_over(self):
        outputs = [self.folder / "one", self.folder / "two"]
        pair = []
        for output in outputs:
            with output.open("w") as out:
                pair.append(subprocess.Popen([str(EXAMPLES / "failover_pair"), "state"],
                                             cwd=self.folder, env=self.environment, stdout=out,
                                             stderr=out))
            self.addCleanup(pair[-1].wait)
            self.addCleanup(pair[-1].kill)
            if output == outputs[0]:
                eventually(lambda: "all 3 run" in outputs[0].read_text(), "the first leads")
        tasks = {task["id"]: task["agent"] for task in self.list("tasks")}
        self.assertEqual(outputs[1].read_text(), "")
        pair[0].send_signal(signal.SIGKILL)
        eventually(lambda: "all 3 run" in outputs[1].read_text(), "the second leads")
        self.assertNotIn("launches", outputs[1].read_text())
        self.assertEqual({task["id"]: task["agent"] for task in self.list("tasks")}, tasks)


class OwnDaemonsTest(Example, DaemonsTest):
    """Those that want daemons of their own."""

    def use_cluster(self, ready):
        self.environment["OFFERKIT_MASTER"] = ready["master"]
        self.environment["OFFERKIT_HTTP"] = ready["http"]
        self.environment["OFFERKIT_TOKEN_FILE"] = str(self.work / "token")

    def test_a_resource_kind_of_our_own_from_end_to_end(self):
        ready = self.start_master()
        self.agent = self.spawn(Path(os.environ["OFFERKIT_BIN_DIR"]) / "offerkit-agent",
                                "--work-dir", self.folder / "agent", "--master", ready["master"],
                                "--http-port", 0, "--token-file", self.work / "token",
                                "--resources", "cpus:8;mem:4096;licenses:2")
        self.use_cluster(ready)
        done = self.example("custom_kind", "5")
        self.assert_ends_well(done)
        self.assertIn("at most 2 at once", done.stdout)
        self.assertIn("licenses:2", json.dumps(self.list("agents")).replace('": ', ":"))

    def test_a_policy_of_our_own_in_a_live_master(self):
        self.ready.unlink(missing_ok=True)
        self.master = self.spawn(EXAMPLES / "custom_policy", "--work-dir", self.work, "--port", 0,
                                 "--http-port", 0, "--ready-file", self.ready)
        eventually(lambda: self.ready.exists() or self.master.poll() is not None, "master is up")
        ready = json.loads(self.ready.read_text())
        self.start_agent(ready)
        self.use_cluster(ready)
        self.assert_ends_well(self.example("hello"))
        token = (self.work / "token").read_text().strip()
        request = urllib.request.Request(ready["http"] + "/v1/cluster",
                                         headers={"Authorization": "Bearer " + token})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            self.assertEqual(json.load(answer)["cluster"]["policy"], "newest_first")

    def test_a_policy_that_nobody_has_is_refused_with_those_there_are(self):
        done = subprocess.run([str(EXAMPLES / "custom_policy"), "--policy", "oldest"],
                              cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=4 * PATIENCE)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("newest_first", done.stderr)
        self.assertIn("drf", done.stderr)


if __name__ == "__main__":
    unittest.main()
