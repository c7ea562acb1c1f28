#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs commands as tasks, wherever they fit, and those that fail a few times more.

    batch.py 'sha256sum /etc/hostname' 'exit 3' 'sleep 1'

Prints a line per end, and exits with 0 if every command has finished.
"""

import collections
import sys

import offerkit as ok


class Batch:
    """What waits is a queue; what runs is a dict by task id, so that a repeated status is seen."""

    size = ok.res(cpus=0.1, mem="32MiB")
    tries_max = 3

    def __init__(self, commands, say=print):
        self.say = say
        self.waiting = collections.deque((command, 1) for command in commands)
        self.running = {}
        self.launched = 0
        self.given_up = []

    def on_offer(self, offer):
        launch = []
        for _ in range(min(len(self.waiting), offer.resources // self.size)):
            command, attempt = self.waiting.popleft()
            self.launched += 1
            task = ok.TaskInfo(f"task-{self.launched}", command, self.size)
            self.running[task.id] = (command, attempt)
            launch.append(task)
        if launch:
            return ok.Accept(offer, launch)
        # Too small is worth another look soon; nothing to do is not.
        if self.waiting:
            return ok.Decline(offer, 1, ok.DeclineReason.TOO_SMALL)
        return ok.Decline(offer, 3600, ok.DeclineReason.NO_WORK)

    def on_status(self, status, replies):
        if not status.is_terminal or status.task not in self.running:
            return
        command, attempt = self.running.pop(status.task)
        self.say(f"{command}: {status.state.value} {status.message}".rstrip())
        if status.state is ok.TaskState.FINISHED:
            return
        if attempt == self.tries_max:
            self.given_up.append(command)
            return
        self.waiting.append((command, attempt + 1))
        replies.revive()  # We have declined for an hour: there is work again.

    def is_done(self):
        return not self.waiting and not self.running


if __name__ == "__main__":
    batch = Batch(sys.argv[1:])
    ok.run(batch, name="batch", failover_timeout=0)
    sys.exit(1 if batch.given_up else 0)
