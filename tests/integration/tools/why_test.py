# SPDX-License-Identifier: Apache-2.0
"""`offerkit why`: each cause is brought about on a live cluster, and named with counts and agents."""

import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from support import BIN, TOOL, ClusterTest, DaemonsTest, eventually  # noqa: E402


class Asks:
    """What the tests ask, on whichever cluster."""

    def start(self, *words):
        process = subprocess.Popen([str(word) for word in words], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def moody(self, name, role, *mood):
        return self.start(BIN / "tools_moody", name, role, *mood)

    def why(self, subject, *arguments):
        done = self.tool("why", subject, "-o", "json", *arguments)
        if done.returncode != 0:
            return []
        return json.loads(done.stdout)["why"]

    def causes(self, subject):
        """Of the framework of that name in its only role, by their names."""
        for answer in self.why(subject):
            if "roles" in answer:
                return {cause["cause"]: cause for cause in answer["roles"][0]["causes"]}
        return {}

    def first(self, subject):
        return next(iter(self.causes(subject)), None)

    def state(self, subject, kind):
        return next((answer["state"] for answer in self.why(subject) if answer["kind"] == kind),
                    None)

    def text(self, subject):
        done = self.tool("why", subject)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def await_cause(self, subject, cause, agents=None):
        """Until that is the first cause. Returns it."""
        def is_so():
            found = self.causes(subject)
            return next(iter(found), None) == cause and (
                agents is None or found[cause]["agents"] == agents)
        try:
            eventually(is_so, f"{subject} waits because of {cause}", 20)
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(self.why(subject), indent=1)}") from None
        found = self.causes(subject)
        self.assertIn(cause, found)
        return found[cause]

    def frameworks(self):
        return {each["name"]: each for each in self.list("frameworks")}

    def agent_ids(self):
        return sorted(each["id"] for each in self.list("agents"))


class WhyOnDevTest(ClusterTest, Asks):
    def start_agents(self, count, resources="cpus:2;mem:256"):
        self.start_dev("--agents", str(count), "--resources", resources)
        eventually(lambda: len(self.list("agents")) == count, "the agents are there")

    def test_no_agent_fits(self):
        self.start_agents(2)
        self.moody("large", "*", "want", "cpus:4;mem:64")
        cause = self.await_cause("large", "does_not_fit", 2)
        self.assertEqual(sorted(where["agent"] for where in cause["where"]), self.agent_ids())
        self.assertEqual({(where["kind"], where["wanted"], where["there"])
                          for where in cause["where"]}, {("cpus", 4, 2)})
        self.assertEqual(self.state("large", "framework"), "waiting")
        text = self.text("large")
        self.assertIn("no room on 2 agents even when empty", text)
        self.assertIn("it wants 4 cpus, the most of all is 2 on agent " + self.agent_ids()[0], text)
        self.assertIn("add a larger agent", text)

    def test_offers_held_and_offered_to_another(self):
        self.start_agents(2)
        self.moody("holder", "*", "hold")
        held = self.await_cause("holder", "on_offer", 2)
        self.assertEqual(sorted(where["agent"] for where in held["where"]), self.agent_ids())
        self.assertEqual(self.state("holder", "framework"), "on_offer")
        self.moody("patient", "*", "hold")
        cause = self.await_cause("patient", "offered_to_other", 2)
        holder = self.frameworks()["holder"]["id"]
        for where in cause["where"]:
            self.assertEqual(where["frameworks"], [holder])
            self.assertGreaterEqual(where["for_seconds"], 0)
        self.assertIn("what is left of 2 agents is on offer to framework " + holder,
                      self.text("patient"))
        self.assertRegex(self.text("holder"), r"2 agents are on offer to it, unanswered for \d")

    def test_declined_with_reason_and_seconds_left(self):
        self.start_agents(2)
        self.moody("picky", "*", "decline", "constraint", "60", "zone is not north")
        cause = self.await_cause("picky", "declined", 2)
        self.assertEqual(self.state("picky", "framework"), "offered_but_declined")
        for where in cause["where"]:
            self.assertEqual((where["reason"], where["detail"]),
                             ("constraint", "zone is not north"))
            self.assertTrue(0 < where["seconds_left"] <= 60, where)
        text = self.text("picky")
        self.assertIn("offered but declined", text.splitlines()[0])
        self.assertIn('2 agents offered but declined by the framework: constraint 2 '
                      '("zone is not north")', text)
        self.assertRegex(text, r"offered again in [1-5]?\d\.\d s at the earliest")

    def test_suppressed(self):
        self.start_agents(1)
        self.moody("quiet", "*", "suppress")
        self.await_cause("quiet", "suppressed")
        self.assertEqual(self.state("quiet", "framework"), "suppressed")

    def test_quota_and_headroom(self):
        self.start_agents(1)
        self.assertEqual(self.tool("quota", "set", "eng", "--limit", "cpus:1").returncode, 0)
        self.moody("first", "eng", "take", "cpus:1;mem:16", "1", "sleep 1000")
        eventually(lambda: self.state("take-1", "task") == "running", "the first task runs")
        self.start(TOOL, "run", "--name", "second", "--role", "eng", "--cpus", "1", "--mem", "16",
                   "--", "true")
        cause = self.await_cause("second", "quota_limit")
        self.assertEqual((cause["role"], cause["kind"], cause["limit"], cause["used"]),
                         ("eng", "cpus", 1, 1))
        self.assertIn("role eng has reached its limit of cpus: 1 of 1 used", self.text("second"))
        kinds = {answer["kind"] for answer in self.why("second")}
        self.assertEqual(kinds, {"job", "framework"})
        done = self.tool("quota", "set", "ops", "--guarantee", "cpus:1;mem:64")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.moody("guest", "*", "hold")
        cause = self.await_cause("guest", "headroom", 1)
        self.assertEqual(cause["where"][0]["agent"], self.agent_ids()[0])

    def test_in_use_and_share_order(self):
        self.start_agents(1, "cpus:8;mem:256")
        go = self.folder / "go"
        self.addCleanup(go.touch)
        self.moody("first", "*", "take", "cpus:1;mem:32", "2",
                   f"while [ ! -e {go} ]; do sleep 0.05; done")
        eventually(lambda: len(self.list("tasks", "--state", "running")) == 2, "two run")
        self.moody("large", "*", "take", "cpus:1;mem:32", "100", "sleep 1000")
        eventually(lambda: len(self.list("tasks", "--state", "running")) == 8, "all is in use")
        self.await_cause("large", "in_use", 1)
        self.assertIn("1 agent is in use: cpus: the most left is 0", self.text("large"))
        self.moody("small", "*", "take", "cpus:1;mem:32", "100", "sleep 1000")
        self.await_cause("small", "in_use", 1)
        small = self.frameworks()["small"]["id"]
        seen = []  # Said while it is so: once all is in use again, that is the cause.

        def is_said():
            seen[:] = [self.causes("large").get("share_order"), self.text("large")]
            return seen[0] and "share" in seen[1]

        go.touch()
        eventually(is_said, "the smaller is served first")
        cause, text = seen
        self.assertEqual((cause["kind"], cause["share"]), ("cpus", 0.75))
        self.assertIn(small, cause["frameworks"])
        self.assertIn("others with a smaller share are served first: it has 75% of all cpus", text)
        eventually(lambda: len(self.list("tasks", "--framework", small, "--state",
                                         "running")) == 2, "it has what was free")

    def test_draining(self):
        self.start_agents(2)
        agent = self.agent_ids()[1]
        self.assertEqual(self.tool("agent", "drain", agent).returncode, 0)
        self.moody("large", "*", "want", "cpus:4;mem:64")
        eventually(lambda: "draining" in self.causes("large"), "one drains")
        causes = self.causes("large")
        self.assertEqual([where["agent"] for where in causes["draining"]["where"]], [agent])
        self.assertEqual(causes["does_not_fit"]["agents"], 1)
        self.assertIn("1 agent is draining or deactivated", self.text("large"))

    def test_a_job_that_waits_for_others(self):
        self.start_agents(1)
        jobs = self.jobs({"id": "build", "command": "sleep 1000", "cpus": 0.1, "mem_mib": 16},
                         {"id": "test", "command": "true", "after": ["build"]},
                         {"id": "ship", "command": "true", "after": ["test", "build"]})
        self.start(TOOL, "run", "--name", "release", "--jobs", jobs)
        eventually(lambda: self.state("build", "job") == "running", "the first runs")
        answer = self.why("ship")[0]
        self.assertEqual((answer["kind"], answer["state"]), ("job", "blocked"))
        self.assertEqual(answer["waits_for"], [{"job": "test", "stage": "blocked"},
                                               {"job": "build", "stage": "launched"}])
        self.assertIn("waits for other jobs to finish: test (blocked), build (launched)",
                      self.text("ship"))
        def details():
            return [(where.get("reason"), where.get("detail"))
                    for cause in self.causes("release").values() for where in cause["where"]]
        eventually(lambda: details() == [("no_work",
                                          "no job is ready, 2 wait for others to finish")],
                   "the framework says it too")

    def test_each_stage_of_a_task_has_a_word_of_its_own(self):
        self.start_agents(1)
        agents = [process for process in self.processes()
                  if b"offerkit-agent" in Path(f"/proc/{process}/cmdline").read_bytes()]
        self.assertEqual(len(agents), 1)
        os.kill(agents[0], signal.SIGSTOP)
        self.addCleanup(lambda: Path(f"/proc/{agents[0]}").exists()
                        and os.kill(agents[0], signal.SIGCONT))
        self.moody("slow", "*", "take", "cpus:1;mem:16", "1", "sleep 2; exit 3")
        eventually(lambda: self.state("take-1", "task") == "launching", "it is on its way")
        self.assertIn("has not said yet that it starts it", self.text("take-1"))
        os.kill(agents[0], signal.SIGCONT)
        eventually(lambda: self.state("take-1", "task") == "running", "it runs")
        eventually(lambda: self.state("take-1", "task") == "failed", "it has ended")
        self.assertIn("exit code 3", self.text("take-1"))

    def test_what_nobody_knows_is_refused_with_what_was_meant(self):
        self.start_agents(1)
        self.moody("holder", "*", "hold")
        eventually(lambda: "holder" in self.frameworks(), "it is there")
        done = self.tool("why", "holdr")
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr)
        self.assertIn("did you mean holder?", done.stderr)
        wide = self.tool("why", "*", "-o", "wide")
        self.assertIn("AGENT", wide.stdout)
        lines = self.tool("why", "*", "-o", "jsonl").stdout.splitlines()
        self.assertEqual([json.loads(line)["kind"] for line in lines], ["framework"])


class WhyOnDaemonsTest(DaemonsTest, Asks):
    def start_cluster(self):
        ready = self.start_master()
        self.environment.update(OFFERKIT_MASTER=ready["master"], OFFERKIT_HTTP=ready["http"],
                                OFFERKIT_TOKEN_FILE=str(self.work / "token"))
        return ready

    def test_no_agents_unreachable_and_not_subscribed(self):
        ready = self.start_cluster()
        framework = self.moody("lonely", "*", "hold")
        self.await_cause("lonely", "no_agents")
        self.assertIn("the cluster has no agents", self.text("lonely"))
        self.start_agent(ready)
        self.await_cause("lonely", "on_offer", 1)
        self.agent.kill()
        self.agent.wait()
        cause = self.await_cause("lonely", "unreachable", 1)
        self.assertEqual([where["agent"] for where in cause["where"]], self.agent_ids())
        self.assertIn("1 agent is unreachable or disconnected", self.text("lonely"))
        framework.kill()
        framework.wait()
        self.await_cause("lonely", "not_subscribed")
        self.assertEqual(self.state("lonely", "framework"), "not_subscribed")


if __name__ == "__main__":
    unittest.main()
