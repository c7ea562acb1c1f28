# SPDX-License-Identifier: Apache-2.0
"""OfferKit in Python: write schedulers and allocation policies, run and simulate them.

    import offerkit as ok

    class Hello:
        needs = ok.res(cpus=0.1, mem="32MiB")
        launched = done = False

        def on_offer(self, offer):
            if self.launched or not offer.resources >= self.needs:
                return ok.Decline(offer)
            self.launched = True
            return ok.Accept(offer, [ok.TaskInfo("hello", "echo hello", self.needs)])

        def on_status(self, status):
            self.done = status.is_terminal

        def is_done(self):
            return self.done

    with ok.dev(agents=1):
        ok.run(Hello(), name="hello", failover_timeout=0)

A scheduler is any object with `on_offer(offer)` (or `on_offers(offers, replies)`) and
`on_status(status)`. Heard if present: `on_subscribed(framework_id)`, `on_disconnected()`,
`on_rescind(offer_id)`, `on_agent_lost(agent_id)`, `on_message(agent_id, executor_id, data)`,
`on_refused(refusal)`, `on_inverse_offer(inverse_offer)`, `on_wake(now)` with `next_wake()`, both in
seconds since the run began, and `is_done()`, asked after every handler. Handlers that answer or
report may take `replies` as a last argument, to ask for something. Any may be `async`.

An allocation policy is any class with `rank(node)`, which returns an int, a Fraction or a Share:
siblings are served in ascending order. It may also have `agent_key(agent)`, a rank of agents, or
`pick(node, candidates)`, which chooses one of them; `shape(node, agent)`, the Resources of it that
are offered; and `begin_cycle(seed)`, the only place for chance. `World(policy=...)` runs it.
"""

from typing import NewType

from .refusal import Refusal
from .states import DeclineReason, StatusReason, StatusSource, TaskState
from ._core import (Accept, Agent, AgentId, Amounts, Candidates, Decline, Demand, FrameworkId, Hold,
                    InverseOffer, Node, Offer, OfferId, Replies, Resources, Share, TaskInfo,
                    TaskStatus, res)
from .clusters import Cluster, Why, dev
from .running import run, run_async
from .simulation import World

TaskId = NewType("TaskId", str)  # Chosen by the scheduler, unique in its framework.
ExecutorId = NewType("ExecutorId", str)

__all__ = [
    "Accept", "Agent", "AgentId", "Amounts", "Candidates", "Cluster", "Decline", "DeclineReason",
    "Demand", "ExecutorId", "FrameworkId", "Hold", "InverseOffer", "Node", "Offer", "OfferId",
    "Refusal", "Replies", "Resources", "Share", "StatusReason", "StatusSource", "TaskId",
    "TaskInfo", "TaskState", "TaskStatus", "Why", "World", "dev", "res", "run", "run_async",
]
