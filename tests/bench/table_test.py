#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench's tables: medians, ratios, two holders, and what is told of runs that failed."""
import json
import pathlib
import tempfile
import unittest

import table


def a_run(outage, *, fault="power-loss", failed=0, shared=0, one_holder=True, trouble=""):
    service = {"outageMs": outage, "failed": failed}
    return {"fault": fault, "number": 1, "struck": "node1", "servedAgain": True, "stallMs": 1,
            "trouble": trouble, "service": service, "healing": service,
            "wire": {"oneHolder": one_holder, "roundsShared": shared}}


def a_result(**configurations):
    return {"date": "2026-01-01", "count": 3, "versions": {"hapx": "v"},
            "machine": {"cores": 2, "processor": "p", "kernel": "k", "loadBefore": 0.1},
            "configurations": {name: {"idle": {}, "runs": runs}
                               for name, runs in configurations.items()}}


class Tables(unittest.TestCase):
    def rows(self, result, word):
        return [line for line in table.render(result).splitlines() if line.startswith("| " + word)]

    def test_medians_and_ratios_are_told_beside_the_spread(self):
        result = a_result(hapx=[a_run(300), a_run(280), a_run(310)],
                          keepalived=[a_run(3600, failed=400), a_run(3000), a_run(3700)])
        summary, ours, theirs = self.rows(result, "power-loss")
        self.assertIn("| 300 ms | 3.60 s (12×) |", summary)
        self.assertIn("| 300 ms | 280 ms | 310 ms | - |", ours)
        self.assertIn("| 3.60 s | 3.00 s | 3.70 s | 12× | 0 | 400 |", theirs)

    def test_nobody_is_better_than_the_instrument(self):
        result = a_result(hapx=[a_run(1)], keepalived=[a_run(50)])
        self.assertIn("(10×)", self.rows(result, "power-loss")[0])

    def test_two_holders_are_marked_and_a_handover_within_one_question_is_not(self):
        result = a_result(keepalived=[a_run(5, shared=700, one_holder=False)],
                          hapx=[a_run(5, shared=1)])
        summary = self.rows(result, "power-loss")[0]
        self.assertIn("| 5.0 ms | 5.0 ms, **two holders** |", summary)
        self.assertTrue(table.is_well(result))

    def test_two_holders_afterwards_are_no_reason_not_to_compare(self):
        run = a_run(50, shared=7, one_holder=False)
        run["wireMeanwhile"] = {"oneHolder": True, "roundsShared": 0}
        summary, _, theirs = self.rows(a_result(hapx=[a_run(5)], keepalived=[run]), "power-loss")
        self.assertIn("| 50 ms (10×) |", summary)
        self.assertIn("| 0/1 | 1/1 | 7 | 7 |", theirs)

    def test_hapx_fails_with_two_holders(self):
        self.assertFalse(table.is_well(a_result(hapx=[a_run(5, shared=3, one_holder=False)])))

    def test_a_busy_machine_is_told(self):
        result = a_result(hapx=[a_run(5)])
        self.assertNotIn("busy", table.render(result))
        result["machine"] |= {"loadBefore": 20, "waitedShare": 0.98}
        self.assertIn("waited for a processor in 98 % of the time", table.render(result))

    def test_a_run_without_an_end_is_told(self):
        broken = {"fault": "hand-over", "number": 2, "trouble": "it did not come to be"}
        result = a_result(pacemaker=[a_run(5), broken])
        self.assertIn("- Pacemaker, hand-over 2: it did not come to be", table.render(result))
        self.assertFalse(table.is_well(result))

    def test_the_record_is_read_back_as_it_was(self):
        for result in (a_result(), a_result(hapx=[]) | {"tookSeconds": 1},
                       a_result(hapx=[a_run(5), a_run(6)], pacemaker=[a_run(7)])):
            self.assertEqual(json.loads(table.as_json(result)), result)

    def test_what_is_shown_is_what_was_recorded(self):
        here = pathlib.Path(__file__).resolve().parent
        result = json.loads((here / "results.json").read_text())
        for path, text in ((here / "RESULTS.md", table.render(result)),
                           (here.parents[1] / "README.md", table.render_summary(result))):
            self.assertIn(f"{table.BEGIN}\n\n{text}\n{table.END}", path.read_text())

    def test_a_file_keeps_what_is_outside_of_the_marks(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.md"
            path.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
            table.put_into(path, "new\n")
            self.assertEqual(path.read_text(),
                             f"before\n{table.BEGIN}\n\nnew\n\n{table.END}\nafter\n")
            path.write_text("no marks\n")
            with self.assertRaises(table.Trouble):
                table.put_into(path, "new")


if __name__ == "__main__":
    unittest.main()
