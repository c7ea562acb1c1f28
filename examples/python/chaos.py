#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A chaos test of one's own scheduler: many seeds, each a run with other faults at other times.

    chaos.py [RUNS]

A run that fails says its seed, and that seed alone repeats it, event for event.
"""

import random
import sys

import offerkit as ok
from batch import Batch

AGENTS = 6


class Patient(Batch):
    tries_max = 1000  # Faults are not the commands' fault.


def crash_and_restart(world, agent):
    world.crash_machine(agent)
    world.run_for(1)
    world.restart_agent(agent)


def cut_and_heal(world, agent):
    world.cut(agent=agent)
    world.run_for(2)
    world.heal(agent=agent)


def restart_scheduler(world, agent):
    world.kill_framework(0)
    world.run_for(1)
    world.restart_framework(0)


FAULTS = [crash_and_restart, cut_and_heal, restart_scheduler,
          lambda world, agent: world.restart_master(),
          lambda world, agent: world.break_link(agent=agent),
          lambda world, agent: world.break_link(framework=0)]


def run(seed):
    """Raises AssertionError if a command is lost, or OfferKit breaks a promise."""
    chance = random.Random(seed)
    world = ok.World(seed=seed, agents=["cpus:1;mem:256"] * AGENTS)
    batch = Patient([f"sleep {1 + number % 7}" for number in range(100)], say=lambda line: None)
    world.add_framework(batch, failover_timeout=3600)
    for _ in range(10):
        world.run_for(chance.uniform(0.01, 2))
        chance.choice(FAULTS)(world, chance.randrange(AGENTS))
    assert world.run_until_ended(86400), f"{len(batch.waiting)} wait, {len(batch.running)} run"
    assert not batch.given_up
    assert world.check() == [], world.check()
    return batch.launched


if __name__ == "__main__":
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    for seed in range(runs):
        try:
            launched = run(seed)
        except AssertionError as error:
            sys.exit(f"seed {seed}: {error}")
        print(f"seed {seed}: 100 commands done, {launched} launches")
