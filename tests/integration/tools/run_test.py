# SPDX-License-Identifier: Apache-2.0
"""`offerkit run` and the lists, against a real cluster on loopback."""

import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import ClusterTest, TOOL, eventually  # noqa: E402


class RunTest(ClusterTest):
    def setUp(self):
        super().setUp()
        self.start_dev("--agents", "2", "--resources", "cpus:2;mem:512")

    # One command.

    def test_output_and_errors_pass_through_apart(self):
        done = self.run_task("--", "sh", "-c", "echo out; echo err >&2; printf 'no newline'")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "out\nno newline", "err\n"))

    def test_exit_code_passes_through(self):
        for code in (0, 1, 7, 124, 255):
            with self.subTest(code=code):
                self.assertEqual(self.run_task("--", "sh", "-c", f"exit {code}").returncode, code)

    def test_a_signal_is_128_and_its_number(self):
        self.assertEqual(self.run_task("--", "sh", "-c", "kill -TERM $$").returncode, 143)
        self.assertEqual(self.run_task("--", "sh", "-c", "kill -KILL $$").returncode, 137)

    def test_a_command_that_cannot_start_is_125_and_says_why(self):
        done = self.run_task("--", "/no/such/program")
        self.assertEqual(done.returncode, 125)
        self.assertIn("/no/such/program", done.stderr)
        self.assert_one_line(done.stderr)

    def test_arguments_and_environment_arrive_as_they_were_given(self):
        done = self.run_task("--env", "A=one two", "--env", "B=x=y", "--", "sh", "-c",
                             'printf "%s|%s|" "$A" "$B"; printf "%s|" "$@"', "sh", "a b", "", "--c",
                             "ä\n")
        self.assertEqual((done.returncode, done.stdout), (0, "one two|x=y|a b||--c|ä\n|"))

    def test_twenty_megabytes_arrive_byte_for_byte(self):
        data = self.folder / "data"
        data.write_bytes(os.urandom(20 * 1024 * 1024 + 17))
        done = self.run_task("--", "cat", str(data), text=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout == data.read_bytes(), "the output differs")

    def test_a_command_larger_than_any_agent_names_the_largest(self):
        done = self.tool("run", "--cpus", "100", "--", "true")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cpus 100, the most is 2 on agent a", done.stderr)

    def test_a_command_that_runs_for_too_long_is_killed_and_exits_with_124(self):
        done = self.run_task("--timeout", "300ms", "--", "sleep", "1000")
        self.assertEqual(done.returncode, 124, done.stderr)
        self.assertIn("longer than 300ms", done.stderr)
        self.assert_one_line(done.stderr)

    def test_ctrl_c_kills_the_task(self):
        run = subprocess.Popen([TOOL, "run", "--cpus", "0.1", "--mem", "16", "--", "sleep", "1000"],
                               env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
        eventually(lambda: [t for t in self.list("tasks") if t["state"] == "running"], "it runs")
        sleepers = self.sleepers()
        self.assertTrue(sleepers)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130)
        self.assertIn("interrupted", errors)
        eventually(lambda: not self.sleepers(), "the task is gone")

    def sleepers(self):
        found = []
        for process in self.processes():
            try:
                if Path(f"/proc/{process}/cmdline").read_bytes() == b"sleep\x001000\x00":
                    found.append(process)
            except OSError:
                pass
        return found

    # A file of jobs.

    def run_jobs(self, *lines, arguments=()):
        results = self.folder / "results.jsonl"
        done = self.tool("run", "--cpus", "0.1", "--mem", "16", "--jobs", self.jobs(*lines),
                         "--results", str(results), *arguments)
        rows = [json.loads(row) for row in results.read_text().splitlines()] \
            if results.exists() else []
        return done, rows

    def test_jobs_run_and_their_output_and_results_are_kept(self):
        output = self.folder / "output"
        lines = [{"id": f"j{i}", "command": f"echo $NAME {i}; echo e{i} >&2",
                  "env": {"NAME": f"n{i}"}} for i in range(40)]
        done, rows = self.run_jobs(*lines, arguments=["--output-dir", str(output)])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "40 jobs, 40 finished\n")
        self.assertEqual({row["id"] for row in rows}, {f"j{i}" for i in range(40)})
        self.assertEqual({(row["state"], row["exit_code"], row["attempts"]) for row in rows},
                         {("finished", 0, 1)})
        for i in range(40):
            self.assertEqual((output / f"j{i}.stdout").read_text(), f"n{i} {i}\n")
            self.assertEqual((output / f"j{i}.stderr").read_text(), f"e{i}\n")
        for row in rows:
            self.assertEqual(row["stdout"], str(output / f"{row['id']}.stdout"))
            self.assertTrue(row["started_at"] <= row["ended_at"], row)
        self.assertEqual(len(list(output.iterdir())), 80)

    def test_jobs_that_fail_are_told_one_by_one(self):
        done, rows = self.run_jobs({"id": "good", "argv": ["true"]},
                                   {"id": "code", "command": "exit 3"},
                                   {"id": "signal", "command": "kill -9 $$"},
                                   {"id": "missing", "argv": ["/no/such/program"]})
        self.assertEqual(done.returncode, 1)
        by_id = {row["id"]: row for row in rows}
        self.assertEqual([(row["state"], row["exit_code"], row["signal"])
                          for row in (by_id["good"], by_id["code"], by_id["signal"])],
                         [("finished", 0, None), ("failed", 3, None), ("failed", None, 9)])
        self.assertNotEqual(by_id["missing"]["state"], "finished")
        self.assertIn("/no/such/program", by_id["missing"]["message"])
        self.assertIn("job code: failed, exit code 3", done.stderr)
        self.assertTrue(done.stdout.startswith("4 jobs, 1 finished"), done.stdout)

    def test_bad_lines_are_named_and_nothing_runs(self):
        mark = self.folder / "ran"
        done, rows = self.run_jobs({"id": "a", "command": f"touch {mark}"}, {"id": "b"}, "nonsense",
                                   {"id": "a", "command": "true"})
        self.assertEqual(done.returncode, 2)
        for text in ("line 2", "neither command nor argv", "line 3", "not JSON", "line 4",
                     "id a is that of line 1", "3 lines are wrong"):
            self.assertIn(text, done.stderr)
        self.assertFalse(mark.exists())
        self.assertEqual(rows, [])
        self.assertEqual(self.list("tasks"), [])

    def test_jobs_that_never_fit_are_named_and_nothing_runs(self):
        done, _ = self.run_jobs({"id": "a", "command": "true"},
                                {"id": "b", "command": "true", "cpus": 2.001},
                                {"id": "c", "command": "true", "mem_mib": 1000})
        self.assertEqual(done.returncode, 2)
        self.assertIn("line 2, job b", done.stderr)
        self.assertIn("cpus 2.001, the most is 2 on agent a", done.stderr)
        self.assertIn("mem 1000, the most is 512 on agent a", done.stderr)
        self.assertEqual(self.list("tasks"), [])

    def test_no_more_jobs_at_once_than_asked_for(self):
        log = self.folder / "log"
        lines = [{"id": f"j{i}", "command": f"echo + >> {log}; sleep 0.05; echo - >> {log}"}
                 for i in range(12)]
        done, _ = self.run_jobs(*lines, arguments=["--max-parallel", "2"])
        self.assertEqual(done.returncode, 0, done.stderr)
        running, most = 0, 0
        for line in log.read_text().split():
            running += 1 if line == "+" else -1
            most = max(most, running)
        self.assertEqual(running, 0)
        self.assertLessEqual(most, 2)

    def test_an_empty_file_is_done_at_once(self):
        done, _ = self.run_jobs()
        self.assertEqual((done.returncode, done.stdout), (0, "0 jobs\n"))

    def test_a_file_that_is_not_there_is_a_wrong_use(self):
        done = self.tool("run", "--jobs", str(self.folder / "none"))
        self.assertEqual(done.returncode, 2)
        self.assert_one_line(done.stderr)

    # Lists.

    def test_agents_are_listed(self):
        agents = self.list("agents")
        self.assertEqual(len(agents), 2)
        for agent in agents:
            self.assertEqual(agent["state"], "active")
            self.assertEqual(agent["resources"]["cpus"], 2)
            self.assertEqual(agent["resources"]["mem"], 512)
            self.assertGreater(agent["port"], 0)
        ports = [agent["resources"]["ports"] for agent in agents]
        self.assertNotEqual(*ports)
        table = self.tool("agents").stdout.splitlines()
        self.assertEqual(table[0].split()[:3], ["ID", "HOST", "STATE"])
        self.assertEqual([row.split()[0] for row in table[1:]], [agent["id"] for agent in agents])

    def test_json_says_its_schema_version(self):
        for what in ("agents", "frameworks", "tasks", "offers"):
            done = self.tool(what, "-o", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            document = json.loads(done.stdout)
            self.assertEqual(document["schema_version"], 1)
            self.assertEqual(document[what], self.list(what))

    def test_tasks_and_frameworks_of_a_run_are_listed(self):
        run = subprocess.Popen([TOOL, "run", "--name", "listed", "--cpus", "0.1", "--mem", "16",
                                "--", "sleep", "1000"], env=self.environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: self.list("tasks", "--state", "running"), "it runs")
        frameworks = self.list("frameworks")
        self.assertEqual([f["name"] for f in frameworks], ["listed"])
        task = self.list("tasks", "--framework", frameworks[0]["id"])[0]
        self.assertEqual((task["id"], task["resources"]), ("listed", {"cpus": 0.1, "mem": 16}))
        table = self.tool("tasks").stdout.splitlines()
        self.assertEqual(len(table), 2)
        self.assertIn("listed", table[1])
        self.assertIn("cpus:0.1", table[1])
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(60), 130)

    def test_a_bad_state_or_id_is_refused_in_words(self):
        for arguments in (["--state", "sleeping"], ["--framework", "nonsense"]):
            done = self.tool("tasks", *arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assert_one_line(done.stderr)
            self.assertIn(arguments[1], done.stderr)


if __name__ == "__main__":
    unittest.main()
