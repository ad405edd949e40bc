#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants the bugs of bugs.toml one at a time in a copy of the tree, and asks the tests.

A test that can't fail proves nothing. Each bug is a small change to the code that ships; the bug's
test programs are built and run one after the other, and the first test that fails has caught it. A
bug that no test notices has survived, and is a hole to be closed. The table is printed, and kept in
tests/sim/README.md: a run of some of the bugs renews their rows and leaves the others.

`--check` plants nothing, and says which bugs can't be planted any more.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PATIENCE = 600  # seconds for one test program; a bug may make it spin
CODE_CHARACTERS_MAX = 60
SLOW = ("sim_scenario_test", "doors_", "membership_model_test", "sim_explore_test", "sim_swarm_test")

README = """# The simulator's tests, and what they can see

- `scenario_*_test.cpp`: named stories of whole nodes on a simulated network, kernel and HAProxy.
- `swarm_test.cpp`: one seed draws a cluster, its clocks, its weather and its faults. First anything
  may happen and safety is demanded at every instant, then all is healed and service is demanded.
- `hunt.sh`: plays a range of the swarm's seeds on all cores, for as long as one likes.
- `explore/`: the lease, the voter and the quorum alone, in every order in which two contenders, a
  few voters and all their messages can meet. It prints how many states that are
  (`ctest --test-dir build/dev -R Explore -V`).
- `*_test.cpp` besides: the simulator's own parts, and that its checkers trip.

## Planted bugs

A checker counts only once a planted bug has been seen to trip it. Each bug is a small change to the
code that ships (`tests/planted/bugs.toml`); `tests/planted/plant.py` applies them one at a time, asks
the test programs that the bug names, one after the other, and writes this table: `checker` is what
tripped first, or the checker that the bug is there to trip; `seeds` the swarm's or the walk's seed,
where it was one of these.

"""
HEAD = ["| name | change | caught | checker | seeds |", "| --- | --- | --- | --- | --- |"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(words, copy, patience=None):
    return subprocess.run(words, cwd=copy, capture_output=True, text=True, errors="replace",
                          timeout=patience)


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


def checkers():
    """The names of the simulator's checkers."""
    text = (ROOT / "appliance" / "sim" / "checkers.hpp").read_text()
    classes = re.findall(r"^class (\w+) {(.*?)^};", text, re.MULTILINE | re.DOTALL)
    return [name for name, body in classes if "Violations& found" in body]


def why_not(bug, programs):
    """Why this bug can't be planted any more, or None."""
    path = ROOT / bug["file"]
    times = path.read_text().count(bug["before"]) if path.is_file() else 0
    if times != 1:
        return f"its `before` stands {times} times in {bug['file']}, not once"
    for program in bug["programs"]:
        if program not in programs:
            return f"there is no test program {program}"
    if "trips" in bug and not bug["programs"][0].startswith("sim_"):
        return "it is to trip a checker, and asks something else than a simulation first"
    return None


def check(bugs):
    """Complaints: a bug that is never planted, or a checker that no bug trips."""
    lists = "\n".join(path.read_text() for path in ROOT.glob("tests/**/CMakeLists.txt"))
    lists += "\n".join(path.read_text() for path in ROOT.glob("tests/**/*.cmake"))
    programs = set(re.findall(r"hapx_test\((\w+)", lists))
    names = [bug["name"] for bug in bugs]
    complaints = [f"two bugs are called '{name}'" for name in set(names) if names.count(name) > 1]
    for bug in bugs:
        if reason := why_not(bug, programs):
            complaints.append(f"'{bug['name']}' can't be planted: {reason}")
    tripped = {bug["trips"] for bug in bugs if "trips" in bug}
    complaints += [f"no bug trips {name}" for name in checkers() if name not in tripped]
    complaints += [f"there is no checker {name}" for name in tripped - set(checkers())]
    return complaints


def cost(bug):
    """What is built into much comes last; else whatever the quickest programs can answer first."""
    first = bug["programs"][0]
    slowness = [number for number, slow in enumerate(SLOW, 1) if first.startswith(slow)]
    return bug["file"].endswith(".hpp"), *slowness


def first_failure(output, trips):
    """The test that failed first, the sentence that it stands for, and the seed, or '-'."""
    begin = 0
    if trips:
        tripped = re.search(rf'^(?: *Which is: ")?{trips}: ', output, re.MULTILINE)
        if not tripped:
            return None
        begin = tripped.start()
    failed = re.compile(r"^\[  FAILED  \] ([\w./]+)", re.MULTILINE).search(output, begin)
    checker = failed.group(1) if failed else "ended without a verdict"
    if trips:
        return f"{checker}: {trips}", "-"
    seed = re.search(r"\bseed (\d+)", output)
    sentence = re.search(r"^VIOLATION: (.+?)\.", output, re.MULTILINE)
    if seed and not sentence:
        sentence = re.search(r"\bseed \d+: \n?((?:[A-Z]\w+)+)\b", output)
    if sentence:
        checker += f": {sentence.group(1)}"
    return checker, seed.group(1) if seed else "-"


def ask(copy, program, trips):
    """What failed first and its seed, or None. With `trips`: only what that checker has seen."""
    words = [f"build/dev/bin/{program}", "--gtest_brief=1"]
    if not trips:
        words.append("--gtest_fail_fast")
    try:
        asked = run(words, copy, PATIENCE)
    except subprocess.TimeoutExpired:
        return None if trips else (f"{program} did not end", "-")
    return first_failure(asked.stdout + asked.stderr, trips) if asked.returncode != 0 else None


def try_bug(copy, bug, programs):
    """Whether it was caught, by what, and with which seed."""
    path = copy / bug["file"]
    sound = path.read_text()
    if sound.count(bug["before"]) != 1:
        return False, f"can't be planted: {bug['file']} has changed", "-"
    path.write_text(sound.replace(bug["before"], bug["after"]))
    try:
        for program in programs:
            built = build(copy, [program])
            if built.returncode != 0:
                errors = [line for line in built.stdout.splitlines() if "error:" in line]
                return False, f"can't be planted: {(errors or ['no build'])[0]}", "-"
            if caught := ask(copy, program, bug.get("trips")):
                return True, *caught
    finally:
        path.write_text(sound)
    return False, "-", "-"


def code(lines, begin=0):
    text = " ".join(line.strip() for line in lines).replace("`", "'")
    if begin > 0:
        text = "…" + text[begin:]
    if not text:
        return "nothing"
    if len(text) > CODE_CHARACTERS_MAX:
        text = text[: CODE_CHARACTERS_MAX - 1].rstrip() + "…"
    return f"`{text}`"


def change(bug):
    """What stood there and what stands there now, without the lines that both have."""
    before, after = bug["before"].splitlines(), bug["after"].splitlines()
    gone = [line for line in before if line not in after] or before
    new = [line for line in after if line not in before]
    same = os.path.commonprefix([" ".join(map(str.strip, gone)), " ".join(map(str.strip, new))])
    begin = same.rfind(" ") + 1 if len(same) > CODE_CHARACTERS_MAX / 2 else 0
    return f"`{bug['file']}`: {code(gone, begin)} → {code(new, begin)}"


def row(bug, caught, checker, seeds):
    cells = [bug["name"], change(bug), "caught" if caught else "survived", checker, seeds]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rows_of(table):
    """Of an earlier run, by the bug's name."""
    if not table.is_file():
        return {}
    lines = [line for line in table.read_text().splitlines() if line.startswith("| ")]
    return {line.split(" | ")[0][2:]: line for line in lines[2:]}


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--copy", type=pathlib.Path, default=ROOT / "build" / "planted",
                       help="where the copy is built")
    words.add_argument("--only", help="bugs whose name contains this")
    words.add_argument("--begin", type=int, default=1, metavar="N", help="begin with the N-th bug")
    words.add_argument("--cheapest", action="store_true", help="in the order of what they cost")
    words.add_argument("--check", action="store_true",
                       help="only look whether every bug can be planted, and every checker has one")
    words.add_argument("--program", help="ask this test program alone, and write no table")
    words.add_argument("--table", type=pathlib.Path, default=ROOT / "tests" / "sim" / "README.md",
                       help="the file with the table")
    chosen = words.parse_args()
    every = tomllib.loads((HERE / "bugs.toml").read_text())["bug"]
    if chosen.check:
        return "\n".join(f"plant: {complaint}" for complaint in check(every)) or 0
    bugs = [bug for bug in every if not chosen.only or chosen.only in bug["name"]]
    if chosen.cheapest:
        bugs.sort(key=cost)
    if chosen.program:
        bugs = [bug for bug in bugs if chosen.program in bug["programs"]]
    if not bugs:
        sys.exit("plant: there is no such bug")
    asked = {bug["name"]: [chosen.program] if chosen.program else bug["programs"] for bug in bugs}
    make_copy(chosen.copy)
    programs = sorted({some[0] for some in asked.values()})  # mostly that is all that is needed
    say(f"building the sound copy ({', '.join(programs)})")
    began = time.monotonic()
    sound = build(chosen.copy, programs)
    say(f"built in {time.monotonic() - began:.0f} s")
    if sound.returncode != 0:
        sys.exit(f"plant: the sound copy doesn't build:\n{sound.stdout[-2000:]}")
    rows = rows_of(chosen.table)
    survived = 0
    for number, bug in list(enumerate(bugs, 1))[chosen.begin - 1 :]:
        began = time.monotonic()
        caught, checker, seeds = try_bug(chosen.copy, bug, asked[bug["name"]])
        survived += not caught
        rows[bug["name"]] = row(bug, caught, checker, seeds)
        say(f"{number}/{len(bugs)} {'caught  ' if caught else 'SURVIVED'} {bug['name']}: {checker} "
            f"({time.monotonic() - began:.0f} s)")
    table = "\n".join(HEAD + [rows[bug["name"]] for bug in every if bug["name"] in rows]) + "\n"
    print(table, end="")
    if not chosen.program:
        chosen.table.write_text(README + table)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
