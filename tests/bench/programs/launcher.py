# SPDX-License-Identifier: Apache-2.0
"""What bench::Launcher is, in Python: launches equal tasks as fast as it may, and prints how many
seconds passed from the first accept to the end of the last."""

import sys
import time

import offerkit as ok

SIZE = ok.res(cpus=1, mem="32MiB")


class Launcher:
    def __init__(self, tasks):
        self.tasks = tasks
        self.launched = self.ended = self.failed = 0
        self.started = None

    def on_offer(self, offer):
        count = min(self.tasks - self.launched, offer.resources // SIZE)
        if count == 0:
            return ok.Decline(offer, 1)
        self.started = self.started or time.monotonic()
        numbers = range(self.launched, self.launched + count)
        self.launched += count
        return ok.Accept(offer, [ok.TaskInfo(f"t{n}", ["/bin/true"], SIZE) for n in numbers])

    def on_status(self, status):
        if status.is_terminal:
            self.ended += 1
            self.failed += status.state is not ok.TaskState.FINISHED

    def is_done(self):
        return self.ended == self.tasks


if __name__ == "__main__":
    launcher = Launcher(int(sys.argv[1]))
    ok.run(launcher, name="bench", failover_timeout=0)
    print(time.monotonic() - launcher.started)
    sys.exit(launcher.failed != 0)
