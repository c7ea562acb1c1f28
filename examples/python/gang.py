#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All or nothing: launches the members of a gang together, on offers of several agents, or none.

Offers that are not enough yet are held, for a bounded time, so that two gangs that each hold half of
the cluster do not wait for each other for ever.
"""

import offerkit as ok


class Gang:
    size = ok.res(cpus=1, mem="64MiB")

    def __init__(self, members, command, patience=2):
        self.members = members
        self.patience = patience  # Seconds that an offer is held for.
        self.command = command
        self.held = {}
        self.give_up_at = None
        self.launched = False
        self.ended = {}

    def on_offers(self, offers, replies):
        for offer in offers:
            if self.launched or not offer.resources.contains(self.size):
                replies.reply(ok.Decline(offer, 5, ok.DeclineReason.TOO_SMALL))
            else:
                self.held[offer.id] = offer
                replies.reply(ok.Hold(offer, 2 * self.patience))
        places = [offer for offer in self.held.values()
                  for _ in range(offer.resources // self.size)]
        if self.held and len(places) >= self.members:
            self.launch(places[:self.members], replies)

    def launch(self, places, replies):
        for offer in self.held.values():
            numbers = [number for number, place in enumerate(places) if place is offer]
            tasks = [ok.TaskInfo(f"member-{number}", self.command, self.size,
                                 environment={"RANK": str(number), "SIZE": str(self.members)})
                     for number in numbers]
            replies.reply(ok.Accept(offer, tasks) if tasks else ok.Decline(offer, 60))
        self.held.clear()
        self.launched = True

    def on_rescind(self, offer_id):
        self.held.pop(offer_id, None)

    def on_disconnected(self):
        self.held.clear()

    # The first wake after something is held says when to give up; the second one is that time.
    def next_wake(self):
        if not self.held:
            self.give_up_at = None
            return None
        return 0 if self.give_up_at is None else self.give_up_at

    def on_wake(self, now, replies):
        if self.give_up_at is None:
            self.give_up_at = now + self.patience
            return
        for offer in self.held.values():
            replies.reply(ok.Decline(offer, 1, ok.DeclineReason.GANG))
        self.held.clear()

    def on_status(self, status):
        if status.is_terminal:
            self.ended[status.task] = status.state

    def is_done(self):
        return len(self.ended) == self.members


if __name__ == "__main__":
    # Two gangs of six on a cluster with room for eight: they take turns.
    world = ok.World(seed=1, agents=["cpus:2;mem:512"] * 4)
    gangs = [Gang(6, "sleep 10", patience) for patience in (2, 5)]
    for number, gang in enumerate(gangs):
        world.add_framework(gang, name=f"gang-{number}", roles=f"role-{number}")
    assert world.run_until_ended(600), "they wait for each other"
    assert world.check() == []
    print(f"both gangs of {gangs[0].members} done after {world.now:.0f} s")
