# SPDX-License-Identifier: Apache-2.0
"""How do we get real machines in seconds?

A machine here is a root file system with the package installed, booted by systemd-nspawn: its own
systemd as process 1, its own network, configured by its own cloud-init from a NoCloud folder. All
machines hang at one bridge. Everything lives in namespaces of this process (see `in_own_world`),
so it is gone when the process is, however it ends; and in one folder, which the next run removes if
this one could not.

What it deliberately isn't: a virtual machine. The kernel is shared, so a node that hangs with its
kernel, or boots another one, is not to be had here.
"""

import asyncio
import ctypes
import fcntl
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
CGROUPS = pathlib.Path("/sys/fs/cgroup")
VIP = "192.168.4.20"
CLIENT = "192.168.4.29"  # in the VIP's /27, as clients are
APISERVERS = "192.168.4.158"  # in the nodes' /27
NODES = ["hapx-node01", "hapx-node02", "hapx-node03"]
SKIPPED = 77
MARK = "HAPX_IMAGES_ROOT"  # set inside: the root file system to begin with


def say(sentence):
    """Progress: a line for whatever takes longer than a moment."""
    print(f"images: {sentence}", file=sys.stderr, flush=True)


def run(*command, check=True, timeout=120, **more):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, timeout=timeout,
                          stderr=subprocess.STDOUT, text=True, **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.returncode}\n{done.stdout}")
    return done


def wait_for(condition, what, seconds=60):
    """The value of `condition` once it is true. The deadline is generous, its end a sentence."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def what_is_missing():
    """A sentence, or None: why machines can't be had here."""
    if os.geteuid() != 0:
        return "machines need root"
    for program in ("systemd-nspawn", "mmdebstrap", "dpkg-deb", "prometheus"):
        if shutil.which(program) is None:
            return f"there is no {program} (./deps.sh --long)"
    return None


def in_own_world(has_root=True):
    """Executes this program again, alone with processes, a network and mounts of its own."""
    if MARK not in os.environ:
        base = ""
        if has_root:
            # It comes from package mirrors, which are out of reach inside.
            made = subprocess.run([HERE / "root.sh"], stdout=subprocess.PIPE, text=True,
                                  check=False)
            if made.returncode != 0:
                print("SKIPPED: no root file system for machines can be made here (see above)")
                sys.exit(SKIPPED)
            base = made.stdout.strip()
        words = ["unshare", "--pid", "--mount-proc", "--net", "--mount", "--propagation", "private",
                 "--kill-child", "--fork", "--", *sys.orig_argv]
        os.execvpe(words[0], words, {**os.environ, MARK: base})
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # ends with the one who started it
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    run("mount", "-t", "sysfs", "sysfs", "/sys")
    run("mount", "-t", "cgroup2", "cgroup2", CGROUPS)
    run("ip", "link", "set", "lo", "up")
    # With an address of its own: else it has that of one of its ports, and another one when that
    # port goes.
    run("ip", "link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge")
    run("ip", "link", "set", "br0", "up")
    for address in (f"{CLIENT}/27", f"{APISERVERS}/27"):
        run("ip", "addr", "add", address, "dev", "br0")


def what_is_in_the_way():
    """A sentence, or None: why no machine can be had here although all programs are there."""
    group = CGROUPS / "hapx-images-try-0"
    try:
        group.mkdir(exist_ok=True)
        tried = run("systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
                    "--volatile=overlay", "--network-bridge=br0", "--console=pipe",
                    f"--directory={os.environ[MARK]}", "/bin/true", check=False,
                    stdin=subprocess.DEVNULL,
                    preexec_fn=lambda: (group / "cgroup.procs").write_text("0"))
    except OSError as error:
        return str(error)
    finally:
        remove_groups("try")
    return None if tried.returncode == 0 else tried.stdout.strip() or "systemd-nspawn failed"


def may_raise_limits():
    """CAP_SYS_RESOURCE, which root need not have where it is itself in a container."""
    status = pathlib.Path("/proc/self/status").read_text()
    return bool(int(re.search(r"CapEff:\s+(\w+)", status).group(1), 16) >> 24 & 1)


def remove_groups(run_name):
    """Takes the control groups of a run away, once their processes have ended."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        groups = [inner for group in CGROUPS.glob(f"hapx-images-{run_name}-*")
                  for inner in group.glob("**/")]
        for group in sorted(groups, key=lambda each: -len(each.parts)):
            try:
                group.rmdir()
            except OSError:
                pass  # something in it is still ending
        if not groups:
            return
        time.sleep(0.05)


class Folder:
    """Where all that a run makes lies; gone afterwards."""

    def __init__(self):
        # Not /tmp: overlays want a file system that can carry them.
        base = pathlib.Path(os.environ.get("HAPX_IMAGES_CACHE", "/var/cache/hapx-images"))
        base.mkdir(parents=True, exist_ok=True)
        for old in base.glob("run-*"):
            if self._lock(old):
                remove_groups(old.name)
                shutil.rmtree(old, ignore_errors=True)
        for group in CGROUPS.glob("hapx-images-*"):
            name = group.name.removeprefix("hapx-images-").rsplit("-hapx-node", 1)[0]
            if not (base / name).exists():
                remove_groups(name)
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=base))
        self.lock = self._lock(self.path)
        self.mounts = []

    @staticmethod
    def _lock(path):
        """Held for as long as somebody uses the folder."""
        file = open(path / "lock", "a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return file

    def overlay(self, name, lower):
        """A writable view of `lower`."""
        place = self.path / name
        for part in ("upper", "work", "merged"):
            (place / part).mkdir(parents=True)
        run("mount", "-t", "overlay", "overlay", "-o",
            f"lowerdir={lower},upperdir={place}/upper,workdir={place}/work", place / "merged")
        self.mounts.append(place / "merged")
        return place / "merged"

    def remove(self):
        for mount in reversed(self.mounts):
            run("umount", "-l", mount, check=False)
        remove_groups(self.path.name)
        shutil.rmtree(self.path, ignore_errors=True)


def installed_root(folder, *packages):
    """A root with `packages` installed in it by dpkg, as an image builder would."""
    names = [package.name.split("_")[0] for package in packages]
    say(f"installing {' and '.join(names)} into a root")
    root = folder.overlay("with-" + "-".join(names), os.environ[MARK])
    for package in packages:
        shutil.copy(package, root / package.name)
        run("chroot", root, "dpkg", "--install", f"/{package.name}")
        (root / package.name).unlink()
    return root


def seed(folder, node, *, cluster="three-nodes", key=None, edit=lambda text: text):
    """The NoCloud folder of a node: the shipped user-data and meta-data, with this lab's key, its
    interface and its apiservers put in, and this lab's network instead of VLANs."""
    number = NODES.index(node) + 1
    shipped = TREE / "cloud-init" / cluster
    user = (shipped / "user-data").read_text()
    if key:
        user = user.replace("hapx-key-v1:PUT-YOUR-KEY-HERE", key)
    user = user.replace("enp0s3.41", "host0")
    servers = ", ".join(f"'{APISERVERS}:{port}'" for port in (7001, 7002, 7003))
    user = re.sub(r"apiServers: \[.*\]",
                  f"apiServers: [{servers}]\n            healthCheck: {{mode: tcp}}", user)
    place = folder.path / f"seed-{node}-{time.monotonic_ns()}"
    place.mkdir()
    (place / "user-data").write_text(edit(user))
    shutil.copy(shipped / node / "meta-data", place / "meta-data")
    (place / "network-config").write_text(
        "version: 2\nethernets:\n  host0:\n    dhcp4: false\n    dhcp6: false\n"
        f"    accept-ra: false\n    addresses: [192.168.4.13{number}/27]\n")
    return place


class Machine:
    """One booted container."""

    running = set()

    def __init__(self, name, root, seed_folder, folder, packages=None, more=()):
        self.name = name
        self.more = more  # words for systemd-nspawn
        self.root = root
        self.seed = seed_folder
        self.folder = folder
        self.packages = packages
        self.process = None
        self.init = None
        self.booted = None

    @property
    def console(self):
        path = self.folder.path / f"console-{self.name}"
        return path.read_text(errors="replace") if path.exists() else ""

    def boot(self):
        group = CGROUPS / f"hapx-images-{self.folder.path.name}-{self.name}"
        group.mkdir(exist_ok=True)
        words = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
                 "--volatile=overlay", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
                 f"--directory={self.root}", f"--machine={self.name}", "--network-bridge=br0",
                 "--console=read-only",
                 "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_BPF,CAP_IPC_LOCK",
                 "--system-call-filter=@memlock bpf",
                 f"--bind-ro={self.seed}:/var/lib/cloud/seed/nocloud"]
        if self.packages:
            words.append(f"--bind-ro={self.packages}:/packages")
        words += self.more
        console = open(self.folder.path / f"console-{self.name}", "ab")
        self.booted = time.monotonic()
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            start_new_session=True,  # a Ctrl-C is for us, not for the machines
            preexec_fn=lambda: (group / "cgroup.procs").write_text("0"))
        console.close()
        Machine.running.add(self)
        self.init = wait_for(self._find_init, f"the first process of {self.name}")

    def _find_init(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} did not boot:\n{self.console}")
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split():
            try:
                status = pathlib.Path(f"/proc/{child}/status").read_text()
                name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue  # one that only prepares the machine, and has ended
            numbers = re.search(r"^NSpid:\s+(.*)$", status, re.M).group(1).split()
            if len(numbers) > 1 and numbers[-1] == "1" and name == "systemd":
                return int(child)
        return None

    def run(self, *command, check=True, timeout=60):
        return run("nsenter", "--target", self.init, "--all", "--", *command, check=check,
                   timeout=timeout, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
                                         "DEBIAN_FRONTEND": "noninteractive"})

    def status(self):
        """hapxd's own word, or None while there is none."""
        answer = self.run("hapx", "-o", "json", "status", check=False)
        try:
            return json.loads(answer.stdout)
        except json.JSONDecodeError:
            return None

    def runs_its_file(self):
        """Whether hapxd has accepted what its file says now."""
        return self.run("hapx", "config", "diff", check=False).returncode == 0

    def holds(self):
        return f" {VIP}/" in self.run("ip", "-o", "-4", "addr", "show", check=False).stdout

    def pid_of(self, name):
        """As the machine itself counts; the name is that of the process's main thread. Of hapx's
        users: the distribution's own HAProxy may run beside ours."""
        found = self.run("pgrep", "-u", "hapx,hapx-haproxy", "-x", name, check=False).stdout.split()
        return int(found[0]) if found else None

    def unit(self, name, what="ActiveState"):
        """As systemd says, which early in a boot says nothing yet."""
        return self.run("systemctl", "show", "--property", what, "--value", name,
                        check=False).stdout.strip()

    def cut_power(self):
        """Nothing in it runs on; the bridge loses its port."""
        os.kill(self.init, signal.SIGKILL)
        self.process.wait(timeout=30)
        self.process = None
        Machine.running.discard(self)

    def end(self):
        """Whatever state it is in."""
        Machine.running.discard(self)
        if self.process is None:
            return
        try:
            if self.process.poll() is None and self.init:
                os.kill(self.init, signal.SIGKILL)
            self.process.wait(timeout=5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(timeout=30)
        self.process = None


def holder(machines):
    """The one machine that has the address, or None."""
    having = [machine for machine in machines if machine.process and machine.holds()]
    return having[0] if len(having) == 1 else None


# The outer world: apiservers and clients, each a process of its own.


def _serve_apiservers():
    async def answer(reader, writer):
        try:
            if await reader.readline():
                writer.write(b"HTTP/1.0 200 OK\r\n\r\nok")
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async def serve():
        for port in (7001, 7002, 7003):
            await asyncio.start_server(answer, APISERVERS, port, backlog=1024)
        await asyncio.Event().wait()

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(serve())


def start_apiservers():
    process = multiprocessing.Process(target=_serve_apiservers, daemon=True)
    process.start()
    return process


def _ask_on_and_on(interval, patience, pipe):
    """One request every `interval`, each on a connection of its own; ends when told to."""
    results = []

    async def ask(began):
        try:
            async with asyncio.timeout(patience):
                reader, writer = await asyncio.open_connection(VIP, 6443)
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                writer.close()
                await writer.wait_closed()
            outcome = "ok" if answer.endswith(b"ok") else "cut"
        except TimeoutError:
            outcome = "late"
        except OSError as error:
            outcome = type(error).__name__
        results.append((began, time.monotonic() - began, outcome))

    async def go():
        asked = set()
        due = time.monotonic()
        while not pipe.poll():
            task = asyncio.create_task(ask(time.monotonic()))
            asked.add(task)
            task.add_done_callback(asked.discard)
            due += interval
            await asyncio.sleep(max(0, due - time.monotonic()))
        if asked:
            await asyncio.wait(asked, timeout=patience + 1)

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(go())
    pipe.send(results)


class Prometheus:
    """A real one beside the client, which scrapes all machines each second."""

    def __init__(self, place):
        self.place = place / "prometheus"

    def __enter__(self):
        self.place.mkdir()
        targets = ", ".join(f"'192.168.4.13{number}:9405'" for number in (1, 2, 3))
        file = self.place / "prometheus.yml"
        file.write_text("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: hapx\n"
                        f"    static_configs: [{{targets: [{targets}]}}]\n")
        self.log = open(self.place / "log", "w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={self.place}/data",
             "--web.listen-address=127.0.0.1:9090"], stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.place)

    def query(self, expression):
        """The series that the expression selects now: a list of (labels, value)."""
        words = urllib.parse.urlencode({"query": expression})
        try:
            page = f"http://127.0.0.1:9090/api/v1/query?{words}"
            with urllib.request.urlopen(page, timeout=5) as answer:
                found = json.load(answer)
        except (OSError, ValueError):
            return []  # it is still starting
        return [(each["metric"], float(each["value"][1])) for each in found["data"]["result"]]


class Client:
    """Asks through the virtual address for as long as the `with` block lasts."""

    def __init__(self, interval=0.005, patience=0.1):
        self.here, there = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=_ask_on_and_on,
                                               args=(interval, patience, there), daemon=True)
        self.results = []

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *_):
        self.here.send("enough")
        self.results = sorted(self.here.recv())
        self.process.join()

    def failed(self):
        return [result for result in self.results if result[2] != "ok"]

    def outage(self):
        """The longest time between the starts of two successive successful requests, in seconds."""
        good = [began for began, _, outcome in self.results if outcome == "ok"]
        return max((later - earlier for earlier, later in zip(good, good[1:])), default=None)

    def slowest(self):
        return max((took for _, took, outcome in self.results if outcome == "ok"), default=None)


def served():
    """Whether one request through the address is answered now."""
    try:
        with socket.create_connection((VIP, 6443), timeout=0.5) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(100).endswith(b"ok")
    except OSError:
        return False


def served_as_to_kubectl():
    """Whether a request through the address is answered now, as kubectl would make it."""
    try:
        with socket.create_connection((VIP, 6443), timeout=2) as plain:
            with ssl._create_unverified_context().wrap_socket(
                    plain, do_handshake_on_connect=False) as connection:
                connection.do_handshake()
                connection.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(100)
    except OSError:
        return False
