# SPDX-License-Identifier: Apache-2.0
"""What `offerkit registry` does to a real master's folder."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import BIN, ClusterTest, eventually  # noqa: E402


class RegistryTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.work = self.folder / "master"
        self.registry = self.work / "registry"
        self.ready = self.folder / "ready.json"
        self.backup = self.folder / "backup"
        self.master = None
        self.agent = None
        self.addCleanup(self.kill_all)

    def kill_all(self):
        for process in (self.agent, self.master):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        for process in self.processes():  # A launcher outlives its agent.
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def spawn(self, *arguments):
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen([str(word) for word in arguments], env=self.environment,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)

    def start_master(self):
        self.ready.unlink(missing_ok=True)
        self.master = self.spawn(BIN / "offerkit-master", "--work-dir", self.work, "--port", 0,
                                 "--http-port", 0, "--ready-file", self.ready)
        eventually(lambda: self.ready.exists() or self.master.poll() is not None, "master is up")
        if self.master.poll() is not None:
            self.fail((self.folder / "log").read_text())
        return json.loads(self.ready.read_text())

    def start_agent(self, master):
        self.agent = self.spawn(BIN / "offerkit-agent", "--work-dir", self.folder / "agent",
                                "--master", master["master"], "--http-port", 0,
                                "--token-file", self.work / "token", "--resources", "cpus:1;mem:64")

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
