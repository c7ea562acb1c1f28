# SPDX-License-Identifier: Apache-2.0
"""A whole cluster in one value, on a clock of its own: the same machines as in the daemons."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Sequence, Union

from . import _core, handlers
from .refusal import Refusal
from .running import Seconds


class World(_core.World):
    """A simulated cluster: `World(seed=7, agents=["cpus:4;mem:1024"] * 3, policy=MyPolicy)`.

    Everything that happens follows from the arguments and the calls made: the same program gives
    the same run, and the same `fingerprint`. A handler or hook of yours that asks a clock or draws
    from an unseeded generator breaks that.

    seed: of all chance there is. agents: Resources or texts, one agent each. policy: the name of
    one that is built in; or a class with `rank(node)`, of which each master that starts makes an
    instance; or such an instance. timeline: keep a line for each interesting step. checks: hold
    every step against OfferKit's promises (`check` returns what contradicts them).

    Lengths of time are timedelta or seconds, moments seconds since the world began. Tasks run as
    long as their command says (`sleep 5`, `true`, `exit 3`), any other 1 to 10 seconds.
    """

    def add_framework(self, scheduler: object, *, name: str = "framework",
                      roles: Union[str, Sequence[str]] = ("*",),
                      failover_timeout: Seconds = 0) -> int:
        """Adds a scheduler, the same object that `run` takes. Returns its number, from zero.

        What a handler raises ends the world, and reaches whoever called `run_for` and so on. Async
        handlers may await only what is ready: waiting is for `next_wake` and `on_wake`.
        """
        bound = handlers.bind(scheduler)
        if handlers.is_async(bound):
            bound = {known: (_settled(method), takes) for known, (method, takes) in bound.items()}
        if isinstance(roles, str):
            roles = (roles,)
        return self._add_framework(bound, name, list(roles), failover_timeout)


def _settled(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: object) -> Any:
        result = method(*arguments)
        if not inspect.iscoroutine(result):
            return result
        try:
            result.send(None)
        except StopIteration as end:
            return end.value
        result.close()
        raise Refusal("unsupported", "scheduler", f"await in {method.__name__}",
                      "it waits for something outside the simulated world",
                      "write next_wake and on_wake")

    return call
