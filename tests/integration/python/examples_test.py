# SPDX-License-Identifier: Apache-2.0
"""Each example in Python does what it says."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

import offerkit as ok

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "python"


class ExamplesTest(unittest.TestCase):
    def run_example(self, name, *arguments, environment=None, code=0):
        done = subprocess.run([sys.executable, str(EXAMPLES / f"{name}.py"), *arguments],
                              env=dict(os.environ, **(environment or {})), text=True, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def run_on_cluster(self, *arguments, **options):
        with ok.dev() as cluster:
            return self.run_example(*arguments, environment=cluster.environment, **options)

    def test_hello(self):
        self.assertEqual(self.run_on_cluster("hello"), "hello is running\nhello is finished\n")

    def test_batch(self):
        told = self.run_on_cluster("batch", "true", "exit 3", "echo hi", code=1).splitlines()
        self.assertEqual(sorted(line.partition(" command")[0] for line in told),
                         ["echo hi: finished"] + ["exit 3: failed"] * 3 + ["true: finished"])
        self.run_on_cluster("batch", "true")

    def test_sweep(self):
        self.assertEqual(self.run_on_cluster("sweep"), "losses [4, 1, 0, 1], best rate 3\n")

    def test_custom_policy(self):
        told = self.run_example("custom_policy").splitlines()
        self.assertEqual([line.split()[0] for line in told], ["drf", "fifo", "LongestWait"])
        waits = {line.split()[0]: int(line.partition("after")[2].split()[0]) for line in told}
        self.assertLess(waits["drf"], waits["fifo"])
        self.assertLess(waits["LongestWait"], waits["fifo"])

    def test_simulate_cluster(self):
        told = self.run_example("simulate_cluster", "7")
        self.assertIn("0 given up", told)
        self.assertEqual(self.run_example("simulate_cluster", "7"), told)
        self.assertNotEqual(self.run_example("simulate_cluster", "8"), told)

    def test_dag(self):
        order = self.run_on_cluster("dag").split()
        self.assertEqual(sorted(order), ["fetch", "parse", "plot", "report", "train"])
        self.assertEqual(order[:2] + order[-1:], ["fetch", "parse", "report"])

    def test_gang(self):
        self.assertRegex(self.run_example("gang"), "^both gangs of 6 done after [0-9]+ s\n$")

    def test_custom_resource(self):
        self.assertIn("at most 2 at once", self.run_example("custom_resource"))

    def test_service(self):
        self.assertIn("never fewer than 3 of 4 running", self.run_example("service"))

    def test_chaos(self):
        self.assertEqual(len(self.run_example("chaos", "5").splitlines()), 5)

    def test_each_is_short_and_run_here(self):
        for example in EXAMPLES.glob("*.py"):
            self.assertLessEqual(len(example.read_text().splitlines()), 150, example)
            self.assertTrue(hasattr(self, f"test_{example.stem}"), example)


if __name__ == "__main__":
    unittest.main()
