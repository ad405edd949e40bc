#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""open_metrics_test.py PAGE: what hapxd shows to who asks for OpenMetrics, read by the parser of the
standard's reference implementation, which refuses what the standard forbids. A unit test sees to it
that PAGE is what hapxd shows."""

import sys
import unittest
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families

PAGE = Path(sys.argv.pop(1))


class OpenMetrics(unittest.TestCase):
    def families(self, text):
        return {family.name: family for family in text_string_to_metric_families(text)}

    def test_the_reference_reads_every_family(self):
        families = self.families(PAGE.read_text())
        self.assertGreater(len(families), 40)
        self.assertEqual(families["hapx_reloads_refused"].type, "counter")
        self.assertEqual(families["hapx_failover_seconds"].type, "histogram")
        self.assertEqual({family.type for family in families.values()},
                         {"counter", "gauge", "histogram"})
        for family in families.values():
            self.assertTrue(family.documentation, family.name)
            self.assertTrue(family.samples, family.name)

    def test_the_reference_would_see_what_is_wrong(self):
        text = PAGE.read_text()
        for wrong in (text.replace("# EOF\n", ""), text.replace('le="+Inf"', 'le="9.0"'),
                      text.replace("hapx_plans counter", "hapx_plans_total counter")):
            self.assertNotEqual(wrong, text)
            with self.assertRaises(ValueError):
                self.families(wrong)


if __name__ == "__main__":
    unittest.main()
