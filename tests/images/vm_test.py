#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The disk image, as virtual machines boot it: three of them on one segment, given seeds alone.

  vm_test.py IMAGE.qcow2 PATH-OF-HAPX [unittest's words]

Whether it works is shown here. How fast it is, is not: an emulated processor is some twenty times
slower than a real one, so figures are told and nothing is judged by them. (HAPX_IMAGES_KVM=1: with
the help of the real one.)
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

import drilled
import machines
import stage
import yaml
from machines import CLIENT, VIP, Folder, run, say, wait_for
from machines import served_as_to_kubectl as served
from stage import KEY, figure

NODES = ["hapx-node01", "hapx-node02", "hapx-node03"]
INTERFACE = "enp0s16"  # of the virtual card, by the place that it is given below
PATIENCE = 900  # seconds; emulated processors
CLUSTER = f"""apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {{name: kube-vm}}
spec:
  timing: {{profile: cloud}}
  metrics: {{listen: 0.0.0.0:9405}}
  nodes:
    - {{name: {NODES[0]}, address: 192.168.4.11}}
    - {{name: {NODES[1]}, address: 192.168.4.12}}
    - {{name: {NODES[2]}, address: 192.168.4.13}}
  services:
    - name: kube-apiserver
      vips: [{{address: {VIP}/27, interface: {INTERFACE}}}]
      apiServers: [{", ".join(f"'{machines.APISERVERS}:{port}'" for port in drilled.PORTS)}]
      # An emulated processor takes longer for a handshake than a check may take.
      healthCheck: {{mode: tcp, interval: 2s}}
"""
# What a drill comes to, for there is no ssh in the image.
AGENT = {"write_files": [
    {"path": "/etc/systemd/system/agent.socket", "content": drilled.AGENT_SOCKET},
    {"path": "/etc/systemd/system/agent@.service", "content": drilled.AGENT}],
    "runcmd": [["systemctl", "start", "agent.socket"]]}
image = None
hapx = None


class VirtualMachine:
    def __init__(self, name, number, folder, firmware=()):
        self.name = name
        self.number = number
        self.disk = folder / f"{name}.qcow2"
        self.log = folder / f"{name}.console"
        self.seed = folder / f"{name}.iso"
        self.firmware = list(firmware)
        self.process = None
        run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", "qcow2", self.disk)
        run("ip", "tuntap", "add", f"tap{number}", "mode", "tap")
        run("ip", "link", "set", f"tap{number}", "master", "br0", "up")

    def boot(self):
        # Not tried unasked: where a machine is itself virtual, its /dev/kvm may be half of one.
        accelerated = bool(os.environ.get("HAPX_IMAGES_KVM"))
        words = ["qemu-system-x86_64", "-machine", "q35", "-m", "512", "-smp", "1",
                 "-accel", "kvm" if accelerated else "tcg,thread=multi",
                 "-cpu", "host" if accelerated else "max",
                 "-display", "none", "-serial", f"file:{self.log}", "-monitor", "none",
                 "-drive", f"file={self.disk},if=virtio,format=qcow2",
                 "-drive", f"file={self.seed},if=virtio,format=raw,readonly=on",
                 "-netdev", f"tap,id=net,ifname=tap{self.number},script=no,downscript=no",
                 "-device", "virtio-net-pci,netdev=net,addr=0x10,"
                 f"mac=52:54:00:00:04:1{self.number}",
                 "-device", "virtio-rng-pci", *self.firmware]
        self.log.unlink(missing_ok=True)
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)

    @property
    def console(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def cut_power(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def end(self):
        if self.process:
            self.cut_power()
        run("ip", "link", "del", f"tap{self.number}")


def is_open(address, port):
    try:
        socket.create_connection((address, port), timeout=2).close()
        return True
    except OSError:
        return False


def metric(number, name):
    """What hapxd says of itself; None while nobody answers."""
    try:
        page = f"http://192.168.4.1{number}:9405/metrics"
        with urllib.request.urlopen(page, timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith(name + " ")), None)


class Probe:
    """`hapx probe` for as long as the `with` block lasts."""

    def __enter__(self):
        self.process = subprocess.Popen([hapx, "-o", "json", "probe", VIP], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.seen = json.loads(self.process.communicate()[0].splitlines()[-1])["summary"]


def who_answers():
    """The hardware address that answers for the VIP now, or None."""
    run("ip", "neigh", "flush", "to", VIP, check=False)
    served()
    words = run("ip", "neigh", "show", VIP).stdout.split()
    return words[words.index("lladdr") + 1] if "lladdr" in words else None


class ThreeMachines(unittest.TestCase):
    def setUp(self):
        self.folder = stage.folder.path
        (self.folder / "hapx.yaml").write_text(CLUSTER)
        key = self.folder / "cluster.key"
        key.unlink(missing_ok=True)
        key.write_text(KEY + "\n")
        key.chmod(0o400)
        run(hapx, "cloud-init", "render", "--config", self.folder / "hapx.yaml", "--key", key,
            "--out", self.folder, "--gateway", CLIENT)

    def with_agents(self):
        """The same in a section, beside files that are a test's."""
        section = {"hapx": {"key": KEY, "config": CLUSTER}}
        text = "#cloud-config\n" + yaml.safe_dump({**section, **AGENT}, sort_keys=False)
        for node in NODES:
            (self.folder / node / "user-data").unlink()
            (self.folder / node / "user-data").write_text(text)
        run(hapx, "cloud-init", "iso", *(self.folder / node for node in NODES))

    def drill(self):
        """By the default plan, from beside."""
        for number in (1, 2, 3):
            wait_for(lambda number=number: is_open(f"192.168.4.1{number}", 7777),
                     "cloud-init's last stage, which has the agents begin", PATIENCE)
        come = self.folder / "come"
        come.write_text(drilled.COME)
        come.chmod(0o755)
        def drilled_once():
            done = run(hapx, "-o", "json", "drill", "run", "--config", self.folder / "hapx.yaml",
                       "--reach", f"{come} {{address}}", "--state-dir", self.folder / "none",
                       check=False, timeout=PATIENCE)
            # Machines that have just booted are still busy with that.
            return None if "nothing is drilled while" in done.stdout else done

        done = wait_for(drilled_once, "a cluster that may be drilled", PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout)
        report = json.loads(done.stdout.splitlines()[-1])
        for row in report["summary"]:
            figure(f"virtual machines, drill, {row['fault']}: outage",
                   f"{row['outageMaxMs']:.0f} ms")
        self.assertEqual(len(report["summary"]), 5)

    def machine(self, number, firmware=()):
        made = VirtualMachine(NODES[number - 1], number, stage.folder.path, firmware)
        self.addCleanup(made.end)
        return made

    def test_serve_by_their_seeds_alone_and_go_on_without_one(self):
        self.with_agents()
        cluster = [self.machine(number) for number in (1, 2, 3)]
        say("booting three virtual machines (a minute or two)")
        began = time.monotonic()
        for machine in cluster:
            machine.boot()
        try:
            wait_for(served, "the first answer", PATIENCE)
        except AssertionError:
            for machine in cluster:
                say(f"{machine.name} said last:\n{machine.console[-3000:]}")
            raise
        figure("three virtual machines: power to the first answer",
               f"{time.monotonic() - began:.0f} s")
        for machine in cluster:
            wait_for(lambda machine=machine: "login:" in machine.console,
                     f"the end of the boot of {machine.name}", PATIENCE)
            self.assertNotIn("this machine is no node", machine.console)
        figure("three virtual machines: power to all at their login prompt",
               f"{time.monotonic() - began:.0f} s")
        wait_for(lambda: all(metric(number, "hapx_degraded_reasons") == 0 for number in (1, 2, 3)),
                 "machines that have nothing to say, as of a kernel that refuses the fence",
                 PATIENCE)
        say("drilling them")
        self.drill()
        mac = wait_for(who_answers, "an answer to ARP", PATIENCE)
        holder = next(one for one in cluster if mac.endswith(f":1{one.number}"))
        with Probe() as probe:
            time.sleep(2)
            say(f"cutting the power of {holder.name}")
            holder.cut_power()
            wait_for(lambda: who_answers() not in (None, mac) and served(), "another holder",
                     PATIENCE)
            time.sleep(2)
        figure("virtual machines (lease 2 s, emulated), power cut: outage",
               f"{probe.seen['outageMs']:.0f} ms")
        holder.boot()
        say(f"{holder.name} boots again")
        wait_for(lambda: "login:" in holder.console, "its login prompt", PATIENCE)
        self.assertTrue(served())

    def test_boots_with_uefi(self):
        firmware = pathlib.Path("/usr/share/OVMF/OVMF_CODE.fd")
        if not firmware.exists():
            self.skipTest("there is no OVMF here")
        alone = self.machine(1, ["-drive",
                                 f"if=pflash,format=raw,unit=0,readonly=on,file={firmware}"])
        say("booting one with UEFI")
        alone.boot()
        wait_for(lambda: "login:" in alone.console, "its login prompt", PATIENCE)


def missing():
    if os.geteuid() != 0:
        return "virtual machines on a segment of their own need root"
    for program in ("qemu-system-x86_64", "qemu-img", "xorriso", "haproxy", "openssl"):
        if shutil.which(program) is None:
            return f"there is no {program} (./deps.sh --long)"
    return None


def main():
    global image, hapx
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if missing():
        print(f"SKIPPED: {missing()}")
        sys.exit(77)
    image = pathlib.Path(sys.argv.pop(1)).resolve()
    hapx = pathlib.Path(sys.argv.pop(1)).resolve()
    machines.in_own_world(has_root=False)
    stage.folder = Folder()
    status = 1
    apiservers = drilled.start_apiservers_with_tls(stage.folder.path)
    try:
        figure("image", f"{image.name}, {image.stat().st_size / 1e6:.0f} MB")
        status = 0 if unittest.main(exit=False, verbosity=2).result.wasSuccessful() else 1
    except KeyboardInterrupt:
        say("interrupted")
        status = 130
    finally:
        drilled.end(apiservers)
        stage.folder.remove()
    print("\n== figures")
    for what, value in stage.figures:
        print(f"{what:<58} {value}")
    sys.stdout.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
