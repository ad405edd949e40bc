# SPDX-License-Identifier: Apache-2.0
"""Can the cluster of the package be drilled, from a machine beside it?

Three machines of the shipped user-data, hapxd under systemd, with kube-apiservers that speak TLS as
real ones do, for a drill's client asks as a kubectl would. What is drilled, and by which program,
is the package's own.
"""

import contextlib
import json
import pathlib
import stat
import subprocess
import threading
import unittest

import stage
from machines import APISERVERS, NODES, Machine, Prometheus, holder, run, say, seed, wait_for
from stage import KEY, figure

PORTS = (7011, 7012, 7013)
HERE = pathlib.Path(__file__).resolve().parents[2]

# By which command a machine is reached: its first process may be another one after a boot.
REACH = """#!/bin/sh
outer=$(cat "$0-$1") || exit 255
shift
for child in $(cat "/proc/$outer/task/$outer/children"); do
  [ "$(cat "/proc/$child/comm")" = systemd ] || continue
  exec nsenter --target "$child" --all -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
done
echo "that machine does not run" >&2
exit 255
"""


def start_apiservers_with_tls(folder):
    """HAProxy answers for them: two clients that ask 200 times a second each are more than a server
    in Python bears, and one that is behind after an outage never catches up."""
    both, key = folder / "apiserver.pem", folder / "apiserver.pem.key"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=kube-apiserver", "-keyout", key, "-out", both)
    config = folder / "apiservers.cfg"
    binds = "".join(f"  bind {APISERVERS}:{port} ssl crt {both}\n" for port in PORTS)
    config.write_text("defaults\n  mode http\n  timeout client 5s\nfrontend apiservers\n" + binds +
                      "  http-request return status 200 content-type text/plain string ok\n")
    return subprocess.Popen(["haproxy", "-db", "-q", "-f", config])


def end(process):
    process.terminate()
    process.wait()


# Of a machine, before it begins to boot. A container would begin at once, on the same processor as
# the apiservers, and a client would be late for no fault of the cluster's.
FIRMWARE_S = 4


# What ssh is on other machines: an agent of a drill for whoever comes, run by root ...
AGENT_SOCKET = """[Socket]
ListenStream=7777
Accept=yes
"""
AGENT = """[Service]
ExecStart=/usr/bin/hapx drill agent
StandardInput=socket
"""
# ... and how one comes there.
COME = """#!/usr/bin/python3
import os, socket, sys, threading
there = socket.create_connection((sys.argv[1], 7777))
def send():
    while words := os.read(0, 65536):
        there.sendall(words)
    there.shutdown(socket.SHUT_WR)
threading.Thread(target=send, daemon=True).start()
while words := there.recv(65536):
    os.write(1, words)
"""


class PowerComesBack:
    """A container that has ended is booted again, as a machine boots whose power comes back."""

    def __init__(self, machine, reach):
        self.machine = machine
        self.reach = reach
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.enough.wait(0.2):
            if self.machine.process.poll() is not None and not self.enough.wait(FIRMWARE_S):
                say(f"{self.machine.name} has ended, and boots again")
                self.machine.boot()
                write_down(self.machine, self.reach)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.enough.set()
        self.thread.join()


PLAN = """apiVersion: hapx.dev/v1alpha1
kind: DrillPlan
metadata: {name: weekly}
spec:
  faults: [hand-over, daemon-kill]
"""


def write_into(machine, path, text):
    subprocess.run(["nsenter", "--target", str(machine.init), "--all", "--", "sh", "-c",
                    f"mkdir -p $(dirname {path}) && cat > {path}"],
                   input=text, text=True, check=True)


def write_down(machine, reach):
    """For REACH."""
    pathlib.Path(f"{reach}-{machine.name}").write_text(str(machine.process.pid))


class Drilled(unittest.TestCase):
    """Each test leaves a cluster that serves."""

    @classmethod
    def setUpClass(cls):
        say("booting three machines to be drilled")
        apiservers = start_apiservers_with_tls(stage.folder.path)
        cls.addClassCleanup(end, apiservers)

        def watched_with_tls(text):
            spec = "      spec:\n"
            text = text.replace(spec, spec + "        metrics: {listen: 0.0.0.0:9405}\n")
            for port in PORTS:
                text = text.replace(str(port - 10), str(port))
            return text

        cls.machines = [Machine(node, stage.root,
                                seed(stage.folder, node, key=KEY, edit=watched_with_tls),
                                stage.folder)
                        for node in NODES]
        cls.reach = stage.folder.path / "reach"
        cls.reach.write_text(REACH)
        cls.reach.chmod(stat.S_IRWXU)
        for machine in cls.machines:
            cls.addClassCleanup(machine.end)
            machine.boot()
            write_down(machine, cls.reach)
        wait_for(cls.all_well, "a healthy cluster")
        cls.prometheus = Prometheus(stage.folder.path)
        cls.prometheus.__enter__()
        cls.addClassCleanup(cls.prometheus.__exit__)
        cls.config = stage.folder.path / "drilled.yaml"
        cls.config.write_text(cls.machines[0].run("cat", "/etc/hapx/hapx.yaml").stdout)

    @classmethod
    def all_well(cls):
        answers = [machine.status() for machine in cls.machines]
        return all(answer and answer["quorate"] and not answer["degraded"] for answer in answers)

    def drill(self, *words, code=0):
        """The report; `code` is how it must end."""
        done = run(f"{stage.root}/usr/bin/hapx", "-o", "json", "drill", "run", "--config",
                   self.config, "--reach", f"{self.reach} {{node}} hapx", "--state-dir",
                   stage.folder.path / "none", *words, check=False, timeout=600)
        self.assertEqual(done.returncode, code, done.stdout)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        return json.loads(lines[-1]) if lines else done.stdout

    def remembered(self):
        """The faults of the last drill, as each machine has them."""
        return [[row["fault"] for row in (machine.status()["drill"] or {}).get("summary", [])]
                for machine in self.machines]

    def test_1_the_default_plan_passes(self):
        say("drilling them by the default plan")
        report = self.drill()
        for row in report["summary"]:
            figure(f"drill, {row['fault']}: outage", f"{row['outageMaxMs']:.1f} ms")
        faults = [row["fault"] for row in report["summary"]]
        self.assertEqual(len(faults), 5)
        self.assertEqual(self.remembered(), [faults] * 3)

    def test_2_power_is_not_taken_unasked(self):
        said = self.drill("--fault", "power-loss", code=1)
        self.assertIn("say --destructive", said)
        self.assertTrue(self.all_well())

    def test_2_a_node_drills_its_cluster_by_a_timer(self):
        for machine in self.machines:
            write_into(machine, "/run/systemd/system/agent.socket", AGENT_SOCKET)
            write_into(machine, "/run/systemd/system/agent@.service", AGENT)
            machine.run("systemctl", "daemon-reload")
            machine.run("systemctl", "start", "agent.socket")
        here = wait_for(lambda: holder(self.machines), "a holder")
        self.assertEqual(here.unit("hapx-drill.timer", "UnitFileState"), "disabled")
        # There is no gateway here, and the address is in another network than the nodes.
        here.run("ip", "route", "add", "192.168.4.0/27", "dev", "host0", "metric", "1000")
        write_into(here, "/usr/local/bin/come", COME)
        here.run("chmod", "755", "/usr/local/bin/come")
        write_into(here, "/run/systemd/system/hapx-drill.service.d/reach.conf",
                   '[Service]\nEnvironment="REACH=/usr/local/bin/come {address}"\n')
        write_into(here, "/etc/hapx/drill.yaml", PLAN)
        here.run("systemctl", "daemon-reload")
        say("a drill by its timer, on a node, by a user without rights")
        # The timer itself: at once instead of on Sunday.
        write_into(here, "/run/systemd/system/hapx-drill.timer.d/now.conf",
                   "[Timer]\nOnCalendar=\nOnActiveSec=1s\nRandomizedDelaySec=0\n")
        here.run("systemctl", "daemon-reload")
        here.run("systemctl", "start", "hapx-drill.timer")
        wait_for(lambda: self.remembered() == [["hand-over", "daemon-kill"]] * 3,
                 "all to remember the drill")
        wait_for(lambda: here.unit("hapx-drill.service") == "inactive", "its end")
        self.assertEqual(here.unit("hapx-drill.service", "Result"), "success")
        owner = here.run("stat", "-c", "%U", "/var/lib/hapx-drill/last.html").stdout.strip()
        self.assertEqual(owner, "hapx-drill")
        self.assertIn("weekly", here.run("hapx", "drill", "history", "--state-dir",
                                         "/var/lib/hapx-drill").stdout)
        here.run("systemctl", "stop", "hapx-drill.timer")
        here.run("ip", "route", "del", "192.168.4.0/27", "dev", "host0", "metric", "1000")
        wait_for(self.all_well, "a healthy cluster")

    def test_3_what_systemd_has_to_mend_passes(self):
        before = [machine.run("systemctl", "show", "--value", "-p", "MainPID", "hapxd").stdout
                  for machine in self.machines]
        say("killing hapxd with its keeper, and more of what a cluster must bear")
        report = self.drill("--destructive", "--from", f"{stage.root}/usr/bin/hapx",
                            "--fault", "daemon-kill-with-keeper", "--fault", "config-refused",
                            "--fault", "disk-full", "--fault", "link-down")
        for row in report["summary"]:
            figure(f"drill, {row['fault']}: outage", f"{row['outageMaxMs']:.1f} ms")
        for each in report["runs"]:
            self.assertEqual([one["trouble"] for one in each["elsewhere"]], [""])
        after = [machine.run("systemctl", "show", "--value", "-p", "MainPID", "hapxd").stdout
                 for machine in self.machines]
        self.assertEqual(sum(one != other for one, other in zip(before, after)), 1)
        for machine in self.machines:
            active = machine.run("systemctl", "is-active", "hapxd").stdout.strip()
            self.assertEqual(active, "active")
            self.assertNotIn("hapx-drill", machine.run("cat", "/proc/mounts").stdout)

    def test_4_power_is_taken_and_comes_back(self):
        before = wait_for(lambda: holder(self.machines), "a holder")
        first = before.run("stat", "-c", "%Z", "/proc/1").stdout
        say("taking the holder's power by a drill")
        with PowerComesBack(before, self.reach):
            report = self.drill("--destructive", "--fault", "power-loss")
        figure("drill, power-loss: outage", f"{report['summary'][0]['outageMaxMs']:.1f} ms")
        before.init = before._find_init()
        self.assertNotEqual(before.run("stat", "-c", "%Z", "/proc/1").stdout, first,
                            "it has not booted again")
        self.assertEqual(report["runs"][0]["struck"], before.name)
        self.assertNotEqual(report["runs"][0]["holder"], before.name)
        self.assertEqual(self.remembered(), [["power-loss"]] * 3)

    def test_5_who_does_not_hold_may_lose_its_power(self):
        """No client notices, whichever of the two it is."""
        for fault in ("peer-loss", "coordinator-kill"):
            wait_for(self.all_well, "a healthy cluster")
            say(f"{fault} by a drill")
            with contextlib.ExitStack() as powers:
                for machine in self.machines:
                    powers.enter_context(PowerComesBack(machine, self.reach))
                report = self.drill("--destructive", "--fault", fault)
            figure(f"drill, {fault}: outage", f"{report['summary'][0]['outageMaxMs']:.1f} ms")
            for machine in self.machines:
                machine.init = machine._find_init()

    def test_6_the_dashboard_has_seen_it_all(self):
        """Each of its questions has an answer, from a Prometheus that looked on at the drills."""
        dashboard = json.loads((HERE / "images" / "grafana" / "hapx.json").read_text())
        questions = [(panel["title"], target["expr"]) for panel in dashboard["panels"]
                     for target in panel.get("targets", [])]
        self.assertGreater(len(questions), 20)
        for title, question in questions:
            for name, value in (("$job", ".*"), ("$cluster", ".*"), ("$__rate_interval", "1m")):
                question = question.replace(name, value)
            answers = wait_for(lambda: self.prometheus.query(question), f"{title}: {question}")
            figure(f"dashboard, {title}", f"{len(answers)} series")
