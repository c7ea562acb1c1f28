# SPDX-License-Identifier: Apache-2.0
"""What `offerkit registry` does to a real master's folder."""

import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import BIN, DaemonsTest, eventually  # noqa: E402


class RegistryTest(DaemonsTest):
    def setUp(self):
        super().setUp()
        self.registry = self.work / "registry"
        self.backup = self.folder / "backup"

    def end_master(self, number=signal.SIGTERM):
        self.master.send_signal(number)
        self.master.wait()

    def ask(self, *arguments, code=0):
        done = self.tool("registry", *arguments, "--work-dir", str(self.work))
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        if code != 0:
            self.assert_one_line(done.stderr)
        return done.stderr if code != 0 else done.stdout

    def dump(self):
        return json.loads(self.ask("dump", "-o", "json"))

    def fill(self):
        """A registry with one agent, as a killed master leaves it."""
        self.start_agent(self.start_master())
        eventually(lambda: len(self.dump()["agents"]) == 1, "the agent is admitted")
        self.agent.kill()
        self.agent.wait()

    def damage_database(self):
        path = self.registry / "entries.db"
        data = path.read_bytes()
        self.assertIn(b"agent/", data)
        path.write_bytes(data.replace(b"agent/", b"agenu/"))

    def test_an_agent_is_kept_through_kill_and_can_be_seen_while_the_master_runs(self):
        self.fill()
        agents = self.dump()["agents"]
        self.assertEqual(agents[0]["resources"], "cpus:1;mem:64")
        self.assertIn("agent", self.ask("dump"))
        self.assertIn(f"process {self.master.pid} uses it", self.ask("verify", code=3))
        self.end_master(signal.SIGKILL)
        self.assertIn("1 agents", self.ask("verify"))
        self.assertTrue(json.loads(self.ask("verify", "-o", "json"))["whole"])
        self.assertEqual(self.dump()["agents"], agents)

    def test_a_live_backup_is_restored_after_damage(self):
        self.fill()
        self.ask("backup", str(self.backup))
        self.assertIn("there already", self.ask("backup", str(self.backup), code=1))
        agents = self.dump()["agents"]
        self.assertIn("uses it", self.ask("restore", str(self.backup), code=3))
        self.end_master()
        epoch = int((self.work / "epoch").read_text())
        self.damage_database()

        self.assertIn("restore", self.ask("verify", code=1))
        refused = subprocess.run([BIN / "offerkit-master", "--work-dir", self.work, "--port", "0",
                                  "--http-port", "0"], env=self.environment, text=True,
                                 capture_output=True, check=False)
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("offerkit registry verify", refused.stderr)

        self.assertIn("before-restore-1", self.ask("restore", str(self.backup)))
        self.assertTrue((self.work / "registry.before-restore-1" / "entries.db").exists())
        self.assertEqual(self.dump()["agents"], agents)
        self.assertGreater(self.start_master()["epoch"], epoch)

    def test_what_is_whole_is_salvaged(self):
        self.fill()
        self.end_master(signal.SIGKILL)
        os.remove(self.registry / "durable")
        self.assertIn("--salvage", self.ask("verify", code=1))
        self.ask("restore", "--salvage")
        self.assertEqual(len(self.dump()["agents"]), 1)
        self.ask("verify")

    def test_wrong_uses_are_told(self):
        for arguments, text in ((["verify"], "there is none"), (["dump"], "there is none"),
                                (["restore"], "give the FILE"), (["backup"], "FILE"),
                                (["restore", "--salvage", "x"], "not both"),
                                (["restore", "/no/such/file"], "/no/such/file")):
            with self.subTest(arguments=arguments):
                self.assertIn(text, self.ask(*arguments, code=2))
        (self.folder / "no-backup").write_text("nothing")
        self.assertIn("is no backup", self.ask("restore", str(self.folder / "no-backup"), code=1))
        self.assertFalse(self.registry.exists())


if __name__ == "__main__":
    unittest.main()
