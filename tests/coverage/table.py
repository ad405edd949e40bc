#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many lines of the pure rooms have the tests run, room by room, and is that enough?

Reads the counts that a run of the preset coverage left behind, and takes them away, so that the next
run begins at nothing. Pure is what the house calls so: the rooms without their io/ and the mains. A
source that no test even links counts with all of its lines as not run, by a rough count.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

ROOMS = ("config", "membership", "vip", "lb-supervisor", "appliance")
MAINS = ("appliance/hapx.cpp", "appliance/hapxd.cpp")
LEAST = 90.0  # percent of all pure lines
WORST = 10  # files that are named


def is_pure(path):
    parts = path.split("/")
    return parts[0] in ROOMS and "io" not in parts[:-1] and path not in MAINS


def measured(gcovr, root, build):
    """Lines run and lines in all, by file."""
    command = [gcovr, "--root", str(root), "--json", "-", "-j", "2", "--delete",
               "--exclude-unreachable-branches", str(build)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"coverage: gcovr failed\n{done.stderr}")
    lines = {}
    for one in json.loads(done.stdout)["files"]:
        path = re.sub(r"^build/coverage/rooms/[^/]+/", "", one["file"])
        if not is_pure(path):
            continue
        known = lines.setdefault(path, {})
        for line in one["lines"]:
            if line["gcovr/noncode"]:
                continue
            number = line["line_number"]
            known[number] = known.get(number, 0) + line["count"]
    return {path: (sum(count > 0 for count in counts.values()), len(counts))
            for path, counts in lines.items()}


def unlinked(root, files):
    """Pure sources of which no test has any count: each line that is code counts as not run."""
    for room in ROOMS:
        for source in sorted((root / room).rglob("*.cpp")):
            path = source.relative_to(root).as_posix()
            if is_pure(path) and path not in files:
                text = source.read_text(encoding="utf-8").splitlines()
                yield path, sum(not re.match(r"\s*(//.*|#.*|[{}();]*)$", line) for line in text)


def percent(run, lines):
    return 100.0 * run / lines if lines else 100.0


def show(files):
    """The table. Returns the percentage of all."""
    rooms = collections.defaultdict(lambda: [0, 0])
    for path, (run, lines) in files.items():
        for name in (str(pathlib.PurePosixPath(path).parent), "all pure files"):
            rooms[name][0] += run
            rooms[name][1] += lines
    total = rooms.pop("all pure files", [0, 0])
    print(f"{'room':24}{'lines':>8}{'run':>8}{'percent':>10}")
    for name, (run, lines) in [*sorted(rooms.items()), ("all pure files", total)]:
        print(f"{name:24}{lines:8}{run:8}{percent(run, lines):10.1f}")
    print("\nmost lines not run:")
    worst = sorted(files.items(), key=lambda one: one[1][0] - one[1][1])[:WORST]
    for path, (run, lines) in worst:
        print(f"  {path:44}{lines - run:5} of {lines:5}{percent(run, lines):8.1f} %")
    return percent(*total)


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--gcovr", default="gcovr")
    words.add_argument("root", type=pathlib.Path)
    words.add_argument("build", type=pathlib.Path)
    given = words.parse_args()
    if not given.gcovr or given.gcovr.endswith("NOTFOUND"):
        sys.exit("coverage: there is no gcovr here: ./deps.sh --long")
    files = measured(given.gcovr, given.root.resolve(), given.build.resolve())
    if not files:
        sys.exit("coverage: no counts are here: cmake --workflow --preset coverage")
    missing = list(unlinked(given.root.resolve(), files))
    files |= {path: (0, lines) for path, lines in missing}
    reached = show(files)
    for path, _ in missing:
        print(f"coverage: no test links {path}")
    if reached < LEAST:
        sys.exit(f"coverage: FAILED, {reached:.1f} % of the pure lines are run, "
                 f"and {LEAST:.0f} % are the least")
    print(f"coverage: {reached:.1f} % of the pure lines are run, {LEAST:.0f} % are the least")


if __name__ == "__main__":
    main()
