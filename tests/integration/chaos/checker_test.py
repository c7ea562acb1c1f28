# SPDX-License-Identifier: Apache-2.0
"""The checker of chaos runs catches what is planted. It needs no cluster."""

import itertools
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checker  # noqa: E402
import faults  # noqa: E402

RUN = 1 << checker.COUNTER_BITS


class Books:
    """A good run of three tasks, to be spoilt."""

    def __init__(self):
        self.ran = ["S f1 10 a1-1", "S f2 11 a1-2", "E f1 10 a1-1", "S x3 12 a1-1", "E f2 11 a1-2",
                    "E x3 12 a1-1"]
        self.heard = ["B 1", "F f1-1", "L f1 a1-1", "L f2 a1-2", "L x3 a1-1",
                      self.told("f1", "running", 1), self.told("f2", "running", 1, "a1-2"),
                      self.told("f1", "finished", 2, reason="command_exited", code=0),
                      self.told("x3", "running", 3),
                      self.told("f2", "finished", 2, "a1-2", "command_exited", 0),
                      self.told("x3", "failed", 4, reason="command_exited", code=7)]

    @staticmethod
    def told(task, state, number, agent="a1-1", reason="none", code=-1, signal=0):
        return f"T {task} {state} {RUN + number if number else '-'} {agent} {reason} {code} {signal}"

    def problems(self, slots=2, killed=checker.Killed()):
        found, _ = checker.check_tasks("\n".join(self.ran), "\n".join(self.heard), slots, killed)
        return found


class CheckerTest(unittest.TestCase):
    def setUp(self):
        self.books = Books()

    def expect(self, *kinds, **how):
        found = self.books.problems(**how)
        self.assertEqual(sorted({problem.split(":")[0] for problem in found}), sorted(kinds), found)

    def test_good_books_are_good(self):
        self.expect()

    def test_figures_count_what_happened(self):
        _, figures = checker.check_tasks("\n".join(self.books.ran), "\n".join(self.books.heard), 2)
        self.assertEqual(figures["tasks"], 3)
        self.assertEqual(figures["ran"], 3)
        self.assertEqual(figures["ends"], {"finished": 2, "failed": 1})

    def test_a_task_without_an_end_is_lost(self):
        self.books.heard.pop()
        self.expect("lost")

    def test_a_status_that_was_never_told_is_lost(self):
        del self.books.heard[8]  # That x3 runs: number 3, between 2 and 4.
        self.expect("lost")

    def test_a_task_that_finished_without_its_work_is_untrue(self):
        self.books.ran.remove("E f1 10 a1-1")
        self.expect("untrue")
        self.books.ran.remove("S f1 10 a1-1")
        self.expect("untrue")

    def test_a_second_run_is_double(self):
        self.books.ran += ["S f1 99 a1-2", "E f1 99 a1-2"]
        self.expect("double", "untrue")
        self.books.ran[-2:] = ["S f1 99 a1-1"]
        self.expect("double")

    def test_a_second_end_is_double(self):
        self.books.ran.append("E f1 10 a1-1")
        self.expect("double")
        self.books.ran.pop()
        self.books.heard.append(self.books.told("f1", "finished", 5, reason="command_exited", code=0))
        self.expect("double")

    def test_a_second_launch_is_double(self):
        self.books.heard.append("L f1 a1-1")
        self.expect("double")

    def test_a_task_said_never_to_have_run_has_not_run(self):
        for state in checker.NEVER_RAN:
            with self.subTest(state=state):
                self.books = Books()
                self.books.heard[7] = self.books.told("f1", state, 2)
                self.expect("untrue")
                self.books.ran = [line for line in self.books.ran if " f1 " not in line]
                self.expect()

    def test_going_back_is_out_of_order(self):
        self.books.heard.append(self.books.told("f1", "running", 0))
        self.expect("order")
        self.books = Books()
        self.books.heard[5], self.books.heard[7] = self.books.heard[7], self.books.heard[5]
        self.expect("order")

    def test_unknown_and_then_an_end_is_out_of_order(self):
        self.books.heard.insert(5, self.books.told("f1", "unknown", 0, "-"))
        self.expect("order")

    def test_repeats_are_no_news(self):
        self.books.heard.append("B 2")
        self.books.heard += self.books.heard[5:11]
        self.expect()
        self.books.heard.insert(6, self.books.heard[5])
        self.expect()

    def test_a_repeat_that_differs_is_noticed(self):
        self.books.heard += ["B 2", self.books.told("f1", "killing", 1)]
        self.expect("order")

    def test_an_end_told_in_short_first_is_good(self):
        self.books.heard.insert(7, self.books.told("f1", "finished", 0, reason="reconciliation"))
        self.expect()
        self.books.heard[7] = self.books.told("f1", "killed", 0, reason="reconciliation")
        self.expect("order")

    def test_unreachable_in_between_is_good(self):
        self.books.heard[7:7] = [self.books.told("f1", "lost", 0),
                                 self.books.told("f1", "running", 0)]
        self.expect()

    def test_what_nobody_launched_is_untrue(self):
        self.books.ran.append("S f9 13 a1-1")
        self.expect("untrue")
        self.books.ran.pop()
        self.books.heard.append(self.books.told("f9", "finished", 0))
        self.expect("untrue")

    def test_another_agent_than_it_was_launched_on_is_untrue(self):
        self.books.ran[0], self.books.ran[2] = "S f1 10 a1-2", "E f1 10 a1-2"
        self.expect("untrue")

    def test_failing_needs_a_reason(self):
        self.books.heard[7] = self.books.told("f1", "failed", 2, reason="command_exited", code=1)
        self.expect("untrue")

    def test_more_struck_tasks_than_were_struck_is_noticed(self):
        self.books.heard[7] = self.books.told("f1", "failed", 2, reason="command_signalled", code=0,
                                              signal=9)
        self.expect("struck")
        self.expect(killed=checker.Killed(supervisors=1))

    def test_resources_given_twice_are_noticed(self):
        self.books.ran[2:4] = ["S x3 12 a1-1", "E f1 10 a1-1"]
        self.expect(slots=2)
        self.expect("overcommitted", slots=1)

    def test_a_torn_line_is_noticed(self):
        self.books.ran.append("S f1")
        self.expect("torn")
        self.books = Books()
        self.books.heard.append("T f1 runn")
        self.expect("torn")

    def test_a_framework_that_had_to_begin_again_is_noticed(self):
        self.books.heard.append("F f2-1")
        self.expect("lost")


class RegistryCheckTest(unittest.TestCase):
    def setUp(self):
        self.dump = {"agents": [{"id": "a1-1"}], "unreachable": [], "gone": [], "modes": [],
                     "frameworks": [], "roles": [{"role": "operator/0", "weight": "1"}]}

    def problems(self):
        return list(checker.check_registry(self.dump, ["a1-1"], {"operator/0": 1},
                                           {"operator/0": 1, "operator/1": 2}))

    def test_a_good_one_is_good(self):
        self.assertEqual(self.problems(), [])

    def test_what_is_missing_or_left_is_noticed(self):
        for key, value in (("agents", []), ("agents", [{"id": "a1-1"}, {"id": "a2-1"}]),
                           ("unreachable", [{"id": "a1-1"}]), ("frameworks", [{"id": "f1-1"}]),
                           ("roles", []), ("roles", [{"role": "operator/0", "weight": "2"}]),
                           ("roles", [{"role": "operator/0", "weight": "1"},
                                      {"role": "x", "weight": "1"}])):
            with self.subTest(key=key, value=value):
                kept, self.dump[key] = self.dump[key], value
                self.assertEqual(len(self.problems()), 1)
                self.dump[key] = kept

    def test_a_write_that_was_not_acknowledged_may_be_there_or_not(self):
        self.dump["roles"].append({"role": "operator/1", "weight": "2"})
        self.assertEqual(self.problems(), [])


class LeakCheckTest(unittest.TestCase):
    def test_sandboxes_are_one_for_each_task(self):
        ran, launched = "S f1 10 a1-1\nE f1 10 a1-1", {"f1": "a1-1", "f2": "a1-1"}
        for sandboxes, problems in (([("f1", "1-1")], 0), ([("f1", "1-1"), ("f2", "1-2")], 0),
                                    ([], 1), ([("f1", "1-1"), ("f1", "2-1")], 1),
                                    ([("f1", "1-1"), ("f9", "1-2")], 1)):
            with self.subTest(sandboxes=sandboxes):
                self.assertEqual(len(list(checker.check_sandboxes(sandboxes, ran, launched))),
                                 problems)

    def test_open_files_that_have_grown_are_noticed(self):
        self.assertEqual(list(checker.check_left({"master": 30}, {"master": 28})), [])
        self.assertEqual(len(list(checker.check_left({"master": 40}, {"master": 28}))), 1)


class PlanTest(unittest.TestCase):
    def first(self, seed):
        return list(itertools.islice(faults.plan(seed, 3), 500))

    def test_the_same_seed_plans_the_same_faults(self):
        self.assertEqual(self.first(7), self.first(7))
        self.assertNotEqual(self.first(7), self.first(8))

    def test_every_victim_and_every_way_comes_up(self):
        planned = self.first(7)
        self.assertEqual({fault.victims for fault in planned}, set(faults.VICTIMS))
        self.assertEqual({fault.way for fault in planned}, set(faults.WAYS))
        self.assertEqual({fault.agent for fault in planned}, {0, 1, 2})


if __name__ == "__main__":
    unittest.main()
