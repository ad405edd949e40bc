# SPDX-License-Identifier: Apache-2.0
"""How is a machine driven that needs no peers?"""

import time
import unittest

import machines
import stage
from machines import NODES, VIP, Machine, say, seed, wait_for
from stage import KEY

ALONE = f"""
apiVersion: hapx.dev/v1alpha1
kind: Cluster
metadata: {{name: alone}}
spec:
  nodes:
    - {{name: hapx-node01, address: 192.168.4.131}}
  services:
    - name: kube-apiserver
      vips: [{{address: {VIP}/27, interface: host0}}]
      port: 6443
      apiServers: ['{machines.APISERVERS}:7001']
      healthCheck: {{mode: tcp}}
"""


class OneMachine(unittest.TestCase):
    """Booted once for all tests of a class, without a file."""

    packages = None

    @classmethod
    def setUpClass(cls):
        say("booting a machine without a file")
        nothing = seed(stage.folder, NODES[0], edit=lambda _: "#cloud-config\n{}\n")
        cls.machine = Machine(NODES[0], stage.root, nothing, stage.folder, cls.packages)
        cls.machine.boot()
        cls.addClassCleanup(cls.machine.end)
        wait_for(lambda: cls.machine.unit("multi-user.target") == "active", "the end of the boot")

    def write(self, path, text, mode="0644"):
        file = stage.folder.path / "written"
        file.write_text(text)
        with open(file) as source:
            machines.subprocess.run(
                ["nsenter", "--target", str(self.machine.init), "--all", "--", "/bin/sh", "-c",
                 f"umask 077; cat > {path}.new && chmod {mode} {path}.new && mv {path}.new {path}"],
                stdin=source, check=True)

    def status_text(self):
        return self.machine.run("systemctl", "status", "--no-pager", "--full", "hapxd.service",
                                check=False).stdout

    def configure(self, text=ALONE, key=KEY + "\n", key_mode="0400"):
        self.machine.run("systemctl", "stop", "hapxd.service")
        self.machine.run("rm", "-f", "/etc/hapx/cluster.key")
        if key:
            self.write("/etc/hapx/cluster.key", key, key_mode)
        self.write("/etc/hapx/hapx.yaml", text)

    def start(self):
        return self.machine.run("systemctl", "start", "hapxd.service", check=False)

    def assert_refused(self, *words):
        wait_for(lambda: self.machine.unit("hapxd.service") == "failed", "the unit to fail")
        text = self.status_text()
        for word in words:
            self.assertIn(word, text)
        time.sleep(0.5)  # five times the pause before a restart
        self.assertEqual(self.machine.unit("hapxd.service"), "failed", "it was tried again")
