# SPDX-License-Identifier: Apache-2.0
"""Schedulers written in Python against real daemons: plain and async handlers, exceptions, Ctrl-C,
cancellation, and who may run meanwhile."""

import asyncio
import os
import signal
import sys
import tempfile
import threading
import traceback
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import offerkit as ok  # noqa: E402
from schedulers import Batch, Idle  # noqa: E402


class OnCluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = ok.dev(agents=1, resources="cpus:4;mem:1024")
        cls.cluster.start()
        cls.addClassCleanup(cls.cluster.stop)

    def run_it(self, scheduler, **options):
        ok.run(scheduler, name="test", failover_timeout=0, connect_timeout=30, **options)
        return scheduler

    def traceback_of(self, expected, scheduler):
        try:  # assertRaises would throw the traceback away.
            self.run_it(scheduler)
        except expected as error:
            return "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.fail(f"{expected.__name__} did not reach the caller")


class Whole(Idle):
    """Waits until all of the agent is offered: nobody has a task there."""

    def on_offer(self, offer):
        self.done = offer.resources >= ok.res(cpus=4, mem="1024MiB")
        return ok.Decline(offer, 0.1)

    done = False

    def is_done(self):
        return self.done


class RunTest(OnCluster):
    def test_tasks_run_and_their_ends_are_told(self):
        done = self.run_it(Batch(["exit 0", "exit 3", "kill -9 $$"]))
        self.assertEqual(done.ends, {"t0": ("finished", 0, None), "t1": ("failed", 3, None),
                                     "t2": ("failed", None, 9)})

    def test_all_offers_at_once(self):
        class Together(Batch):
            on_offer = None

            def on_offers(self, offers, replies):
                self.type = type(offers)
                for offer in offers:
                    replies.reply(self.answer(offer))

        done = self.run_it(Together(["true"]))
        self.assertIs(done.type, list)
        self.assertEqual(done.ends["t0"][0], "finished")

    def test_an_exception_reaches_the_caller_with_its_traceback(self):
        class Throws(Batch):
            def on_status(self, status):
                raise KeyError(status.task)

        self.assertIn("raise KeyError(status.task)",
                      self.traceback_of(KeyError, Throws(["sleep 100"])))
        self.run_it(Batch(["true"]))  # What the first one held is free again.

    def test_an_answer_that_is_none_is_an_error(self):
        with self.assertRaisesRegex(TypeError, "on_offer returned None; return Accept"):
            self.run_it(type("Forgets", (Batch,), {"on_offer": lambda self, offer: None})(["true"]))

    def test_replies_end_with_their_handler(self):
        class Keeps(Batch):
            def on_subscribed(self, framework, replies):
                self.framework, self.kept = framework, replies

            def on_status(self, status):
                super().on_status(status)
                self.kept.stop()

        with self.assertRaisesRegex(ok.Refusal, "handed to has returned"):
            self.run_it(Keeps(["true"]))

    def test_a_task_is_killed_on_request(self):
        class Kills(Batch):
            def on_status(self, status, replies):
                super().on_status(status)
                if status.state is ok.TaskState.RUNNING:
                    replies.kill(status.task, grace=1)

        self.assertEqual(self.run_it(Kills(["sleep 100"])).ends["t0"][0], "killed")

    def test_it_is_woken_when_it_says(self):
        class Wakes(Idle):
            def __init__(self):
                self.woken = []

            def next_wake(self):
                return None if len(self.woken) == 3 else 0.02 * (1 + len(self.woken))

            def on_wake(self, now, replies):
                self.woken.append(now)
                if len(self.woken) == 3:
                    replies.stop()

        woken = self.run_it(Wakes()).woken
        for at, now in enumerate(woken):
            self.assertGreaterEqual(now, 0.02 * (1 + at))

    def test_other_threads_run_while_it_waits(self):
        class Waits(Idle):
            done = False

            def is_done(self):
                return self.done

        scheduler = Waits()
        threading.Timer(0.1, lambda: setattr(scheduler, "done", True)).start()
        self.run_it(scheduler)  # Would wait for ever if it kept the interpreter to itself.

    def test_ctrl_c_ends_it(self):
        class Interrupted(Idle):
            def on_subscribed(self, framework):
                threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

        with self.assertRaises(KeyboardInterrupt):
            self.run_it(Interrupted())

    def test_ctrl_c_leaves_tasks_to_the_next_run_if_the_id_is_kept(self):
        class Interrupted(Batch):
            def on_status(self, status):
                super().on_status(status)
                if status.state is ok.TaskState.RUNNING:
                    os.kill(os.getpid(), signal.SIGINT)

        class Next(Idle):
            def on_subscribed(self, framework, replies):
                replies.reconcile()

            def on_status(self, status, replies):
                self.found = (status.task, status.state)
                replies.stop()

        with tempfile.TemporaryDirectory() as folder:
            options = dict(name="kept", failover_timeout=600, connect_timeout=30,
                           id_file=Path(folder) / "id")
            with self.assertRaises(KeyboardInterrupt):
                ok.run(Interrupted(["sleep 100"]), **options)
            scheduler = Next()
            ok.run(scheduler, **options)
        self.assertEqual(scheduler.found, ("t0", ok.TaskState.RUNNING))

    def assert_ends_tasks(self, raises, kept):
        """Each handler that raises ends its task, or leaves it to the next run with that file."""
        class Fails(Batch):
            where, running = "", False

            def fail(self, where):
                if self.running and where == self.where:
                    raise raises("mine")

            def on_status(self, status):
                self.running = self.running or status.state is ok.TaskState.RUNNING
                self.fail("on_status")

            def is_done(self):
                self.fail("is_done")
                return False

            def next_wake(self):
                self.fail("next_wake")
                return 0

            def on_wake(self, now):
                self.fail("on_wake")

        class Next(Idle):
            def __init__(self):
                self.found = []

            def on_subscribed(self, framework):
                self.framework = framework

            def on_status(self, status, replies):
                self.found.append(status.state)
                replies.stop()

        for where in ("on_status", "is_done", "next_wake", "on_wake"):
            with self.subTest(where), tempfile.TemporaryDirectory() as folder:
                options = dict(name="fails", failover_timeout=600, connect_timeout=30)
                if kept:
                    options["id_file"] = Path(folder) / "id"
                scheduler = Fails(["sleep 1000"])
                scheduler.where = where
                with self.assertRaisesRegex(raises, "mine"):
                    ok.run(scheduler, **options)
                if kept and raises is KeyboardInterrupt:
                    after = Next()
                    ok.run(after, **options)
                    self.assertEqual(after.found, [ok.TaskState.RUNNING])
                else:
                    self.run_it(Whole())  # What it held is free again.
                    self.assertFalse((Path(folder) / "id").exists())

    def test_whichever_handler_fails_the_tasks_end(self):
        self.assert_ends_tasks(LookupError, kept=False)
        self.assert_ends_tasks(LookupError, kept=True)

    def test_ctrl_c_in_whichever_handler(self):
        self.assert_ends_tasks(KeyboardInterrupt, kept=False)
        self.assert_ends_tasks(KeyboardInterrupt, kept=True)

    def test_a_cluster_that_is_not_there(self):
        with self.assertRaises(ok.Refusal) as caught:
            ok.run(Idle(), name="test", failover_timeout=0, master="127.0.0.1:1", token="none",
                   connect_timeout=0.2)
        self.assertEqual(caught.exception.code, "unavailable")

    def test_a_wrong_token_is_refused(self):
        with self.assertRaises(ok.Refusal) as caught:
            ok.run(Idle(), name="test", failover_timeout=0, master=self.cluster.master,
                   token="wrong")
        self.assertEqual(caught.exception.code, "unauthenticated")


class AsyncTest(OnCluster):
    def test_async_handlers_run_on_a_loop_of_their_own(self):
        class Sleeps(Batch):
            async def on_status(self, status):
                await asyncio.sleep(0.001)
                self.loop = asyncio.get_running_loop()
                super().on_status(status)

        done = self.run_it(Sleeps(["true", "true"]))
        self.assertEqual([end[0] for end in done.ends.values()], ["finished"] * 2)
        self.assertTrue(done.loop.is_closed())

    def test_other_coroutines_go_on_meanwhile(self):
        async def both():
            ready = asyncio.Event()

            class Waits(Batch):
                async def on_status(self, status):
                    if status.is_terminal:
                        await ready.wait()
                    super().on_status(status)

            async def other():
                await asyncio.sleep(0.05)
                ready.set()

            beside = asyncio.create_task(other())
            scheduler = Waits(["true"])
            await ok.run_async(scheduler, name="test", failover_timeout=0)
            await beside
            return scheduler

        self.assertEqual(asyncio.run(both()).ends["t0"][0], "finished")

    def test_cancelling_ends_the_framework_and_the_handler(self):
        events = []

        class Stuck(Idle):
            async def on_subscribed(self, framework):
                events.append("in")
                self.inside.set()
                try:
                    await asyncio.sleep(1000)
                finally:
                    events.append("out")

        async def cancel():
            scheduler = Stuck()
            scheduler.inside = asyncio.Event()
            running = asyncio.create_task(
                ok.run_async(scheduler, name="test", failover_timeout=0))
            await scheduler.inside.wait()
            running.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await running

        asyncio.run(cancel())
        self.assertEqual(events, ["in", "out"])

    def test_cancelling_leaves_tasks_to_the_next_run_if_the_id_is_kept(self):
        class Runs(Batch):
            async def on_status(self, status):
                if status.state is ok.TaskState.RUNNING:
                    self.is_running.set()
                    await asyncio.sleep(self.busy)

        class Next(Idle):
            def on_status(self, status, replies):
                self.found = (status.task, status.state)
                replies.stop()

        async def cancel(busy, options):
            scheduler = Runs(["sleep 1000"])
            scheduler.is_running, scheduler.busy = asyncio.Event(), busy
            running = asyncio.create_task(ok.run_async(scheduler, **options))
            await scheduler.is_running.wait()
            running.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await running

        for busy in (0, 1000):
            with self.subTest(busy), tempfile.TemporaryDirectory() as folder:
                options = dict(name="kept", failover_timeout=600, connect_timeout=30,
                               id_file=Path(folder) / "id")
                asyncio.run(cancel(busy, options))
                scheduler = Next()
                ok.run(scheduler, **options)
                self.assertEqual(scheduler.found, ("t0", ok.TaskState.RUNNING))

    def test_cancelling_between_handlers(self):
        async def cancel():
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(ok.run_async(Idle(), name="test", failover_timeout=0), 0.2)

        asyncio.run(cancel())

    def test_an_exception_of_a_coroutine_reaches_the_caller(self):
        class Throws(Batch):
            async def on_offer(self, offer):
                await asyncio.sleep(0)
                raise LookupError("no more")

        told = self.traceback_of(LookupError, Throws(["true"]))
        self.assertIn('raise LookupError("no more")', told)
        self.assertNotIn("During handling", told)

    def test_ctrl_c_ends_the_loop_too(self):
        class Interrupted(Idle):
            async def on_subscribed(self, framework):
                threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

        with self.assertRaises(KeyboardInterrupt):
            self.run_it(Interrupted())

    def test_a_loop_that_runs_already_is_pointed_out(self):
        class Async(Idle):
            async def on_status(self, status):
                pass

        async def inside():
            with self.assertRaisesRegex(ok.Refusal, "run_async"):
                self.run_it(Async())

        asyncio.run(inside())


if __name__ == "__main__":
    unittest.main()
