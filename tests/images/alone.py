# SPDX-License-Identifier: Apache-2.0
"""What becomes of one machine, from its first boot without a file until the package is purged?"""

import json
import time

import machines
from machines import say, served, wait_for
from one_machine import ALONE, KEY, OneMachine


class Alone(OneMachine):
    """The tests follow each other as their numbers do."""

    def test_1_without_a_file_it_waits_says_so_and_starts_when_the_file_comes(self):
        wait_for(lambda: "hapx: waiting for /etc/hapx/hapx.yaml" in self.machine.console,
                 "the sentence on the console")
        self.assertEqual(self.machine.unit("hapxd.service"), "inactive")
        self.assertIn("ConditionPathExists=/etc/hapx/hapx.yaml was not met", self.status_text())
        self.assertEqual(self.machine.unit("hapx-configured.path"), "active")
        self.write("/etc/hapx/cluster.key", KEY + "\n", "0400")
        self.write("/etc/hapx/hapx.yaml", ALONE)
        wait_for(served, "a node of its own to serve")
        self.assertEqual(self.machine.unit("hapxd.service"), "active")

    def test_2_its_processes_are_two_users_with_few_rights(self):
        self.configure()
        self.start()
        wait_for(served, "service")
        seen = {}
        for name in ("hapx-keeper", "hapxd", "haproxy-keeper", "haproxy"):
            pid = self.machine.pid_of(name)
            self.assertIsNotNone(pid, name)
            status = dict(line.split(":\t", 1) for line in
                          self.machine.run("cat", f"/proc/{pid}/status").stdout.splitlines()
                          if ":\t" in line)
            user = self.machine.run("stat", "-c", "%U", f"/proc/{pid}").stdout.strip()
            policy = self.machine.run("chrt", "-p", pid).stdout
            seen[name] = (user, int(status["CapEff"], 16), "SCHED_RR" in policy)
        rights = 1 << 12 | 1 << 13 | 1 << 39  # NET_ADMIN, NET_RAW, BPF
        self.assertEqual(seen, {"hapx-keeper": ("hapx", rights, True),
                                "hapxd": ("hapx", rights, True),
                                "haproxy-keeper": ("hapx-haproxy", 0, False),
                                "haproxy": ("hapx-haproxy", 0, False)})
        log = self.machine.run("journalctl", "--no-pager", "-u", "hapxd.service").stdout
        self.assertNotIn("no right to SCHED_RR", log)
        # Where we may not raise limits, the machine's systemd can't either.
        if machines.may_raise_limits():
            self.assertNotIn("no right to", log)
        else:
            say("locked memory isn't tried: this machine may not raise RLIMIT_MEMLOCK")
        self.assertEqual(self.machine.status()["services"][0]["fence"], "bpf")

    def test_3_haproxys_user_can_read_neither_key_nor_hapxds_folders(self):
        wait_for(served, "service")
        for path in ("/etc/hapx/cluster.key", "/run/hapx/hapxd.sock", "/var/lib/hapx"):
            read = self.machine.run("setpriv", "--reuid", "hapx-haproxy", "--regid", "hapx-haproxy",
                                    "--clear-groups", "ls", "-l" if "sock" in path else "-a", path,
                                    check=False)
            if path.endswith("key"):
                read = self.machine.run("setpriv", "--reuid", "hapx-haproxy", "--regid",
                                        "hapx-haproxy", "--clear-groups", "cat", path, check=False)
            self.assertNotEqual(read.returncode, 0, path)
        keeper = self.machine.pid_of("haproxy-keeper")
        environment = self.machine.run("cat", f"/proc/{keeper}/environ").stdout
        self.assertNotIn("CREDENTIALS", environment)

    def test_3_the_journal_can_be_asked_for_events_and_explains_them(self):
        wait_for(served, "service")
        asked = ("journalctl", "--no-pager", "-u", "hapxd.service", "HAPX_EVENT=lease")
        lines = [json.loads(line) for line in
                 self.machine.run(*asked, "-o", "json").stdout.splitlines()]
        won = [line for line in lines if line["MESSAGE"].startswith("kube-apiserver: won")]
        self.assertTrue(won, lines)
        self.assertEqual(won[0]["HAPX_SERVICE"], "kube-apiserver")
        self.assertEqual(won[0]["HAPX_PHASE"], "lease-won")
        self.assertEqual(won[0]["SYSLOG_IDENTIFIER"], "hapxd")
        self.assertRegex(won[0]["MESSAGE_ID"], "^[0-9a-f]{32}$")
        self.assertIn("A right to use an address was won", self.machine.run(*asked, "-x").stdout)

    def test_3_operators_in_the_group_may_ask_and_others_may_not(self):
        wait_for(served, "service")
        for group, answer in (("hapx", 0), ("nogroup", 3)):
            asked = self.machine.run("setpriv", "--reuid", "nobody", "--regid", group,
                                     "--clear-groups", "hapx", "status", check=False)
            self.assertEqual(asked.returncode, answer, f"{group}: {asked.stdout}")

    def test_3_hooks_are_told_by_a_user_who_can_do_little(self):
        wait_for(served, "service")
        self.assertEqual(self.machine.unit("hapx-hooks.service", "UnitFileState"), "disabled")
        commands = {"works": ["/bin/sh", "-c", "cat > /tmp/told && test -s /tmp/told"],
                    "key": ["/bin/cat", "/etc/hapx/cluster.key"],
                    "memory": ["/bin/ls", "/var/lib/hapx"],
                    "disk": ["/bin/touch", "/var/cache/here"]}
        hooks = [{"name": name, "events": ["order"], "command": command}
                 for name, command in commands.items()]
        self.write("/etc/hapx/hapx.yaml", ALONE + f"  hooks: {json.dumps(hooks)}\n")
        wait_for(self.machine.runs_its_file, "the file with hooks")
        self.machine.run("systemctl", "enable", "--now", "hapx-hooks.service")

        def said():
            return self.machine.run("journalctl", "--no-pager", "-o", "cat", "-u",
                                    "hapx-hooks.service").stdout

        wait_for(lambda: "4 hooks: works, key, memory, disk" in said(), "hooks")
        self.machine.run("hapx", "maintenance", "on")
        wait_for(lambda: "hook works: order: told\n" in said(), "a hook that is told")
        for name in ("key", "memory", "disk"):
            wait_for(lambda name=name: f"hook {name}: order: " in said(), "the hook " + name)
            line = next(line for line in said().splitlines() if line.startswith(f"hook {name}: "))
            self.assertRegex(line, "ermission denied|Read-only file system", said())
        self.machine.run("hapx", "maintenance", "off")
        self.machine.run("systemctl", "disable", "--now", "hapx-hooks.service")
        self.assertEqual(self.machine.unit("hapx-hooks.service"), "inactive")
        self.write("/etc/hapx/hapx.yaml", ALONE)
        wait_for(self.machine.runs_its_file, "the file without hooks")
        wait_for(served, "service")

    def test_3_a_recording_is_kept_for_hapxd_alone_and_replayed(self):
        wait_for(served, "service")
        self.machine.run("hapx", "recording", "keep")
        listed = json.loads(self.machine.run("hapx", "recording", "list", "-o", "json").stdout)
        file = listed[-1]["file"]
        self.assertEqual(listed[-1]["occasion"], "somebody asked for it")
        said = self.machine.run("stat", "-c", "%a %U", file, "/var/lib/hapx/recordings").stdout
        self.assertEqual(said.split(), ["600", "hapx", "700", "hapx"])
        replayed = json.loads(self.machine.run("hapx", "replay", "-o", "json").stdout)
        self.assertTrue(replayed["equal"], replayed)
        self.assertGreater(replayed["events"], 10)
        why = self.machine.run("hapx", "why", "--at", listed[-1]["until"]).stdout
        self.assertIn("as hapx-node01 saw it at", why)

    def test_4_a_hapxd_that_was_stopped_stays_stopped(self):
        self.machine.run("systemctl", "stop", "hapxd.service")
        self.machine.run("touch", "/etc/hapx/hapx.yaml")
        time.sleep(1)
        self.assertEqual(self.machine.unit("hapxd.service"), "inactive")
        self.assertFalse(self.machine.holds())

    def test_5_a_refused_file_fails_the_unit_with_its_place(self):
        self.configure(ALONE.replace("port: 6443", "prot: 6443"))
        self.start()
        self.assert_refused("/etc/hapx/hapx.yaml:", "prot")
        self.configure()  # put right
        self.start()
        wait_for(served, "service")

    def test_6_a_key_that_others_may_read_is_refused(self):
        self.configure(key_mode="0440")
        self.start()
        self.assert_refused("chmod 0400 /etc/hapx/cluster.key")

    def test_7_a_missing_key_is_refused_with_what_to_do(self):
        self.configure(key=None)
        self.start()
        self.assert_refused("hapx keygen /etc/hapx/cluster.key")

    def test_8_the_placeholder_of_the_shipped_user_data_is_refused(self):
        self.configure(key="hapx-key-v1:PUT-YOUR-KEY-HERE\n")
        self.start()
        self.assert_refused("/etc/hapx/cluster.key", "hapx keygen")

    def test_9_purging_leaves_what_people_wrote(self):
        self.configure()
        self.start()
        wait_for(served, "service")
        purged = self.machine.run("dpkg", "--purge", "hapx").stdout
        self.assertFalse(self.machine.holds())
        self.assertIsNone(self.machine.pid_of("hapx-keeper"))
        self.assertIsNone(self.machine.pid_of("haproxy"))
        self.assertIn("left in /etc/hapx, which is yours: cluster.key hapx.yaml", purged)
        left = self.machine.run("ls", "-d", "/var/lib/hapx", "/run/hapx", "/usr/sbin/hapxd",
                                check=False).stdout
        self.assertEqual(left.count("cannot access"), 3, left)
