#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""dashboard_test.py FOLDER-OF-PROGRAMS [--screenshots FOLDER] [unittest's words]

The shipped dashboard (images/grafana/hapx.json) before a real Prometheus that scrapes three nodes
of a lab through a failover: each of its questions has an answer, and the answers tell of that. With
--screenshots a browser shows what the panels were answered, arranged as the dashboard has them.
"""

import contextlib
import glob
import html
import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request
from pathlib import Path

from in_a_lab import PATIENCE, main

TREE = Path(__file__).resolve().parents[2]
LAB = None  # these two by main()
SCREENSHOTS = None
PROMETHEUS = "127.0.0.1:9090"
LOOKED_AT = 48  # seconds: so much of the story is drawn
VARIABLES = {"$job": ".*", "$cluster": ".*", "$__rate_interval": "15s", "[1h]": "[2m]"}
COLOURS = ("#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2", "#be185d", "#65a30d")


def ask(path, **words):
    address = f"http://{PROMETHEUS}/api/v1/{path}?{urllib.parse.urlencode(words)}"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)["data"]["result"]


def asked_of(question):
    for name, value in VARIABLES.items():
        question = question.replace(name, value)
    return question


def tell_of_a_drill(node):
    """As a drill's agent does."""
    drill = {"startedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "plan": "weekly",
             "passed": True, "summary": [
                 {"fault": fault, "runs": 3, "passed": 3, "outageMedianMs": ms - 4,
                  "outageMaxMs": ms}
                 for fault, ms in (("hand-over", 9), ("daemon-kill", 12), ("haproxy-kill", 22),
                                   ("partition", 70), ("power-loss", 288))]}
    place = glob.glob(f"/run/hapx-lab/{LAB.name}/**/{node}/**/hapxd.sock", recursive=True)[0]
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(place)
    connection.request("POST", "/v1/drill", json.dumps(drill))
    answer = connection.getresponse()
    if answer.status != 200:
        raise AssertionError(answer.read())


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        targets = [f"{member['address']}:9405" for member in LAB.members()]
        cls.place = Path(tempfile.mkdtemp(prefix="hapx-dashboard-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)
        (cls.place / "prometheus.yml").write_text(json.dumps(
            {"global": {"scrape_interval": "1s"},
             "scrape_configs": [{"job_name": "hapx", "static_configs": [
                 {"targets": targets, "labels": {"cluster": "lab"}}]}]}))
        log = open(cls.place / "log", "w")
        cls.addClassCleanup(log.close)
        prometheus = subprocess.Popen(
            ["prometheus", f"--config.file={cls.place}/prometheus.yml",
             f"--storage.tsdb.path={cls.place}/data", f"--web.listen-address={PROMETHEUS}"],
            stdout=log, stderr=log)
        cls.addClassCleanup(prometheus.wait)
        cls.addClassCleanup(prometheus.terminate)
        cls.panels = [panel for panel in
                      json.loads((TREE / "images/grafana/hapx.json").read_text())["panels"]
                      if panel["type"] != "row"]
        cls.live_through_a_failover()

    @classmethod
    def live_through_a_failover(cls):
        cls.eventually("it scrapes", lambda: len(ask("query", query="hapx_quorate == 1")) == 3)
        tell_of_a_drill("node3")
        LAB.on("node1", LAB.hapx, "standby", "node2", "--ttl", "20s")
        for standing in (1, 0):
            cls.eventually(f"{standing} standing orders", lambda standing=standing: ask(
                "query", query=f"max(hapx_standing_orders) == {standing}"))
        cls.lost = LAB.holder("node3")
        assert cls.lost != "node3", "the first of the file holds it"
        LAB.cut_power(cls.lost)
        cls.eventually("it is taken over",
                       lambda: LAB.holder("node3") not in (None, cls.lost))
        cls.eventually("that is seen", lambda: ask(
            "query", query='sum(hapx_failovers_total{reason="node-lost"}) > 0'))
        cls.eventually("that is seen for a while", lambda: ask(
            "query", query="count_over_time((sum(hapx_vip_holder{node!='%s'}) > 0)[30s:1s]) >= 20"
            % cls.lost))

    @classmethod
    def eventually(cls, what, so):
        began = time.monotonic()
        while True:
            with contextlib.suppress(OSError, ValueError):
                if so():
                    return
            if time.monotonic() - began > PATIENCE:
                raise AssertionError(f"{what}: not within {PATIENCE} s\n"
                                     + (cls.place / "log").read_text()[-2000:])
            time.sleep(0.2)

    def test_each_question_has_an_answer(self):
        asked = 0
        for panel in self.panels:
            for target in panel["targets"]:
                with self.subTest(panel["title"]):
                    asked += 1
                    self.assertTrue(self.drawn(target["expr"]), target["expr"])
        self.assertGreater(asked, 20)

    def test_the_answers_tell_of_the_failover(self):
        def series(title):
            panel = next(panel for panel in self.panels if panel["title"] == title)
            return [one for target in panel["targets"] for one in self.drawn(target["expr"])]

        held = {one["metric"]["node"]: [float(value) for _, value in one["values"]]
                for one in series("Holder")}
        self.assertEqual(held[self.lost][0], 1)
        later = [node for node, values in held.items() if values[-1] == 1 and node != self.lost]
        self.assertEqual(len(later), 1, held)
        there = {one["metric"]["node"]: [float(value) for _, value in one["values"]]
                 for one in series("Nodes")}
        self.assertEqual(there[self.lost][-1], 0)
        counted = [max(float(value) for _, value in one["values"])
                   for one in series("Failovers and handovers")
                   if one["metric"].get("reason") == "node-lost"]
        self.assertGreater(max(counted), 0)

    @unittest.skipUnless(shutil.which("chromium"), "there is no chromium here")
    def test_picture(self):
        """Drawn by ourselves, for there is no Grafana in Debian: as the panels are arranged."""
        if not SCREENSHOTS:
            self.skipTest("nobody wants pictures (--screenshots)")
        page = self.place / "dashboard.html"
        page.write_text(PAGE + "".join(self.box(panel) for panel in self.panels) + "</main>")
        picture = Path(SCREENSHOTS) / "dashboard.png"
        subprocess.run([TREE / "tests/reports/screenshot.sh", page, picture, "1280", "1030"],
                       check=True, timeout=200)
        self.assertGreater(picture.stat().st_size, 10_000)

    def drawn(self, question):
        now = time.time()
        return ask("query_range", query=asked_of(question), start=now - LOOKED_AT, end=now, step=1)

    def box(self, panel):
        place = panel["gridPos"]
        lines = []
        for target in panel["targets"]:
            for one in self.drawn(target["expr"]):
                name = re.sub(r"{{(\w+)}}", lambda found, one=one: one["metric"].get(
                    found.group(1), ""), target.get("legendFormat", ""))
                points = [(float(at), float(value)) for at, value in one["values"]
                          if value not in ("NaN", "+Inf", "-Inf")]
                if points:
                    lines.append((name, points))
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit")
        draw = {"stat": numbers, "bargauge": bars, "state-timeline": states}.get(
            panel["type"], curves)
        return (f'<section style="grid-column:{place["x"] + 1}/span {place["w"]};'
                f'grid-row:{place["y"] + 1}/span {place["h"]}">'
                f'<h2>{html.escape(panel["title"])}</h2>{draw(lines, unit)}</section>')


def told(value, unit):
    if unit == "s":
        return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    return f"{value:.3g}"


def numbers(lines, unit):
    return "".join(f'<p><b>{told(points[-1][1], unit)}</b> {html.escape(name)}</p>'
                   for name, points in lines)


def bars(lines, unit):
    most = max((points[-1][1] for _, points in lines), default=1) or 1
    return "".join(
        f'<div class="bar"><span>{html.escape(name)}</span><i style="width:'
        f'{max(1, points[-1][1] / most * 55):.0f}%"></i>{told(points[-1][1], unit)}</div>'
        for name, points in lines)


def states(lines, _):
    out = ""
    for name, points in lines:
        first = points[0][0]
        cells = "".join(
            f'<rect x="{(at - first) / LOOKED_AT * 100:.2f}%" width="2.2%" height="14" '
            f'fill="{"#059669" if value else "#d4d4d8"}"/>' for at, value in points)
        out += (f'<div class="state"><span>{html.escape(name)}</span>'
                f'<svg height="14">{cells}</svg></div>')
    return out


def curves(lines, unit):
    lines = [line for line in lines if any(value for _, value in line[1])] or lines[:1]
    highest = max((value for _, points in lines for _, value in points), default=0)
    most = highest or 1
    first = min((points[0][0] for _, points in lines), default=0)
    drawn, legend = "", ""
    for number, (name, points) in enumerate(lines[:8]):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{(at - first) / LOOKED_AT * 400:.1f},{92 - value / most * 84:.1f}"
                        for at, value in points)
        drawn += f'<polyline points="{path}" stroke="{colour}"/>'
        legend += f'<span style="color:{colour}">{html.escape(name)}</span> '
    return (f'<svg viewBox="0 0 400 96" preserveAspectRatio="none" class="curves">{drawn}</svg>'
            f'<p class="legend">at most {told(highest, unit)} {legend}</p>')


PAGE = """<!doctype html><meta charset="utf-8"><title>hapx</title><style>
body { margin: 12px; font: 12px system-ui, sans-serif; color: #18181b; background: #f4f4f5 }
main { display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 19px; gap: 3px }
section { background: #fff; border: 1px solid #e4e4e7; border-radius: 6px; padding: 6px 9px;
  overflow: hidden; white-space: nowrap }
h2 { font-size: 12px; margin: 0 0 4px; color: #52525b } p { margin: 2px 0 }
b { font-size: 20px; color: #059669 } svg { width: 100%; display: block }
.curves { height: 74px } .legend { font-size: 10px; white-space: normal }
polyline { fill: none; stroke-width: 1.6; vector-effect: non-scaling-stroke }
.state, .bar { display: flex; gap: 6px; align-items: center; margin: 0; font: 11px/12px system-ui }
.state span, .bar span { width: 32%; overflow: hidden; text-overflow: ellipsis }
.state svg { width: 66% }
.bar i { height: 10px; background: #2563eb; border-radius: 2px }
</style><main>"""


def missing():
    if shutil.which("prometheus") is None:
        return "prometheus is not installed (./deps.sh --long)"
    return None


if __name__ == "__main__":
    main(sys.modules[__name__], "dashboard", missing)
