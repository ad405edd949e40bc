#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the shipped alerts raised when they must be, and only then; and does each have a runbook?
Does the dashboard ask for what there is?

  alerts_test.py SOURCES

promtool tells the stories of images/prometheus/alerts_test.yaml and alerts_slow_test.yaml. An alert
counts as tested only if those stories fail where it is never raised, and where it always is.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

SOURCES = pathlib.Path(sys.argv.pop(1))
PROMETHEUS = SOURCES / "images" / "prometheus"
STORIES = ("alerts_test.yaml", "alerts_slow_test.yaml")


def alerts():
    groups = yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels():
    """Those of the dashboard that ask for something."""
    dashboard = json.loads((SOURCES / "images" / "grafana" / "hapx.json").read_text())
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def promtool(*words, folder=PROMETHEUS):
    done = subprocess.run(["promtool", *words], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


class Alerts(unittest.TestCase):
    def test_promtool_accepts_them(self):
        code, said = promtool("check", "rules", "alerts.yaml")
        self.assertEqual(code, 0, said)

    def test_the_stories_come_out_as_told(self):
        for stories in STORIES:
            code, said = promtool("test", "rules", stories)
            self.assertEqual(code, 0, said)

    def failing_with(self, expression):
        """The alerts whose stories fail where every alert has this expression."""
        with tempfile.TemporaryDirectory() as folder:
            for stories in STORIES:
                shutil.copy(PROMETHEUS / stories, folder)
            rules = [{"alert": rule["alert"], "expr": expression} for rule in alerts()]
            (pathlib.Path(folder) / "alerts.yaml").write_text(
                yaml.safe_dump({"groups": [{"name": "planted", "rules": rules}]}))
            return {name for stories in STORIES
                    for name in re.findall(r"alertname: ?(\w+), time",
                                           promtool("test", "rules", stories, folder=folder)[1])}

    def test_every_alert_has_a_story_of_each_kind(self):
        names = {rule["alert"] for rule in alerts()}
        self.assertEqual(names - self.failing_with("vector(0) > 1"), set(), "never raised")
        self.assertEqual(names - self.failing_with("vector(1)"), set(), "always raised")

    def test_every_alert_says_what_to_do(self):
        runbooks = (SOURCES / "docs" / "runbooks.md").read_text()
        sections = re.findall(r"^## (\w+)$", runbooks, re.M)
        self.assertEqual(sorted(sections), sorted(rule["alert"] for rule in alerts()))
        for rule in alerts():
            name, notes = rule["alert"], rule["annotations"]
            self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"), name)
            self.assertTrue(notes["summary"] and notes["description"].endswith("."), name)
            self.assertTrue(notes["runbook_url"].endswith(f"/runbooks.md#{name.lower()}"), name)

    def test_every_alert_and_every_panel_is_about_what_there_is(self):
        told = set(re.findall(r"`(hapx_\w+)", (SOURCES / "docs" / "metrics.md").read_text()))
        asked = [(rule["alert"], rule["expr"]) for rule in alerts()]
        asked += [(panel["title"], target["expr"]) for panel in panels()
                  for target in panel["targets"]]
        for name, expression in asked:
            for family in re.findall(r"hapx_\w+", expression):
                family = re.sub(r"_(bucket|sum|count)$", "", family)
                self.assertIn(family, told, name)

    def test_every_panel_can_be_seen(self):
        taken = set()
        for panel in panels():
            self.assertTrue(panel["title"] and panel["description"].endswith("."), panel["title"])
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, f"{panel['title']} lies over another one")
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            taken |= cells


if __name__ == "__main__":
    unittest.main()
