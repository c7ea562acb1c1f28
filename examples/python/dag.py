#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tasks that wait for others: each is launched once all that it depends on have finished.

The order is kept by Python's own graphlib, which also refuses a cycle by name.
"""

import graphlib
import sys

import offerkit as ok


class Graph:
    """`steps`: name to (command, names that it comes after)."""

    size = ok.res(cpus=0.1, mem="32MiB")

    def __init__(self, steps):
        self.commands = {name: command for name, (command, _) in steps.items()}
        self.order = graphlib.TopologicalSorter({name: after for name, (_, after) in steps.items()})
        self.order.prepare()  # Raises CycleError.
        self.ready = list(self.order.get_ready())
        self.running = set()
        self.ended = []
        self.failed = []

    def on_offer(self, offer):
        count = min(len(self.ready), offer.resources // self.size)
        names, self.ready = self.ready[:count], self.ready[count:]
        self.running.update(names)
        tasks = [ok.TaskInfo(name, self.commands[name], self.size) for name in names]
        return ok.Accept(offer, tasks) if tasks else ok.Decline(offer, 60)

    def on_status(self, status, replies):
        if not status.is_terminal or status.task not in self.running:
            return
        self.running.remove(status.task)
        self.ended.append(status.task)
        if status.state is not ok.TaskState.FINISHED:
            self.failed.append(status.task)  # What comes after it never becomes ready.
            return
        self.order.done(status.task)
        self.ready.extend(self.order.get_ready())
        if self.ready:
            replies.revive()

    def is_done(self):
        return not self.ready and not self.running


STEPS = {
    "fetch": ("sleep 0.2", []),
    "parse": ("true", ["fetch"]),
    "train": ("sleep 0.1", ["parse"]),
    "plot": ("true", ["parse"]),
    "report": ("true", ["train", "plot"]),
}

if __name__ == "__main__":
    graph = Graph(STEPS)
    ok.run(graph, name="dag", failover_timeout=0)
    print(" ".join(graph.ended))
    sys.exit(1 if graph.failed else 0)
