# SPDX-License-Identifier: Apache-2.0
"""What is refused, and why."""


class Refusal(Exception):
    """A request that is not honoured: who asked what, why not, and what to do about it.

    `code` is one of a closed set, for programs: "invalid", "too_large", "insufficient",
    "no_longer_available", "unavailable", "cancelled" and so on. The other four are for people.
    """

    def __init__(self, code: str, who: str, what: str, why: str, todo: str) -> None:
        super().__init__(code, who, what, why, todo)
        self.code = code
        self.who = who
        self.what = what
        self.why = why
        self.todo = todo

    def __str__(self) -> str:
        return f"{self.who}: {self.what}: {self.why}; {self.todo}"
