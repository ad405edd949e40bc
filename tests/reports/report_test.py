#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""report_test.py SAMPLE: what others read of a drill's report, read as they do.

The page and JUnit's XML are parsed by a real parser of XML; JUnit's elements are those that Jenkins
(its junit-10.xsd) and GitLab read. The page must need nothing from elsewhere, and what is hostile
must stay text. Where chromium is installed it must show the page without a complaint.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SAMPLE = sys.argv.pop(1)
HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(\"x\")</script>"

# What Jenkins' schema has at each element, as far as it is used here.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"classname", "name", "time"},
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "properties": set(),
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "error", "system-out"},
}


class Reports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="hapx-reports-"))
        subprocess.run([SAMPLE, cls.folder], check=True)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def page(self, name="report.html"):
        return ElementTree.parse(self.folder / name).getroot()

    def test_the_page_needs_nothing_from_elsewhere(self):
        text = (self.folder / "report.html").read_text()
        for element in self.page().iter():
            self.assertNotIn(element.tag.split("}")[1], {"script", "link", "img", "iframe", "object"})
            for name in element.attrib:
                self.assertNotIn(name, {"src", "href", "onclick", "onload", "style"})
        names = re.sub(r'xmlns="[^"]*"', "", text)
        for word in ("http://", "https://", "url(", "@import"):
            self.assertNotIn(word, names)

    def test_what_is_hostile_stays_text(self):
        shown = "".join(self.page().itertext())
        self.assertIn(HOSTILE, shown)
        cases = "".join(ElementTree.parse(self.folder / "report.xml").getroot().itertext())
        self.assertNotIn("\x01", shown + cases)

    def test_plots_tell_those_who_do_not_see_them(self):
        page = self.page()
        plots = [svg for svg in page.iter(SVG + "svg") if svg.get("role") == "img"]
        self.assertGreaterEqual(len(plots), 6)
        ids = [element.get("id") for element in page.iter() if element.get("id")]
        self.assertEqual(len(ids), len(set(ids)))
        for svg in plots:
            self.assertTrue(svg.find(SVG + "title").text)
            self.assertTrue(svg.find(SVG + "desc").text)
            self.assertIn(svg.get("aria-labelledby"), ids)
            self.assertIn(svg.get("aria-describedby"), ids)
            _, _, width, height = map(float, svg.get("viewBox").split())
            for element in svg.iter():
                for name, most in (("x", width), ("x1", width), ("x2", width), ("cx", width),
                                   ("y", height), ("y1", height), ("y2", height), ("cy", height)):
                    if element.get(name) is not None:
                        self.assertGreaterEqual(float(element.get(name)), 0, element.attrib)
                        self.assertLessEqual(float(element.get(name)), most, element.attrib)
        self.assertTrue(all(svg.get("aria-hidden") for svg in page.iter(SVG + "svg")
                            if svg not in plots))

    def test_every_class_of_the_plots_has_a_style(self):
        page = self.page()
        style = page.find(f"{HTML}head/{HTML}style").text
        for element in page.iter():
            for name in (element.get("class") or "").split():
                if element.tag.startswith(SVG) and element.tag != SVG + "text":
                    self.assertIn("svg ." + name + " ", style)
        self.assertIn("prefers-color-scheme: dark", style)

    def test_the_page_has_the_table_and_the_verdict(self):
        page = self.page()
        rows = list(page.iter(HTML + "tr"))
        self.assertEqual(len(rows), 1 + 6)
        self.assertEqual({len(list(row)) for row in rows}, {13})
        self.assertIn("Failed", "".join(page.itertext()))
        self.assertEqual(page.get("lang"), "en")
        self.assertIn("viewport", [meta.get("name") for meta in page.iter(HTML + "meta")])
        self.assertIn("Passed", "".join(self.page("empty.html").itertext()))

    def test_junit_is_what_build_servers_read(self):
        for name in ("report.xml", "empty.xml"):
            root = ElementTree.parse(self.folder / name).getroot()
            self.assertEqual(root.tag, "testsuites")
            for element in root.iter():
                self.assertLessEqual(set(element.attrib), ATTRIBUTES[element.tag])
                self.assertLessEqual({child.tag for child in element},
                                     CHILDREN.get(element.tag, set()))
                if element.get("time") is not None:
                    self.assertGreaterEqual(float(element.get("time")), 0)

    def test_junit_counts_what_the_report_counts(self):
        suite = ElementTree.parse(self.folder / "report.xml").getroot().find("testsuite")
        report = json.loads((self.folder / "report.json").read_text())
        cases = suite.findall("testcase")
        self.assertEqual(int(suite.get("tests")), len(cases))
        self.assertEqual(len(cases), len(report["runs"]))
        self.assertEqual(int(suite.get("failures")), len(suite.findall("testcase/failure")))
        self.assertEqual(int(suite.get("errors")), len(suite.findall("testcase/error")))
        bad = sum(1 for run in report["runs"] if not run["passed"])
        self.assertEqual(int(suite.get("failures")) + int(suite.get("errors")), bad)
        for case, run in zip(cases, report["runs"]):
            self.assertEqual(case.get("classname"), "hapx.drill." + run["fault"])
            self.assertAlmostEqual(float(case.get("time")) * 1000, run["outageMs"], places=2)
        self.assertRegex(suite.get("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
        self.assertEqual({failure.get("type") for failure in suite.iter("failure")},
                         {"objective", "two-holders"})

    def test_a_browser_shows_the_page(self):
        browser = shutil.which("chromium")
        if browser is None:
            self.skipTest("chromium is not installed (./deps.sh --long)")
        shot = self.folder / "page.png"
        screenshot = Path(__file__).with_name("screenshot.sh")
        done = subprocess.run([screenshot, self.folder / "report.html", shot], timeout=200,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(shot.read_bytes().startswith(b"\x89PNG"))


if __name__ == "__main__":
    unittest.main()
