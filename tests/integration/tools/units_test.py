# SPDX-License-Identifier: Apache-2.0
"""The systemd units, and what docs/operate.md says of them, fit the daemons."""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import BIN, PATIENCE  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
UNITS = sorted(ROOT.glob("daemons/*/*.service"))


def values_of(unit, key):
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.M)


def flags_of(program):
    done = subprocess.run([BIN / program, "--help"], capture_output=True, text=True,
                          timeout=PATIENCE, check=True)
    return set(re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", done.stdout, re.M))


class UnitsTest(unittest.TestCase):
    def test_each_daemon_has_a_unit(self):
        self.assertEqual([unit.stem for unit in UNITS], ["offerkit-agent", "offerkit-master"])

    def test_units_use_flags_that_exist(self):
        for unit in UNITS:
            with self.subTest(unit=unit.name):
                command, = values_of(unit, "ExecStart")
                program, *words = command.split()
                self.assertEqual(program, unit.stem)
                used = {word.split("=")[0] for word in words if word.startswith("-")}
                self.assertEqual(used - flags_of(program), set())

    def test_settings_in_the_document_exist(self):
        text = (ROOT / "docs/operate.md").read_text()
        for unit in UNITS:
            prefix = unit.stem.upper().replace("-", "_") + "_"
            names = set(re.findall(rf"\b{prefix}([A-Z_]+)", text)) - {"NAME"}
            flags = {"--" + name.lower().replace("_", "-") for name in names}
            for file in re.findall(rf"```toml\n# /etc/offerkit/{unit.parent.name}.toml\n(.*?)```",
                                   text, re.S):
                flags |= {"--" + key for key in re.findall(r"^([a-z-]+) = ", file, re.M)}
            with self.subTest(unit=unit.name):
                self.assertTrue(flags)
                self.assertEqual(flags - flags_of(unit.stem), set())

    def test_what_no_restart_mends_is_not_restarted(self):
        for unit in UNITS:
            with self.subTest(unit=unit.name):
                self.assertEqual(values_of(unit, "Restart"), ["on-failure"])
                self.assertEqual(values_of(unit, "RestartPreventExitStatus"), ["2 3"])

    def test_tasks_are_not_ended_with_their_agent(self):
        agent = ROOT / "daemons/agent/offerkit-agent.service"
        self.assertEqual(values_of(agent, "KillMode"), ["process"])
        self.assertEqual(values_of(agent, "OOMPolicy"), ["continue"])
        # Whatever would hold for the agent's processes would hold for the tasks.
        for key in re.findall(r"^(\w+)=", agent.read_text(), re.M):
            self.assertNotRegex(key, "^(Private|Protect|Restrict[AFNRS]|Limit|Memory|CPU|UMask)")

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_systemd_accepts_the_units(self):
        with tempfile.TemporaryDirectory() as folder:
            for unit in UNITS:
                text = unit.read_text().replace("ExecStart=", f"ExecStart={BIN.resolve()}/")
                (Path(folder) / unit.name).write_text(text)
            done = subprocess.run(["systemd-analyze", "--man=no", "verify",
                                   *sorted(Path(folder).iterdir())],
                                  capture_output=True, text=True, timeout=PATIENCE, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
