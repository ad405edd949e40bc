#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three nodes without a segment in common, a router, a client behind it: `announce: bgp` with a
real BIRD on each, over IPv4, over IPv6, and over both.

  routed_test.py FOLDER-OF-HAPXD [unittest's words]

BIRD's files are those of docs/bgp.md. Everything is waited for by asking hapxd and the router, with
a patience that no healthy machine needs. Times are printed, and judged only where a timer of
seconds would show: a hold time instead of BFD, a daemon that was waited for instead of the kernel.
"""

import json
import os
import pathlib
import re
import secrets
import shutil
import sys
import tempfile
import time
import unittest

from machines import APISERVER, IPV4, IPV6, Client, Machine, Node, bird_config, eventually

HAPX_YAML = """apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {{name: routed}}
spec:
  nodes:
    - {{name: node1, address: "{nodes[0]}"}}
    - {{name: node2, address: "{nodes[1]}"}}
    - {{name: node3, address: "{nodes[2]}"}}
  keyFile: {folder}/cluster.key
  metrics: {{listen: off}}
  services:
    - name: kube-apiserver
      vips: [{vips}]
      announce: bgp
      apiServers: [{apiservers}]
      healthCheck: {{mode: tcp}}
"""


class Lab:
    families = ()  # the first is that of the nodes' own addresses

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hapx-routed-"))
        self.machines = []
        self.clients = []
        self.addCleanup(self.clean_up)
        self.router = self.machine(Machine, "router")
        self.outside = self.machine(Machine, "client")
        self.master = self.machine(Machine, "master")
        self.nodes = [self.machine(Node, number) for number in (1, 2, 3)]
        for machine, card, network in ((self.outside, "outside", "outside"),
                                       (self.master, "kube", "kube")):
            self.router.cable(machine, card, [
                (getattr(family, network), family.length) for family in self.families])
        for node in self.nodes:
            self.router.cable(node, node.name, [
                (family.link.format(node.number), family.length) for family in self.families])
        for family in self.families:
            self.router.within("sysctl", "-qw", family.forwarding + "=1")
            self.master.start(sys.executable, "-c", APISERVER, family.kube + "2")
        self.write_config()
        # Or a node's first look at them fails, and for seconds it is the worse place.
        eventually("the apiservers", lambda: self.master.within("ss", "-Hltn").count(":6443") ==
                   len(self.families))
        self.router.begin_bird(bird_config("the router", self.families))
        for node in self.nodes:
            self.begin_bird(node)

    def write_config(self):
        (self.folder / "hapx.yaml").write_text(HAPX_YAML.format(
            folder=self.folder, nodes=[self.families[0].node(n) for n in (1, 2, 3)],
            vips=", ".join(f'{{address: "{family.vip}/{family.host}"}}'
                           for family in self.families),
            apiservers=", ".join(f'"{family.port(family.kube + "2", 6443)}"'
                                 for family in self.families)))
        key = self.folder / "cluster.key"
        key.write_text("hapx-key-v1:" + secrets.token_hex(32) + "\n")
        key.chmod(0o400)

    def machine(self, kind, name):
        made = kind(name, self.folder)
        self.machines.append(made)
        return made

    def clean_up(self):
        for client in self.clients:
            client.stop()
        for machine in self.machines:
            machine.remove()
        failed = self._outcome.errors if hasattr(self._outcome, "errors") else []
        result = getattr(self._outcome, "result", None)
        bad = any(error for _, error in failed) if failed else bool(
            result and any(test is self for test, _ in result.failures + result.errors))
        if bad:
            for log in sorted(self.folder.glob("*/*.log")):
                print(f"--- {log}\n{log.read_text(errors='replace')[-6000:]}")
        shutil.rmtree(self.folder)

    def begin_bird(self, node):
        n = node.number
        node.begin_bird(bird_config("node1", self.families)
                        .replace("10.71.1.", f"10.71.{n}.").replace("fd00:71:1:", f"fd00:71:{n}:"))

    def begin(self):
        for node in self.nodes:
            node.begin_hapxd()
        self.settle()
        self.clients = [Client(self.outside, family.vip) for family in self.families]
        for client in self.clients:
            client.start()
        self.is_answered()

    def holder(self, among=None):
        """The node that all of these agree on, and the router, too."""
        names = set()
        for node in among or self.nodes:
            status = node.status()
            if not status or status["services"][0]["haproxy"] != "started":
                return None
            names.add(status["services"][0].get("holder"))
        found = [node for node in self.nodes if {node.name} == names]
        return found[0] if found and self.ways() == [found[0].name] * len(self.families) else None

    def settle(self, among=None):
        return eventually("one holder", lambda: self.holder(among))

    def is_well(self):
        eventually("all is well", lambda: all(
            (node.status() or {}).get("degraded") == [] for node in self.nodes))

    def ways(self):
        """To whom the router's kernel sends packets to each address itself."""
        return [card for family in self.families for card in re.findall(
            r"dev (\S+)", self.router.ip(family.ip, "route", "show", "exact",
                                         f"{family.vip}/{family.host}"))]

    def begin_well(self):
        """Each node could take over."""
        self.begin()
        self.is_well()

    def is_answered(self):
        so_far = time.monotonic()
        eventually("an answer", lambda: all(client.nodes(so_far) for client in self.clients))

    def moves_from(self, old, among, struck, words, limit):
        """Waits until another one serves; what the client saw, printed."""
        new = eventually("another holder", lambda: (lambda now: now if now is not old else None)(
            self.holder(among)))
        self.is_answered()
        time.sleep(2)  # what was lost is repeated
        for client in self.clients:
            outage, failed = client.outage(struck), client.failed(struck)
            print(f"\n{client.address}: {words}: outage {outage * 1000:.0f} ms, "
                  f"{len(client.since(struck))} requests, "
                  f"not connected: {len(failed)} {sorted(set(failed))}, "
                  f"broken off: {len(client.broken_off(struck))}", flush=True)
            self.assertLess(outage, limit)
            self.assertIn(client.nodes(struck), ([new.name], [old.name, new.name]),
                          "who once answered behind another does so no more")
        return new, sum((client.failed(struck) for client in self.clients), [])

    def lose_power(self):
        old = self.settle()
        rest = [node for node in self.nodes if node is not old]
        struck = time.monotonic()
        # From one instant on nothing of it is heard, the ends of its connections neither.
        self.router.within("nft", "table netdev dead { chain in { type filter hook ingress device "
                           + old.name + " priority 0; policy drop; }; }")
        old.kill()
        self.moves_from(old, rest, struck, "power loss, BFD of 150 ms, lease of 300 ms", 3)

    def move(self, node):
        code, said = node.ask("POST", "/v1/services/kube-apiserver/move",
                              json.dumps({"to": node.name}))
        self.assertEqual(code, 200, said)

    def hand_over(self):
        old = self.settle()
        struck = time.monotonic()
        self.move(next(node for node in self.nodes if node is not old))
        _, failed = self.moves_from(old, self.nodes, struck, "handover", 4)
        self.assertEqual(failed, [])


class OneFamily(Lab):
    handovers = 1

    def test_power_loss(self):
        self.begin_well()
        self.lose_power()

    def test_hapxd_and_its_keeper_are_killed(self):
        self.begin_well()
        # The router prefers the lowest id, as long as the kernel there keeps the address.
        old, *rest = self.nodes
        if self.settle() is not old:
            self.move(old)
            eventually("the holder is the preferred one", lambda: self.holder() is old)
        struck = time.monotonic()
        old.kill("hapx-keeper", "hapxd")
        self.moves_from(old, rest, struck, "hapxd and its keeper killed", 4)
        # The next one finds what they left, and does not advertise it.
        self.assertNotIn(self.families[0].vip, old.ip("address", "show", "dev", "lo"))
        self.assertTrue(old.reaches(self.families[0].vip), "where it is now")
        old.begin_hapxd()
        eventually("the switch is off", lambda: "up" not in old.birdc(
            "show", "protocols", self.families[0].switch).split())
        self.settle()

    def test_a_handover_fails_no_request(self):
        self.begin_well()
        for _ in range(self.handovers):
            self.hand_over()

    def test_bird_is_killed(self):
        self.begin_well()
        old = self.settle()
        struck = time.monotonic()
        old.kill("bird")
        self.moves_from(old, self.nodes, struck, "BIRD killed", 4)
        words = f"{old.name} can't hold kube-apiserver: BIRD does not run"
        eventually(words, lambda: words in json.dumps(self.nodes[0].status()["degraded"]))
        self.begin_bird(old)
        self.is_well()


class Routed(OneFamily, unittest.TestCase):
    families = (IPV4,)
    handovers = 3

    def test_a_cluster_that_starts_is_served_and_all_is_well(self):
        self.begin()
        self.is_well()
        holder = self.settle()
        self.assertIn(IPV4.vip, holder.ip("address", "show", "dev", "lo"))
        self.assertIn(f"{IPV4.vip} is announced", holder.events())
        for node in self.nodes:
            up = node is holder
            self.assertEqual("up" in node.birdc("show", "protocols", IPV4.switch).split(), up)

    def test_hapxd_alone_is_killed(self):
        self.begin_well()
        old = self.settle()
        struck = time.monotonic()
        old.kill("hapxd")
        time.sleep(2)
        self.settle()
        client = self.clients[0]
        outage, failed = client.outage(struck), client.failed(struck)
        print(f"\nhapxd killed: outage {outage * 1000:.0f} ms, {len(failed)} failed", flush=True)
        self.assertIs(self.settle(), old)
        self.assertEqual(failed, [])

    def test_the_session_of_the_holder_ends(self):
        self.begin_well()
        old = self.settle()
        struck = time.monotonic()
        self.router.birdc("disable", f"node{old.number}")
        self.moves_from(old, self.nodes, struck, "session ended", 4)
        words = f"{old.name} can't hold kube-apiserver: BIRD has no established BGP session"
        eventually(words, lambda: words in json.dumps(self.nodes[0].status()["degraded"]))
        self.router.birdc("enable", f"node{old.number}")
        self.is_well()


class RoutedIpv6(OneFamily, unittest.TestCase):
    families = (IPV6,)


class RoutedDualStack(Lab, unittest.TestCase):
    families = (IPV4, IPV6)

    def test_both_addresses_move_as_one(self):
        self.begin_well()
        self.hand_over()
        self.lose_power()

    def test_a_session_of_one_family_is_none_of_the_other(self):
        self.begin_well()
        old = self.settle()
        struck = time.monotonic()
        self.router.birdc("disable", old.name)
        self.moves_from(old, self.nodes, struck, "the session of IPv4 ended", 4)
        words = (f"{old.name} can't hold kube-apiserver: "
                 "BIRD has no established BGP session with a channel ipv4")
        eventually(words, lambda: words in json.dumps(self.nodes[0].status()["degraded"]))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    Node.programs = os.path.abspath(sys.argv.pop(1))
    if os.geteuid() != 0:
        print("network namespaces need root", file=sys.stderr)
        sys.exit(77)
    unittest.main()
