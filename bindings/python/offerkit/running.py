# SPDX-License-Identifier: Apache-2.0
"""Runs a scheduler against a real cluster, on the caller's thread or on its asyncio loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import inspect
import logging
import os
import threading
from typing import Any, Callable, Dict, Optional, Sequence, Union

from . import _core, clusters, handlers
from .refusal import Refusal

Seconds = Union[float, datetime.timedelta]

_LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)


def _log(level: int, line: str) -> None:
    logging.getLogger("offerkit").log(_LEVELS[level], line)


def _options(name: str, failover_timeout: Optional[Seconds], roles: Union[str, Sequence[str]],
             master: str, token: str, given: Dict[str, Any]) -> Dict[str, Any]:
    if isinstance(roles, str):
        roles = (roles,)
    options: Dict[str, Any] = {
        "cluster": "", "principal": "", "user": "", "id_file": "", "labels": {},
        "connect_timeout": None, "answer_timeout": datetime.timedelta(seconds=5),
        "gpu_resources": False, "revocable_resources": False}
    unknown = sorted(set(given) - set(options))
    if unknown:
        raise TypeError(f"run() has no option {unknown[0]!r}; it has {', '.join(options)}")
    options.update(given, name=name, roles=list(roles), failover_timeout=failover_timeout)
    id_file = options["id_file"]
    options["id_file"] = "" if id_file is None else os.fsdecode(id_file)
    options["master"], options["token"] = clusters.access(master, token)
    return options


def run(scheduler: object, *, name: str, failover_timeout: Optional[Seconds] = None,
        roles: Union[str, Sequence[str]] = ("*",), master: str = "", token: str = "",
        **options: Any) -> None:
    """Runs `scheduler` until it is done or stopped.

    Handlers are called on this thread, one at a time; the GIL is released while there is nothing to
    do. A scheduler with `async def` handlers runs on an asyncio loop of its own (`asyncio.run`);
    where a loop runs already, in a notebook for instance, `await run_async(...)` instead.

    name: what people see. failover_timeout: how long tasks live on without this scheduler, a
    timedelta or seconds; it must be said, 0 ends them with the connection. roles: whom to compete
    as. master, token: "HOST:PORT" and secret; left out, those of the `dev()` block around, of the
    environment (OFFERKIT_MASTER, OFFERKIT_TOKEN, OFFERKIT_TOKEN_FILE) or of `offerkit dev`.

    Further options: cluster, principal, user (whom tasks run as), labels (a dict), gpu_resources,
    revocable_resources, connect_timeout (give up after so long; None: never), answer_timeout
    (unanswered offers are declined then), and id_file (a path: the id is kept there, so that the
    next run finds its tasks; Ctrl-C, or cancelling, then leaves them running).

    Raises what a handler raised, with its traceback, after the framework and its tasks have ended;
    KeyboardInterrupt after Ctrl-C; Refusal for whatever was refused.
    """
    bound = handlers.bind(scheduler)
    made = _options(name, failover_timeout, roles, master, token, options)
    if not handlers.is_async(bound):
        return _core.run(bound, _core.Control(), _log, made)
    if _is_on_loop():
        raise Refusal("conflict", f"scheduler {type(scheduler).__name__}", "run its async handlers",
                      "an asyncio loop already runs on this thread",
                      "await offerkit.run_async(...) there")
    return asyncio.run(_run_on_loop(bound, made))


def _is_on_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def run_async(scheduler: object, *, name: str, failover_timeout: Optional[Seconds] = None,
                    roles: Union[str, Sequence[str]] = ("*",), master: str = "", token: str = "",
                    **options: Any) -> None:
    """As `run`, on the loop that is running: handlers, plain or `async`, are called on it, one at a
    time, and other coroutines go on meanwhile. Cancelling it ends the framework, handler included;
    with `id_file` its tasks go on, for the next run.
    """
    bound = handlers.bind(scheduler)
    await _run_on_loop(bound, _options(name, failover_timeout, roles, master, token, options))


class _Bridge:
    """Calls handlers on the loop, for the thread that the driver runs on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._calling: Optional[concurrent.futures.Future[Any]] = None
        self._cancelled = False

    def handler(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def finish(arguments: Sequence[Any]) -> Any:
            result = method(*arguments)
            return await result if inspect.isawaitable(result) else result

        def call(*arguments: Any) -> Any:
            with self._lock:
                if self._cancelled:
                    raise asyncio.CancelledError
                self._calling = asyncio.run_coroutine_threadsafe(finish(arguments), self._loop)
            return self._calling.result()

        return call

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            if self._calling is not None:
                self._calling.cancel()


async def _run_on_loop(bound: handlers.Handlers, options: Dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    bridge = _Bridge(loop)
    control = _core.Control()
    bridged = {name: (bridge.handler(method), replies) for name, (method, replies) in bound.items()}
    with concurrent.futures.ThreadPoolExecutor(1, "offerkit") as pool:
        ended = loop.run_in_executor(pool, _core.run, bridged, control, _log, options)
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            control.stop(not options["id_file"])
            bridge.cancel()
            while not ended.done():  # Cancelled once more: it still has to end.
                try:
                    await asyncio.wait([ended])
                except asyncio.CancelledError:
                    pass
            ended.exception()  # That it was cancelled is what the caller hears.
            raise
