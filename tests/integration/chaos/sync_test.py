# SPDX-License-Identifier: Apache-2.0
"""Disks that fail to sync, and disks that take their time."""

import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from environment import IO_ERROR, EnvironmentTest  # noqa: E402

SYNCS = ["posix/io/sync/fsync", "posix/io/sync/fdatasync"]


class SyncTest(EnvironmentTest):
    def test_a_sync_that_fails_is_never_taken_for_done(self):
        cluster = self.cluster
        self.preload_fiu(cluster.master)
        cluster.start_daemons()
        self.start_load()
        self.assertEqual(self.write(), 200)
        for _ in range(3):
            self.make_fail(cluster.master, SYNCS, IO_ERROR)
            self.assertEqual(self.write(), 503)
            self.assertEqual(len(cluster.ask("agents")), 1)
            self.await_more()
            self.make_work(cluster.master, SYNCS)
            self.await_writes(200)
        self.make_fail(cluster.master, SYNCS, IO_ERROR)
        self.assertEqual(self.write(), 503)
        self.restart(cluster.master)  # The next process has no fault enabled.
        self.assertEqual(self.write(), 200)
        self.finish()

    def test_a_checkpoint_that_cannot_sync_starts_nothing(self):
        cluster = self.cluster
        agent = cluster.agents[0]
        self.preload_fiu(agent)
        cluster.start_daemons()
        self.start_load()
        self.make_fail(agent, SYNCS, IO_ERROR)
        self.await_more(5, "dropped")
        self.make_work(agent, SYNCS)
        self.await_more(20)
        self.restart(agent)
        self.finish()

    def test_a_slow_sync_holds_up_writes_and_nothing_else(self):
        cluster = self.cluster
        cluster.start_daemons()
        self.start_load()
        cluster.master.kill()
        # The tracer is the grandchild, so that the process we know is still the daemon.
        cluster.master.wrapper = ["strace", "-D", "-f", "-qq", "-o", self.folder / "strace", "-e",
                                  "trace=fsync,fdatasync",
                                  "--inject=fsync,fdatasync:delay_enter=1000000"]
        cluster.start_master()
        cluster.await_agents()
        answers = []
        writer = threading.Thread(target=lambda: answers.append(self.write(timeout=60)))
        writer.start()
        served = 0
        while writer.is_alive():
            served += len(cluster.ask("agents"))
        writer.join()
        self.assertEqual(answers, [200])
        self.assertGreater(served, 0)
        self.await_more()
        self.assertIn("fdatasync", (self.folder / "strace").read_text())
        cluster.master.wrapper = []
        self.restart(cluster.master)
        self.finish()


if __name__ == "__main__":
    unittest.main()
