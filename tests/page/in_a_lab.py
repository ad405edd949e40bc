# SPDX-License-Identifier: Apache-2.0
"""How does a test look at a lab from inside of its client?

The test is started outside: it makes a lab and starts itself once more in the namespace of the
lab's client, where browsers and a Prometheus are, too. Only the network is another one there.
"""

import contextlib
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

PATIENCE = 60  # seconds; a healthy machine needs a hundredth of it
SKIPPED = 77


class Lab:
    def __init__(self, programs, name):
        self.hapx = Path(programs) / "hapx"
        self.name = name

    def on(self, node, *command):
        done = subprocess.run([self.hapx, "lab", "exec", "--name", self.name, node, *command],
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{node}: {command}: {done.stderr}")
        return done.stdout

    def ask(self, node, *words):
        return json.loads(self.on(node, self.hapx, "-o", "json", *words))

    def service(self, node="node1"):
        return self.ask(node, "get", "services")[0]

    def holder(self, node="node1"):
        return self.service(node)["holder"]

    def vip(self):
        return self.service()["addresses"][0].split("/")[0]

    def members(self):
        return self.ask("node1", "get", "members")

    def address(self, node):
        return next(member["address"] for member in self.members() if member["name"] == node)

    def namespace(self, node):
        return next(name for name in os.listdir("/run/netns")
                    if name.endswith(f"{self.name}-{node}"))

    def cut_power(self, node):
        """Without a word to anybody, and nothing of it goes on."""
        namespace = self.namespace(node)
        self.on(node, "ip", "link", "set", "eth0", "down")
        pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True,
                              check=True).stdout.split()
        for pid in pids:
            # Who ends with the one before has gone already.
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)


def _begin_inside(file, name, words):
    lab = [Path(words[0]) / "hapx", "lab"]
    subprocess.run([*lab, "up", "--name", name], check=True, timeout=PATIENCE)
    try:
        return subprocess.run([*lab, "exec", "--name", name, "client", sys.executable, "-B",
                               os.path.abspath(file), "--inside", *words],
                              check=False, timeout=10 * PATIENCE).returncode
    finally:
        subprocess.run([*lab, "down", "--name", name], check=True, timeout=PATIENCE)


def main(module, name, missing):
    """For a module whose LAB and SCREENSHOTS are set when its tests begin. `missing`: why they
    can't, or None. Words: FOLDER-OF-PROGRAMS [--screenshots FOLDER] [unittest's words]."""
    words = sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print(module.__doc__)
        sys.exit(0 if words else 2)
    if words[0] != "--inside":
        reason = "only root can make a lab" if os.geteuid() != 0 else missing()
        if reason:
            print(f"{name}: SKIPPED: {reason}")
            sys.exit(SKIPPED)
        sys.exit(_begin_inside(module.__file__, name, words))
    module.LAB = Lab(words[1], name)
    words = words[2:]
    if words[:1] == ["--screenshots"]:
        module.SCREENSHOTS, words = words[1], words[2:]
    unittest.main(module=module, argv=[sys.argv[0], *words])
