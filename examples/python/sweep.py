#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A parameter sweep with asyncio: each point is a task, and awaiting it gives its exit code.

Handlers and the rest of the program share one event loop, so no lock is needed. In a notebook,
`await main()` in a cell does the same.
"""

import asyncio

import offerkit as ok


class Pool:
    """`await pool.run(command)` runs it somewhere."""

    size = ok.res(cpus=0.1, mem="32MiB")

    def __init__(self):
        self.waiting = []
        self.futures = {}
        self.count = 0
        self.closed = False
        self.wanted = False  # Work has come since the last offer was declined.

    async def run(self, command):
        self.count += 1
        task = ok.TaskInfo(f"point-{self.count}", command, self.size)
        self.futures[task.id] = asyncio.get_running_loop().create_future()
        self.waiting.append(task)
        self.wanted = True
        return await self.futures[task.id]

    def on_offer(self, offer):
        count = min(len(self.waiting), offer.resources // self.size)
        launch, self.waiting = self.waiting[:count], self.waiting[count:]
        return ok.Accept(offer, launch) if launch else ok.Decline(offer, 60)

    def on_status(self, status):
        if status.is_terminal and not self.futures[status.task].done():
            self.futures[status.task].set_result(status.exit_code)

    # Asked after every handler and every few milliseconds: offers again, if there is work again.
    def next_wake(self):
        return 0 if self.wanted and self.waiting else None

    def on_wake(self, now, replies):
        self.wanted = False
        replies.revive()

    def is_done(self):
        return self.closed


async def main():
    pool = Pool()
    running = asyncio.create_task(ok.run_async(pool, name="sweep", failover_timeout=0))
    rates = [1, 2, 3, 4]
    losses = await asyncio.gather(*[pool.run(f"exit $(( ({r} - 3) * ({r} - 3) ))") for r in rates])
    best = rates[losses.index(min(losses))]
    print(f"losses {losses}, best rate {best}")
    pool.closed = True
    await running
    return best


if __name__ == "__main__":
    asyncio.run(main())
