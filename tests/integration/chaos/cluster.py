# SPDX-License-Identifier: Apache-2.0
"""A master, agents and the chaos framework on loopback, each a process of its own that can be
killed, stopped and started again. The programs are in the folder that OFFERKIT_BIN_DIR names."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from processes import PATIENCE, Daemon, end_all, eventually, launcher_processes, processes_naming

BIN = Path(os.environ.get("OFFERKIT_BIN_DIR", Path(__file__).resolve().parents[3] / "build/test/bin"))
KEPT_VARIABLES = ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")


class Cluster:
    """Pre: `folder` is there and is this cluster's alone."""

    def __init__(self, folder, agents=3, resources="cpus:3;mem:3072", record=False):
        self.folder = Path(folder)
        self.resources = resources
        self.record = record
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                            "TMPDIR": str(self.folder)}
        for name in KEPT_VARIABLES:
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.master = self.daemon("master")
        self.agents = [self.daemon(f"agent-{i}") for i in range(agents)]
        self.framework = self.daemon("framework")
        self.framework_log = self.folder / "heard"
        self.task_record = self.folder / "ran"
        self.access = None
        self.master_options = ["--heartbeat-interval", "500ms", "--peer-timeout", "3s"]
        self.agent_options = []

    def daemon(self, name):
        return Daemon(name, self.folder, self.environment)

    @property
    def daemons(self):
        return [self.master, *self.agents, self.framework]

    def work_dir(self, daemon):
        return self.folder / daemon.name

    def log_options(self, daemon):
        if not self.record:
            return []
        return ["--record", self.folder / "logs" / daemon.name, "--record-file-mib", 16]

    # Starting.

    def start_master(self):
        """The first start chooses the ports; later ones take the same."""
        ready = self.folder / "master.json"
        ready.unlink(missing_ok=True)
        ports = (self.access["port"], self.access["http_port"]) if self.access else (0, 0)
        self.master.arguments = [
            BIN / "offerkit-master", "--work-dir", self.work_dir(self.master), "--port", ports[0],
            "--http-port", ports[1], "--ready-file", ready, *self.master_options,
            *self.log_options(self.master)]
        self.master.start()
        if self.access is None:
            self.access = self.await_ready(self.master, ready)
            for daemon in (self.framework, *self.agents):
                daemon.environment["OFFERKIT_MASTER"] = self.access["master"]
                daemon.environment["OFFERKIT_TOKEN_FILE"] = str(self.token_file)

    @property
    def token_file(self):
        return self.work_dir(self.master) / "token"

    def await_ready(self, daemon, path):
        eventually(lambda: path.exists() or not daemon.is_running(), f"{daemon.name} is up")
        if not path.exists():
            raise AssertionError(f"{daemon.name} ended: {daemon.last_words()}")
        return json.loads(path.read_text())

    def start_agent(self, agent):
        agent.arguments = [
            BIN / "offerkit-agent", "--work-dir", self.work_dir(agent), "--http-port", 0,
            "--resources", self.resources, *self.agent_options, *self.log_options(agent)]
        agent.start()

    def plan_framework(self, tasks, per_second, seed, started):
        self.framework.arguments = [
            BIN / "chaos_framework", self.framework_log, self.folder / "framework-id",
            self.task_record, tasks, per_second, seed, started]

    def start(self, daemon):
        if daemon is self.master:
            self.start_master()
        elif daemon in self.agents:
            self.start_agent(daemon)
        else:
            daemon.start()

    def start_daemons(self):
        """Master and agents, until all agents are registered."""
        self.start_master()
        for agent in self.agents:
            self.start_agent(agent)
        self.await_agents()

    def await_agents(self, seconds=PATIENCE):
        def are_back():
            states = [agent["state"] for agent in self.ask_or_none("agents") or []]
            return states == ["active"] * len(self.agents)
        eventually(are_back, "all agents are active", seconds)

    # Asking.

    def request(self, path, body=None, timeout=5):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.access["http"] + path, data=data,
            headers={"Authorization": "Bearer " + self.token_file.read_text().strip()})
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)

    def ask(self, what, timeout=5):
        return self.request("/v1/" + what, timeout=timeout)[what]

    def ask_or_none(self, what, timeout=5):
        try:
            return self.ask(what, timeout)
        except (OSError, ValueError):
            return None

    def write_role(self, name, weight, timeout=5):
        """Returns the HTTP code of the answer, None if there was none."""
        try:
            self.request("/v1/roles/" + name, {"weight": str(weight)}, timeout)
            return 200
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None

    def tool(self, *arguments):
        words = [str(BIN / "offerkit"), *(str(word) for word in arguments)]
        environment = dict(self.environment)
        if self.access is not None:
            environment |= {"OFFERKIT_MASTER": self.access["master"],
                            "OFFERKIT_HTTP": self.access["http"],
                            "OFFERKIT_TOKEN_FILE": str(self.token_file)}
        return subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                              capture_output=True, text=True, check=False)

    def registry(self):
        done = self.tool("registry", "dump", "--work-dir", self.work_dir(self.master), "-o", "json")
        if done.returncode != 0:
            raise AssertionError(f"offerkit registry dump: {done.stderr}")
        return json.loads(done.stdout)

    def launcher(self, agent):
        """(process of its launcher or None, those of its supervisors)."""
        return launcher_processes(self.work_dir(agent) / "launcher")

    def processes(self):
        return processes_naming(self.folder)

    def answers(self, address):
        host, port = address.removeprefix("http://").rsplit(":", 1)
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    # Ending.

    def end(self):
        """Ends everything, by force."""
        for daemon in self.daemons:
            daemon.kill()
        end_all(self.folder)


def make_folder():
    return Path(tempfile.mkdtemp(prefix="offerkit-chaos-",
                                 dir=os.environ.get("OFFERKIT_CHAOS_DIR") or None))


def remove_folder(folder):
    shutil.rmtree(folder, ignore_errors=True)
