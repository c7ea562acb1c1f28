# SPDX-License-Identifier: Apache-2.0
"""Schedulers that several tests run."""

import offerkit as ok

SMALL = ok.res(cpus=0.1, mem="16MiB")


class Batch:
    """Runs each command once, and keeps how it ended: task to (state, exit code, signal)."""

    def __init__(self, commands):
        self.waiting = [ok.TaskInfo(f"t{number}", command, SMALL)
                        for number, command in enumerate(commands)]
        self.count = len(self.waiting)
        self.ends = {}

    def answer(self, offer):
        fitting = min(len(self.waiting), offer.resources // SMALL)
        if fitting == 0:
            return ok.Decline(offer, 0.1)
        launch, self.waiting = self.waiting[:fitting], self.waiting[fitting:]
        return ok.Accept(offer, launch)

    def on_offer(self, offer):
        return self.answer(offer)

    def on_status(self, status):
        if status.is_terminal:
            self.ends[status.task] = (status.state.value, status.exit_code, status.exit_signal)

    def is_done(self):
        return len(self.ends) == self.count


class Idle:
    """Takes nothing."""

    def on_offer(self, offer):
        return ok.Decline(offer, 60, ok.DeclineReason.NO_WORK)

    def on_status(self, status):
        pass
