# SPDX-License-Identifier: Apache-2.0
"""What the tests of `announce: bgp` run on: machines that are network namespaces, the addresses of
both families, BIRD's files out of the manual, and a client that never waits."""

import asyncio
import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

TREE = pathlib.Path(__file__).resolve().parent.parent.parent.parent
PATIENCE = 60


class Family(collections.namedtuple("Family", "ip vip host link outside kube length forwarding")):
    """The addresses of one; each network is a beginning, in which the router is 1 and the other
    machine 2."""

    @property
    def switch(self):
        return "hapx_" + re.sub("[.:]", "_", self.vip)

    def node(self, number):
        return self.link.format(number) + "2"

    def port(self, address, number):
        return f"[{address}]:{number}" if ":" in address else f"{address}:{number}"


IPV4 = Family("-4", "10.9.0.1", 32, "10.71.{}.", "10.72.0.", "10.73.0.", 30,
              "net.ipv4.ip_forward")
IPV6 = Family("-6", "fd00:9::1", 128, "fd00:71:{}::", "fd00:72::", "fd00:73::", 64,
              "net.ipv6.conf.all.forwarding")
# Whose address an apiserver saw.
NODES = {family.node(n): f"node{n}" for family in (IPV4, IPV6) for n in (1, 2, 3)}


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


def bird_config(title, families):
    """The file for these families. IPv4's begins it; without IPv4 what speaks of it is left out."""
    config = documented(title)
    if IPV4 not in families:
        config = "\n\n".join(part for part in config.split("\n\n")
                             if "ipv4" not in part and "neighbor" not in part)
    if IPV6 in families:
        config += "\n" + documented(title + ", continued: IPv6")
    return config


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
        # Its cards' IPv6 addresses were found to be nobody else's long ago.
        self.within("sysctl", "-qw", "net.ipv6.conf.default.dad_transmits=0")

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

    def cable(self, other, card, networks):
        """From our card of that name to the other one's eth0, our side being its way out."""
        self.ip("link", "add", card, "type", "veth", "peer", "name", "eth0", "netns", other.netns)
        for machine, its, last in ((self, card, "1"), (other, "eth0", "2")):
            for network, length in networks:
                machine.ip("address", "add", f"{network}{last}/{length}", "dev", its,
                           *(["nodad"] if ":" in network else []))
            machine.ip("link", "set", its, "up")
        for network, _ in networks:
            other.ip("route", "add", "default", "via", network + "1")

    def begin_bird(self, config):
        (self.folder / "bird.conf").write_text(
            f'log "{self.folder}/bird.log" all;\n' + config)
        pathlib.Path(self.bird_socket).unlink(missing_ok=True)
        # First among all: where it waits for a processor for 150 ms, BFD takes it for dead.
        self.start("nice", "-n", "-20", "bird", "-f", "-c", str(self.folder / "bird.conf"),
                   "-s", self.bird_socket)
        eventually("BIRD's socket", pathlib.Path(self.bird_socket).exists)

    @property
    def bird_socket(self):
        return str(self.folder / "bird.ctl")

    def birdc(self, *words):
        return run("birdc", "-s", self.bird_socket, *words)

    def reaches(self, address):
        asks = "import socket, sys; socket.create_connection((sys.argv[1], 6443), 5)"
        try:
            self.within(sys.executable, "-c", asks, address)
        except AssertionError:
            return False
        return True

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

    def kill(self, *names):
        """All at once: none sees another one die."""
        pids = self.pids(*names)
        for number in signal.SIGSTOP, signal.SIGKILL:
            for pid in pids:
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
    programs = None  # hapxd's folder

    def __init__(self, number, folder):
        super().__init__(f"node{number}", folder)
        self.number = number

    def begin_hapxd(self):
        return self.start(f"{self.programs}/hapxd",
                          "--config", str(self.folder.parent / "hapx.yaml"),
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


def is_answer(who):
    return not who.startswith(("no connection", "broken off"))


class Client(threading.Thread):
    """Asks an address a hundred times a second, each time by a connection of its own, and never
    waits for one before the next: a lost SYN is repeated after a second."""

    def __init__(self, machine, address):
        super().__init__(daemon=True)
        self.address = address
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
            reader, writer = await asyncio.wait_for(
                asyncio.open_connection(self.address, 6443), 10)
            who = "broken off"
            with contextlib.closing(writer):
                writer.write(b"?")
                said = (await asyncio.wait_for(reader.read(64), 1)).decode()
                who = NODES.get(said, said) or who
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
        """Those that answered, in order, each turn once; one without a name by its address."""
        turns = []
        for _, _, who in self.since(instant):
            if is_answer(who) and (not turns or turns[-1] != who):
                turns.append(who)
        return turns

    def outage(self, instant):
        """The longest time between two answers."""
        heard = [at for _, at, who in self.since(instant - 0.5) if is_answer(who)]
        return max(b - a for a, b in zip(heard, heard[1:]))


def libc():
    import ctypes
    return ctypes.CDLL(None, use_errno=True)


# One that waits for a word that is lost keeps no other one waiting.
APISERVER = """
import socket, sys, threading
def answer(connection, peer):
    connection.settimeout(1)
    try:
        if connection.recv(64):
            connection.sendall(peer[0].encode())
    except OSError:
        pass
    connection.close()
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
server = socket.create_server((sys.argv[1], 6443), family=family, backlog=512)
while True:
    threading.Thread(target=answer, args=server.accept(), daemon=True).start()
"""
