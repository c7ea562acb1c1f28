# SPDX-License-Identifier: Apache-2.0
"""The simulated world from Python: the same run every time, with schedulers and policies in Python,
and a policy that decides like one in C++ makes the very same run."""

import fractions
import random
import signal
import sys
import unittest
from pathlib import Path

import offerkit as ok

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration" / "python"))
from schedulers import Batch, Idle  # noqa: E402

AGENTS = ["cpus:4;mem:1024", "cpus:2;mem:4096", "cpus:8;mem:512"]


class Drf:
    def rank(self, node):
        return node.allocated.dominant_share(node.totals, node.weight)


def run(policy=None, seed=7, frameworks=3, tasks=20):
    world = ok.World(seed=seed, agents=AGENTS, policy=policy)
    schedulers = [Batch(["sleep 2"] * tasks) for _ in range(frameworks)]
    for number, scheduler in enumerate(schedulers):
        world.add_framework(scheduler, name=f"f{number}", roles=[f"role{number}"])
    ended = world.run_until_ended()
    return world, schedulers, ended


class WorldTest(unittest.TestCase):
    def test_equal_runs_have_equal_fingerprints(self):
        first, schedulers, ended = run()
        self.assertTrue(ended)
        self.assertEqual(first.check(), [])
        for scheduler in schedulers:
            self.assertEqual({end[0] for end in scheduler.ends.values()}, {"finished"})
        again, _, _ = run()
        self.assertEqual((again.fingerprint, again.events, again.now),
                         (first.fingerprint, first.events, first.now))
        self.assertNotEqual(run(seed=8)[0].fingerprint, first.fingerprint)

    def test_time_is_virtual_and_moves_as_asked(self):
        world = ok.World(agents=["cpus:1;mem:64"])
        world.run_for(1000)
        self.assertEqual(world.now, 1000)
        self.assertFalse(world.run_until(lambda: False, limit=5))
        self.assertTrue(world.run_until(lambda: world.now > 1005, limit=10**6))

    def test_faults_happen_when_they_are_called(self):
        class Retries(Batch):
            def on_status(self, status):
                super().on_status(status)
                end = self.ends.get(status.task)
                if end and end[0] != "finished":
                    del self.ends[status.task]
                    self.count -= 1

        world = ok.World(seed=3, agents=AGENTS, timeline=True)
        scheduler = Retries(["sleep 20"] * 8)
        framework = world.add_framework(scheduler, failover_timeout=600)
        world.run_for(5)
        world.restart_master()
        world.break_link(framework=framework)
        world.cut(agent=1)
        world.run_for(5)
        world.heal(agent=1)
        world.crash_machine(2)
        world.restart_agent(2)
        self.assertTrue(world.run_until_ended(86400))
        self.assertTrue(world.has_ended(framework))
        self.assertEqual(world.check(), [])
        self.assertTrue(any("machine 2 crashes" in line for line in world.timeline))

    def test_a_handler_that_raises_ends_the_world(self):
        class Throws(Batch):
            def on_offer(self, offer):
                raise KeyError("mine")

        world = ok.World(agents=AGENTS)
        world.add_framework(Throws(["true"]))
        with self.assertRaisesRegex(KeyError, "mine"):
            world.run_for(10)
        with self.assertRaisesRegex(ok.Refusal, "make a new world"):
            world.run_for(10)

    def test_a_world_that_runs_is_not_run_or_changed(self):
        refused = []

        class Meddles(Batch):
            def on_offer(self, offer):
                for call in (lambda: world.run_for(1), lambda: world.add_framework(Idle()),
                             world.crash_master, lambda: world.kill_framework(0), world.check,
                             lambda: world.add_agent("cpus:1"), world.run_until_idle):
                    try:
                        call()
                    except ok.Refusal as refusal:
                        refused.append(refusal.code)
                self.seen = world.now, world.has_ended(0)
                return super().on_offer(offer)

        world, scheduler = ok.World(agents=AGENTS[:1]), Meddles(["true"])
        world.add_framework(scheduler)
        self.assertTrue(world.run_until_ended())
        self.assertEqual(set(refused), {"conflict"})
        self.assertEqual(len(refused) % 7, 0)
        self.assertFalse(scheduler.seen[1])
        world.run_for(1)  # It rests again.

    def test_ctrl_c_stops_a_run_which_may_go_on(self):
        world = ok.World(agents=AGENTS)  # Nobody in it runs Python, which would see it by itself.
        self.addCleanup(signal.signal, signal.SIGALRM,
                        signal.signal(signal.SIGALRM, signal.default_int_handler))
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with self.assertRaises(KeyboardInterrupt):
            world.run_for(10**7)
        self.assertLess(world.now, 10**7)
        world.run_for(1)

    def test_wakes_come_on_the_worlds_clock(self):
        class Wakes(Idle):
            woken = ()

            def next_wake(self):
                return 10.0 * (1 + len(self.woken)) if len(self.woken) < 3 else None

            def on_wake(self, now):
                self.woken += (now,)

        world, scheduler = ok.World(agents=AGENTS), Wakes()
        world.add_framework(scheduler)
        world.run_for(100)
        self.assertEqual([int(now) for now in scheduler.woken], [10, 20, 30])

    def test_a_wake_that_does_not_move_on_does_not_stop_the_clock(self):
        class Restless(Idle):
            woken = 0

            def next_wake(self):
                return 0

            def on_wake(self, now):
                self.woken += 1

        world, scheduler = ok.World(agents=AGENTS), Restless()
        world.add_framework(scheduler)
        world.run_for(0.1)
        self.assertLessEqual(scheduler.woken, 101)
        self.assertGreater(scheduler.woken, 50)

    def test_async_handlers_may_await_what_is_ready(self):
        class Async(Batch):
            async def on_offer(self, offer):
                return await self.later(offer)

            async def later(self, offer):
                return self.answer(offer)

        class Waits(Batch):
            async def on_offer(self, offer):
                import asyncio
                await asyncio.sleep(0)

        world, scheduler = ok.World(agents=AGENTS), Async(["true"])
        world.add_framework(scheduler)
        self.assertTrue(world.run_until_ended())
        self.assertEqual(len(scheduler.ends), 1)
        world = ok.World(agents=AGENTS)
        world.add_framework(Waits(["true"]))
        with self.assertRaisesRegex(ok.Refusal, "outside the simulated world"):
            world.run_for(10)

    def test_what_is_not_there_is_refused(self):
        world = ok.World(agents=["cpus:1;mem:64"])
        for call in (lambda: world.crash_agent(1), lambda: world.has_ended(0), lambda: world.cut(),
                     lambda: world.cut(agent=0, framework=0), lambda: world.add_agent("cpus"),
                     lambda: ok.World(policy="nobody"), lambda: ok.World(policy=Idle),
                     lambda: world.add_framework(Idle(), name=""),
                     lambda: world.add_framework(Idle(), roles=[]),
                     lambda: world.add_framework(Idle(), failover_timeout=float("inf"))):
            with self.assertRaises(ok.Refusal):
                call()


class PolicyTest(unittest.TestCase):
    def test_the_same_decisions_are_the_same_run(self):
        self.assertEqual(run(Drf)[0].fingerprint, run("drf")[0].fingerprint)

        class Fifo:
            def rank(self, node):
                return node.arrival

        self.assertEqual(run(Fifo)[0].fingerprint, run("fifo")[0].fingerprint)
        self.assertNotEqual(run(Fifo)[0].fingerprint, run(Drf)[0].fingerprint)

    def test_fractions_rank_like_shares(self):
        class Fractions:
            def rank(self, node):
                share = node.allocated.dominant_share(node.totals, node.weight)
                return fractions.Fraction(share.held, share.of)

        self.assertEqual(run(Fractions)[0].fingerprint, run(Drf)[0].fingerprint)

    def test_agents_in_an_order_of_ones_own(self):
        class Key(Drf):
            seen = set()

            def agent_key(self, agent):
                self.seen.add(str(agent.id))
                return -agent.available.milli("mem")

        class Pick(Drf):
            def pick(self, node, candidates):
                return min(candidates, key=lambda agent: -agent.available.milli("mem"),
                           default=None)

        for policy in (Key, Pick):
            with self.subTest(policy):
                world, schedulers, ended = run(policy)
                self.assertTrue(ended)
                self.assertEqual(world.check(), [])
        self.assertEqual(len(Key.seen), len(AGENTS))

    def test_a_part_of_an_agent(self):
        offered = []

        class Half(Drf):
            def shape(self, node, agent):
                return ok.res(cpus=1, mem="64MiB")

        class Looks(Batch):
            def on_offer(self, offer):
                offered.append(offer.resources)
                return super().on_offer(offer)

        world = ok.World(agents=["cpus:4;mem:1024"], policy=Half)
        world.add_framework(Looks(["true"] * 3))
        self.assertTrue(world.run_until_ended())
        self.assertEqual(set(offered), {ok.res(cpus=1, mem="64MiB")})

    def test_chance_comes_from_the_world(self):
        class Lottery:
            def begin_cycle(self, seed):
                self.random = random.Random(seed)

            def rank(self, node):
                return self.random.randrange(1000)

        self.assertEqual(run(Lottery)[0].fingerprint, run(Lottery)[0].fingerprint)

    def test_what_a_hook_raises_reaches_the_caller(self):
        class Throws:
            def rank(self, node):
                raise ArithmeticError("no rank today")

        class Floats:
            def rank(self, node):
                return 0.5

        with self.assertRaisesRegex(ArithmeticError, "no rank today"):
            run(Throws)
        with self.assertRaisesRegex(TypeError, "two machines must agree"):
            run(Floats)

    def test_what_a_hook_raises_ends_the_run_at_once(self):
        class Throws:
            calls = 0

            def rank(self, node):
                Throws.calls += 1
                raise ArithmeticError("no rank today")

        world = ok.World(agents=AGENTS, policy=Throws)
        for _ in range(3):
            world.add_framework(Batch(["true"]))
        with self.assertRaises(ArithmeticError):
            world.run_for(10**5)
        self.assertEqual(Throws.calls, 1)
        with self.assertRaisesRegex(ok.Refusal, "make a new world"):
            world.now

    def test_a_hook_that_is_misspelt_is_named(self):
        class Misspelt(Drf):
            def agentkey(self, agent):
                return 0

        with self.assertRaisesRegex(ok.Refusal, "policy Misspelt: use agentkey: .*agent_key"):
            ok.World(policy=Misspelt)

    def test_a_rank_has_a_positive_denominator(self):
        class Ratio:
            numerator, denominator = 1, 0

        with self.assertRaisesRegex(ValueError, "denominator is not positive"):
            run(type("Divides", (), {"rank": lambda self, node: Ratio()}))

    def test_candidates_end_with_their_hook(self):
        class Keeps(Drf):
            def pick(self, node, candidates):
                Keeps.kept = candidates
                return next(candidates, None)

        run(Keeps, tasks=1)
        with self.assertRaisesRegex(ok.Refusal, "the hook has returned"):
            next(Keeps.kept)

    def test_views_end_with_their_hook(self):
        class Keeps(Drf):
            node = None

            def rank(self, node):
                if self.node is None:
                    Keeps.node = node
                return super().rank(node)

        run(Keeps)
        with self.assertRaisesRegex(ok.Refusal, "the hook has returned"):
            Keeps.node.role


if __name__ == "__main__":
    unittest.main()
