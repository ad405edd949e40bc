#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of hapx.yaml and the reader of hapx.yaml, asked the same.

  schema_test.py PATH-OF-HAPX [unittest's words]

The schema may take what the reader refuses (rules between values), never the other way round; and
neither takes a key that it does not know.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import yaml

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
HEAD = re.compile(r"^( *)apiVersion: hapx\.dev/v1alpha1\n(?:\1.*\n|\n)*", re.M)
FOLDERS = ("README.md", "cloud-init", "docs", "tests/fuzz/corpus/config", "tests/doors",
           "tests/unit/config")
hapx = None


class Loader(yaml.SafeLoader):
    """As editors read: YAML 1.2, in which `off` and `y` are texts."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers
             if tag.rsplit(":", 1)[1] in ("int", "float", "null")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def refused(text):
    """Whether the reader refuses, and what it says."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([hapx, "config", "check", file.name], capture_output=True, text=True,
                              timeout=60)
    return done.returncode != 0, done.stderr


def examples():
    """Every whole file that stands somewhere in the tree, also within other files."""
    for place in FOLDERS:
        top = TREE / place
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if not path.is_file():
                continue
            text = path.read_text(errors="replace")
            text = re.sub(r'R"\w*\(', "", text)
            for found in HEAD.finditer(text):
                if "kind: DrillPlan" in found.group():
                    continue  # plan_schema_test.py's
                indent = found.group(1)
                lines = []
                for line in found.group(0).splitlines():
                    # A document ends where its code block or its literal does.
                    if re.match(r"^\s*(```|\)\w*\")", line):
                        break
                    lines.append(line.removeprefix(indent))
                yield f"{path.relative_to(TREE)}", "\n".join(lines) + "\n"


def maps_of(value, path=()):
    if isinstance(value, dict):
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(
        value, list) else ()
    for key, one in inner:
        yield from maps_of(one, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = subprocess.run([hapx, "config", "schema"], capture_output=True, text=True,
                              check=True).stdout
        cls.schema = json.loads(text)
        cls.validator = jsonschema.Draft7Validator(cls.schema)
        read = [(name, yaml.load(text, Loader)) for name, text in examples()
                if not refused(text)[0]]
        cls.places = {name for name, _ in read}
        # Some stand in more than one place.
        cls.good = list({json.dumps(document): (name, document) for name, document in read}.values())

    def test_the_schema_is_one(self):
        jsonschema.Draft7Validator.check_schema(self.schema)

    def test_the_examples_of_the_tree_are_found(self):
        for wanted in ("README.md", "docs/migration.md", "cloud-init/three-nodes/user-data",
                       "cloud-init/two-nodes-and-witness/user-data",
                       "tests/fuzz/corpus/config/everything.yaml",
                       "tests/fuzz/corpus/config/profile.yaml"):
            self.assertIn(wanted, self.places)

    def test_what_the_reader_takes_the_schema_takes(self):
        for name, document in self.good:
            errors = [error.message for error in self.validator.iter_errors(document)]
            self.assertEqual(errors, [], name)

    def test_the_canonical_form_is_taken_too(self):
        for name, document in self.good:
            text = subprocess.run([hapx, "config", "show", "-"], input=json.dumps(document),
                                  capture_output=True, text=True, check=True).stdout
            errors = [error.message for error in self.validator.iter_errors(yaml.load(text, Loader))]
            self.assertEqual(errors, [], name)

    def test_an_unknown_key_is_refused_by_both_wherever_it_stands(self):
        for name, document in self.good:
            for path in maps_of(document):
                if path and path[-1] == "location":  # its keys are names
                    continue
                changed = copy.deepcopy(document)
                at(changed, path)["nonsense"] = 1
                self.assertFalse(self.validator.is_valid(changed), f"{name}: {path}")
                no, sentence = refused(json.dumps(changed))
                self.assertTrue(no, f"{name}: {path}")
                self.assertIn("unknown key `nonsense`", sentence)

    def test_what_the_schema_refuses_the_reader_refuses(self):
        """Each value in turn removed, and replaced by values that may or may not fit."""
        asked = 0
        whole = [one for one in self.good if one[0].endswith("/everything.yaml")]
        self.assertEqual(len(whole), 1)
        for name, document in whole:
            for path in maps_of(document):
                for key in list(at(document, path)):
                    for other in (None, 0, 70000, "X_", "off", "5s", [], {}):
                        changed = copy.deepcopy(document)
                        if other is None:
                            del at(changed, path)[key]
                        else:
                            at(changed, path)[key] = other
                        if self.validator.is_valid(changed):
                            continue
                        asked += 1
                        no, _ = refused(json.dumps(changed))
                        self.assertTrue(no, f"{name}: {path} {key} = {other!r}")
        self.assertGreater(asked, 150)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    hapx = sys.argv.pop(1)
    unittest.main(verbosity=2)
