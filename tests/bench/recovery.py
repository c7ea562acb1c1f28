#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a killed daemon takes until it is what it was.

    recovery.py [--agent-tasks 1000] [--agents 1000] [--tasks 10000]

agent_recovery_seconds: a real agent with real running tasks is killed with -9 and started again,
from its exec until it reports every task as running and the master has it registered.
master_recovery_seconds: a real master with emulated agents is killed with -9 and started again,
from its exec until every agent is registered and every task is known as running.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parents[2] / "build/release/bin"
PATIENCE_S = 120


class Daemon:
    """A process with a ready file."""

    def __init__(self, folder, name, words):
        self.ready = folder / f"{name}.ready"
        self.ready.unlink(missing_ok=True)
        self.log = open(folder / f"{name}.log", "a", encoding="utf-8")
        self.started = time.monotonic()
        self.process = subprocess.Popen([*map(str, words), "--ready-file", str(self.ready)],
                                        stdout=self.log, stderr=self.log)

    def facts(self):
        return await_value(lambda: self.ready.exists() and json.loads(self.ready.read_text()),
                           f"{self.ready.stem} is ready")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.log.close()


def await_value(read, what):
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        value = read()
        if value:
            return value
        time.sleep(0.002)
    raise SystemExit(f"recovery: waited {PATIENCE_S} s in vain: {what}")


class Http:
    def __init__(self, url, token):
        self.url, self.token = url, token

    def get(self, path):
        """None while nobody answers."""
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"recovery: {path} answers {error}") from error
        except OSError:
            return None


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.token = "only-for-this-benchmark"
        self.token_file = folder / "token"
        self.token_file.write_text(self.token + "\n")
        self.token_file.chmod(0o600)
        self.ports = ("0", "0")
        self.start_master()
        facts = self.master.facts()
        self.address, self.http = facts["master"], Http(facts["http"], self.token)
        self.ports = (self.address.rsplit(":", 1)[1], facts["http"].rsplit(":", 1)[1])
        self.environment = {**os.environ, "OFFERKIT_MASTER": self.address,
                            "OFFERKIT_HTTP": facts["http"],
                            "OFFERKIT_TOKEN_FILE": str(self.token_file)}

    def start_master(self):
        self.master = Daemon(self.folder, "master", [
            PROGRAMS / "offerkit-master", "--port", self.ports[0], "--http-port", self.ports[1],
            "--work-dir", self.folder / "master", "--token-file", self.token_file])

    def start_agent(self):
        self.agent = Daemon(self.folder, "agent", [
            PROGRAMS / "offerkit-agent", "--master", self.address, "--token-file", self.token_file,
            "--work-dir", self.folder / "agent", "--resources", "cpus:1000;mem:100000",
            "--http-port", "0", "--on-stop", "end"])

    def is_full(self, agents, tasks):
        cluster = self.http.get("/v1/cluster")
        if cluster is None or cluster["cluster"]["tasks"]["running"] != tasks:
            return False
        found = self.http.get("/v1/agents")["agents"]
        return sum(agent["state"] == "active" for agent in found) == agents


def agent_recovery(folder, tasks):
    cluster = Cluster(folder)
    cluster.start_agent()
    cluster.agent.facts()
    jobs = folder / "jobs.jsonl"
    jobs.write_text("".join(
        json.dumps({"id": f"t{i}", "argv": ["sleep", "1000"], "cpus": 0.1, "mem_mib": 16}) + "\n"
        for i in range(tasks)))
    run = subprocess.Popen([PROGRAMS / "offerkit", "run", "--jobs", jobs], env=cluster.environment,
                           stdout=subprocess.DEVNULL, stderr=cluster.agent.log)
    try:
        await_value(lambda: cluster.is_full(1, tasks), f"{tasks} tasks run")
        cluster.agent.kill()
        cluster.start_agent()
        port = cluster.agent.facts()["http_port"]
        agent = Http(f"http://127.0.0.1:{port}", cluster.token)

        def is_back():
            found = agent.get("/v1/agent")["agent"]
            running = sum(task["state"] == "running" for task in found["tasks"])
            return running == tasks and cluster.is_full(1, tasks)

        await_value(is_back, "the agent is what it was")
        return time.monotonic() - cluster.agent.started
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
        cluster.agent.stop()
        cluster.master.stop()


def master_recovery(folder, agents, tasks):
    cluster = Cluster(folder)
    others = subprocess.Popen(
        [PROGRAMS / "bench_recovery", cluster.address, cluster.token_file, str(agents), str(tasks)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if others.stdout.readline() != "running\n":
            raise SystemExit("recovery: the emulated cluster did not come up")
        await_value(lambda: cluster.is_full(agents, tasks), "the master has all")
        cluster.master.kill()
        cluster.start_master()
        await_value(lambda: cluster.is_full(agents, tasks), "the master is what it was")
        return time.monotonic() - cluster.master.started
    finally:
        others.kill()
        others.wait()
        cluster.master.stop()


def tell(workload, metric, value):
    print(json.dumps({"bench": "recovery", "workload": workload, "seed": 0, "metric": metric,
                      "value": round(value, 4), "unit": "s"}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent-tasks", type=int, default=1000)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--tasks", type=int, default=10000)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="offerkit-recovery-"))
    try:
        (folder / "one").mkdir()
        (folder / "two").mkdir()
        tell(f"{given.agent_tasks} running tasks", "agent_recovery_seconds",
             agent_recovery(folder / "one", given.agent_tasks))
        tell(f"{given.agents} emulated agents, {given.tasks} tasks", "master_recovery_seconds",
             master_recovery(folder / "two", given.agents, given.tasks))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
