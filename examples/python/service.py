#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A service: so many instances, always; and a rolling update that replaces one at a time.

Level-triggered: each offer and each status asks what is missing now, whatever happened before.
"""

import offerkit as ok


class Service:
    size = ok.res(cpus=0.5, mem="64MiB")

    def __init__(self, instances, command):
        self.instances = instances
        self.version = 1
        self.command = command
        self.alive = {}  # Task id to (version, state).
        self.launched = 0
        self.fewest_running = instances
        self.was_full = False
        self.closed = False

    def update(self, command):
        """From now on this is what should run."""
        self.version += 1
        self.command = command

    def missing(self):
        return 0 if self.closed else self.instances - len(self.alive)

    def running(self, version=None):
        return sum(state is ok.TaskState.RUNNING and version in (None, of)
                   for of, state in self.alive.values())

    def on_offer(self, offer):
        if not self.missing() or not offer.resources.contains(self.size):
            return ok.Decline(offer, 60)
        self.launched += 1
        task = ok.TaskInfo(f"instance-{self.launched}", self.command, self.size,
                           labels={"version": str(self.version)})
        self.alive[task.id] = (self.version, ok.TaskState.STAGING)
        return ok.Accept(offer, [task])  # One per offer spreads them over agents.

    def on_status(self, status, replies):
        if status.task not in self.alive:
            if not status.is_terminal and status.state.is_certain:
                replies.kill(status.task)  # It was lost, has been replaced, and comes back.
            return
        if status.is_terminal or not status.state.is_certain:
            del self.alive[status.task]
            if self.missing():
                replies.revive()
        else:
            self.alive[status.task] = (self.alive[status.task][0], status.state)
        self.was_full = self.was_full or self.running() == self.instances
        if self.was_full:
            self.fewest_running = min(self.fewest_running, self.running())
        self.roll(replies)

    # One old instance is asked to end once all others run, old and new.
    def roll(self, replies):
        old = sorted(task for task, (version, _) in self.alive.items() if version < self.version)
        if old and self.running() == self.instances:
            replies.kill(old[0], grace=5)

    def next_wake(self):
        is_old = any(version < self.version for version, _ in self.alive.values())
        return 0 if is_old and self.running() == self.instances else None

    def on_wake(self, now, replies):
        self.roll(replies)

    def is_done(self):
        return self.closed


if __name__ == "__main__":
    world = ok.World(seed=1, agents=["cpus:2;mem:512"] * 3)
    service = Service(4, "sleep 1000000")
    world.add_framework(service, name="web", failover_timeout=3600)
    assert world.run_until(lambda: service.running(1) == 4)
    world.crash_machine(0)  # Noticed, and replaced elsewhere, in time.
    assert world.run_until(lambda: service.launched > 4 and service.running(1) == 4)
    service.fewest_running = 4
    service.update("sleep 2000000")
    assert world.run_until(lambda: service.running(2) == 4)
    assert world.check() == []
    print(f"updated one by one, never fewer than {service.fewest_running} of 4 running")
