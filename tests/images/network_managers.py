# SPDX-License-Identifier: Apache-2.0
"""What do real network managers do to a virtual address, and what does doctor say of them?"""

import json
import time

from machines import VIP, wait_for
from one_machine import OneMachine
from stage import figure


class Managed(OneMachine):
    """A machine that holds the address on an interface which somebody else looks after, too."""

    def hold(self):
        self.configure()
        self.start()
        wait_for(self.machine.holds, "the address")

    def findings(self):
        """What doctor has against the managers."""
        told = json.loads(self.machine.run("hapx", "-o", "json", "doctor", check=False).stdout)
        return [each["sentence"] for each in told["findings"]
                if each["about"] == "network" and each["verdict"] != "ok"]

    def removed(self, *commands):
        """How often the address was removed while these were run."""
        self.machine.run("hapx", "cleanup", "kube-apiserver")
        for command in commands:
            self.machine.run(*command.split())
            time.sleep(1)  # they work on when the command has returned
        wait_for(self.machine.holds, "the address")
        return self.machine.status()["services"][0]["nodes"][0]["vipFailures"]


class Networkd(Managed):
    """As netplan configures it, and then with the drop-in that doctor advises."""

    def test_removes_the_address_unless_it_is_told_to_keep_it(self):
        disturb = ("networkctl reload", "networkctl reconfigure host0",
                   "systemctl restart systemd-networkd.service")
        self.hold()
        self.assertEqual(len(self.findings()), 1, self.findings())
        self.assertIn("systemd-networkd configures host0", self.findings()[0])
        removed = self.removed(*disturb)
        figure("systemd-networkd as netplan has it: addresses removed", removed)
        self.assertGreater(removed, 0, "doctor warns of nothing")
        journal = self.machine.run("journalctl", "-u", "hapxd.service", "--no-pager").stdout
        self.assertIn(f"somebody removed {VIP}", journal)

        told = self.machine.run("networkctl", "status", "host0", "--no-pager").stdout
        file = next(line.rsplit("/", 1)[1].strip() for line in told.splitlines()
                    if "Network File" in line)
        self.machine.run("mkdir", "-p", f"/etc/systemd/network/{file}.d")
        for word in ("static", "yes"):
            self.write(f"/etc/systemd/network/{file}.d/keep.conf",
                       f"[Network]\nKeepConfiguration={word}\n")
            self.machine.run("networkctl", "reload")
            time.sleep(1)
            findings, removed = self.findings(), self.removed(*disturb)
            figure(f"systemd-networkd with KeepConfiguration={word}", removed)
            # Which keeps no address that has a lifetime, as this one has.
            self.assertEqual(len(findings), 1 if word == "static" else 0, findings)
            self.assertEqual(removed > 0, word == "static")


class NetworkManager(Managed):
    """It manages the interface, and then is told not to, as doctor advises."""

    def test_removes_the_address_unless_it_is_told_to_keep_away(self):
        run = self.machine.run
        run("systemctl", "disable", "--now", "systemd-networkd.socket", "systemd-networkd.service")
        run("systemctl", "unmask", "NetworkManager.service")
        run("systemctl", "start", "NetworkManager.service")
        self.addCleanup(run, "systemctl", "stop", "NetworkManager.service", check=False)
        run("nmcli", "device", "set", "host0", "managed", "yes")
        run("nmcli", "connection", "add", "type", "ethernet", "ifname", "host0", "con-name", "own",
            "ipv4.method", "manual", "ipv4.addresses", "192.168.4.131/27", "ipv6.method", "ignore")
        run("nmcli", "connection", "up", "own")
        self.hold()
        self.assertEqual(len(self.findings()), 1, self.findings())
        self.assertIn("NetworkManager manages host0", self.findings()[0])
        removed = self.removed("nmcli connection up own", "nmcli device reapply host0")
        figure("NetworkManager that manages the interface: addresses removed", removed)
        self.assertGreater(removed, 0, "doctor warns of nothing")

        run("nmcli", "device", "set", "host0", "managed", "no")
        run("ip", "addr", "replace", "192.168.4.131/27", "dev", "host0")
        run("ip", "link", "set", "host0", "up")
        wait_for(self.machine.holds, "the address")
        self.assertEqual(self.findings(), [])
        removed = self.removed("nmcli general reload", "systemctl restart NetworkManager.service")
        figure("NetworkManager that is told to keep away", removed)
        self.assertEqual(removed, 0)
