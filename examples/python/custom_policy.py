#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An allocation policy of one's own, compared with the default one on a simulated cluster.

Two frameworks want the same small agents: one came early with long tasks, the other later with
short ones. The policy below serves whoever has waited longest since it was last served.
"""

import offerkit as ok


class LongestWait:
    """Round robin: whoever was served last comes last."""

    def rank(self, node):
        return node.last_served


class Work:
    size = ok.res(cpus=1, mem="256MiB")

    def __init__(self, name, count, seconds):
        self.name = name
        self.left, self.count, self.seconds = count, count, seconds
        self.ended = 0

    def on_offer(self, offer):
        fitting = min(self.left, offer.resources // self.size)
        first, self.left = self.left, self.left - fitting
        launch = [ok.TaskInfo(f"{self.name}-{first - number}", f"sleep {self.seconds}", self.size)
                  for number in range(fitting)]
        return ok.Accept(offer, launch) if launch else ok.Decline(offer, 1)

    def on_status(self, status):
        self.ended += status.is_terminal

    def is_done(self):
        return self.ended == self.count


def seconds_taken(policy):
    """When each of the two had all its tasks done, on the world's clock."""
    world = ok.World(seed=1, agents=["cpus:2;mem:1024"] * 4, policy=policy)
    early = world.add_framework(Work("long", 40, 20), name="early", roles="long")
    world.run_for(5)
    late = world.add_framework(Work("short", 40, 2), name="late", roles="short")
    ends = {}
    for name, framework in (("short", late), ("long", early)):
        world.run_until(lambda: world.has_ended(framework))
        ends[name] = round(world.now)
    assert world.check() == []
    return ends


if __name__ == "__main__":
    for name, policy in {"drf": "drf", "fifo": "fifo", "LongestWait": LongestWait}.items():
        ends = seconds_taken(policy)
        print(f"{name:12} short tasks done after {ends['short']:4} s, "
              f"long ones after {ends['long']:4} s")
