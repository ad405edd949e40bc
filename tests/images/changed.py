# SPDX-License-Identifier: Apache-2.0
"""What becomes of a file that is changed while hapxd runs, and nobody gives an order?"""

import time

import stage
from machines import Client, served, wait_for
from one_machine import ALONE, OneMachine
from stage import figure, milliseconds

FILE = "/etc/hapx/hapx.yaml"
REFUSED = ALONE.replace("port: 6443", "prot: 6443")


def another(number):
    """A file that is as good as any other, and unlike them."""
    return ALONE + f"  scheduling: {{failureTimeout: {number}m}}\n"


class Changed(OneMachine):
    """Each test leaves a hapxd that serves and runs its file."""

    @classmethod
    def setUpClass(cls):
        cls.packages = stage.newer_package()
        super().setUpClass()

    def setUp(self):
        if self.machine.unit("hapxd.service") != "active":
            self.configure()
            self.start()
        wait_for(served, "service")
        self.settle()

    def change(self, text):
        """As editors and cloud-init do: another file in the place of the old one."""
        self.write(FILE, text)

    def settle(self):
        wait_for(lambda: self.machine.unit("hapx-changing.service") == "inactive" and
                 self.machine.unit("hapx-changed.service") in ("inactive", "failed"),
                 "what began before")

    def assert_in_force(self, why="the file to be in force"):
        wait_for(self.machine.runs_its_file, why)

    def journal(self, unit):
        self.machine.run("journalctl", "--sync")
        return self.machine.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def refusals(self):
        return self.machine.status()["counters"].get("reloads_refused", 0)

    def assert_refused_without_harm(self, daemon, *words):
        wait_for(lambda: self.machine.unit("hapx-changed.service") == "failed", "the refusal")
        text = self.journal("hapx-changed.service")
        for word in words:
            self.assertIn(word, text)
        self.assertEqual(self.machine.unit("hapxd.service"), "active")
        self.assertEqual(self.machine.pid_of("hapxd"), daemon)
        self.assertTrue(self.machine.holds())

    def test_1_another_file_in_its_place_is_taken(self):
        self.assertEqual(self.machine.unit("hapx-changed.path"), "active")
        keeper, daemon = self.machine.pid_of("hapx-keeper"), self.machine.pid_of("hapxd")
        with Client() as client:
            time.sleep(0.5)
            began = time.monotonic()
            self.change(another(1))
            self.assert_in_force()
            figure("changed file: in force after", f"{time.monotonic() - began:.1f} s")
            time.sleep(0.5)
        figure("changed file: outage", milliseconds(client.outage()))
        self.assertEqual(client.failed(), [])
        self.assertEqual(self.machine.pid_of("hapx-keeper"), keeper)
        self.assertNotEqual(self.machine.pid_of("hapxd"), daemon)
        self.assertIn("the changed file is taken: spec.scheduling",
                      self.journal("hapx-changed.service"))

    def test_1_a_file_written_in_place_is_read_when_it_is_closed(self):
        before = self.refusals()
        half = another(2).index("services")
        self.machine.run("sh", "-c", f"exec >{FILE}; printf '%s' \"$1\"; sleep 2.5; "
                         "printf '%s' \"$2\"", "sh", another(2)[:half], another(2)[half:])
        self.assert_in_force()
        self.assertEqual(self.machine.run("cat", FILE).stdout, another(2))
        self.assertEqual(self.refusals(), before)

    def test_1_an_editor_may_move_the_old_file_away_first(self):
        before = self.refusals()
        self.write("/root/next", another(3))
        self.machine.run("sh", "-c", f"mv {FILE} {FILE}~ && sleep 0.2 && cat /root/next > {FILE}")
        self.assert_in_force()
        self.assertEqual(self.refusals(), before)

    def test_2_a_refused_file_changes_nothing_and_the_next_one_is_judged_again(self):
        daemon = self.machine.pid_of("hapxd")
        self.change(REFUSED)
        self.assert_refused_without_harm(daemon, f"{FILE}:", "prot")
        self.change(ALONE.replace("vips:", "vip:"))
        wait_for(lambda: "did you mean vips" in self.journal("hapx-changed.service")
                 .replace("`", ""), "the refusal of the second one")
        self.settle()
        self.assert_refused_without_harm(daemon)
        self.change(another(4))
        self.assert_in_force()
        wait_for(lambda: self.machine.unit("hapx-changed.service") == "inactive",
                 "the unit to be well again")

    def test_2_a_removed_file_is_told_and_nothing_else(self):
        daemon = self.machine.pid_of("hapxd")
        self.machine.run("rm", FILE)
        self.assert_refused_without_harm(daemon, FILE, "No such file")
        self.change(another(5))
        self.assert_in_force()

    def test_3_at_whatever_instant_it_is_changed_again_the_last_one_counts(self):
        for step in range(12):
            self.change(another(10 + step))
            time.sleep(0.9 + 0.03 * step)  # the first one is read after a second
            self.change(another(20 + step))
            self.assert_in_force(f"the second one, {step}")
            self.settle()
            self.assertTrue(self.machine.runs_its_file())

    def test_3_a_storm_of_changes_is_taken_now_and_then(self):
        self.write("/root/base", another(999))
        before = self.journal("hapx-changed.service").count("the changed file is taken")
        began = time.monotonic()
        self.machine.run("sh", "-c", "for i in $(seq 1 100); do sed s/999/$i/ /root/base >"
                         f"{FILE}.new; mv {FILE}.new {FILE}; sleep 0.05; done")
        self.assert_in_force()
        seconds = time.monotonic() - began
        self.settle()
        taken = self.journal("hapx-changed.service").count("the changed file is taken") - before
        figure("100 changes: seconds, times taken", f"{seconds:.1f} s, {taken}")
        self.assertLessEqual(taken, seconds + 1)
        self.assertEqual(self.machine.unit("hapx-changed.path"), "active")
        self.assertTrue(self.machine.runs_its_file())

    def test_4_at_whatever_instant_hapxd_begins_no_change_is_missed(self):
        for step in range(6):
            self.write("/root/next", another(30 + step))
            self.machine.run("sh", "-c", "systemctl restart hapxd.service & "
                             f"sleep {0.03 * step:.2f}; mv /root/next {FILE}; wait")
            self.assert_in_force(f"the file, {step}")
            self.settle()

    def test_4_a_hapxd_that_was_stopped_stays_stopped(self):
        self.machine.run("systemctl", "stop", "hapxd.service")
        self.assertEqual(self.machine.unit("hapx-changed.path"), "inactive")
        self.change(another(40))
        time.sleep(2)
        self.assertEqual(self.machine.unit("hapxd.service"), "inactive")
        # Who enables what is enabled gives no order to hapxd.
        self.machine.run("systemctl", "enable", "--now", "hapx-changed.path")
        self.change(another(41))
        time.sleep(2)
        self.assertEqual(self.machine.unit("hapxd.service"), "inactive")
        self.assertNotEqual(self.machine.unit("hapx-changed.service"), "failed")
        self.start()
        self.assert_in_force()

    def test_5_who_disables_it_gives_the_order(self):
        self.machine.run("systemctl", "disable", "--now", "hapx-changed.path")
        daemon = self.machine.pid_of("hapxd")
        self.change(another(50))
        time.sleep(3)
        self.assertFalse(self.machine.runs_its_file())
        self.assertEqual(self.machine.pid_of("hapxd"), daemon)

        self.machine.run("systemctl", "reload", "hapxd.service")
        self.assertTrue(self.machine.runs_its_file(), "it returns when the next hapxd answers")
        self.change(another(51))
        self.machine.run("systemctl", "kill", "--kill-who=main", "--signal=HUP", "hapxd.service")
        self.assert_in_force("the file, taken by a signal")

        daemon = self.machine.pid_of("hapxd")
        self.change(REFUSED)
        reload = self.machine.run("systemctl", "reload", "hapxd.service", check=False)
        self.assertNotEqual(reload.returncode, 0)
        self.assertRegex(self.status_text(), f"{FILE}:\\d+:\\d+: .*prot")
        self.assertEqual(self.machine.unit("hapxd.service"), "active")
        self.assertEqual(self.machine.pid_of("hapxd"), daemon)

        self.change(another(52))
        self.machine.run("systemctl", "restart", "hapxd.service")
        self.assertEqual(self.machine.unit("hapx-changed.path"), "inactive")
        self.machine.run("dpkg", "--install", "/packages/newer.deb")
        self.assertEqual(self.machine.unit("hapx-changed.path"), "inactive", "after an upgrade")
        self.machine.run("systemctl", "enable", "--now", "hapx-changed.path")
        self.change(another(53))
        self.assert_in_force()
