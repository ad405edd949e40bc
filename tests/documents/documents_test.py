#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manual pages, completion and the schema in docs/ are what the program says of itself, and the
page for those who come from elsewhere names keys that there are.

  documents_test.py PATH-OF-hapx_documents PATH-OF-hapx [unittest's words]
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
DOCS = TREE / "docs"
MADE = ("man/hapx.8", "man/hapxd.8", "man/hapx.yaml.5", "completion/hapx", "completion/_hapx",
        "hapx.schema.json")
hapx_documents = None
hapx = None


def needs(program):
    return unittest.skipIf(shutil.which(program) is None, f"there is no {program} here")


def completed(*words):
    """What bash offers for the last of the words."""
    script = f"""
source {DOCS}/completion/hapx
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_hapx
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True,
                          timeout=60, env={"PATH": f"{pathlib.Path(hapx).parent}:/usr/bin:/bin",
                                           "HAPX_SOCKET": "/nowhere"})
    return done.stdout.split(), done.stderr


def zsh_completed(*words):
    """What zsh would offer: its own functions, which need a terminal, only print what they get."""
    script = f"""
_describe() {{ local -a all; all=("${{(@P)2}}"); print -l -- "${{(@)all%%:*}}" }}
compadd() {{ [[ $1 == -- ]] && shift; print -l -- "$@" }}
_files() {{ print FILES }}
words=("$@"); CURRENT=$#
source {DOCS}/completion/_hapx
"""
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", *words], capture_output=True, text=True,
                          timeout=60, env={"PATH": f"{pathlib.Path(hapx).parent}:/usr/bin:/bin",
                                           "HAPX_SOCKET": "/nowhere"})
    return done.stdout.split(), done.stderr


class Documents(unittest.TestCase):
    def test_they_are_up_to_date(self):
        with tempfile.TemporaryDirectory() as place:
            subprocess.run([hapx_documents, place], check=True, timeout=60)
            for name in MADE:
                self.assertTrue((DOCS / name).exists(), f"{name}: run `ninja documents`")
                self.assertEqual((DOCS / name).read_text(), pathlib.Path(place, name).read_text(),
                                 f"{name} is not up to date: run `ninja documents`")

    def test_where_they_cannot_be_written_it_fails(self):
        done = subprocess.run([hapx_documents, "/proc/nowhere"], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 1)

    @needs("man")
    def test_man_has_nothing_to_complain_of(self):
        for page in sorted((DOCS / "man").iterdir()):
            done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
                                  capture_output=True, text=True, timeout=60,
                                  env={"LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80",
                                       "PATH": "/usr/bin:/bin"})
            self.assertEqual((done.returncode, done.stderr), (0, ""), page.name)
            self.assertIn("NAME", done.stdout)

    def test_every_verb_has_its_place(self):
        page = (DOCS / "man/hapx.8").read_text()
        for words in (["status"], ["config", "diff"], ["doctor"], ["doctor", "wire"], ["init"],
                      ["join"], ["import"], ["report"], ["drill", "run"], ["probe"], ["lab", "up"], ["sim"]):
            self.assertIn('.SS "hapx ' + " ".join(words), page)


class Migration(unittest.TestCase):
    """The commands of the page are tried in tests/lab; here it is the keys of the file."""

    def unknown(self, text):
        page = (DOCS / "man/hapx.yaml.5").read_text()
        keys = set(re.findall(r"^\\fB((?:metadata|spec)\S*)\\fR$", page, re.M))
        self.assertGreater(len(keys), 40)
        named = re.findall(r"`((?:metadata|spec)\.[A-Za-z.\[\]]+)`", text)
        return [key for key in named if key not in keys and key + "[]" not in keys]

    def test_each_key_that_it_names_is_one_of_the_file(self):
        text = (DOCS / "migration.md").read_text()
        self.assertGreater(text.count("`spec."), 30)
        self.assertEqual(self.unknown(text), [])

    def test_a_key_that_is_none_would_be_found(self):
        self.assertEqual(self.unknown("`spec.timing.beat` `spec.timing.lease` `spec.nodes`"),
                         ["spec.timing.beat"])


class Bash(unittest.TestCase):
    def offers(self, words, *wanted):
        offered, trouble = completed("hapx", *words)
        self.assertEqual(trouble, "", words)
        for one in wanted:
            self.assertIn(one, offered, words)
        return offered

    def test_verbs(self):
        self.offers([""], "status", "config", "doctor")
        self.assertEqual(set(self.offers(["sta"])), {"status", "standby"})
        self.assertEqual(self.offers(["config", "d"]), ["diff"])
        self.offers(["-o", "json", "config", ""], "check", "schema")
        self.offers(["doctor", ""], "wire")
        self.assertIn("/etc/hosts", self.offers(["doctor", "/etc/host"]))

    def test_options_and_their_values(self):
        self.offers(["standby", "--"], "--ttl", "--wait", "--socket")
        self.assertEqual(self.offers(["status", "-o", ""]), ["text", "wide", "json", "yaml"])
        self.assertEqual(self.offers(["lab", "up", "--profile", "c"]), ["cloud"])

    def test_files_and_names(self):
        self.offers(["config", "check", "/etc/host"], "/etc/hostname")
        self.assertEqual(self.offers(["move", ""]), [], "no hapxd, no names")


@needs("zsh")
class Zsh(unittest.TestCase):
    def offers(self, words, *wanted):
        offered, trouble = zsh_completed("hapx", *words)
        self.assertEqual(trouble, "", words)
        for one in wanted:
            self.assertIn(one, offered, words)
        return offered

    def test_it_is_good_zsh(self):
        done = subprocess.run(["zsh", "-n", DOCS / "completion/_hapx"], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_verbs_options_and_values(self):
        self.offers([""], "status", "config", "doctor")
        self.offers(["config", ""], "check", "diff", "schema")
        self.offers(["standby", "--"], "--ttl", "--wait", "--socket")
        self.assertEqual(self.offers(["status", "-o", ""]), ["text", "wide", "json", "yaml"])
        self.assertIn("FILES", self.offers(["config", "check", ""]))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    hapx_documents, hapx = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main(verbosity=2)
