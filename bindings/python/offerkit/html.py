# SPDX-License-Identifier: Apache-2.0
"""How things look in a notebook: each a small table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Iterable, Tuple

if TYPE_CHECKING:
    from ._core import Offer, TaskInfo, TaskStatus


def _table(title: str, rows: Iterable[Tuple[str, object]]) -> str:
    cells = "".join(f"<tr><th style='text-align:left'>{escape(name)}</th>"
                    f"<td style='text-align:left'>{escape(str(value))}</td></tr>"
                    for name, value in rows if value not in (None, "", {}))
    return f"<table><caption>{escape(title)}</caption>{cells}</table>"


def offer(self: Offer) -> str:
    return _table(f"Offer {self.id}", [
        ("agent", self.agent), ("host", self.hostname), ("role", self.role),
        ("resources", self.resources),
        ("attributes", ", ".join(f"{name}={value}" for name, value in self.attributes.items())),
        ("expires in", self.expires_in)])


def task(self: TaskInfo) -> str:
    return _table(f"Task {self.id}", [
        ("name", self.name), ("command", self.command), ("resources", self.resources),
        ("priority", self.priority or None),
        ("labels", ", ".join(f"{key}={value}" for key, value in self.labels.items()))])


def status(self: TaskStatus) -> str:
    return _table(f"Task {self.task}: {self.state.value}", [
        ("agent", self.agent), ("reason", self.reason.value), ("message", self.message),
        ("exit code", self.exit_code), ("signal", self.exit_signal), ("sandbox", self.sandbox)])
