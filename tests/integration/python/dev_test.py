# SPDX-License-Identifier: Apache-2.0
"""`with ok.dev(...)`: real daemons, and nothing left of them."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import offerkit as ok  # noqa: E402
from schedulers import Batch  # noqa: E402

TOOL = str(Path(os.environ["OFFERKIT_BIN_DIR"]) / "offerkit")


class DevTest(unittest.TestCase):
    """A temporary folder for each test, which names every process of its clusters."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="offerkit-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for patch in (unittest.mock.patch.dict(os.environ, {"TMPDIR": self.folder}),
                      unittest.mock.patch.object(tempfile, "tempdir", self.folder)):
            patch.start()
            self.addCleanup(patch.stop)

    def processes(self):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            if int(process.name) == os.getpid():
                continue
            try:
                is_ours = (self.folder.encode() in (process / "environ").read_bytes()
                           or self.folder.encode() in (process / "cmdline").read_bytes())
                state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if is_ours and state != "Z":
                found.append(int(process.name))
        return found

    def assert_nothing_left(self):
        deadline = time.monotonic() + 60
        while self.processes():
            self.assertLess(time.monotonic(), deadline, "processes are left")
            time.sleep(0.02)
        self.assertEqual(os.listdir(self.folder), [])

    def test_it_has_its_agents_and_leaves_nothing(self):
        with ok.dev(agents=3, resources=ok.res(cpus=2, mem="512MiB"), policy="fifo") as cluster:
            done = subprocess.run([TOOL, "agents", "-o", "json"], capture_output=True, text=True,
                                  env=dict(os.environ, **cluster.environment), timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(json.loads(done.stdout)["agents"]), 3)
            scheduler = Batch(["true"] * 20)
            ok.run(scheduler, name="test", failover_timeout=0)
            self.assertEqual(len(scheduler.ends), 20)
            self.assertIn(cluster.master, repr(cluster))
            self.assertIn(cluster.http, cluster._repr_html_())
        self.assert_nothing_left()
        cluster.stop()  # Once more changes nothing.

    def test_the_innermost_block_is_the_one_that_run_finds(self):
        class Names(Batch):
            def on_subscribed(self, framework, replies):
                replies.stop()

        with ok.dev() as outer, ok.dev() as inner:
            self.assertNotEqual(outer.master, inner.master)
            inner.stop()
            ok.run(Names([]), name="test", failover_timeout=0)
        self.assert_nothing_left()

    def test_why_something_waits(self):
        class Picky(Batch):
            done = False

            def on_offer(self, offer):
                return ok.Decline(offer, 60, ok.DeclineReason.CONSTRAINT, "zone is <not> north")

            def is_done(self):
                return self.done

        with ok.dev() as cluster:
            with self.assertRaisesRegex(ok.Refusal, "nobody"):
                cluster.why("nobody")
            picky = Picky([])
            running = threading.Thread(target=ok.run, args=(picky,),
                                       kwargs=dict(name="picky", failover_timeout=0))
            running.start()
            try:
                self.eventually_declined(cluster)
                why = cluster.why("picky")
            finally:
                picky.done = True
                running.join()
        self.assertIn("zone is <not> north", str(why))
        self.assertIn("zone is &lt;not&gt; north", why._repr_html_())
        self.assertEqual(why.answers[0]["roles"][0]["causes"][0]["cause"], "declined")
        self.assert_nothing_left()

    def eventually_declined(self, cluster):
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(ok.Refusal):  # Not subscribed yet.
                if "constraint" in str(cluster.why("picky")):
                    return
            self.assertLess(time.monotonic(), deadline, "no decline was seen")
            time.sleep(0.02)

    def test_an_error_inside_the_block_ends_it_too(self):
        with self.assertRaises(ZeroDivisionError), ok.dev():
            raise ZeroDivisionError
        self.assert_nothing_left()

    def test_why_it_does_not_start(self):
        with self.assertRaisesRegex(ok.Refusal, "no such policy"):
            ok.dev(policy="nobody").start()
        with self.assertRaisesRegex(ok.Refusal, "OFFERKIT_TOOL"):
            with unittest.mock.patch.dict(os.environ, {"OFFERKIT_TOOL": "/nowhere/offerkit"}):
                ok.dev().start()
        self.assert_nothing_left()

    def test_a_program_that_is_killed_leaves_nothing(self):
        program = textwrap.dedent("""
            import os, signal
            import offerkit
            with offerkit.dev():
                os.kill(os.getpid(), signal.SIGKILL)
        """)
        done = subprocess.run([sys.executable, "-c", program], timeout=60)
        self.assertEqual(done.returncode, -9)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
