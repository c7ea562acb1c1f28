# SPDX-License-Identifier: Apache-2.0
"""`pip install` from the tree, into a fresh environment, without a network."""

import os
import subprocess
import tempfile
import unittest
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ["OFFERKIT_BIN_DIR"]).parent

PROGRAM = """
import sys
import offerkit as ok
from hello import Hello
assert ok.__file__.startswith(sys.prefix), ok.__file__
assert ok.clusters.find_tool().startswith(sys.prefix), ok.clusters.find_tool()
with ok.dev():
    ok.run(Hello(), name="hello", failover_timeout=0)
"""


class PipTest(unittest.TestCase):
    """From what the tests have built: a build from nothing is the same two commands of CMake."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="offerkit-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        venv.create(self.folder / "venv", with_pip=True)
        self.python = str(self.folder / "venv" / "bin" / "python")
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("PYTHON", "PIP_"))}
        # No index answers there: whoever asks one fails, instead of finding something.
        self.environment.update(PIP_INDEX_URL="http://127.0.0.1:1", PIP_NO_CACHE_DIR="1",
                                TMPDIR=str(self.folder), PIP_DISABLE_PIP_VERSION_CHECK="1")

    def run_python(self, *arguments):
        done = subprocess.run([self.python, *arguments], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        return done.stdout

    def install(self, *arguments):
        self.run_python("-m", "pip", "install", *arguments, str(ROOT / "bindings" / "python"),
                        "--config-settings", f"build-dir={BUILD}")

    def test_what_was_installed_runs_a_cluster(self):
        self.install()
        self.environment["PYTHONPATH"] = str(ROOT / "examples" / "python")
        self.assertEqual(self.run_python("-c", PROGRAM), "hello is running\nhello is finished\n")
        self.assertIn("offerkit", self.run_python("-m", "pip", "check") +
                      self.run_python("-m", "pip", "list"))
        self.run_python("-m", "pip", "uninstall", "-y", "offerkit")
        self.assertFalse(list(self.folder.glob("venv/**/offerkit*")))

    def test_an_editable_one_refers_to_the_tree(self):
        self.install("--no-index", "--no-build-isolation", "-e")
        where = self.run_python("-c", "import offerkit; print(offerkit.__file__)")
        self.assertTrue(where.startswith(str(BUILD)), where)

    def test_a_folder_that_is_no_build_is_refused_in_words(self):
        done = subprocess.run(
            [self.python, "-m", "pip", "install", str(ROOT / "bindings" / "python"),
             "--config-settings", f"build-dir={self.folder}"], env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is no build of OfferKit", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
