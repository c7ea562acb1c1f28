# SPDX-License-Identifier: Apache-2.0
"""One run of chaos: a cluster under load, faults by seed, and at the end the books are compared.

    run.py [--seconds N | --minutes N] [--seed S] [--per-second N] [--keep] [--replay]
"""

import argparse
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checker  # noqa: E402
import faults  # noqa: E402
from cluster import BIN, Cluster, make_folder, remove_folder  # noqa: E402
from operators import Operator  # noqa: E402
from processes import PATIENCE, Target, descriptors_of, eventually  # noqa: E402

SLOTS = 30  # Of each agent: cpus:3, and 0.1 for each task.
PER_SECOND = 75
SECONDS = 100
CONVERGENCE = 120  # Seconds; it takes one or two.


def seed_of_commit():
    """The tree's commit as a number, so that each push tries other faults and can be repeated."""
    if os.environ.get("OFFERKIT_CHAOS_SEED"):
        return int(os.environ["OFFERKIT_CHAOS_SEED"])
    done = subprocess.run(["git", "-C", str(Path(__file__).resolve().parent), "rev-parse", "HEAD"],
                          capture_output=True, text=True, check=False)
    return int(done.stdout[:8], 16) if done.returncode == 0 else 1


class Chaos:
    def __init__(self, folder, seed, seconds, per_second=PER_SECOND):
        self.cluster = Cluster(folder, record=True)
        self.seed = seed
        self.seconds = seconds
        self.tasks = int(seconds * per_second)
        self.per_second = per_second
        self.operator = Operator(self.cluster)
        self.killed = checker.Killed()
        self.timeline = []
        self.counts = {}
        self.returns = []  # (when, what is done then, whose): restarts and continuations.
        self.problems = []
        self.figures = {}
        self.started = time.monotonic()
        self.agents = []

    def note(self, text):
        self.timeline.append(f"{time.monotonic() - self.started:8.3f}  {text}")

    # The faults.

    def run(self):
        self.cluster.start_daemons()
        self.agents = [agent["id"] for agent in self.cluster.ask("agents")]
        self.started = time.monotonic()
        self.cluster.plan_framework(self.tasks, self.per_second, self.seed, self.started)
        self.cluster.framework.start()
        self.operator.start()
        self.strike()
        faulty = time.monotonic() - self.started
        self.note("the last fault is over")
        launched = self.launched()
        self.converge()
        self.figures["seconds_with_faults"] = round(faulty, 1)
        self.figures["launches_per_second"] = round(launched / faulty, 1)
        self.figures["seconds_to_converge"] = round(time.monotonic() - self.started - faulty, 1)
        self.figures["faults"] = self.counts
        self.compare()

    def launched(self):
        """How many launches the framework has written down so far."""
        with contextlib.suppress(FileNotFoundError):
            with self.cluster.framework_log.open("rb") as log:
                return sum(line.startswith(b"L ") for line in log)
        return 0

    def strike(self):
        """Until the time is over and everything was launched: the load is a number of tasks, not a
        rate, so that a slow machine takes longer and proves the same."""
        limit = self.started + 3 * self.seconds + PATIENCE
        for fault in faults.plan(self.seed, len(self.cluster.agents)):
            self.wait_until(time.monotonic() + fault.after)
            over = time.monotonic() > self.started + self.seconds
            if over and self.launched() >= self.tasks:
                break
            if time.monotonic() > limit:
                raise AssertionError(f"{self.launched()} of {self.tasks} tasks were launched")
            self.apply(fault)
        while self.returns:
            self.wait_until(max(when for when, _, _ in self.returns))

    def wait_until(self, moment):
        while True:
            now = time.monotonic()
            for due in [each for each in self.returns if each[0] <= now]:
                self.returns.remove(due)
                due[1]()
            self.check_alive()
            if now >= moment:
                return
            time.sleep(min(0.01, moment - now))

    def check_alive(self):
        """A daemon that ends without being told to has a bug."""
        for daemon in self.cluster.daemons:
            if daemon.process is None or daemon in self.awaited() or daemon.is_running():
                continue
            code = daemon.process.returncode
            if daemon is self.cluster.framework and code == 0:
                continue  # It has launched everything, and all has ended.
            raise AssertionError(f"{daemon.name} ended by itself with {code}:\n"
                                 f"{daemon.last_words()}")

    def awaited(self):
        return [each[2] for each in self.returns]

    def later(self, seconds, what, daemon):
        self.returns.append((time.monotonic() + seconds, what, daemon))

    def apply(self, fault):
        struck = []
        for victim in fault.victims:
            for daemon in self.daemons_of(victim, fault):
                if daemon in self.awaited() or not daemon.is_running():
                    continue  # Down or stopped already.
                self.strike_daemon(daemon, fault)
                struck.append(f"{daemon.name} ({daemon.pid})")
            if victim in ("launcher", "supervisor"):
                struck += self.strike_launcher(victim, fault)
        if struck:
            self.note(f"{fault.way} {', '.join(struck)}, for {fault.lasts:.2f} s")

    def daemons_of(self, victim, fault):
        return {"master": [self.cluster.master], "framework": [self.cluster.framework],
                "agent": [self.cluster.agents[fault.agent]], "agents": self.cluster.agents,
                }.get(victim, [])

    def count(self, way, name):
        key = f"{way} {name.split('-')[0]}"
        self.counts[key] = self.counts.get(key, 0) + 1

    def strike_daemon(self, daemon, fault):
        self.count(fault.way, daemon.name)
        if fault.way == "kill":
            daemon.kill()
        elif fault.way == "end":
            daemon.send(signal.SIGTERM)
        else:
            daemon.send(signal.SIGSTOP)

        def return_now():
            if fault.way == "stop":
                daemon.send(signal.SIGCONT)
                return
            if fault.way == "end" and daemon.is_running():
                self.later(0.01, return_now, daemon)  # It takes its time.
                return
            if fault.way == "stop-kill":
                daemon.kill()
            if daemon is self.cluster.framework and daemon.process.returncode == 0 \
                    and self.is_finished():
                return
            self.cluster.start(daemon)

        self.later(fault.lasts, return_now, daemon)

    def is_finished(self):
        """Whether the framework has ended because everything was done; then its id is gone."""
        return not (self.cluster.folder / "framework-id").exists() and self.launched() == self.tasks

    def strike_launcher(self, victim, fault):
        launcher, supervisors = self.cluster.launcher(self.cluster.agents[fault.agent])
        if victim == "supervisor":
            pid = supervisors[int(fault.draw * len(supervisors))] if supervisors else None
        else:
            pid = launcher
        if pid is None:
            return []
        try:
            target = Target(pid)
        except ProcessLookupError:
            return []
        self.count(fault.way, victim)
        if victim == "supervisor":
            self.killed.supervisors += 1
        elif fault.way != "stop":
            self.killed.launchers += 1
        number = {"kill": signal.SIGKILL, "end": signal.SIGTERM}.get(fault.way, signal.SIGSTOP)
        target.send(number)

        def return_now():
            target.send(signal.SIGKILL if fault.way == "stop-kill" else signal.SIGCONT)
            target.close()

        if number == signal.SIGSTOP:
            self.later(fault.lasts, return_now, None)
        else:
            target.close()  # Its agent starts another.
        return [f"{victim} of agent-{fault.agent} ({pid})"]

    # The end.

    def converge(self):
        framework = self.cluster.framework
        eventually(lambda: framework.process.poll() is not None,
                   "the framework has heard of the end of every task", CONVERGENCE)
        if framework.process.returncode != 0:
            raise AssertionError(f"the framework ended with {framework.process.returncode}:\n"
                                 f"{framework.last_words()}")
        self.operator.stop()
        self.cluster.await_agents()

    def compare(self):
        cluster = self.cluster
        record, heard = cluster.task_record.read_text(), cluster.framework_log.read_text()
        self.problems, figures = checker.check_tasks(record, heard, SLOTS, self.killed)
        self.figures |= figures
        self.check_idle()
        before = self.descriptors()
        for daemon in (cluster.master, *cluster.agents):
            daemon.kill()
            cluster.start(daemon)
        cluster.await_agents()
        eventually(lambda: all(self.launchers()), "every agent has a launcher")
        self.problems += checker.check_left(before, self.descriptors())
        self.figures["acknowledged_writes"] = len(self.operator.acknowledged)
        self.problems += checker.check_registry(cluster.registry(), self.agents,
                                                self.operator.acknowledged,
                                                self.operator.attempted)
        self.stop_all()
        self.problems += checker.check_sandboxes(self.sandboxes(), record,
                                                 checker.parse_heard(heard).launched)
        self.check_files()

    def launchers(self):
        return [self.cluster.launcher(agent)[0] for agent in self.cluster.agents]

    def descriptors(self):
        found = {daemon.name: descriptors_of(daemon.pid)
                 for daemon in (self.cluster.master, *self.cluster.agents)}
        return found | {f"launcher-{i}": descriptors_of(pid)
                        for i, pid in enumerate(self.launchers()) if pid is not None}

    def check_idle(self):
        """Nothing runs, nothing is held, nobody is waited for."""
        cluster = self.cluster

        def daemons_alone():
            known = {daemon.pid for daemon in (cluster.master, *cluster.agents)}
            return set(cluster.processes()) == known | set(self.launchers())

        self.expect(daemons_alone, "leak: processes are left", cluster.processes)
        self.expect(lambda: all(not agent["used"] for agent in cluster.ask("agents")),
                    "leak: resources are in use", lambda: cluster.ask("agents"))
        for what in ("frameworks", "offers"):
            self.expect(lambda what=what: not cluster.ask(what), f"leak: {what} are left",
                        lambda what=what: cluster.ask(what))

        def open_tasks():  # Ended ones are shown for a while.
            return [task for task in cluster.ask("tasks") if task["state"] not in checker.TERMINAL]

        self.expect(lambda: not open_tasks(), "leak: tasks are left", open_tasks)

    def expect(self, is_so, problem, what_is):
        try:
            eventually(is_so, problem, 30)
        except AssertionError:
            self.problems.append(f"{problem}: {str(what_is())[:2000]}")

    def stop_all(self):
        """As an operator does: each ends by itself, launchers with their agents."""
        cluster = self.cluster
        addresses = [cluster.access["master"], cluster.access["http"]]
        addresses += [f"127.0.0.1:{agent['port']}" for agent in cluster.ask("agents")]
        for daemon in (*cluster.agents, cluster.master):
            code = daemon.end()
            if code != 0:
                self.problems.append(f"leak: {daemon.name} ended with {code} when it was stopped")
        self.expect(lambda: not cluster.processes(), "leak: processes are left", cluster.processes)
        self.problems += [f"leak: {address} still answers" for address in addresses
                          if cluster.answers(address)]

    def sandboxes(self):
        return [path.parts[-2:] for agent in self.cluster.agents
                for path in self.cluster.work_dir(agent).glob("frameworks/*/tasks/*/*")]

    def check_files(self):
        cluster = self.cluster
        self.problems += [f"leak: {path} is left" for path in cluster.folder.rglob("*.next")]
        for agent in cluster.agents:
            path = cluster.work_dir(agent) / "checkpoint" / "entries.db"
            with contextlib.closing(sqlite3.connect(path)) as database:
                keys = [bytes(row[0]).decode() for row in database.execute("select key from entry")]
            left = [key for key in keys if key not in ("start", "identity")]
            if left:
                self.problems.append(f"leak: the checkpoint of {agent.name} still holds {left[:10]}")
        done = cluster.tool("registry", "verify", "--work-dir", cluster.work_dir(cluster.master))
        if done.returncode != 0:
            self.problems.append(f"registry: {done.stderr}")

    def replay(self):
        """Every event log that was left must replay to the same effects, byte for byte. Whoever was
        killed before the header was out has left nothing to replay."""
        header = 4096
        logs = [log for log in sorted((self.cluster.folder / "logs").glob("*/*.log"))
                if log.stat().st_size >= header]
        for log in logs:
            done = self.cluster.tool("replay", log)
            if done.returncode != 0:  # A last record that is cut off is none.
                self.problems.append(f"replay: {log.name}: {done.stdout[-500:]} {done.stderr[-500:]}")
        self.figures["replayed"] = len(logs)

    # Reporting.

    def report(self, out=sys.stdout):
        print("chaos:", json.dumps(self.figures), file=out)
        if not self.problems:
            return
        print("timeline:", *self.timeline, sep="\n  ", file=out)
        print(f"{len(self.problems)} problems:", *self.problems[:50], sep="\n  ", file=out)
        words = " ".join(self.problems[:5]).replace(",", " ").replace(":", " ").split()
        for task in sorted(set(words) & set(self.launched_names())):
            print(f"of {task}:", *self.history_of(task), sep="\n  ", file=out)

    def launched_names(self):
        with contextlib.suppress(OSError):
            return checker.parse_heard(self.cluster.framework_log.read_text()).launched
        return {}

    def history_of(self, task):
        for path in (self.cluster.framework_log, self.cluster.task_record):
            with contextlib.suppress(OSError):
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    if line.split(" ")[1] == task:
                        yield f"{path.name}:{number}: {line}"


def repeat_with(seed, seconds):
    return f"scripts/chaos --seconds {seconds:g} --seed {seed}"


def run_chaos(seed, seconds, per_second=PER_SECOND, keep=False, replay=False, out=sys.stdout):
    """Returns the problems; a run that could not be finished is one. Logs stay if there are any."""
    print(f"chaos: seed {seed}; to repeat: {repeat_with(seed, seconds)}", file=out, flush=True)
    folder = make_folder()
    chaos = Chaos(folder, seed, seconds, per_second)
    try:
        chaos.run()
        if replay:
            chaos.replay()
    except (AssertionError, OSError) as error:
        chaos.problems.append(f"{type(error).__name__}: {error}")
    finally:
        chaos.operator.done.set()
        (folder / "timeline").write_text("\n".join(chaos.timeline) + "\n")
        chaos.cluster.end()
    chaos.report(out)
    if chaos.problems or keep:
        print(f"chaos: logs, books and event logs are in {folder}", file=out)
    else:
        remove_folder(folder)
    return chaos.problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=None, help=f"of faults [{SECONDS}]")
    parser.add_argument("--minutes", type=float, default=None)
    parser.add_argument("--seed", type=int, default=None, help="of the faults [the commit]")
    parser.add_argument("--per-second", type=int, default=PER_SECOND, help=f"launches [{PER_SECOND}]")
    parser.add_argument("--keep", action="store_true", help="keep logs and books of a good run too")
    parser.add_argument("--replay", action="store_true", help="replay all event logs afterwards")
    given = parser.parse_args()
    seconds = given.seconds or 60 * (given.minutes or 0) or SECONDS
    seed = seed_of_commit() if given.seed is None else given.seed
    # However we are ended, the cluster is: the last clause of run_chaos runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not (BIN / "chaos_framework").exists():
        print(f"chaos: {BIN} holds no chaos_framework, build it first", file=sys.stderr)
        return 2
    return 1 if run_chaos(seed, seconds, given.per_second, given.keep, given.replay) else 0


if __name__ == "__main__":
    sys.exit(main())
