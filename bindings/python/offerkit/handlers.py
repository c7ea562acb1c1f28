# SPDX-License-Identifier: Apache-2.0
"""Which handlers a scheduler has, and whether they can be called as documented: one that is
misspelt would never be called, and nobody would know why."""

from __future__ import annotations

import difflib
import inspect
from typing import Any, Callable, Dict, NoReturn, Optional, Tuple

from .refusal import Refusal

# What a scheduler has: name to (method, takes replies).
Handlers = Dict[str, Tuple[Callable[..., Any], bool]]

# Name to the arguments; those marked may take `replies` after them.
HANDLERS: Dict[str, Tuple[Tuple[str, ...], bool]] = {
    "on_offer": (("offer",), True),
    "on_offers": (("offers",), True),
    "on_status": (("status",), True),
    "on_subscribed": (("framework_id",), True),
    "on_disconnected": ((), False),
    "on_rescind": (("offer_id",), False),
    "on_agent_lost": (("agent_id",), False),
    "on_message": (("agent_id", "executor_id", "data"), False),
    "on_refused": (("refusal",), False),
    "on_inverse_offer": (("inverse_offer",), True),
    "on_wake": (("now",), True),
    "next_wake": ((), False),
    "is_done": ((), False),
}


def _form(name: str) -> str:
    arguments, may_reply = HANDLERS[name]
    return f"{name}({', '.join(arguments)}{'[, replies]' if may_reply else ''})"


def _takes(method: Callable[..., Any], count: int) -> Optional[bool]:
    """True or False; None if the method does not tell (some are not written in Python)."""
    try:
        inspect.signature(method).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return None
    return True


def _name_of(method: Callable[..., Any], position: int) -> Optional[str]:
    """Of a parameter; None beyond the last one."""
    names = list(inspect.signature(method).parameters)
    return names[position] if position < len(names) else None


def _refuse(scheduler: object, what: str, why: str, todo: str) -> NoReturn:
    raise Refusal("invalid", f"scheduler {type(scheduler).__name__}", what, why, todo)


def _takes_replies(scheduler: object, name: str, method: Callable[..., Any]) -> bool:
    arguments, may_reply = HANDLERS[name]
    takes_less = _takes(method, len(arguments))
    if may_reply and _takes(method, len(arguments) + 1):
        # One that could do without is meant for replies only if it is called so.
        if not takes_less or _name_of(method, len(arguments)) == "replies":
            return True
    if takes_less is False:
        _refuse(scheduler, f"use {name}", "it has other arguments", f"write {_form(name)}")
    return False


def bind(scheduler: object) -> Handlers:
    """The handlers that `scheduler` has. Raises Refusal for those that could not be called."""
    if isinstance(scheduler, type):
        _refuse(scheduler, "run it", "it is a class", f"give an instance: {scheduler.__name__}()")
    for name in dir(scheduler):
        if name.startswith("on_") and name not in HANDLERS and callable(getattr(scheduler, name)):
            near = difflib.get_close_matches(name, HANDLERS, 1, 0.75)
            _refuse(scheduler, f"use {name}", "no handler has this name",
                    f"did you mean {near[0]}?" if near else "rename it, on_ is for handlers")
    found: Handlers = {}
    for name in HANDLERS:
        method = getattr(scheduler, name, None)
        if method is None:
            continue
        if not callable(method):
            _refuse(scheduler, f"use {name}", "it is not a method", f"write {_form(name)}")
        found[name] = (method, _takes_replies(scheduler, name, method))
    if "on_offer" not in found and "on_offers" not in found:
        _refuse(scheduler, "find on_offer", "it answers no offers",
                f"write {_form('on_offer')} or on_offers(offers, replies)")
    if "on_offer" in found and "on_offers" in found:
        _refuse(scheduler, "choose a handler", "it has on_offer and on_offers", "keep one of them")
    if "on_status" not in found:
        _refuse(scheduler, "find on_status", "it does not hear of its tasks",
                f"write {_form('on_status')}")
    if ("on_wake" in found) != ("next_wake" in found):
        _refuse(scheduler, "wake it", "it has one of on_wake and next_wake",
                "write both: next_wake() says when on_wake(now[, replies]) is called")
    return found


def is_async(handlers: Handlers) -> bool:
    """True if one of them is written `async def`."""
    return any(inspect.iscoroutinefunction(method) for method, _ in handlers.values())
