#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be said of units and cloud-init files without booting anything.

  offline_test.py PATH-OF-HAPX [unittest's words]
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
UNITS = TREE / "images" / "systemd"
CLOUD = TREE / "cloud-init"
EXPOSURE_MAX = 2.0
hapx = None


def output(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)
    return done.returncode, done.stdout


def needs(program):
    return unittest.skipIf(shutil.which(program) is None, f"there is no {program} here")


class Units(unittest.TestCase):
    @needs("systemd-analyze")
    def test_what_speaks_is_hardly_exposed(self):
        for name in ("hapxd.service", "hapx-witness.service", "hapx-haproxy.service",
                     "hapx-changed.service", "hapx-hooks.service", "hapx-drill.service",
                     "hapx-configured.service"):
            _, text = output("systemd-analyze", "security", "--offline=true", UNITS / name)
            found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)
            self.assertIsNotNone(found, text)
            self.assertLessEqual(float(found.group(1)), EXPOSURE_MAX, name + "\n" + text)

    @needs("systemd-analyze")
    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as place:
            # As if installed: the programs are there, the sentences are about the units alone.
            for unit in UNITS.iterdir():
                if unit.suffix in (".service", ".path", ".target", ".timer"):
                    text = re.sub(r"^(Exec\w+=)/\S+", r"\1/bin/true", unit.read_text(), flags=re.M)
                    pathlib.Path(place, unit.name).write_text(text)
            units = sorted(pathlib.Path(place).iterdir())
            status, text = output("systemd-analyze", "verify", "--man=no", *units)
            about_ours = [line for line in text.splitlines() if "hapx" in line]
            self.assertEqual(about_ours, [])

    def test_the_packages_have_every_unit(self):
        def units_of(package):
            text = (TREE / "images" / "deb" / package).read_text()
            return set(re.findall(r"images/systemd/(\S+) +lib/systemd/system\n", text))

        units = {unit.name for unit in UNITS.iterdir()
                 if unit.suffix in (".service", ".path", ".target", ".timer")}
        self.assertEqual(units_of("install"), units - {"hapx-witness.service"})
        self.assertEqual(units_of("hapx-witness.install"), units -
                         {"hapxd.service", "hapx-haproxy.service", "hapx-hooks.service",
                          "hapx-drill.service", "hapx-drill.timer"})

    @needs("journalctl")
    def test_the_journal_explains_every_kind_of_event(self):
        code = (TREE / "config" / "event_kind.hpp").read_text()
        ids = dict(re.findall(r'"(\w+)", EventKind::\w+, "([0-9a-f]{32})"', code))
        self.assertGreater(len(ids), 10)
        self.assertEqual(len(set(ids.values())), len(ids))
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place, "usr/lib/systemd/catalog")
            folder.mkdir(parents=True)
            pathlib.Path(place, "var/lib/systemd/catalog").mkdir(parents=True)
            shutil.copy(UNITS / "hapx.catalog", folder)
            status, text = output("journalctl", f"--root={place}", "--update-catalog")
            self.assertEqual((status, text), (0, ""))
        entries = (UNITS / "hapx.catalog").read_text().split("\n-- ")[1:]
        self.assertEqual({entry[:32] for entry in entries}, set(ids.values()))
        for entry in entries:
            self.assertRegex(entry, r"\nSubject: \w")
            self.assertIn("@MESSAGE@", entry)
            for words in re.findall(r"`hapx ([a-z ]+)`", entry):
                status, text = output(hapx, *words.split(), "--help")
                self.assertEqual(status, 0, text)

    def test_no_change_is_one_too_many(self):
        for name in ("hapx-changing.service", "hapx-changed.service"):
            self.assertIn("\nStartLimitIntervalSec=0\n", (UNITS / name).read_text(), name)

    def test_no_unit_waits_for_what_waits_for_it(self):
        for unit in UNITS.iterdir():
            for line in unit.read_text().splitlines():
                if line.startswith(("After=", "Wants=", "Requires=")):
                    self.assertNotRegex(line, r"cloud-(final|config|init\.target)|online\.target",
                                        unit.name)


class CloudInit(unittest.TestCase):
    clusters = [path for path in sorted(CLOUD.iterdir()) if path.is_dir()]

    @needs("cloud-init")
    def test_user_data_fits_cloud_inits_schema(self):
        for cluster in self.clusters:
            status, text = output("cloud-init", "schema", "--config-file", cluster / "user-data")
            self.assertEqual(status, 0, text)

    @staticmethod
    def file_of(cluster):
        user = yaml.safe_load((cluster / "user-data").read_text())
        if "hapx" in user:
            return yaml.safe_dump(user["hapx"]["config"], sort_keys=False)
        return user["write_files"][1]["content"]

    def test_it_brings_file_and_key_and_does_nothing_else(self):
        for cluster in self.clusters:
            user = yaml.safe_load((cluster / "user-data").read_text())
            if "hapx" in user:
                self.assertEqual((set(user), set(user["hapx"])), ({"hapx"}, {"key", "config"}))
                continue
            self.assertEqual(set(user), {"write_files"}, cluster.name)
            self.assertEqual([(one["path"], one["permissions"]) for one in user["write_files"]],
                             [("/etc/hapx/cluster.key", "0400"), ("/etc/hapx/hapx.yaml", "0644")],
                             "the key first")

    def test_hapx_accepts_its_file(self):
        for cluster in self.clusters:
            with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                file.write(self.file_of(cluster))
                file.flush()
                status, text = output(hapx, "config", "check", file.name)
            self.assertEqual(status, 0, text)

    def test_no_key_is_shipped(self):
        for file in CLOUD.rglob("*"):
            if file.is_file():
                self.assertNotRegex(file.read_text(), r"hapx-key-v1:[0-9a-fA-F]", file.name)

    def test_every_node_of_the_file_has_its_name_and_address(self):
        for cluster in self.clusters:
            spec = yaml.safe_load(self.file_of(cluster))["spec"]
            vip = spec["services"][0]["vips"][0]["interface"]
            for node in spec["nodes"]:
                place = cluster / node["name"]
                meta = yaml.safe_load((place / "meta-data").read_text())
                self.assertEqual(meta["local-hostname"], node["name"])
                network = yaml.safe_load((place / "network-config").read_text())
                cards = {**network["ethernets"], **network.get("vlans", {})}
                addresses = [address.split("/")[0] for card in cards.values()
                             for address in card.get("addresses", [])]
                self.assertEqual(addresses, [node["address"]])
                self.assertEqual(vip in cards, node.get("role") != "witness")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    hapx = sys.argv.pop(1)
    unittest.main(verbosity=2)
