# SPDX-License-Identifier: Apache-2.0
"""What is a machine of the bench, and a network between some of them?

A machine is a set of namespaces (network, mounts, IPC, host name, processes) with a first process,
machine.sh. Killing that ends all that runs there, as a power loss does. The network is a bridge in
a namespace of its own. Nothing here reaches out of these namespaces: processes are found by the
namespace that they are in, never by name on the host, and all of it dies with the bench itself.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PREFIX = 24
VIP = "192.168.4.20"
CLIENT = "192.168.4.100"
ASKER = "192.168.4.101"  # asked from, assigned to nobody
APISERVERS = ("192.168.4.31", "192.168.4.32", "192.168.4.33")
PORT = 6443
PATIENCE = 20  # seconds, for what takes well below one

ended = threading.Event()  # somebody pressed Ctrl-C


class Trouble(Exception):
    """A run, or the whole bench, can't go on; the sentence says why."""


def now():
    """Nanoseconds since boot: the clock of the instruments."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def waited():
    """Seconds since boot in which somebody who could run waited for a processor; where the kernel
    counts it."""
    pressure = pathlib.Path("/proc/pressure/cpu")
    some = pressure.read_text().splitlines()[0] if pressure.exists() else "total=0"
    return int(some.rpartition("=")[2]) / 1e6


def run(*words, check=True, patience=PATIENCE, text=None):
    """What the command printed."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=patience, check=False,
                              input=text, stdin=None if text else subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{' '.join(words)}: not done after {patience} s") from error
    if check and done.returncode != 0:
        raise Trouble(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def pause(seconds):
    if ended.wait(seconds):
        raise Trouble("interrupted")


def eventually(what, condition, patience=PATIENCE, look=0.05):
    """What the condition gives once it gives something."""
    limit = time.monotonic() + patience
    while True:
        found = condition()
        if found:
            return found
        pause(look)
        if time.monotonic() > limit:
            raise Trouble(f"it did not come to be in {patience} s: {what}")


def processes_in(space, kind):
    """(pid, name) of all in a namespace, by its inode."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{entry}/ns/{kind}").st_ino == space:
                name = pathlib.Path(f"/proc/{entry}/comm").read_text().strip()
                found.append((int(entry), name))
    return found


def netns_processes(netns):
    return processes_in(os.stat("/run/netns/" + netns).st_ino, "net")


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def guarded(*words):
    """The command as one that dies with the thread that starts it."""
    return ("setpriv", "--pdeathsig", "KILL", *words)


class Wire:
    """The bridge, a client, and what stands in for three kube-apiservers."""

    def __init__(self, name, folder, probe_program):
        self.name = name
        self.folder = folder
        self.netns = f"{name}-wire"
        self.client = f"{name}-client"
        self.masters = f"{name}-masters"
        self.probe_program = probe_program
        self.children = []

    def build(self):
        run("ip", "netns", "add", self.netns)
        self.ip("link", "add", "wire", "type", "bridge", "forward_delay", "0", "stp_state", "0",
                "mcast_snooping", "0")
        self.ip("link", "set", "wire", "up")
        for netns, addresses in ((self.client, (CLIENT,)), (self.masters, APISERVERS)):
            run("ip", "netns", "add", netns)
            self.plug_in(netns, netns.rsplit("-", 1)[1], addresses)
        for number, address in enumerate(APISERVERS, 1):
            self.children.append(subprocess.Popen(
                guarded("ip", "netns", "exec", self.masters, self.probe_program, "serve",
                        f"apiserver{number}", address, str(PORT)), stdin=subprocess.DEVNULL))

    def ip(self, *words):
        run("ip", "-n", self.netns, *words)

    def plug_in(self, netns, port, addresses, mac=None):
        self.ip("link", "add", port, "type", "veth", "peer", "name", "eth0",
                *(("address", mac) if mac else ()), "netns", netns)
        self.ip("link", "set", port, "master", "wire", "up")
        run("ip", "-n", netns, "link", "set", "lo", "up")
        for address in addresses:
            run("ip", "-n", netns, "address", "add", f"{address}/{PREFIX}", "brd", "+",
                "dev", "eth0")
        run("ip", "-n", netns, "link", "set", "eth0", "up")

    def filter(self, rules):
        run("ip", "netns", "exec", self.netns, "nft", "-f", "-", text=rules)

    def cut(self, port, matches):
        """What the nodes tell each other is dropped, all else passes; as in hapx's drill."""
        drops = [f'{way} "{port}" {match} drop' for way in ("iifname", "oifname")
                 for match in matches]
        self.filter("table bridge cut {\n chain cut {\n  type filter hook forward priority 0;\n  "
                    + "\n  ".join(drops) + "\n }\n}\n")

    def heal(self):
        self.filter("delete table bridge cut\n")

    def remove(self):
        for child in self.children:
            child.kill()
            child.wait()
        for netns in (self.client, self.masters, self.netns):
            if pathlib.Path("/run/netns/" + netns).exists():
                send([pid for pid, _ in netns_processes(netns)], signal.SIGKILL)
                run("ip", "netns", "delete", netns, check=False)


class Machine:
    """A node."""

    def __init__(self, wire, number):
        self.wire = wire
        self.name = f"node{number}"
        self.netns = f"{wire.name}-{self.name}"
        self.folder = wire.folder / self.name
        self.address = f"192.168.4.{10 + number}"
        self.mac = f"0a:00:00:00:04:{10 + number:02x}"
        self.number = number
        self.first = None  # what holds its namespaces
        self.root_pid = 0  # of its first process
        self.children = []
        self.folder.mkdir(parents=True)

    def power_on(self):
        (self.folder / "ready").unlink(missing_ok=True)
        run("ip", "netns", "add", self.netns)
        self.wire.plug_in(self.netns, self.name, (self.address,), self.mac)
        self.first = subprocess.Popen(
            guarded("ip", "netns", "exec", self.netns, "unshare", "--mount", "--ipc", "--uts",
                    "--pid", "--fork", "--kill-child", "--propagation", "slave",
                    "sh", str(HERE / "machine.sh"), str(self.folder), self.name),
            stdin=subprocess.DEVNULL)
        eventually(f"{self.name} is ready", (self.folder / "ready").exists, look=0.01)
        children = pathlib.Path(f"/proc/{self.first.pid}/task/{self.first.pid}/children")
        self.root_pid = int(children.read_text().split()[0])

    def power_off(self):
        """First nothing is heard of it, then everything ends, as in hapx's lab."""
        if not self.first:
            return
        self.wire.ip("link", "set", self.name, "nomaster")
        self.first.kill()
        self.first.wait()
        self.first = None
        for child in self.children:
            child.kill()
            child.wait()
        self.children = []
        self.wire.ip("link", "delete", self.name)
        # Whatever runs there still is being killed by the kernel.
        limit = time.monotonic() + PATIENCE
        while netns_processes(self.netns) and time.monotonic() < limit:
            time.sleep(0.01)
        run("ip", "netns", "delete", self.netns)

    def remove(self):
        with contextlib.suppress(Trouble, OSError):
            self.power_off()
        if pathlib.Path("/run/netns/" + self.netns).exists():
            send([pid for pid, _ in netns_processes(self.netns)], signal.SIGKILL)
            run("ip", "netns", "delete", self.netns, check=False)

    def inside(self, *words):
        return ("nsenter", "-t", str(self.root_pid), "-m", "-i", "-u", "-n", "-p", "--", *words)

    def run(self, *words, **options):
        return run(*self.inside(*words), **options)

    def start(self, *words):
        """In the background; what it says is in FOLDER/NAME.log."""
        with open(self.folder / (pathlib.Path(words[0]).name + ".log"), "ab") as log:
            child = subprocess.Popen(guarded(*self.inside(*words)), stdin=subprocess.DEVNULL,
                                     stdout=log, stderr=log)
        self.children.append(child)

    def pids(self, *names):
        """Of processes with these names, of which the kernel keeps 15 characters."""
        space = os.stat(f"/proc/{self.root_pid}/ns/pid").st_ino
        return [pid for pid, name in processes_in(space, "pid") if name in names]

    def has_vip(self):
        return f" {VIP}/" in run("ip", "-n", self.netns, "address", "show", "dev", "eth0")


def new_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path
