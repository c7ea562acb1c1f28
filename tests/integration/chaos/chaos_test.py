# SPDX-License-Identifier: Apache-2.0
"""A real cluster under load whose processes are killed and stopped, by a seed of the commit. To
repeat a failure, or to run for longer: scripts/chaos."""

import io
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import PER_SECOND, SECONDS, run_chaos, seed_of_commit  # noqa: E402

SECONDS = float(os.environ.get("OFFERKIT_CHAOS_SECONDS", SECONDS))
PER_SECOND = int(os.environ.get("OFFERKIT_CHAOS_PER_SECOND", PER_SECOND))


class ChaosTest(unittest.TestCase):
    def test_nothing_is_lost_doubled_or_left(self):
        said = io.StringIO()
        problems = run_chaos(seed_of_commit(), SECONDS, PER_SECOND, replay=True, out=said)
        print(said.getvalue())
        self.assertEqual(problems, [])


if __name__ == "__main__":
    unittest.main()
