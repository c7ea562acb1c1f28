# SPDX-License-Identifier: Apache-2.0
"""A full disk under the registry, and under an agent's checkpoint."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from environment import Disk, EnvironmentTest  # noqa: E402
from processes import eventually  # noqa: E402


class DiskTest(EnvironmentTest):
    def test_a_full_disk_refuses_writes_of_the_registry_and_serves_the_rest(self):
        cluster = self.cluster
        disk = Disk(self, cluster.master, cluster.work_dir(cluster.master))
        cluster.start_daemons()
        self.start_load()
        self.assertEqual(self.write(), 200)

        disk.fill()
        self.await_writes(503)
        self.assertEqual(len(cluster.ask("agents")), 1)
        self.assertEqual(len(cluster.ask("frameworks")), 1)
        self.await_more()  # Offers, launches and statuses need no registry.
        self.assertEqual(self.write(), 503)

        disk.free()
        self.await_writes(200)
        self.await_more()
        self.restart(cluster.master)
        self.assertEqual(self.write(), 200)
        self.finish()

    def test_a_master_that_is_killed_on_a_full_disk_loses_nothing(self):
        cluster = self.cluster
        disk = Disk(self, cluster.master, cluster.work_dir(cluster.master))
        cluster.start_daemons()
        self.start_load()
        disk.fill()
        self.await_writes(503)
        cluster.master.kill()
        disk.free()
        cluster.start_master()
        cluster.await_agents()
        self.await_writes(200)
        self.finish()

    def test_a_full_disk_under_the_checkpoint_starts_nothing_and_forgets_nothing(self):
        cluster = self.cluster
        agent = cluster.agents[0]
        cluster.work_dir(agent).mkdir(mode=0o700)
        disk = Disk(self, agent, cluster.work_dir(agent) / "checkpoint")
        cluster.start_daemons()
        self.start_load()

        disk.fill()
        self.await_more(5, "dropped")
        self.assertEqual(cluster.ask("agents")[0]["state"], "active")
        self.assertEqual(self.write(), 200)  # It is this agent's fault alone.

        disk.free()
        self.await_more(20)
        self.restart(agent)
        self.await_more(1)
        figures = self.finish()
        self.assertGreaterEqual(figures["ends"]["dropped"], 5)
        eventually(lambda: not cluster.ask("agents")[0]["used"], "nothing is in use")


if __name__ == "__main__":
    unittest.main()
