# SPDX-License-Identifier: Apache-2.0
"""Two agents on one machine whose work folders are copies of each other."""

import os
import shutil
import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import PATIENCE, DaemonsTest, eventually  # noqa: E402


class CopiedFolderTest(DaemonsTest):
    def states(self, master):
        return [each["state"] for each in
                self.list("agents", "--http", master["http"], "--token-file",
                          str(self.work / "token"))]

    def registrations(self):
        return self.log.read_text().count("registered as ")

    def test_the_second_of_two_copies_is_refused_and_the_first_stays(self):
        master = self.start_master()
        self.start_agent(master)
        eventually(lambda: self.registrations() == 1, "it has registered")
        self.agent.send_signal(signal.SIGKILL)
        self.agent.wait()
        for process in self.processes():  # Its launcher, so that nothing is at the folder.
            if process != self.master.pid:
                os.kill(process, signal.SIGKILL)
        copy = self.folder / "copy"
        shutil.copytree(self.folder / "agent", copy, symlinks=True,
                        ignore=lambda folder, names: [
                            name for name in names if (Path(folder) / name).is_socket()])

        self.start_agent(master)
        eventually(lambda: self.registrations() == 2, "it has registered again")
        second = self.spawn_agent(master, copy)
        try:
            self.assertNotEqual(second.wait(PATIENCE), 0)
        finally:
            second.kill()
            second.wait()

        self.assertIn("another process with the same work folder has registered",
                      self.log.read_text())
        self.assertIsNone(self.agent.poll())
        self.assertEqual(self.registrations(), 2)
        self.assertEqual(self.states(master), ["active"])


if __name__ == "__main__":
    unittest.main()
