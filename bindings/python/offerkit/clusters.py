# SPDX-License-Identifier: Apache-2.0
"""A cluster of one's own, for tests, notebooks and first steps: `with dev(agents=3) as cluster:`."""

from __future__ import annotations

import contextlib
import html
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

from . import _core
from ._core import Resources
from .refusal import Refusal

_open: List[Cluster] = []  # Clusters whose `with` block is being run, the innermost last.
_START_SECONDS = 60
_STOP_SECONDS = 30

# Ends the cluster when its standard input does: when we say so, and when we are gone, however.
_LIFELINE = """
exec 3<&0
folder=$1
shift
"$@" 3<&- </dev/null &
cluster=$!
{ read -r _ <&3; kill "$cluster"; } &
watch=$!
exec 3<&-
wait "$cluster"
code=$?
kill "$watch" 2>/dev/null || rm -rf "$folder"
exit "$code"
"""


def access(master: str, token: str) -> Tuple[str, str]:
    """Where to connect: as said, else to the innermost `dev()` block."""
    if not master and not token and _open:
        return _open[-1].master, _open[-1].token
    return master, token


def find_tool() -> str:
    """The path of `offerkit`: $OFFERKIT_TOOL, beside this Python, in the build, on the PATH."""
    named = os.environ.get("OFFERKIT_TOOL")
    places: List[Union[None, str, Path]] = [named] if named else [
        Path(sys.executable).parent / "offerkit",
        Path(_core.__file__).parent.parent.parent / "bin" / "offerkit",
        shutil.which("offerkit")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return str(place)
    raise Refusal("not_found", "offerkit dev", "find the program offerkit",
                  f"it is not at {named}" if named else "it is neither installed nor on the PATH",
                  "build it with scripts/quickstart, and set OFFERKIT_TOOL to its path")


class Why:
    """Why something waits, as `offerkit why` says it.

    answers: a dict for each that the question was about, as `-o json` gives them: `kind`, `state`,
    and for frameworks `roles` with their `causes`, the one to look at first in front.
    """

    def __init__(self, text: str, answers: List[Dict[str, Any]]) -> None:
        self.text = text
        self.answers = answers

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


class Cluster:
    """A master and agents on loopback: real daemons, real processes.

    master: "HOST:PORT" for schedulers. http: URL of the operator API. token: the secret for both.
    environment: variables that make the command line tool, and other programs, find this cluster.
    """

    def __init__(self, agents: int = 1, *, resources: Union[Resources, str] = "",
                 policy: str = "") -> None:
        self._arguments = ["--agents", str(agents)]
        if resources:
            self._arguments += ["--resources", str(resources)]
        if policy:
            self._arguments += ["--policy", policy]
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._folder = ""
        self.master = self.http = self.token = ""

    @property
    def environment(self) -> Dict[str, str]:
        return {"OFFERKIT_MASTER": self.master, "OFFERKIT_HTTP": self.http,
                "OFFERKIT_TOKEN": self.token}

    def start(self) -> Cluster:
        """Starts the daemons and returns once the agents are registered. Raises Refusal."""
        if self._process is not None:
            raise Refusal("conflict", "cluster", "start it", "it runs", "stop it first")
        tool = find_tool()
        self._folder = tempfile.mkdtemp(prefix="offerkit-")  # Only we can read it.
        log = Path(self._folder) / "log"
        environment = dict(os.environ, XDG_RUNTIME_DIR=self._folder)
        with log.open("w") as output:
            # In a group of its own: Ctrl-C is for us, who end it in turn.
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LIFELINE, "offerkit-dev", self._folder, tool, "dev",
                 *self._arguments],
                env=environment, stdin=subprocess.PIPE, stdout=output, stderr=output,
                start_new_session=True)
        try:
            self._await(self._process, log)
        except BaseException:
            self.stop()
            raise
        _open.append(self)
        return self

    def _await(self, process: subprocess.Popen[bytes], log: Path) -> None:
        dev_file = Path(self._folder) / "offerkit" / "dev.json"
        deadline = time.monotonic() + _START_SECONDS
        while not dev_file.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text().strip().removeprefix("offerkit: ")
                said = said.removeprefix("offerkit dev: start a cluster: ")  # As we say below.
                raise Refusal("unavailable", "offerkit dev", "start a cluster",
                              said or f"it is not up after {_START_SECONDS} s",
                              "start it on the command line to see more")
            time.sleep(0.01)
        found = json.loads(dev_file.read_text())
        self.master, self.http, self.token = found["master"], found["http"], found["token"]

    def stop(self) -> None:
        """Ends all of it and removes what it made. Does nothing if it does not run."""
        if self in _open:
            _open.remove(self)
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # The cluster's keeper notices, and ends it.
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def why(self, subject: str) -> Why:
        """Why a task, a framework (by id or name) or the frameworks of a role wait.

        Raises Refusal if there is no such thing.
        """
        def ask(form: str) -> str:
            done = subprocess.run([find_tool(), "why", subject, "-o", form], text=True,
                                  env=dict(os.environ, **self.environment), capture_output=True,
                                  stdin=subprocess.DEVNULL)
            if done.returncode == 0:
                return done.stdout
            said = done.stderr.strip().removeprefix("offerkit: ")
            raise Refusal("not_found", "offerkit why", subject, said, "look with offerkit tasks")

        return Why(ask("table"), json.loads(ask("json"))["why"])

    def __enter__(self) -> Cluster:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.stop()

    def __repr__(self) -> str:
        return f"<Cluster {self.master or 'not running'}>"

    def _repr_html_(self) -> str:
        if not self.master:
            return "<p>a cluster that does not run</p>"
        return f"<p>a cluster at {self.master}, <a href='{self.http}'>{self.http}</a></p>"


def dev(agents: int = 1, *, resources: Union[Resources, str] = "", policy: str = "") -> Cluster:
    """A cluster on this computer, for a `with` block: `with offerkit.dev(agents=3) as cluster:`.

    agents: how many. resources: of each agent, Resources or a text ("cpus:4;mem:1024"); left out,
    an equal part of this machine. policy: who is offered what first, by name. Inside the block
    `run` finds the cluster by itself. At its end no process and no file is left.

    Raises Refusal when it cannot be started.
    """
    return Cluster(agents, resources=resources, policy=policy)
