#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hundred agents, a batch of work, and what goes wrong meanwhile, on a virtual clock.

    simulate_cluster.py [SEED]

The same seed gives the same run: run it twice and compare the fingerprints. The scheduler is the
one of batch.py, unchanged.
"""

import sys

import offerkit as ok
from batch import Batch


def simulate(seed, agents=100, tasks=2000):
    world = ok.World(seed=seed, agents=["cpus:1;mem:1024"] * agents)
    commands = [f"sleep {1 + number % 30}" for number in range(tasks)]
    batch = Batch(commands, say=lambda line: None)
    world.add_framework(batch, name="batch", failover_timeout=600)
    world.run_for(5)
    world.restart_master()  # Nobody loses a task by it.
    for agent in range(10):
        world.crash_machine(agent)  # Their tasks are gone, and run again elsewhere.
    world.run_for(30)
    for agent in range(10):
        world.restart_agent(agent)
    assert world.run_until_ended(86400)
    assert world.check() == []
    return world, batch


if __name__ == "__main__":
    world, batch = simulate(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(f"{batch.launched} launches, {len(batch.given_up)} given up, {world.now:.1f} s, "
          f"{world.events} events, fingerprint {world.fingerprint:016x}")
