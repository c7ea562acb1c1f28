#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The smallest framework: launches one command on the first offer that fits, and ends with it."""

import offerkit as ok


class Hello:
    needs = ok.res(cpus=0.1, mem="32MiB")

    def __init__(self):
        self.launched = False
        self.done = False

    def on_offer(self, offer):
        if self.launched or not offer.resources.contains(self.needs):
            return ok.Decline(offer)
        self.launched = True
        task = ok.TaskInfo("hello", "echo hello from $OFFERKIT_TASK_ID", self.needs)
        return ok.Accept(offer, launch=[task])

    def on_status(self, status):
        print(f"{status.task} is {status.state.value}")
        self.done = status.is_terminal

    def is_done(self):
        return self.done


if __name__ == "__main__":
    ok.run(Hello(), name="hello", failover_timeout=0)
