#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three nodes without a segment in common, a router, a client behind it: `announce: bgp` with a
real BIRD on each.

  routed_test.py FOLDER-OF-HAPXD [unittest's words]

BIRD's files are those of docs/bgp.md. Everything is waited for by asking hapxd and the router, with
a patience that no healthy machine needs. Times are printed, and judged only where a timer of
seconds would show: a hold time instead of BFD, a daemon that was waited for instead of the kernel.
"""

import asyncio
import contextlib
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent.parent
VIP = "10.9.0.1"
PATIENCE = 60
programs = None

HAPX_YAML = """apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {{name: routed}}
spec:
  nodes:
    - {{name: node1, address: 10.71.1.2}}
    - {{name: node2, address: 10.71.2.2}}
    - {{name: node3, address: 10.71.3.2}}
  keyFile: {folder}/cluster.key
  metrics: {{listen: off}}
  services:
    - name: kube-apiserver
      vips: [{{address: 10.9.0.1/32}}]
      announce: bgp
      apiServers: [10.73.0.2:6443]
      healthCheck: {{mode: tcp}}
"""


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise AssertionError(" ".join(words) + ": " + done.stderr)
    return done.stdout


def eventually(what, condition):
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to be: " + what)


def documented(title):
    """The file of docs/bgp.md that begins with this comment."""
    text = (TREE / "docs/bgp.md").read_text()
    return re.search(r"```text\n(# /etc/bird/bird.conf of " + title + r"\n.*?)```", text, re.S)[1]


class Machine:
    """A network namespace, and what runs in it."""

    def __init__(self, name, folder):
        self.name = name
        self.netns = f"hapx-routed-{os.getpid()}-{name}"
        self.folder = folder / name
        self.folder.mkdir()
        self.children = []
        run("ip", "netns", "add", self.netns)
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return run("ip", "-n", self.netns, *words)

    def within(self, *words):
        return run("ip", "netns", "exec", self.netns, *words)

    def start(self, *words):
        """In the background; its words go to a file."""
        log = open(self.folder / (pathlib.Path(words[0]).name + ".log"), "ab")
        child = subprocess.Popen(["ip", "netns", "exec", self.netns, *words],
                                 stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.children.append(child)
        return child

    def cable(self, other, mine, theirs, my_address, their_address):
        self.ip("link", "add", mine, "type", "veth", "peer", "name", theirs, "netns", other.netns)
        for machine, card, address in ((self, mine, my_address), (other, theirs, their_address)):
            machine.ip("address", "add", address, "dev", card)
            machine.ip("link", "set", card, "up")

    def begin_bird(self, config):
        (self.folder / "bird.conf").write_text(
            f'log "{self.folder}/bird.log" all;\n' + config)
        pathlib.Path(self.bird_socket).unlink(missing_ok=True)
        self.start("bird", "-f", "-c", str(self.folder / "bird.conf"), "-s", self.bird_socket)
        eventually("BIRD's socket", pathlib.Path(self.bird_socket).exists)

    @property
    def bird_socket(self):
        return str(self.folder / "bird.ctl")

    def birdc(self, *words):
        return run("birdc", "-s", self.bird_socket, *words)

    def pids(self, *names):
        """Of processes in it; all, or those of these names."""
        space = os.stat("/run/netns/" + self.netns).st_ino
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                same = os.stat(f"/proc/{entry}/ns/net").st_ino == space
                name = pathlib.Path(f"/proc/{entry}/comm").read_text().strip()
                if same and (not names or name in names):
                    found.append(int(entry))
        return found

    def kill(self, *names, number=signal.SIGKILL):
        for pid in self.pids(*names):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self):
        self.kill()
        for child in self.children:
            child.kill()
            child.wait()
        eventually("an empty namespace", lambda: not self.pids())
        run("ip", "netns", "delete", self.netns)


class Node(Machine):
    def __init__(self, number, folder):
        super().__init__(f"node{number}", folder)
        self.number = number

    def begin_hapxd(self):
        return self.start(f"{programs}/hapxd", "--config", str(self.folder.parent / "hapx.yaml"),
                          "--node", self.name, "--state-dir", str(self.folder / "state"),
                          "--run-dir", str(self.folder / "run"), "--bird-socket", self.bird_socket)

    def ask(self, method, target, body=None):
        connection = http.client.HTTPConnection("localhost", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        with contextlib.closing(connection):
            connection.sock.settimeout(5)
            connection.sock.connect(str(self.folder / "run/hapxd.sock"))
            connection.request(method, target, body)
            response = connection.getresponse()
            return response.status, json.loads(response.read() or b"null")

    def status(self):
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            return self.ask("GET", "/v1/status")[1]
        return None

    def events(self):
        return json.dumps(self.ask("GET", "/v1/events")[1])


class Client(threading.Thread):
    """Asks the address a hundred times a second, each time by a connection of its own, and never
    waits for one before the next: a lost SYN is repeated after a second."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.space = "/run/netns/" + machine.netns
        self.ended = threading.Event()
        self.requests = []  # (begun, ended, the node that answered or the error), as they ended

    def run(self):
        with open(self.space, "rb") as space:  # of this thread alone
            if libc().setns(space.fileno(), 0x40000000) != 0:
                raise OSError("setns")
        asyncio.run(self.ask_on())

    async def ask_on(self):
        tasks = set()
        while not self.ended.is_set():
            task = asyncio.create_task(self.ask())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()

    async def ask(self):
        begun = time.monotonic()
        who = "no connection"
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(VIP, 6443), 10)
            who = "broken off"
            with contextlib.closing(writer):
                writer.write(b"?")
                who = (await asyncio.wait_for(reader.read(64), 1)).decode() or who
        except (OSError, asyncio.TimeoutError) as error:
            who += f" ({error})"
        self.requests.append((begun, time.monotonic(), who))

    def stop(self):
        self.ended.set()
        self.join()

    def since(self, instant):
        return [one for one in self.requests if one[0] >= instant]

    def failed(self, instant):
        """Where there was no connection; one that ends with its holder is none of these."""
        return [who for _, _, who in self.since(instant) if who.startswith("no connection")]

    def broken_off(self, instant):
        return [who for _, _, who in self.since(instant) if who.startswith("broken off")]

    def nodes(self, instant):
        """Those that answered, in order, each turn once."""
        turns = []
        for _, _, who in self.since(instant):
            if who.startswith("10.71.") and (not turns or turns[-1] != who):
                turns.append(who)
        return turns

    def outage(self, instant):
        """The longest time between two answers."""
        heard = [at for _, at, who in self.since(instant - 0.5) if who.startswith("10.71.")]
        return max(b - a for a, b in zip(heard, heard[1:]))


def libc():
    import ctypes
    return ctypes.CDLL(None, use_errno=True)


APISERVER = """
import socket
server = socket.create_server(("10.73.0.2", 6443), backlog=512)
while True:
    connection, peer = server.accept()
    connection.settimeout(1)
    try:
        if connection.recv(64):
            connection.sendall(peer[0].encode())
    except OSError:
        pass
    connection.close()
"""


class Routed(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hapx-routed-"))
        self.machines = []
        self.client = None
        self.addCleanup(self.clean_up)
        self.router = self.machine(Machine, "router")
        self.outside = self.machine(Machine, "client")
        self.master = self.machine(Machine, "master")
        self.nodes = [self.machine(Node, number) for number in (1, 2, 3)]
        self.router.cable(self.outside, "outside", "eth0", "10.72.0.1/24", "10.72.0.2/24")
        self.router.cable(self.master, "kube", "eth0", "10.73.0.1/24", "10.73.0.2/24")
        for node in self.nodes:
            n = node.number
            self.router.cable(node, f"node{n}", "eth0", f"10.71.{n}.1/30", f"10.71.{n}.2/30")
            node.ip("route", "add", "default", "via", f"10.71.{n}.1")
        self.outside.ip("route", "add", "default", "via", "10.72.0.1")
        self.master.ip("route", "add", "default", "via", "10.73.0.1")
        self.router.within("sysctl", "-qw", "net.ipv4.ip_forward=1")
        (self.folder / "hapx.yaml").write_text(HAPX_YAML.format(folder=self.folder))
        key = self.folder / "cluster.key"
        key.write_text("hapx-key-v1:" + secrets.token_hex(32) + "\n")
        key.chmod(0o400)
        self.master.start(sys.executable, "-c", APISERVER)
        self.router.begin_bird(documented("the router"))
        for node in self.nodes:
            self.begin_bird(node)

    def machine(self, kind, name):
        made = kind(name, self.folder)
        self.machines.append(made)
        return made

    def clean_up(self):
        if self.client:
            self.client.stop()
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

    @staticmethod
    def begin_bird(node):
        n = node.number
        node.begin_bird(documented("node1").replace("10.71.1.", f"10.71.{n}."))

    def begin(self):
        for node in self.nodes:
            node.begin_hapxd()
        self.settle()
        self.client = Client(self.outside)
        self.client.start()
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
        return found[0] if found and self.ways() == [f"10.71.{found[0].number}.2"] else None

    def settle(self, among=None):
        return eventually("one holder", lambda: self.holder(among))

    def is_well(self):
        eventually("all is well", lambda: all(
            (node.status() or {}).get("degraded") == [] for node in self.nodes))

    def ways(self):
        """Where the router's kernel sends packets to the address itself."""
        return re.findall(r"via (\S+)", self.router.ip("route", "show", "exact", VIP + "/32"))

    def begin_well(self):
        """Each node could take over."""
        self.begin()
        self.is_well()

    def is_answered(self):
        so_far = time.monotonic()
        eventually("an answer", lambda: self.client.nodes(so_far))

    def moves_from(self, old, among, struck, words, limit):
        """Waits until another one serves; what the client saw, printed."""
        new = eventually("another holder", lambda: (lambda now: now if now is not old else None)(
            self.holder(among)))
        self.is_answered()
        time.sleep(2)  # what was lost is repeated
        outage, failed = self.client.outage(struck), self.client.failed(struck)
        print(f"\n{words}: outage {outage * 1000:.0f} ms, "
              f"{len(self.client.since(struck))} requests, "
              f"not connected: {len(failed)} {sorted(set(failed))}, "
              f"broken off: {len(self.client.broken_off(struck))}", flush=True)
        self.assertLess(outage, limit)
        turns = self.client.nodes(struck)
        self.assertIn(turns, ([f"10.71.{new.number}.2"],
                              [f"10.71.{old.number}.2", f"10.71.{new.number}.2"]),
                      "who once answered behind another does so no more")
        return new, failed

    def test_a_cluster_that_starts_is_served_and_all_is_well(self):
        self.begin()
        self.is_well()
        holder = self.settle()
        self.assertIn(VIP, holder.ip("address", "show", "dev", "lo"))
        self.assertIn(f"{VIP} is announced", holder.events())
        for node in self.nodes:
            up = node is holder
            self.assertEqual("up" in node.birdc("show", "protocols", "hapx_10_9_0_1").split(), up)

    def test_power_loss(self):
        self.begin_well()
        old = self.settle()
        rest = [node for node in self.nodes if node is not old]
        card = f"node{old.number}"
        struck = time.monotonic()
        # From one instant on nothing of it is heard, the ends of its connections neither.
        self.router.within("nft", "table netdev dead { chain in { type filter hook ingress device "
                           + card + " priority 0; policy drop; }; }")
        old.kill()
        self.moves_from(old, rest, struck, "power loss, BFD of 150 ms, lease of 300 ms", 3)

    def test_hapxd_and_its_keeper_are_killed(self):
        self.begin_well()
        old = self.settle()
        rest = [node for node in self.nodes if node is not old]
        struck = time.monotonic()
        old.kill("hapx-keeper", "hapxd")
        self.moves_from(old, rest, struck, "hapxd and its keeper killed", 4)
        # The next one finds what they left, and does not advertise it.
        self.assertNotIn(VIP, old.ip("address", "show", "dev", "lo"))
        old.begin_hapxd()
        eventually("the switch is off", lambda: "up" not in old.birdc(
            "show", "protocols", "hapx_10_9_0_1").split())
        self.settle()

    def test_hapxd_alone_is_killed(self):
        self.begin_well()
        old = self.settle()
        struck = time.monotonic()
        old.kill("hapxd")
        time.sleep(2)
        self.settle()
        outage, failed = self.client.outage(struck), self.client.failed(struck)
        print(f"\nhapxd killed: outage {outage * 1000:.0f} ms, {len(failed)} failed", flush=True)
        self.assertIs(self.settle(), old)
        self.assertEqual(failed, [])

    def test_a_handover_fails_no_request(self):
        self.begin_well()
        for _ in range(3):
            old = self.settle()
            new = next(node for node in self.nodes if node is not old)
            struck = time.monotonic()
            code, said = new.ask("POST", "/v1/services/kube-apiserver/move",
                                 json.dumps({"to": new.name}))
            self.assertEqual(code, 200, said)
            _, failed = self.moves_from(old, self.nodes, struck, "handover", 4)
            self.assertEqual(failed, [])

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


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    programs = os.path.abspath(sys.argv.pop(1))
    if os.geteuid() != 0:
        print("network namespaces need root", file=sys.stderr)
        sys.exit(77)
    unittest.main()
