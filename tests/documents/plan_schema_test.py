#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of a drill's plan and its reader, asked the same.

  plan_schema_test.py PATH-OF-HAPX [unittest's words]

The schema may take what the reader refuses (rules between values), never the other way round.
"""

import json
import pathlib
import re
import subprocess
import sys
import unittest

import jsonschema
import yaml

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
PLAN = re.compile(r"^```yaml\n(apiVersion: hapx\.dev/v1alpha1\nkind: DrillPlan\n.*?)^```", re.M | re.S)
HEAD = "apiVersion: hapx.dev/v1alpha1\nkind: DrillPlan\nmetadata: {name: weekly}\n"
hapx = None


def taken(text):
    """Whether the reader takes it, and what it says."""
    done = subprocess.run([hapx, "drill", "run", "--lab", "--name", "nobodys", "--dry-run", "-"],
                          input=text, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stderr


class PlanSchema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schema = json.loads((TREE / "docs/hapx-drill.schema.json").read_text())
        jsonschema.Draft7Validator.check_schema(cls.schema)
        cls.validator = jsonschema.Draft7Validator(cls.schema)

    def test_it_names_the_faults_that_there_are(self):
        listed = subprocess.run([hapx, "drill", "list", "-o", "json"], capture_output=True,
                                text=True, timeout=60, check=True)
        names = [fault["name"] for fault in json.loads(listed.stdout)]
        self.assertEqual(self.schema["definitions"]["fault"]["enum"], names)

    def test_the_manual_s_plan_is_taken_by_both(self):
        plans = PLAN.findall((TREE / "docs/drill.md").read_text())
        self.assertEqual(len(plans), 1)
        is_taken, said = taken(plans[0])
        self.assertTrue(is_taken, said)
        self.validator.validate(yaml.safe_load(plans[0]))

    def test_what_the_reader_takes_the_schema_takes(self):
        for spec in ("{faults: [hand-over]}", "{faults: [{fault: hand-over, node: node1}]}",
                     "{faults: [daemon-freeze], count: 100, seed: 0, pause: 1h}",
                     "{faults: [hand-over], objective: 1m30s, pause: 0}",
                     "{faults: [{fault: partition, length: 1.5s, count: 1}]}"):
            text = HEAD + "spec: " + spec + "\n"
            is_taken, said = taken(text)
            self.assertTrue(is_taken, said)
            self.validator.validate(yaml.safe_load(text))

    def test_what_the_schema_refuses_the_reader_refuses(self):
        for spec in ("{}", "[]", "{faults: []}", "{faults: hand-over}", "{faults: [earthquake]}",
                     "{faults: [{node: node1}]}", "{faults: [hand-over], count: 0}",
                     "{faults: [hand-over], count: 101}", "{faults: [hand-over], seed: -1}",
                     "{faults: [hand-over], objective: soon}", "{faults: [hand-over], more: 1}",
                     "{faults: [{fault: hand-over, more: 1}]}"):
            text = HEAD + "spec: " + spec + "\n"
            self.assertTrue(list(self.validator.iter_errors(yaml.safe_load(text))), spec)
            self.assertFalse(taken(text)[0], spec)


if __name__ == "__main__":
    hapx = sys.argv.pop(1)
    unittest.main()
