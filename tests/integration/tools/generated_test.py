# SPDX-License-Identifier: Apache-2.0
"""What the tool writes from its own definitions: completions, run in a real shell, and manual pages."""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import BIN, ClusterTest, eventually  # noqa: E402


class GeneratedTest(ClusterTest):
    def complete(self, *words):
        """What bash offers for the last of these words."""
        script = self.folder / "completions"
        if not script.exists():
            script.write_text(self.tool("completions", "bash").stdout)
        typed = " ".join("'" + word + "'" for word in ("offerkit", *words))
        done = subprocess.run(
            ["bash", "--norc", "-c",
             f"source {script}; COMP_WORDS=({typed}); COMP_CWORD={len(words)}; "
             "_offerkit; printf '%s\\n' \"${COMPREPLY[@]}\""],
            env={**self.environment, "PATH": f"{BIN}:{self.environment['PATH']}"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def commands(self):
        """As `--help` shows them."""
        text = self.tool("--help").stdout.split("Subcommands:")[1]
        return re.findall(r"^  ([a-z]+) ", text, re.MULTILINE)

    def test_bash_completes_commands_flags_values_and_ids(self):
        self.assertEqual([word for word in self.complete("") if not word.startswith("-")],
                         self.commands())
        self.assertEqual(self.complete("age"), ["agents", "agent"])
        self.assertEqual(self.complete("agent", "d"), ["drain", "deactivate"])
        self.assertEqual(self.complete("agent", "drain", "--dr"), ["--dry-run"])
        self.assertEqual(self.complete("tasks", "-o", ""), ["table", "wide", "json", "jsonl"])
        self.assertEqual(self.complete("logs", "--stream", "std"), ["stdout", "stderr"])
        (self.folder / "some.file").touch()
        self.assertEqual(self.complete("run", "--jobs", f"{self.folder}/some"),
                         [f"{self.folder}/some.file"])
        self.assertEqual(self.complete("run", "--", "--cp"), [])
        self.start_dev("--agents", "1")
        eventually(lambda: len(self.list("agents")) == 1, "the agent is there")
        self.assertEqual(self.complete("agent", "drain", "a"), [self.list("agents")[0]["id"]])

    def test_zsh_and_fish_name_every_command_and_flag(self):
        for shell, flag in (("zsh", "'--output:"), ("fish", "-l output")):
            text = self.tool("completions", shell).stdout
            for command in self.commands():
                self.assertRegex(text, rf"\b{command}\b")
            self.assertIn(flag, text)
            if shutil.which(shell):
                done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_manual_pages_say_what_help_says(self):
        page = self.tool("man").stdout
        self.assertTrue(page.startswith(".TH OFFERKIT 1"))
        for command in self.commands():
            self.assertIn(f".B offerkit {command}\n", page)
            own = self.tool("man", command).stdout
            help_text = self.tool(command, "--help").stdout
            for flag in set(re.findall(r"(?<= )--[a-z-]+(?= )", help_text.split("Options:")[1])):
                self.assertIn(flag.replace("-", "\\-"), own, command)
        if shutil.which("man"):
            done = subprocess.run(["man", "--warnings", "-l", "-"], input=page, text=True,
                                  capture_output=True, env={**self.environment, "MANPAGER": "cat"})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("offerkit why", done.stdout)


class ConfigTest(ClusterTest):
    def daemon(self, name, *arguments, environment=None):
        return subprocess.run([str(BIN / name), *arguments],
                              env={**self.environment, **(environment or {})},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def file(self, text):
        path = self.folder / "settings.toml"
        path.write_text(text)
        return str(path)

    def test_all_errors_of_meaning_are_told_with_their_lines(self):
        path = self.file("prot = 5050\nio-threads = 0\npolicy = 'drff'\npeer-timeout = '1'\n"
                         "log-level = 'loud'\n[cluster]\n")
        done = self.daemon("offerkit-master", "config", "validate", "--config", path)
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 6, done.stderr)
        for number in range(1, 7):
            self.assertEqual(sum(f"{path} line {number}:" in line for line in lines), 1, lines)
        self.assertIn("did you mean port?", done.stderr)
        path = self.file("resources = 'cpus'\nattributes = 'x'\non-stop = 'wait'\nzon = 'a'\n")
        done = self.daemon("offerkit-agent", "config", "validate", "--config", path, "--master",
                           "127.0.0.1:1", environment={"OFFERKIT_TOKEN": "secret"})
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(done.stderr.splitlines()), 4, done.stderr)
        self.assertIn("did you mean zone?", done.stderr)

    def test_a_syntax_error_stands_alone(self):
        path = self.file("prot = 5050\nport =\n")
        for daemon in ("offerkit-master", "offerkit-agent"):
            done = self.daemon(daemon, "config", "validate", "--config", path)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn("line 2", done.stderr)

    def test_a_daemon_does_not_start_with_it_either(self):
        path = self.file("prot = 5050\nio-threads = 0\n")
        done = self.daemon("offerkit-master", "--config", path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)

    def test_show_says_each_value_and_where_it_is_from(self):
        path = self.file("port = 1\nio-threads = 3\n")
        done = self.daemon("offerkit-master", "config", "show", "--origin", "--config", path,
                           "--port", "7", environment={"OFFERKIT_MASTER_POLICY": "fifo",
                                                       "OFFERKIT_TOKEN": "secret"})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        values = {}
        for line in done.stdout.splitlines():
            name, rest = line.split("=", 1)
            values[name.strip()] = [part.strip() for part in rest.split("#")]
        self.assertEqual(values["port"], ["7", "flag --port"])
        self.assertEqual(values["io-threads"], ["3", f"{path} line 2"])
        self.assertEqual(values["policy"], ["fifo", "environment OFFERKIT_MASTER_POLICY"])
        self.assertEqual(values["http-port"], ["5051", "default"])
        self.assertEqual(values["token"], ["(not shown)", "environment OFFERKIT_TOKEN"])
        self.assertNotIn("secret", done.stdout)
        plain = self.daemon("offerkit-master", "config", "show", "--config", path).stdout
        self.assertNotIn("#", plain)

    def test_a_good_one_is_said_to_be(self):
        done = self.daemon("offerkit-master", "config", "validate", "--port", "0")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "the configuration is good\n", ""))
        done = self.daemon("offerkit-master", "config", "valdate")
        self.assertEqual(done.returncode, 2)
        self.assertIn("config validate", done.stderr)


if __name__ == "__main__":
    unittest.main()
