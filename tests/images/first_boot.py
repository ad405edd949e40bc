# SPDX-License-Identifier: Apache-2.0
"""Is a machine a node when it has booted for the first time, and does it say why if it can't be?

Machines of an image with hapx-cloud-init in it, and seeds as `hapx cloud-init render` writes them
or as somebody writes them by hand.
"""

import functools
import time
import unittest

import drilled
import machines
import stage
import yaml
from machines import APISERVERS, NODES, VIP, Client, Machine, holder, run, say, served, wait_for
from stage import KEY, figure, milliseconds

CLUSTER = f"""apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {{name: kube-demo}}
spec:
  nodes:
    - {{name: {NODES[0]}, address: 192.168.4.131}}
    - {{name: {NODES[1]}, address: 192.168.4.132}}
    - {{name: {NODES[2]}, address: 192.168.4.133, role: witness}}
  services:
    - name: kube-apiserver
      vips: [{{address: {VIP}/27, interface: host0}}]
      apiServers: ['{APISERVERS}:7001', '{APISERVERS}:7002']
      healthCheck: {{mode: tcp}}
"""
ALONE = CLUSTER.replace(f"    - {{name: {NODES[1]}, address: 192.168.4.132}}\n", "").replace(
    f"    - {{name: {NODES[2]}, address: 192.168.4.133, role: witness}}\n", "")
REFUSED = "/run/hapx-cloud-init/hapx.yaml"


@functools.cache
def root_with(*names):
    return machines.installed_root(stage.folder, *map(stage.package_of, names))


def section(config, key=KEY):
    """user-data with a section `hapx:`."""
    inside = {"config": config} if key is None else {"key": key, "config": config}
    return "#cloud-config\n" + yaml.safe_dump({"hapx": inside}, sort_keys=False)


def rendered(folder):
    """The seeds of CLUSTER, by the package's own program."""
    (folder / "hapx.yaml").write_text(CLUSTER)
    (folder / "cluster.key").write_text(KEY + "\n")
    (folder / "cluster.key").chmod(0o400)
    (folder / "more.yaml").write_text("#cloud-config\ntimezone: Europe/Berlin\n")
    run(root_with("hapx", "hapx-cloud-init") / "usr/bin/hapx", "cloud-init", "render", "--no-iso",
        "--config", folder / "hapx.yaml", "--key", folder / "cluster.key", "--out", folder,
        "--interface", "host0", "--network", "192.168.4.128/27", "--with", folder / "more.yaml")
    return {node: folder / node for node in NODES}


class Provisioned(unittest.TestCase):
    """Two nodes and a witness. Their user-data says the same in three ways."""

    def test_serves_with_seeds_alone_and_survives_a_power_cut(self):
        folder = stage.folder.path / "seeds"
        folder.mkdir()
        seeds = rendered(folder)
        (seeds[NODES[1]] / "user-data").unlink()
        (seeds[NODES[1]] / "user-data").write_text(section(yaml.safe_load(CLUSTER)))
        (seeds[NODES[2]] / "user-data").unlink()
        (seeds[NODES[2]] / "user-data").write_text(section(CLUSTER))
        full, witness = root_with("hapx", "hapx-cloud-init"), root_with("hapx-witness",
                                                                        "hapx-cloud-init")
        say("booting two nodes and a witness")
        cluster = [Machine(node, witness if node == NODES[2] else full, seeds[node], stage.folder)
                   for node in NODES]
        began = time.monotonic()
        for machine in cluster:
            self.addCleanup(machine.end)
            machine.boot()
        wait_for(served, "the first answer")
        figure("provisioned by cloud-init alone: boot to the first answer",
               f"{time.monotonic() - began:.2f} s")
        wait_for(lambda: all(answer and answer["quorate"] and not answer["degraded"]
                             for answer in (one.status() for one in cluster)), "a healthy cluster")
        for machine in cluster:
            self.assert_well(machine)
        self.assertEqual(cluster[0].run("date", "+%Z").stdout.strip(), "CET", "of --with")
        self.assert_votes_only(cluster[2])

        here = wait_for(lambda: holder(cluster[:2]), "a holder")
        with Client() as client:
            time.sleep(0.5)
            here.cut_power()
            time.sleep(1.5)
        figure("provisioned by cloud-init alone, power cut: outage",
               milliseconds(client.outage()))
        self.assertTrue(served())

    def assert_well(self, machine):
        told = machine.run("cloud-init", "status", "--wait", "--long", check=False).stdout
        self.assertNotIn("hapx", told, "it tells of what went wrong")
        written = machine.run("stat", "-c", "%n %U %a", "/etc/hapx/cluster.key",
                              "/etc/hapx/hapx.yaml").stdout.split("\n")
        self.assertEqual(written[:2], ["/etc/hapx/cluster.key root 400",
                                       "/etc/hapx/hapx.yaml root 644"])
        self.assertEqual(machine.run("ls", "/etc/hapx").stdout.split(), ["cluster.key",
                                                                        "hapx.yaml"])
        machine.run("test", "!", "-e", "/run/hapx-cloud-init")
        logs = machine.run("sh", "-c", "cat /var/log/cloud-init*.log; journalctl --no-pager").stdout
        self.assertNotIn(KEY.split(":")[1][:16], logs)

    def assert_votes_only(self, machine):
        self.assertFalse(machine.holds())
        self.assertEqual(machine.unit("hapxd.service"), "active", "its other name")
        self.assertEqual(machine.unit("hapx-witness.service"), "active")
        wait_for(lambda: machine.pid_of("haproxy-keeper") is None, "no keeper of a HAProxy")
        for name in ("hapx-keeper", "hapxd"):
            status = machine.run("cat", f"/proc/{machine.pid_of(name)}/status").stdout
            self.assertIn("CapEff:\t0000000000000000\n", status, "it has no right")
            self.assertIn("CapBnd:\t0000000000000000\n", status)
        daemon = machine.pid_of("hapxd")
        machine.run("sed", "-i", "s/^spec:/spec:\\n  scheduling: {failureTimeout: 5m}/",
                    "/etc/hapx/hapx.yaml")
        wait_for(lambda: machine.pid_of("hapxd") not in (None, daemon) and machine.runs_its_file(),
                 "the changed file, which is taken by itself here, too")
        machine.run("sed", "-i", "/failureTimeout: 5m/d", "/etc/hapx/hapx.yaml")
        wait_for(machine.runs_its_file, "the file as it was")
        wait_for(lambda: not (machine.status() or {"degraded": True})["degraded"], "health")


class Imported(unittest.TestCase):
    """What the tutorial's readers have today: two nodes that go on alone, and a third vote."""

    def test_what_pacemaker_was_told_is_served(self):
        tutorial = machines.TREE / "tests/unit/appliance/imports/tutorial"
        folder = stage.folder.path / "imported"
        folder.mkdir()
        for name in ("corosync.conf", "cib.crm", "haproxy.cfg"):
            text = (tutorial / name).read_text().replace("enp0s3.41", "host0")
            for number, port in enumerate(drilled.PORTS, 1):
                text = text.replace(f"kube-mast0{number}:6443", f"{APISERVERS}:{port}")
            (folder / name).write_text(text)
        program = root_with("hapx", "hapx-cloud-init") / "usr/bin/hapx"
        run(program, "import", folder / "corosync.conf", folder / "cib.crm", folder / "haproxy.cfg",
            "--node", f"{NODES[0]}=192.168.4.131", "--node", f"{NODES[1]}=192.168.4.132",
            "--witness", f"{NODES[2]}=192.168.4.133", "--out", folder / "hapx.yaml")
        run(program, "cloud-init", "render", "--no-iso", "--config", folder / "hapx.yaml", "--out",
            folder, "--interface", "host0", "--network", "192.168.4.128/27")
        apiservers = drilled.start_apiservers_with_tls(stage.folder.path)
        self.addCleanup(drilled.end, apiservers)
        say("booting what `hapx import` made of the tutorial")
        cluster = [Machine(node, root_with("hapx", "hapx-cloud-init"), folder / node, stage.folder)
                   for node in NODES]
        began = time.monotonic()
        for machine in cluster:
            self.addCleanup(machine.end)
            machine.boot()
        wait_for(machines.served_as_to_kubectl, "the first answer")
        figure("imported from the tutorial: boot to the first answer",
               f"{time.monotonic() - began:.2f} s")
        wait_for(lambda: holder(cluster[:2]), "one holder of the two").cut_power()
        wait_for(machines.served_as_to_kubectl, "an answer of the other one")


class Wrong(unittest.TestCase):
    """What can't be a node says so in cloud-init's status and on the console, and is one when it is
    given what it lacks."""

    def boot(self, user_data, name=NODES[0], network=True, more=()):
        place = stage.folder.path / f"seed-{time.monotonic_ns()}"
        place.mkdir()
        (place / "user-data").write_text(user_data)
        (place / "meta-data").write_text(f"instance-id: one\nlocal-hostname: {name}\n")
        address = "addresses: [192.168.4.131/27]" if network else "optional: true"
        (place / "network-config").write_text(
            "version: 2\nethernets:\n  host0: {dhcp4: false, dhcp6: false, accept-ra: false, "
            f"{address}}}\n")
        machine = Machine(name, root_with("hapx", "hapx-cloud-init"), place, stage.folder, None,
                          more)
        self.addCleanup(machine.end)
        machine.boot()
        wait_for(lambda: machine.unit("multi-user.target") == "active", "the end of the boot")
        self.machine = machine

    def assert_says(self, *words):
        told = self.machine.run("cloud-init", "status", "--wait", "--long", check=False).stdout
        self.assertRegex(told, r"status: (error|degraded)")
        console = " ".join(self.machine.console.split())
        for word in words:
            self.assertIn(word, told)
            self.assertIn(word, console)
        self.assertEqual(self.machine.unit("hapxd.service"), "inactive")

    def put(self, path, text, mode):
        machines.subprocess.run(
            ["nsenter", "--target", str(self.machine.init), "--all", "--", "sh", "-c",
             f"umask 077; cat > {path}.x && chmod {mode} {path}.x && mv {path}.x {path}"],
            input=text, text=True, check=True)

    def again(self):
        """What an operator does after putting right what was missing."""
        self.machine.run("cloud-init", "single", "--name", "hapx", "--frequency", "always")

    def test_without_a_section_and_a_file(self):
        self.boot("#cloud-config\n{}\n")
        self.assert_says("this machine is no node: its user-data has no section `hapx:`")
        self.put("/etc/hapx/cluster.key", KEY + "\n", "0400")
        self.put("/etc/hapx/hapx.yaml", ALONE, "0644")
        wait_for(served, "service after both files were put there by hand")

    def test_with_user_data_that_is_no_yaml(self):
        self.boot(section(ALONE).replace("hapx:", "hapx: ["))
        self.assert_says("its user-data has no section `hapx:` (or can't be read")

    def test_without_a_key(self):
        self.boot(section(ALONE, key=None))
        self.assert_says("/etc/hapx/cluster.key", "hapx keygen")
        self.assertEqual(self.machine.run("ls", "/etc/hapx").stdout, "")
        self.put("/etc/hapx/cluster.key", KEY + "\n", "0400")
        self.again()
        wait_for(served, "service after the key was put there")

    def test_with_a_placeholder_for_a_key(self):
        self.boot(section(ALONE, key="hapx-key-v1:PUT-YOUR-KEY-HERE"))
        self.assert_says("/run/hapx-cloud-init/cluster.key: ")
        self.assertEqual(self.machine.run("ls", "/etc/hapx").stdout, "")

    def test_with_a_section_that_is_refused(self):
        self.boot(section(ALONE.replace("apiServers:", "apiServer:")))
        self.assert_says(f"{REFUSED}:10:", "did you mean `apiServers`")
        self.assertEqual(self.machine.run("ls", "/etc/hapx").stdout, "")
        refused = self.machine.run("stat", "-c", "%a %n", REFUSED, "/run/hapx-cloud-init").stdout
        self.assertEqual(refused.split()[0::2], ["400", "700"], "root alone may look at it")
        self.machine.run("test", "!", "-e", "/run/hapx-cloud-init/cluster.key")

    def test_with_a_section_of_other_words(self):
        self.boot("#cloud-config\nhapx: {conf: {}}\n")
        self.assert_says("`hapx:` in user-data has no key `conf`; it has `config` and `key`")

    def test_with_a_name_and_an_address_that_are_in_no_file(self):
        self.boot(section(ALONE.replace("192.168.4.131", "192.168.4.140")), name="stranger")
        self.assert_says("this host (`stranger`) is no node of the configuration",
                         f"the nodes of the configuration are {NODES[0]}")

    def test_with_a_disk_that_is_full(self):
        self.boot(section(ALONE), more=["--tmpfs=/etc/hapx:size=4k"])
        self.assert_says("No space left on device")
        self.assertEqual(self.machine.run("ls", "/etc/hapx").stdout, "")
        self.machine.run("mount", "-o", "remount,size=1m", "/etc/hapx")
        self.again()
        wait_for(served, "service when there was room")

    def test_without_a_network(self):
        self.boot(section(ALONE), network=False)
        told = self.machine.run("cloud-init", "status", "--wait", "--long", check=False).stdout
        self.assertNotIn("hapx", told, "its name says which node it is")
        self.assertEqual(self.machine.unit("hapxd.service"), "active")
        self.machine.run("ip", "addr", "add", "192.168.4.131/27", "dev", "host0")
        self.machine.run("ip", "link", "set", "host0", "up")
        wait_for(served, "service when the network came")

    def test_what_an_operator_changes_stays(self):
        self.boot(section(ALONE))
        wait_for(served, "service")
        self.machine.run("sed", "-i", "s/7001/7003/", "/etc/hapx/hapx.yaml")
        self.machine.run("cloud-init", "single", "--name", "hapx", "--frequency", "always")
        self.assertIn(":7003", self.machine.run("cat", "/etc/hapx/hapx.yaml").stdout)
