# SPDX-License-Identifier: Apache-2.0
"""A scheduler whose handlers could never be called as written is refused before it runs."""

import contextlib
import os
import tempfile
import unittest

import offerkit as ok
from offerkit import handlers


class Complete:
    def on_offer(self, offer):
        return ok.Decline(offer)

    def on_status(self, status):
        pass


def with_methods(**methods):
    return type("Mine", (Complete,), methods)()


class Handlers(unittest.TestCase):
    def assert_refused(self, scheduler, *words):
        with self.assertRaises(ok.Refusal) as caught:
            ok.run(scheduler, name="never", failover_timeout=0, master="127.0.0.1:1", token="none")
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_a_misspelt_handler_is_named_with_the_nearest(self):
        self.assert_refused(with_methods(on_ofer=lambda self, offer: None),
                            "scheduler Mine", "on_ofer", "did you mean on_offer?")
        self.assert_refused(with_methods(on_whatever=lambda self: None), "on_whatever", "rename it")

    def test_a_missing_handler_is_named(self):
        class NoStatus:
            on_offer = Complete.on_offer

        class NoOffer:
            on_status = Complete.on_status

        self.assert_refused(NoStatus(), "on_status(status[, replies])")
        self.assert_refused(NoOffer(), "on_offer(offer[, replies])")
        self.assert_refused(with_methods(on_offers=lambda self, offers, replies: None), "keep one")

    def test_other_arguments_than_documented_are_refused(self):
        self.assert_refused(with_methods(on_status=lambda self: None),
                            "on_status", "other arguments")
        self.assert_refused(with_methods(on_message=lambda self, agent: None),
                            "on_message(agent_id, executor_id, data)")
        self.assert_refused(with_methods(is_done=True), "is_done", "not a method")

    def test_wakes_come_in_pairs(self):
        self.assert_refused(with_methods(next_wake=lambda self: None), "on_wake", "write both")

    def test_a_class_is_no_scheduler(self):
        self.assert_refused(Complete, "Complete()")

    def test_replies_are_handed_to_those_that_take_them(self):
        bound = handlers.bind(with_methods(on_status=lambda self, status, replies: None,
                                           on_subscribed=lambda self, framework: None))
        self.assertTrue(bound["on_status"][1])
        self.assertFalse(bound["on_subscribed"][1])
        self.assertFalse(bound["on_offer"][1])

    def test_an_argument_that_may_be_left_out_gets_replies_only_if_called_so(self):
        bound = handlers.bind(with_methods(on_status=lambda self, status, verbose=False: None,
                                           on_offer=lambda self, offer, replies=None: None,
                                           on_subscribed=lambda self, framework, *rest: None,
                                           on_inverse_offer=lambda self, offer, answer: None))
        self.assertEqual({name: takes for name, (_, takes) in bound.items()},
                         {"on_status": False, "on_offer": True, "on_subscribed": False,
                          "on_inverse_offer": True})

    def test_labels_are_texts_and_no_id_file_is_none(self):
        options = dict(name="never", failover_timeout=0, master="127.0.0.1:1", token="none")
        with self.assertRaisesRegex(ok.Refusal, "labels: read 'a': 1: is not text"):
            ok.run(Complete(), labels={"a": 1}, **options)
        with self.assertRaises(TypeError):
            ok.run(Complete(), id_file=7, **options)
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            with self.assertRaisesRegex(ok.Refusal, "127.0.0.1:1"):
                ok.run(Complete(), id_file=None, connect_timeout=0.1, **options)
            self.assertEqual(os.listdir(), [])

    def test_options_that_do_not_exist_are_named(self):
        with self.assertRaisesRegex(TypeError, "failover"):
            ok.run(Complete(), name="never", failover=1)
        with self.assertRaisesRegex(ok.Refusal, "failover_timeout: is not said"):
            ok.run(Complete(), name="never")


if __name__ == "__main__":
    unittest.main()
