# SPDX-License-Identifier: Apache-2.0
"""The types that the package states are those that it has: mypy's stubtest compares the extension
with its stub, and mypy reads the rest, the examples and what must not pass."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import offerkit

PACKAGE = Path(offerkit.__file__).parent.parent
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"

# pybind11's own metaclass has no stub; and a class that cannot be made says so only when called.
HARMLESS = (" is inconsistent, metaclass differs",
            '.__init__ is inconsistent, stub does not have *args argument "args"')

WRONG = """
import offerkit as ok
offer = ok.Offer("cpus:1")
ok.Decline(offer.agent)
ok.res(mem=256)
offer.resources.cpu
ok.TaskId("t") == offer.id.text
"""


class StubsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="offerkit-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)  # With mypy's cache, which is most of the time.

    def run_module(self, module, *arguments):
        environment = dict(os.environ, MYPYPATH=str(PACKAGE), PYTHONPATH=str(PACKAGE),
                           MYPY_CACHE_DIR=str(self.folder / "cache"))
        return subprocess.run([sys.executable, "-m", module, *map(str, arguments)],
                              env=environment, cwd=self.folder, capture_output=True, text=True,
                              timeout=300)

    def test_the_extension_is_what_its_stub_says(self):
        done = self.run_module("mypy.stubtest", "offerkit._core", "--concise")
        found = [line for line in done.stdout.splitlines() if not line.endswith(HARMLESS)]
        self.assertEqual(found, [], done.stderr)
        self.assertIn("offerkit._core.Offer is inconsistent, metaclass", done.stdout)  # It looked.

    def test_the_package_and_the_examples_pass(self):
        done = self.run_module("mypy", "--strict", "-p", "offerkit")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.run_module("mypy", "--check-untyped-defs", *sorted(EXAMPLES.glob("*.py")))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_what_is_wrong_is_found_before_it_runs(self):
        (self.folder / "wrong.py").write_text(WRONG)
        done = self.run_module("mypy", "wrong.py")
        lines = [number for number in range(1, 9) if f"wrong.py:{number}: error" in done.stdout]
        self.assertEqual(lines, [4, 5, 6, 7], done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
