#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""page_test.py FOLDER-OF-PROGRAMS [--screenshots FOLDER] [unittest's words]

The page that hapxd serves, in a real Chromium that is a client of a lab: it loads, it follows what
happens to the cluster, and it goes on when the node that served it is gone. Times are printed and
not judged: on a busy machine the browser is what takes them.

The test runs in the namespace of the lab's client, where the driver and the browser are, too.
"""

import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from in_a_lab import PATIENCE, main

LAB = None  # these two by main()
SCREENSHOTS = None


class Page(unittest.TestCase):
    def setUp(self):
        self.lab = LAB
        self.vip = self.lab.vip()
        self.begin_browser()

    def begin_browser(self):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--no-first-run", "--hide-scrollbars",
                     "--window-size=1280,900"):
            options.add_argument(word)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        home = tempfile.mkdtemp(prefix="hapx-page-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        options.add_argument(f"--user-data-dir={home}")
        self.browser = webdriver.Chrome(options=options,
                                        service=Service(shutil.which("chromedriver")))
        self.addCleanup(self.browser.quit)
        self.browser.set_page_load_timeout(PATIENCE)

    def open(self, address):
        host = f"[{address}]" if ":" in address else address
        self.browser.get(f"http://{host}:9405/")
        self.eventually("the page says something", lambda: self.verdict() not in ("", "connecting"))

    def text(self, place):
        return self.browser.execute_script(
            "return document.getElementById(arguments[0])?.innerText ?? ''", place)

    def verdict(self):
        return self.text("verdict")

    def eventually(self, what, so):
        """How long it took, in seconds."""
        began = time.monotonic()
        while not so():
            if time.monotonic() - began > PATIENCE:
                self.fail(f"{what}: not within {PATIENCE} s; the page says:\n"
                          + self.browser.execute_script("return document.body.innerText"))
            time.sleep(0.01)
        return time.monotonic() - began

    def complaints(self, but=()):
        lines = [line["message"] for line in self.browser.get_log("browser")]
        return [line for line in lines if not any(known in line for known in but)]

    def holder_shown(self):
        return self.browser.execute_script(
            "return document.querySelector('.facts dd b')?.innerText ?? ''")

    def test_a_day_in_the_life_of_a_page(self):
        holder = self.lab.holder()
        self.open(self.vip)
        self.it_says_how_the_cluster_is(holder)
        self.it_needs_nothing_from_elsewhere()
        self.look(("light", 1280), ("light", 390), ("dark", 1280))
        self.it_follows_a_handover(holder)
        self.a_standby_says_that_it_holds_nothing()
        self.it_survives_the_node_that_served_it()
        self.what_is_left_says_that_it_has_no_quorum()

    def it_says_how_the_cluster_is(self, holder):
        self.eventually("healthy", lambda: "healthy" in self.verdict())
        self.assertIn("lab", self.browser.title)
        self.assertEqual(self.holder_shown(), holder)
        self.assertIn(self.vip, self.text("services"))
        for node in ("node1", "node2", "node3"):
            self.assertIn(node, self.text("nodes"))
        self.eventually("the kube-apiservers are ready", lambda: "readyz" in self.text("services"))
        self.assertIn(f"Served by {holder}", self.text("footer"))
        self.assertEqual(self.complaints(), [])

    def it_needs_nothing_from_elsewhere(self):
        loaded = self.browser.execute_script(
            "return performance.getEntriesByType('resource').map((each) => each.name)")
        self.assertGreater(len(loaded), 3)
        self.assertEqual([one for one in loaded if not one.startswith(f"http://{self.vip}:9405/")], [])

    def it_follows_a_handover(self, holder):
        self.open(self.lab.address(next(node for node in ("node1", "node2", "node3")
                                        if node != holder)))
        self.lab.on(holder, self.lab.hapx, "move", self.lab.service()["name"])
        took = self.eventually("the new holder is shown",
                               lambda: self.holder_shown() not in ("", holder))
        print(f"page: a handover was shown {took * 1000:.0f} ms after its order was answered")
        self.assertEqual(self.holder_shown(), self.lab.holder())
        self.assertEqual(self.complaints(), [])

    def a_standby_says_that_it_holds_nothing(self):
        holder = self.lab.holder()
        for node in ("node1", "node2", "node3"):
            if node == holder:
                continue
            self.open(self.lab.address(node))
            self.assertIn(f"{node} holds no service now", self.text("reasons"))
            self.assertIn(f"Held by {holder}", self.text("services"))

    def it_survives_the_node_that_served_it(self):
        self.open(self.vip)
        lost = self.lab.holder()
        self.assertIn(f"Served by {lost}", self.text("footer"))
        self.browser.execute_script("window.sameDocument = true")
        others = [node for node in ("node1", "node2", "node3") if node != lost]
        self.lab.cut_power(lost)
        began = time.monotonic()
        self.eventually("another node serves the page", lambda: "Served by" in self.text("footer")
                        and f"Served by {lost}" not in self.text("footer"))
        print(f"page: the next holder's state was shown {(time.monotonic() - began) * 1000:.0f} ms "
              "after the power of the one before was cut")
        self.assertTrue(self.browser.execute_script("return window.sameDocument"),
                        "the page went on, nobody has loaded it again")
        self.assertIn(self.holder_shown(), others)
        self.eventually("it tells what is wrong", lambda: lost in self.text("reasons")
                        and "degraded" in self.verdict())
        self.assertIn("node-lost", self.browser.page_source + self.text("takeovers"))
        self.look(("light", 1280), name="failover")
        # A connection that died is no news to anybody but the browser.
        self.assertEqual(self.complaints(but=("/stream",)), [])

    def what_is_left_says_that_it_has_no_quorum(self):
        alive = [node for node in ("node1", "node2", "node3") if self.is_alive(node)]
        self.open(self.lab.address(alive[0]))
        self.lab.cut_power(alive[1])
        self.eventually("no quorum", lambda: "no quorum" in self.verdict())
        self.assertIn("which is no quorum", self.text("reasons"))

    def is_alive(self, node):
        return bool(subprocess.run(["ip", "netns", "pids", self.lab.namespace(node)],
                                   capture_output=True, text=True, check=True).stdout.strip())

    def look(self, *views, name="page"):
        """Pictures, for who wants them: docs/page.png is one."""
        if not SCREENSHOTS:
            return
        for scheme, width in views:
            self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
                {"name": "prefers-color-scheme", "value": scheme}]})
            self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
            time.sleep(0.5)
            height = self.browser.execute_script("return document.documentElement.scrollHeight")
            self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": min(height, 2400), "deviceScaleFactor": 1,
                "mobile": width < 500})
            self.browser.save_screenshot(str(Path(SCREENSHOTS) / f"{name}-{scheme}-{width}.png"))
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def missing():
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed (./deps.sh --long)"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "python3-selenium is not installed (./deps.sh --long)"
    return None


if __name__ == "__main__":
    main(sys.modules[__name__], "page", missing)
