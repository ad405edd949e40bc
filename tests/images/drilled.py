# SPDX-License-Identifier: Apache-2.0
"""Can the cluster of the package be drilled, from a machine beside it?

Three machines of the shipped user-data, hapxd under systemd, with kube-apiservers that speak TLS as
real ones do, for a drill's client asks as a kubectl would. What is drilled, and by which program,
is the package's own.
"""

import asyncio
import json
import multiprocessing
import pathlib
import signal
import ssl
import stat
import threading
import unittest

import stage
from machines import APISERVERS, NODES, Machine, holder, run, say, seed, wait_for
from stage import KEY, figure

PORTS = (7011, 7012, 7013)

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


def _serve_with_tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def answer(reader, writer):
        try:
            if await reader.readline():
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                await writer.drain()
        except OSError:
            pass
        writer.close()

    async def serve():
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # clients that hang up
        for port in PORTS:
            await asyncio.start_server(answer, APISERVERS, port, backlog=1024, ssl=context)
        await asyncio.Event().wait()

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(serve())


def start_apiservers_with_tls(folder):
    certificate, key = folder / "apiserver.pem", folder / "apiserver.key"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=kube-apiserver", "-keyout", key, "-out", certificate)
    process = multiprocessing.Process(target=_serve_with_tls, args=(certificate, key), daemon=True)
    process.start()
    return process


class PowerComesBack:
    """A container that has ended is booted again, as a machine boots whose power comes back."""

    def __init__(self, machine, reach):
        self.machine = machine
        self.reach = reach
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self.enough.wait(0.2):
            if self.machine.process.poll() is not None:
                say(f"{self.machine.name} has ended, and boots again")
                self.machine.boot()
                write_down(self.machine, self.reach)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.enough.set()
        self.thread.join()


def write_down(machine, reach):
    """For REACH."""
    pathlib.Path(f"{reach}-{machine.name}").write_text(str(machine.process.pid))


class Drilled(unittest.TestCase):
    """Each test leaves a cluster that serves."""

    @classmethod
    def setUpClass(cls):
        say("booting three machines to be drilled")
        apiservers = start_apiservers_with_tls(stage.folder.path)
        cls.addClassCleanup(apiservers.terminate)

        def with_tls(text):
            for port in PORTS:
                text = text.replace(str(port - 10), str(port))
            return text

        cls.machines = [Machine(node, stage.root,
                                seed(stage.folder, node, key=KEY, edit=with_tls), stage.folder)
                        for node in NODES]
        cls.reach = stage.folder.path / "reach"
        cls.reach.write_text(REACH)
        cls.reach.chmod(stat.S_IRWXU)
        for machine in cls.machines:
            cls.addClassCleanup(machine.end)
            machine.boot()
            write_down(machine, cls.reach)
        wait_for(cls.all_well, "a healthy cluster")
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

    def test_3_power_is_taken_and_comes_back(self):
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
