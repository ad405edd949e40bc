#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages as users get them: installed by dpkg, started by systemd, configured by cloud-init.

  images_test.py FOLDER-OF-THE-PACKAGES [unittest's words]

Three machines boot on one bridge and must serve the virtual address with nothing but the files of
cloud-init/; then things are done to them that happen to real ones. Figures stand at the end.
"""

import os
import pathlib
import sys
import time
import unittest

import machines
import stage
from alone import Alone  # noqa: F401 (unittest finds it here)
from changed import Changed  # noqa: F401
from drilled import Drilled  # noqa: F401
from first_boot import Imported, Provisioned, Wrong  # noqa: F401
from machines import (NODES, Client, Folder, Machine, Prometheus, holder, say, seed, served,
                      wait_for)
from network_managers import Networkd, NetworkManager  # noqa: F401
from stage import KEY, figure, milliseconds


class ThreeNodes(unittest.TestCase):
    """Three machines of the shipped user-data. Each test leaves a cluster that serves."""

    cluster = "three-nodes"

    @classmethod
    def setUpClass(cls):
        cls.packages = stage.newer_package()
        say(f"booting three machines ({cls.cluster})")
        def watched(text):
            spec = "      spec:\n"
            return text.replace(spec, spec + "        metrics: {listen: 0.0.0.0:9405}\n")

        cls.machines = [Machine(node, stage.root,
                                seed(stage.folder, node, cluster=cls.cluster, key=KEY,
                                     edit=watched),
                                stage.folder, cls.packages) for node in NODES]
        began = time.monotonic()
        for machine in cls.machines:
            cls.addClassCleanup(machine.end)
            machine.boot()
        wait_for(served, "the first answer")
        figure(f"{cls.cluster}: boot to the first answer", f"{time.monotonic() - began:.2f} s")

    def settled(self):
        """The holder, once all three are there and HAProxy is warm on all that may serve."""
        def all_well():
            here = holder(self.machines)
            answers = [machine.status() for machine in self.machines]
            well = all(answer and answer["quorate"] and not answer["degraded"]
                       for answer in answers)
            return here if here and well and served() else None
        try:
            return wait_for(all_well, "a healthy cluster")
        except AssertionError as error:
            reports = [machine.run("hapx", "status", check=False).stdout
                       for machine in self.machines if machine.process]
            raise AssertionError(f"{error}\n" + "\n".join(reports)) from None

    def others(self, machine):
        return [one for one in self.machines if one is not machine]

    def test_1_serves_with_cloud_inits_files_alone(self):
        here = self.settled()
        status = here.status()
        self.assertEqual(status["services"][0]["fence"], "bpf")
        self.assertEqual(len([m for m in self.machines if m.holds()]), 1)
        for machine in self.machines:
            # Not "done": a container has no udev, and cloud-init regrets that.
            told = machine.run("cloud-init", "status", "--wait", "--long", check=False).stdout
            self.assertNotIn("write", told)
            written = machine.run("stat", "-c", "%n %U %a", "/etc/hapx/cluster.key",
                                  "/etc/hapx/hapx.yaml").stdout.split("\n")
            self.assertEqual(written[:2], ["/etc/hapx/cluster.key root 400",
                                           "/etc/hapx/hapx.yaml root 644"])
            failed = machine.run("systemctl", "--failed", "--no-legend", "--plain").stdout
            self.assertNotIn("hapx", failed)

    def test_2_a_hapxd_that_hangs_is_replaced_unnoticed(self):
        here = self.settled()
        keeper, daemon = here.pid_of("hapx-keeper"), here.pid_of("hapxd")
        with Client() as client:
            time.sleep(0.5)
            here.run("kill", "-STOP", daemon)
            wait_for(lambda: here.pid_of("hapxd") not in (None, daemon), "the next hapxd")
            time.sleep(1)
        figure("hapxd stopped (SIGSTOP): outage", milliseconds(client.outage()))
        self.assertEqual(client.failed(), [])
        self.assertEqual(here.pid_of("hapx-keeper"), keeper)
        self.assertTrue(here.holds())

    def test_3_a_restart_of_the_unit_hands_over(self):
        here = self.settled()
        with Client() as client:
            time.sleep(0.5)
            here.run("systemctl", "restart", "hapxd.service")
            time.sleep(1)
        figure("systemctl restart hapxd: outage", milliseconds(client.outage()))
        self.assertIsNotNone(client.outage())
        self.assertIs(self.settled() in self.others(here), True)

    def test_3_a_reload_takes_a_changed_file_in_place(self):
        here = self.settled()
        keeper, daemon = here.pid_of("hapx-keeper"), here.pid_of("hapxd")
        here.run("sed", "-i", "s/^spec:/spec:\\n  scheduling: {failureTimeout: 5m}/",
                 "/etc/hapx/hapx.yaml")
        with Client() as client:
            time.sleep(0.5)
            here.run("systemctl", "reload", "hapxd.service")
            wait_for(lambda: here.pid_of("hapxd") not in (None, daemon), "the next hapxd")
            wait_for(lambda: f"{here.name} runs another configuration: spec.scheduling"
                     in self.others(here)[0].status()["degraded"], "the others to name it")
            here.run("sed", "-i", "/failureTimeout: 5m/d", "/etc/hapx/hapx.yaml")
            here.run("hapx", "reload")
            time.sleep(1)
        figure("systemctl reload hapxd: outage", milliseconds(client.outage()))
        self.assertEqual(client.failed(), [])
        self.assertEqual(here.pid_of("hapx-keeper"), keeper)
        self.assertTrue(here.holds())

    def test_3_a_reload_of_a_refused_file_changes_nothing(self):
        here = self.settled()
        daemon = here.pid_of("hapxd")
        good = here.run("cat", "/etc/hapx/hapx.yaml").stdout
        here.run("sed", "-i", "s/apiServers:/apiServer:/", "/etc/hapx/hapx.yaml")
        reload = here.run("systemctl", "reload", "hapxd.service", check=False)
        self.assertNotEqual(reload.returncode, 0)
        log = here.run("journalctl", "-u", "hapxd.service", "-n", "20", "--no-pager").stdout
        self.assertRegex(log, r"/etc/hapx/hapx.yaml:\d+:\d+: .*did you mean `?apiServers")
        self.assertEqual(here.unit("hapxd.service"), "active")
        self.assertEqual(here.pid_of("hapxd"), daemon)
        self.assertTrue(here.holds())
        here.run("sed", "-i", "s/apiServer:/apiServers:/", "/etc/hapx/hapx.yaml")
        self.assertEqual(here.run("cat", "/etc/hapx/hapx.yaml").stdout, good)

    def test_3_all_take_a_changed_file_by_themselves_at_once(self):
        here = self.settled()
        with Client() as client:
            time.sleep(0.5)
            began = time.monotonic()
            for machine in self.machines:
                machine.run("sed", "-i", "s/^spec:/spec:\\n  scheduling: {failureTimeout: 5m}/",
                            "/etc/hapx/hapx.yaml")
            wait_for(lambda: all(machine.runs_its_file() for machine in self.machines),
                     "all to run the changed file")
            figure("changed on all nodes, in force on all after",
                   f"{time.monotonic() - began:.1f} s")
            time.sleep(1)
        figure("changed on all nodes: outage", milliseconds(client.outage()))
        self.assertEqual(client.failed(), [])
        self.assertTrue(here.holds())
        for machine in self.machines:
            machine.run("sed", "-i", "/failureTimeout: 5m/d", "/etc/hapx/hapx.yaml")
        wait_for(lambda: all(machine.runs_its_file() for machine in self.machines),
                 "all to run the first file again")

    def test_4_haproxys_keeper_may_die_alone(self):
        here = self.settled()
        daemon = here.pid_of("hapxd")
        with Client(patience=1.0) as client:
            time.sleep(0.5)
            here.run("kill", "-KILL", here.pid_of("haproxy-keeper"))
            time.sleep(2)
        figure("HAProxy's keeper killed: outage", milliseconds(client.outage()))
        self.settled()
        self.assertEqual(here.pid_of("hapxd"), daemon)
        self.assertEqual(here.unit("hapx-haproxy.service"), "active")

    def test_5_where_haproxy_stays_away_the_service_leaves(self):
        here = self.settled()
        here.run("systemctl", "stop", "hapx-haproxy.service")
        wait_for(lambda: holder(self.others(here)) and not here.holds(), "another holder")
        wait_for(served, "an answer")
        self.assertEqual(here.unit("hapxd.service"), "active")
        here.run("systemctl", "start", "hapx-haproxy.service")
        self.settled()

    def test_6_an_upgrade_under_load_fails_no_request(self):
        here = self.settled()
        before = {name: here.pid_of(name) for name in ("hapx-keeper", "hapxd", "haproxy")}
        with Client(interval=0.002, patience=5.0) as client:
            time.sleep(2)
            upgraded = here.run("dpkg", "--install", "/packages/newer.deb").stdout
            time.sleep(2)
        seconds = client.results[-1][0] - client.results[0][0]
        count, failed = len(client.results), len(client.failed())
        figure("upgrade: requests, of which failed",
               f"{count} at {count / seconds:.0f}/s, {failed}")
        figure("upgrade: slowest answer", milliseconds(client.slowest()))
        self.assertEqual(client.failed(), [])
        self.assertGreater(len(client.results) / seconds, 450)
        self.assertIn("hapxd was replaced in place", upgraded)
        self.assertTrue(here.holds(), "the address stayed")
        after = {name: here.pid_of(name) for name in before}
        self.assertEqual(after["hapx-keeper"], before["hapx-keeper"])
        self.assertEqual(after["haproxy"], before["haproxy"])
        self.assertNotEqual(after["hapxd"], before["hapxd"])
        here.run("test", f"/proc/{after['hapx-keeper']}/exe", "-ef", "/usr/sbin/hapxd")
        self.assertIn("+newer", here.run("dpkg-query", "-W", "hapx").stdout)

    def test_7_a_power_cut_is_served_again_and_prometheus_has_seen_it(self):
        here = self.settled()

        def heir():
            """The one that says of itself that it has the address, as Prometheus knows."""
            found = [labels["instance"] for labels, value in prometheus.query("hapx_vip_assigned")
                     if value == 1]
            return found[0] if len(found) == 1 else None

        with Prometheus(stage.folder.path) as prometheus, Client() as client:
            wait_for(lambda: [value for _, value in prometheus.query("up")] == [1, 1, 1],
                     "three scrapes")
            before = wait_for(heir, "one holder in Prometheus")
            self.assertEqual(before, f"192.168.4.13{NODES.index(here.name) + 1}:9405")
            here.cut_power()
            wait_for(lambda: heir() not in (None, before), "another holder in Prometheus")
            counted = 'hapx_failovers_total{reason="node-lost"} > 0'
            lost = wait_for(lambda: prometheus.query(counted), "a failover in Prometheus")
            self.assertEqual([labels["instance"] for labels, _ in lost], [heir()])
            time.sleep(1)
        figure("power cut of the holder: outage", milliseconds(client.outage()))
        self.assertTrue(served())
        here.boot()
        self.settled()

    def test_8_a_watchdog_ends_a_keeper_that_hangs(self):
        here = self.settled()
        began = time.monotonic()
        keeper = here.pid_of("hapx-keeper")
        say("a hanging keeper (about 20 s)")
        here.run("kill", "-STOP", keeper)
        wait_for(lambda: here.pid_of("hapx-keeper") not in (None, keeper), "the next keeper")
        figure("keeper stopped (SIGSTOP): unit started again after",
               f"{time.monotonic() - began:.1f} s")
        self.settled()

    def test_8_both_processes_killed_at_once_leave_nothing_behind(self):
        here = self.settled()
        with Client() as client:
            time.sleep(0.5)
            here.run("kill", "-KILL", here.pid_of("hapx-keeper"), here.pid_of("hapxd"))
            time.sleep(1.5)
        figure("hapxd and its keeper killed (SIGKILL): outage", milliseconds(client.outage()))
        self.settled()
        self.assertEqual(len([machine for machine in self.machines if machine.holds()]), 1)

    def test_9_removal_hands_over_first(self):
        here = self.settled()
        with Client() as client:
            time.sleep(0.5)
            here.run("dpkg", "--remove", "hapx")
            time.sleep(1)
        figure("dpkg --remove on the holder: outage", milliseconds(client.outage()))
        log = here.run("journalctl", "--no-pager", "-o", "cat", "_PID=1").stdout
        self.assertLess(log.rindex("Stopped hapxd.service"),
                        log.rindex("Stopping hapx-haproxy.service"),
                        "HAProxy went before the address was handed over")
        self.assertTrue(served())
        self.assertFalse(here.holds())
        self.assertIsNone(here.pid_of("haproxy"))
        self.assertEqual(here.run("tc", "filter", "show", "dev", "host0", "ingress").stdout, "")


class TwoNodesAndWitness(unittest.TestCase):
    """The other shipped cluster: the third only votes."""

    def test_serves_and_survives_the_holders_power_cut(self):
        say("booting three machines (two-nodes-and-witness)")
        cluster = [Machine(node, stage.root,
                           seed(stage.folder, node, cluster="two-nodes-and-witness", key=KEY),
                           stage.folder) for node in NODES]
        for machine in cluster:
            self.addCleanup(machine.end)
            machine.boot()
        wait_for(served, "the first answer")
        witness = cluster[2]
        self.assertFalse(witness.holds())
        wait_for(lambda: all((one.status() or {}).get("quorate") for one in cluster), "quorum")
        self.assertIsNone(witness.pid_of("haproxy"))
        here = wait_for(lambda: holder(cluster[:2]), "a holder")
        # The other one's HAProxy is warm when nothing is degraded.
        wait_for(lambda: not witness.status()["degraded"], "a healthy cluster")
        with Client() as client:
            time.sleep(0.5)
            here.cut_power()
            time.sleep(1.5)
        figure("two nodes and a witness, power cut: outage", milliseconds(client.outage()))
        self.assertTrue(served())


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    missing = machines.what_is_missing()
    if missing:
        print(f"SKIPPED: {missing}")
        sys.exit(77)
    stage.packages = pathlib.Path(sys.argv.pop(1)).resolve()
    stage.package = stage.package_of("hapx")
    machines.in_own_world()
    hindrance = machines.what_is_in_the_way()
    if hindrance:
        print(f"SKIPPED: no machine can be had here: {hindrance}")
        sys.stdout.flush()
        os._exit(machines.SKIPPED)
    stage.folder = Folder()
    status = 1
    try:
        apiservers = machines.start_apiservers()
        stage.root = machines.installed_root(stage.folder, stage.package)
        figure("package",
               f"{stage.package.name}, {stage.package.stat().st_size / 1e6:.2f} MB")
        status = 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1
    except KeyboardInterrupt:
        say("interrupted")
        status = 130
    finally:
        apiservers.terminate()
        for machine in list(Machine.running):
            machine.end()
        stage.folder.remove()
    print("\n== figures")
    for what, value in stage.figures:
        print(f"{what:<58} {value}")
    sys.stdout.flush()
    os._exit(status)  # as process 1 of this world we take all that is left along


if __name__ == "__main__":
    main()
