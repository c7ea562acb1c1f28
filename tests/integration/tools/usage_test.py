# SPDX-License-Identifier: Apache-2.0
"""What the tool says when it is used wrongly, or finds no cluster."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import ClusterTest  # noqa: E402


class UsageTest(ClusterTest):
    def test_wrong_uses_are_told_in_one_line(self):
        for arguments, text in ((["tsaks"], "did you mean tasks?"),
                                (["frobnicate"], "frobnicate is not known"),
                                (["agent", "drian", "a1-1"], "did you mean drain?"),
                                (["tasks", "--colour"], "--colour"),
                                (["tasks", "--stat", "running"], "did you mean --state?"),
                                (["logs", "--stream", "both"], "tasks"),
                                (["man", "frobnicate"], "there is no command frobnicate"),
                                (["tasks", "-o", "xml"], "--output"),
                                (["run"], "give a command after --"),
                                (["run", "--jobs", "f", "--", "true"], "not both"),
                                (["run", "--env", "novalue", "--", "true"], "KEY=VALUE"),
                                (["run", "--cpus", "many", "--", "true"], "--cpus"),
                                (["run", "--mem", "0.0001", "--", "true"], "--mem"),
                                (["run", "--jobs", "f", "--max-parallel", "0"], "--max-parallel"),
                                (["run", "--jobs", "f", "--retries", "-1"], "--retries"),
                                (["run", "--jobs", "f", "--resume"], "--results"),
                                (["run", "--retries", "1", "--", "true"], "--jobs"),
                                (["run", "--timeout", "10", "--", "true"], "has no unit"),
                                (["run", "--timeout", "0s", "--", "true"], "--timeout"),
                                (["agents", "--token-file", "/no/such/file"], "/no/such/file")):
            with self.subTest(arguments=arguments):
                done = self.tool(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assert_one_line(done.stderr)
                self.assertIn(text, done.stderr)

    def test_no_cluster_is_exit_code_three(self):
        for arguments in (["agents"], ["tasks", "-o", "json"], ["run", "--", "true"],
                          ["agents", "--http", "http://127.0.0.1:1"]):
            with self.subTest(arguments=arguments):
                done = self.tool(*arguments)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assert_one_line(done.stderr)

    def test_a_wrong_token_is_told_as_such(self):
        self.start_dev()
        access = self.access()
        token = self.folder / "token"
        token.write_text("wrong\n")
        token.chmod(0o600)
        done = self.tool("agents", "--http", access["http"], "--token-file", str(token))
        self.assertEqual(done.returncode, 3)
        self.assert_one_line(done.stderr)
        self.assertIn("token", done.stderr)

    def test_a_token_file_that_others_can_read_is_refused(self):
        token = self.folder / "token"
        token.write_text("secret\n")
        token.chmod(0o644)
        done = self.tool("agents", "--http", "http://127.0.0.1:1", "--token-file", str(token))
        self.assertEqual(done.returncode, 2)
        self.assertIn("chmod 600", done.stderr)
        self.assertNotIn("secret", done.stderr)

    def test_help_has_an_example_for_each_command(self):
        for command in ("dev", "run", "agents", "frameworks", "tasks", "offers", "why", "logs",
                        "events", "top", "agent", "quota", "registry", "replay", "completions",
                        "man"):
            done = self.tool(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"Examples?: +offerkit " + command)
        self.assertEqual(self.tool("--version").stdout, "offerkit 0.1.0\n")


if __name__ == "__main__":
    unittest.main()
