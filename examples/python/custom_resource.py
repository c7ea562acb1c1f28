#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A kind of resource that OfferKit has never heard of: licenses, of which an agent has two.

On a real agent: offerkit-agent --resources 'cpus:8;mem:1024;licenses:2'.
"""

import offerkit as ok


class Licensed:
    size = ok.res(cpus=1, mem="64MiB", licenses=1)

    def __init__(self, count):
        self.waiting = [ok.TaskInfo(f"render-{n}", "sleep 5", self.size) for n in range(count)]
        self.running = set()
        self.most_at_once = 0

    def on_offer(self, offer):
        count = min(len(self.waiting), offer.resources // self.size)
        launch, self.waiting = self.waiting[:count], self.waiting[count:]
        self.running.update(task.id for task in launch)
        self.most_at_once = max(self.most_at_once, len(self.running))
        if launch:
            return ok.Accept(offer, launch)
        return ok.Decline(offer, 1, ok.DeclineReason.TOO_SMALL, "no license is free")

    def on_status(self, status):
        if status.is_terminal:
            self.running.discard(status.task)

    def is_done(self):
        return not self.waiting and not self.running


if __name__ == "__main__":
    world = ok.World(seed=1, agents=["cpus:8;mem:1024;licenses:2", "cpus:8;mem:1024"])
    licensed = Licensed(6)
    world.add_framework(licensed)
    assert world.run_until_ended()
    print(f"at most {licensed.most_at_once} at once, all done after {world.now:.0f} s")
