# SPDX-License-Identifier: Apache-2.0
"""A calendar that jumps, and one that stands still: for people only, never for a decision."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from environment import EnvironmentTest, preload  # noqa: E402

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


class ClockTest(EnvironmentTest):
    AGENTS = 2

    def setUp(self):
        super().setUp()
        self.set_clock("+0")
        for daemon in self.cluster.daemons:
            preload(daemon.environment, [LIBRARY])
            # The clock that jumps in the world is the calendar; the other one never does.
            daemon.environment |= {"FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                                   "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                                   "FAKETIME_DONT_RESET": "1"}
        self.addCleanup(self.remove_shared)

    def remove_shared(self):
        """What libfaketime leaves of processes that were killed."""
        for daemon in self.cluster.daemons:
            for pid in daemon.pids:
                for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
                    (Path("/dev/shm") / name).unlink(missing_ok=True)

    def set_clock(self, text):
        path = self.folder / "clock"
        (self.folder / "clock.next").write_text(text + "\n")
        (self.folder / "clock.next").replace(path)

    def check_nobody_noticed(self):
        self.await_more(10)
        self.assertEqual({agent["state"] for agent in self.cluster.ask("agents")}, {"active"})
        for state in ("lost", "unreachable", "dropped", "unknown"):
            self.assertEqual(self.ends(state), 0, state)
        self.assertEqual(self.write(), 200)

    def test_jumps_of_the_calendar_end_nothing(self):
        self.cluster.start_daemons()
        self.start_load()
        for clock in ("+1h", "-1h", "+3650d", "+0", "-3650d", "2030-01-01 00:00:00", "+0"):
            with self.subTest(clock=clock):
                self.set_clock(clock)
                self.check_nobody_noticed()
        self.finish()

    def test_daemons_that_start_in_another_year_find_what_they_knew(self):
        self.cluster.start_daemons()
        self.start_load()
        years = set()
        for clock in ("+3650d", "-3650d", "+0"):
            with self.subTest(clock=clock):
                self.set_clock(clock)
                for daemon in (self.cluster.master, self.cluster.agents[0]):
                    self.restart(daemon)
                self.await_more(10)
                self.assertEqual(self.ends("lost"), 0)
                years.add(self.cluster.ask("agents")[0]["registered_at"][:4])
        self.assertEqual(len(years), 3, "the daemons have seen the calendar jump")
        self.finish()


if __name__ == "__main__":
    unittest.main()
