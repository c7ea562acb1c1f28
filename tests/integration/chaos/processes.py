# SPDX-License-Identifier: Apache-2.0
"""Processes of a cluster under test: started, found, signalled and ended by their ids, never by a
name that others may have too."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = 60


def eventually(is_so, what, seconds=PATIENCE):
    """Waits until it is so. Returns what it was answered."""
    deadline = time.monotonic() + seconds
    while True:
        answer = is_so()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Daemon:
    """A program that is started again and again with the same arguments; its output is kept."""

    def __init__(self, name, folder, environment, wrapper=()):
        self.name = name
        self.arguments = []
        self.environment = dict(environment)
        self.wrapper = list(wrapper)  # What runs the program: strace, say.
        self.log = folder / f"{name}.log"
        self.process = None
        self.stopped = False
        self.pids = []  # Of every start.

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        with self.log.open("a") as log:
            words = [str(word) for word in [*self.wrapper, *self.arguments]]
            self.process = subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        self.stopped = False
        self.pids.append(self.process.pid)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def send(self, number):
        if self.is_running():
            self.process.send_signal(number)
            if number in (signal.SIGSTOP, signal.SIGCONT):
                self.stopped = number == signal.SIGSTOP

    def kill(self):
        self.send(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def end(self, seconds=PATIENCE):
        """Asks it to end. Returns its exit code; None if it had to be killed."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def last_words(self, lines=5):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def stat_of(pid):
    """(state, parent, session, start) of a process, None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return fields[0], int(fields[1]), int(fields[3]), int(fields[19])


def descriptors_of(pid):
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def processes_naming(text):
    """Every process that names `text` in its arguments, environment or folder, zombies aside."""
    mark, found = str(text).encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if (mark in (folder / "cmdline").read_bytes()
                    or mark in (folder / "environ").read_bytes()
                    or mark in os.readlink(folder / "cwd").encode()):
                stat = stat_of(folder.name)
                if stat is not None and stat[0] != "Z":
                    found.append(int(folder.name))
    return found


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def launcher_processes(work_dir):
    """The launcher of a work folder (None if there is none) and its supervisors. They share program
    and arguments, because a supervisor is a fork; the launcher leads their session."""
    launcher, supervisors = None, []
    for folder in Path("/proc").glob("[0-9]*"):
        words = command_of(folder.name)
        if not words or not words[0].endswith("/offerkit-launcher") or str(work_dir) not in words:
            continue
        stat = stat_of(folder.name)
        if stat is None or stat[0] == "Z":
            continue
        if stat[2] == int(folder.name):
            launcher = int(folder.name)
        else:
            supervisors.append(int(folder.name))
    return launcher, sorted(supervisors)


class Target:
    """A process that is not our child, held by a descriptor: its id cannot become another's."""

    def __init__(self, pid):
        self.pid = pid
        self.descriptor = os.pidfd_open(pid)

    def send(self, number):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, number)

    def close(self):
        os.close(self.descriptor)


def end_all(text, seconds=10):
    """Kills whatever still names `text`, however it multiplies meanwhile."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = processes_naming(text)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
