# SPDX-License-Identifier: Apache-2.0
"""Which process is struck when, and how: drawn from a seed. Pure: knows no process."""

import random
from dataclasses import dataclass

# What is struck together, and how often compared with the others. "agent", "launcher" and
# "supervisor" are of one agent that is drawn too; those of one fault are of the same agent.
VICTIMS = {
    ("master",): 18,
    ("agent",): 20,
    ("launcher",): 12,
    ("framework",): 16,
    ("agent", "launcher"): 8,
    ("master", "framework"): 5,
    ("master", "agent"): 5,
    ("agents",): 4,
    ("master", "agents", "framework"): 3,
    ("supervisor",): 4,
    ("supervisor", "launcher"): 3,
    ("supervisor", "launcher", "agent"): 2,
}
# How: killed, stopped and continued, killed while stopped, or told to end, as an upgrade does.
WAYS = {"kill": 60, "stop": 25, "stop-kill": 5, "end": 10}


@dataclass(frozen=True)
class Fault:
    after: float  # Seconds since the last one.
    way: str
    victims: tuple
    agent: int  # Which one, where an agent is concerned.
    draw: float  # In [0, 1), for choices among what is there then.
    lasts: float  # Seconds until what was killed is started again, or what was stopped goes on.

    def __str__(self):
        names = " and ".join(f"{name} {self.agent}" if name in ("agent", "launcher", "supervisor")
                             else name for name in self.victims)
        return f"{self.way} {names}, for {self.lasts:.2f} s"


def draw_one(chance, weights):
    return chance.choices(list(weights), list(weights.values()))[0]


def plan(seed, agents):
    """Faults without end. The same ones for the same seed."""
    chance = random.Random(seed)
    while True:
        victims = draw_one(chance, VICTIMS)
        way = "kill" if "supervisor" in victims else draw_one(chance, WAYS)
        # Often at once, sometimes longer than a peer is waited for.
        lasts = chance.choice((0.0, chance.uniform(0.0, 0.3), chance.uniform(0.3, 1.5),
                               chance.uniform(0.3, 1.5), chance.uniform(3.0, 6.0)))
        yield Fault(after=chance.choice((0.0, chance.uniform(0.02, 0.3), chance.uniform(0.3, 2.0))),
                    way=way, victims=victims, agent=chance.randrange(agents),
                    draw=chance.random(), lasts=lasts)
