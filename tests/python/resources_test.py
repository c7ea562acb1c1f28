# SPDX-License-Identifier: Apache-2.0
"""Resources in Python are as exact, and as strict, as in C++."""

import decimal
import unittest

import offerkit as ok


class Amounts(unittest.TestCase):
    def test_what_is_given_is_kept_to_the_thousandth(self):
        for given, text in [
            (dict(cpus=1), "cpus:1"),
            (dict(cpus=0.1), "cpus:0.1"),
            (dict(cpus="1.5"), "cpus:1.5"),
            (dict(cpus=decimal.Decimal("0.125")), "cpus:0.125"),
            (dict(mem="256MiB"), "mem:256"),
            (dict(mem="1.5GiB"), "mem:1536"),
            (dict(mem="1 TiB"), "mem:1048576"),
            (dict(mem_mib=0.5), "mem:0.5"),
            (dict(disk="10GiB", disk_note=1), "disk:10240;disk_note:1"),
            (dict(gpus=2), "gpus:2"),
            (dict(gpus=[1, 0.5]), "gpus:(1,0.5)"),
            (dict(ports="8080-8090,80"), "ports:[80, 8080-8090]"),
            (dict(ports=[80, (8080, 8090)]), "ports:[80, 8080-8090]"),
            (dict(licenses=2), "licenses:2"),
        ]:
            with self.subTest(given):
                self.assertEqual(str(ok.res(**given)), text)
                self.assertEqual(ok.Resources(text), ok.res(**given))

    def test_sums_are_exact_where_floats_are_not(self):
        self.assertEqual(ok.res(cpus=0.1) + ok.res(cpus=0.2), ok.res(cpus=0.3))
        self.assertEqual(ok.res(cpus=1) - ok.res(cpus=0.9), ok.res(cpus=0.1))
        self.assertEqual((ok.res(cpus=0.1) * 3).milli("cpus"), 300)
        self.assertEqual(ok.res(cpus=0.3).cpus, 0.3)

    def test_containing_is_of_every_kind(self):
        whole = ok.res(cpus=4, mem="1GiB", ports="80-90", licenses=1)
        self.assertTrue(whole >= ok.res(cpus=4, ports="85"))
        self.assertTrue(ok.res(mem="1GiB") <= whole)
        for part in (ok.res(cpus=4.001), ok.res(ports="91"), ok.res(licenses=2), ok.res(gpus=1)):
            self.assertFalse(whole.contains(part), part)

    def test_how_many_times_is_the_least_over_the_kinds(self):
        whole = ok.res(cpus=4, mem="1GiB", licenses=7)
        self.assertEqual(whole // ok.res(cpus=0.5), 8)
        self.assertEqual(whole // ok.res(cpus=0.5, mem="256MiB"), 4)
        self.assertEqual(whole // ok.res(licenses=2), 3)
        self.assertEqual(whole // ok.res(gpus=1), 0)

    def test_equal_resources_are_one_key(self):
        self.assertEqual(len({ok.res(cpus=1, mem="1GiB"), ok.Resources("mem:1024;cpus:1")}), 1)
        self.assertFalse(ok.Resources())


class Refused(unittest.TestCase):
    def assert_refused(self, code, words, make):
        with self.assertRaises(ok.Refusal) as caught:
            make()
        self.assertEqual(caught.exception.code, code)
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_what_is_not_exact_or_has_no_unit(self):
        self.assert_refused("malformed", ["mem=256", 'mem="256MiB"'], lambda: ok.res(mem=256))
        self.assert_refused("malformed", ["disk=1GB"], lambda: ok.res(disk="1GB"))
        self.assert_refused("malformed", ["three decimals"], lambda: ok.res(cpus=0.1 + 0.2))
        self.assert_refused("malformed", ["cpus=-1"], lambda: ok.res(cpus=-1))
        self.assert_refused("malformed", ["cpus=nan"], lambda: ok.res(cpus=float("nan")))
        self.assert_refused("malformed", ["cpus=1e-05"], lambda: ok.res(cpus=1e-05))
        self.assert_refused("too_large", ["cpus=1"], lambda: ok.res(cpus=10**12))
        self.assert_refused("too_large", ["mem"], lambda: ok.res(mem="99999999TiB"))

    def test_what_is_said_twice_or_runs_backwards(self):
        self.assert_refused("invalid", ["mem"], lambda: ok.res(mem="1MiB", mem_mib=1))
        self.assert_refused("invalid", ["9-8"], lambda: ok.res(ports="9-8"))
        self.assert_refused("malformed", [], lambda: ok.Resources("cpus"))

    def test_arithmetic_that_has_no_result(self):
        self.assert_refused("insufficient", ["cpus:1", "cpus:2"],
                            lambda: ok.res(cpus=1) - ok.res(cpus=2))
        self.assert_refused("too_large", ["more than a cluster"],
                            lambda: ok.res(cpus=10**10) * 10**10)
        self.assert_refused("too_large", ["more than a cluster"],
                            lambda: sum([ok.res(licenses=10**9)] * 10**5, ok.Resources()))
        self.assert_refused("conflict", ["ports:[80]", "both"],
                            lambda: ok.res(ports="80") + ok.res(ports="79-80"))
        self.assert_refused("invalid", ["nothing"], lambda: ok.res(cpus=1) // ok.Resources())
        self.assert_refused("unsupported", ["ports"], lambda: ok.res(ports="1-9") // ok.res(ports="1"))

    def test_types_that_say_no_amount(self):
        for wrong in (True, None, [1], object()):
            with self.subTest(wrong), self.assertRaises(TypeError):
                ok.res(cpus=wrong)
        with self.assertRaises(TypeError):
            ok.res(cpus=1) + 1


if __name__ == "__main__":
    unittest.main()
