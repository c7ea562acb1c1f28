# SPDX-License-Identifier: Apache-2.0
"""Offers, tasks, statuses and replies: what goes in comes out, and what may not be is refused."""

import datetime
import unittest

import offerkit as ok
from offerkit import states

SMALL = ok.res(cpus=0.1, mem="32MiB")


class Ids(unittest.TestCase):
    def test_ids_of_two_kinds_are_not_one(self):
        self.assertEqual(ok.AgentId("a1-2"), ok.AgentId("a1-2"))
        self.assertNotEqual(ok.AgentId("a1-2"), ok.AgentId("a1-3"))
        self.assertLess(ok.OfferId("o1-2"), ok.OfferId("o2-1"))
        self.assertEqual(str(ok.FrameworkId("f1-2")), "f1-2")
        self.assertEqual(len({ok.OfferId("o1-1"), ok.OfferId("o1-1")}), 1)
        with self.assertRaises(TypeError):
            ok.Decline(ok.AgentId("a1-2"))

    def test_texts_that_are_no_ids_are_refused(self):
        for text in ("", "a1", "o1-2", "a01-2"):
            with self.subTest(text), self.assertRaises(ok.Refusal):
                ok.AgentId(text)


class States(unittest.TestCase):
    def test_they_know_what_is_final_and_what_is_certain(self):
        final = {state.value for state in ok.TaskState if state.is_terminal}
        self.assertEqual(final, {"finished", "failed", "killed", "error", "dropped", "gone"})
        unsure = {state.value for state in ok.TaskState if not state.is_certain}
        self.assertEqual(unsure, {"unreachable", "lost", "gone_by_operator", "unknown"})

    def test_each_crosses_and_comes_back_as_itself(self):
        for state in ok.TaskState:
            self.assertIs(ok.TaskStatus("t", state).state, state)
            self.assertEqual(ok.TaskStatus("t", state).is_terminal, state.is_terminal)
        for reason in ok.StatusReason:
            self.assertIs(ok.TaskStatus("t", ok.TaskState.LOST, reason=reason).reason, reason)
        for reason in ok.DeclineReason:
            self.assertIs(ok.Decline(ok.OfferId("o1-1"), reason=reason).reason, reason)
        with self.assertRaises(TypeError):
            ok.TaskStatus("t", "running")

    def test_all_of_a_module_are_exported(self):
        for name in ("TaskState", "StatusSource", "StatusReason", "DeclineReason"):
            self.assertIs(getattr(ok, name), getattr(states, name))


class Tasks(unittest.TestCase):
    def test_a_text_is_for_the_shell_and_a_list_is_not(self):
        self.assertEqual(ok.TaskInfo("t", "echo $A", SMALL).command, "echo $A")
        self.assertEqual(ok.TaskInfo("t", ["echo", "a b"], SMALL).command, ["echo", "a b"])

    def test_what_it_was_made_of(self):
        task = ok.TaskInfo("t", "true", "cpus:0.1;mem:32", name="n", labels={"k": "v"}, priority=2,
                           run_time_max=datetime.timedelta(minutes=1), kill_grace=0.5)
        self.assertEqual((task.id, task.name, task.resources), ("t", "n", SMALL))
        self.assertEqual((task.labels, task.priority), ({"k": "v"}, 2))

    def test_what_no_task_may_be(self):
        for wrong in (dict(id=""), dict(command=""), dict(command=[]), dict(resources="cpus:0"),
                      dict(run_time_max=-1), dict(environment={"A=B": "x"})):
            arguments = dict(id="t", command="true", resources=SMALL)
            arguments.update(wrong)
            with self.subTest(wrong), self.assertRaises(ok.Refusal):
                ok.TaskInfo(**arguments)
        with self.assertRaises(TypeError):
            ok.TaskInfo("t", "true", 1)


class Offers(unittest.TestCase):
    def setUp(self):
        self.offer = ok.Offer("cpus:2;mem:512", hostname="h<1>", role="eng/ml",
                              attributes={"rack": "r1"}, id=ok.OfferId("o1-7"))

    def test_it_can_be_made_for_a_test(self):
        self.assertEqual(self.offer.resources, ok.res(cpus=2, mem="512MiB"))
        self.assertEqual((self.offer.role, self.offer.hostname), ("eng/ml", "h<1>"))
        self.assertEqual(self.offer.attributes, {"rack": "r1"})
        self.assertEqual(self.offer.expires_in, datetime.timedelta(seconds=30))

    def test_replies_name_it_by_itself_or_by_its_id(self):
        self.assertEqual(ok.Accept(self.offer).offer, self.offer.id)
        self.assertEqual(ok.Hold(self.offer.id, 1.5).offer, self.offer.id)
        decline = ok.Decline(self.offer, 60, ok.DeclineReason.TOO_SMALL, "wants 4 cpus")
        self.assertEqual((decline.reason.value, decline.detail), ("too_small", "wants 4 cpus"))

    def test_times_are_lengths_and_not_negative(self):
        for wrong in (-1, float("nan"), datetime.timedelta(seconds=-1)):
            with self.subTest(wrong), self.assertRaises(ok.Refusal):
                ok.Decline(self.offer, wrong)
        with self.assertRaises(TypeError):
            ok.Decline(self.offer, True)

    def test_notebooks_see_a_table_without_markup_of_others(self):
        shown = self.offer._repr_html_()
        self.assertIn("h&lt;1&gt;", shown)
        self.assertIn("cpus:2;mem:512", shown)
        self.assertIn("true", ok.TaskInfo("t", "true", SMALL)._repr_html_())
        self.assertIn("running", ok.TaskStatus("t", ok.TaskState.RUNNING)._repr_html_())


if __name__ == "__main__":
    unittest.main()
