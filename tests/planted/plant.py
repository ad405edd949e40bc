#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants the bugs of bugs.toml one at a time in a copy of the tree, and asks the tests.

A test that can't fail proves nothing. Each bug is a small change to the code that ships; the copy
is built, the bug's test programs run, and the first test that fails has caught it. A bug that no
test notices has survived, and is a hole to be closed. The table is printed, and written with --table.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PATIENCE = 600  # seconds for one test program; a bug may make it spin


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(words, copy, patience=None):
    return subprocess.run(words, cwd=copy, capture_output=True, text=True, timeout=patience)


def make_copy(copy):
    """The tree as git has it, and built once; the build folder of an earlier run is used again."""
    build = copy / "build" / "dev"
    copy.mkdir(parents=True, exist_ok=True)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, files.stdout.decode().split("\0")):
        source, target = ROOT / name, copy / name
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
    if not (build / "build.ninja").is_file():
        subprocess.run(["cmake", "--preset", "dev"], cwd=copy, check=True, capture_output=True)


def build(copy, programs):
    return run(["cmake", "--build", "--preset", "dev", "--target", *programs], copy)


def first_failure(output):
    for line in output.splitlines():
        if line.startswith("[  FAILED  ]"):
            return line.split("]")[1].split("(")[0].split(",")[0].strip()
    return "ended without a verdict"


def ask(copy, programs):
    """The test that fails first, or None."""
    for program in programs:
        try:
            asked = run([f"build/dev/bin/{program}", "--gtest_fail_fast", "--gtest_brief=1"], copy,
                        PATIENCE)
        except subprocess.TimeoutExpired:
            return f"{program} did not end"
        if asked.returncode != 0:
            return first_failure(asked.stdout)
    return None


def try_bug(copy, bug):
    path = copy / bug["file"]
    sound = path.read_text()
    if sound.count(bug["before"]) != 1:
        return f"can't be planted: {bug['file']} has changed", False
    path.write_text(sound.replace(bug["before"], bug["after"]))
    try:
        built = build(copy, bug["programs"])
        if built.returncode != 0:
            errors = [line for line in built.stdout.splitlines() if "error:" in line]
            return f"can't be planted: {(errors or ['no build'])[0]}", False
        caught_by = ask(copy, bug["programs"])
    finally:
        path.write_text(sound)
    return caught_by or "-", caught_by is not None


def row(bug, caught, by):
    return f"| {bug['name']} | `{bug['file']}` | {'caught' if caught else 'survived'} | {by} |"


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--copy", type=pathlib.Path, default=ROOT / "build" / "planted",
                       help="where the copy is built")
    words.add_argument("--only", help="bugs whose name contains this")
    words.add_argument("--begin", type=int, default=1, metavar="N", help="begin with the N-th bug")
    words.add_argument("--table", type=pathlib.Path, help="write the table to this file, too")
    chosen = words.parse_args()
    bugs = tomllib.loads((HERE / "bugs.toml").read_text())["bug"]
    if chosen.only:
        bugs = [bug for bug in bugs if chosen.only in bug["name"]]
    if not bugs:
        sys.exit(f"plant: no bug's name contains '{chosen.only}'")
    make_copy(chosen.copy)
    programs = sorted({program for bug in bugs for program in bug["programs"]})
    say(f"building the sound copy ({', '.join(programs)})")
    sound = build(chosen.copy, programs)
    if sound.returncode != 0:
        sys.exit(f"plant: the sound copy doesn't build:\n{sound.stdout[-2000:]}")
    table = ["| name | change in | caught | by |", "| --- | --- | --- | --- |"]
    survived = 0
    for number, bug in list(enumerate(bugs, 1))[chosen.begin - 1 :]:
        by, caught = try_bug(chosen.copy, bug)
        survived += not caught
        table.append(row(bug, caught, by))
        say(f"{number}/{len(bugs)} {'caught  ' if caught else 'SURVIVED'} {bug['name']}: {by}")
    print("\n".join(table))
    if chosen.table:
        title = "# Planted bugs\n\nMade by `tests/planted/plant.py`.\n\n"
        chosen.table.write_text(title + "\n".join(table) + "\n")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
