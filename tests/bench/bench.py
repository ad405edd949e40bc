#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same faults against hapx, keepalived, and Pacemaker with Corosync; one table.

  bench.py [--quick] [--count N] [--only WORDS] [--fault NAME] [--programs FOLDER]
           [--record FILE] [--into FILE] [--summary-into FILE] [--from FILE]

Each configuration has a lab of its own, and several are measured at once. `hapx drill` does what it
does anyway; the others are built, struck and removed here, and measured by the same instruments.
run.sh installs and builds what this needs, and gives it mounts of its own.
"""
import argparse
import datetime
import fcntl
import json
import os
import pathlib
import platform
import queue
import signal
import subprocess
import sys
import threading
import time

import stacks
import table
from drill import FAULTS, Drill
from footprint import footprints
from machine import Machine, Trouble, Wire, ended, netns_processes, new_folder, pause, run, waited

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
HOME = pathlib.Path("/var/lib/hapx-bench")
LOCK = pathlib.Path("/run/hapx-bench.lock")
TRIES = 3
# What hapx's own drill calls the same: there hapxd alone is another fault, which nobody notices.
IN_DRILL = {"daemon-kill": "daemon-kill-with-keeper",
            "daemon-freeze": "daemon-freeze-with-keeper"}

# The longest first: what is done last should be short.
CONFIGURATIONS = {
    "pacemaker": stacks.Pacemaker,
    "pacemaker-tuned": stacks.PacemakerTuned,
    "keepalived": stacks.Keepalived,
    "hapx": "lan",
    "hapx-fast": "fast",
    "hapx-pair": stacks.HapxPair,
    "keepalived-tuned": stacks.KeepalivedTuned,
    "keepalived-fast": stacks.KeepalivedFast,
}
QUICK = ("pacemaker-tuned", "keepalived", "hapx")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Hapx:
    """By its own drill, in its own lab of three nodes."""

    def __init__(self, name, profile, options):
        self.name = name
        self.lab = "bench-" + name
        self.profile = profile
        self.options = options
        self.hapx = options.programs + "/hapx"

    def look_at_idle(self):
        up = ("lab", "up", "--name", self.lab, "--profile", self.profile)
        run(self.hapx, *up, patience=60)
        try:
            pause(2)
            names = stacks.HapxPair.daemons + stacks.HapxPair.helpers
            return footprints({f"node{number}": [
                pid for pid, name in netns_processes(f"hapx-{self.lab}-node{number}")
                if name in names] for number in (1, 2, 3)})
        finally:
            run(self.hapx, "lab", "down", "--name", self.lab, patience=60)

    def drill(self, fault, count):
        """The runs of one call; a lab of its own is built for it and removed."""
        record, log_file = HOME / f"{self.lab}.json", HOME / f"{self.lab}.log"
        record.unlink(missing_ok=True)
        words = (self.hapx, "drill", "run", "--lab", "--name", self.lab, "--profile", self.profile,
                 "--fault", IN_DRILL.get(fault, fault), "--count", str(count),
                 "--record", str(record))
        with open(log_file, "wb") as log:
            child = subprocess.Popen(("setpriv", "--pdeathsig", "TERM", *words), stdout=log,
                                     stderr=log, stdin=subprocess.DEVNULL)
        while child.poll() is None:
            if ended.wait(0.1):
                child.terminate()
                child.wait()
        pause(0)
        if not record.exists():
            raise Trouble(log_file.read_text()[-500:])
        return json.loads(record.read_text())["runs"]

    def measure_fault(self, fault):
        """A drill gives up at once where a busy machine doesn't serve its client; it is asked again
        for those runs, as the others' drill waits for it."""
        runs = []
        for _ in range(TRIES):
            missing = self.options.count - len(runs)
            begun = self.drill(fault, missing) if missing else []
            runs += [one for one in begun if one["struck"]]
            given_up = [one for one in begun if not one["struck"]]
        for number, one in enumerate(runs + given_up, 1):
            one |= {"fault": fault, "number": number, "stallMs": one["longestStallMs"]}
            if not one["struck"]:
                del one["service"]  # nothing was done, nothing was measured
            say(f"{self.name}: {table.told(one)}")
        return runs + given_up

    def measure(self):
        idle = self.look_at_idle()
        return {"idle": idle, "runs": [one for fault in self.options.faults
                                       for one in self.measure_fault(fault)]}


class Other:
    """Two nodes of a stack, built and removed here."""

    def __init__(self, name, kind, options):
        self.name = name
        self.options = options
        folder = new_folder(HOME / name)
        self.wire = Wire("bench-" + name, folder, options.programs + "/bench_probe")
        self.nodes = [Machine(self.wire, number) for number in (1, 2)]
        self.stack = kind(self.nodes)
        self.stack.programs = options.programs

    def measure(self):
        try:
            self.wire.build()
            for node in self.nodes:
                self.stack.furnish(node)
                node.power_on()
            self.stack.begin()
            drill = Drill(self.stack, self.wire, self.options.count)
            drill.await_well()
            pause(2)
            names = self.stack.daemons + self.stack.helpers
            idle = footprints({node.name: node.pids(*names) for node in self.nodes})
            runs = []
            for fault in self.options.faults:
                for number in range(1, self.options.count + 1):
                    runs.append(drill.perform(fault, number))
                    say(f"{self.name}: {table.told(runs[-1])}")
            return {"idle": idle, "runs": runs}
        finally:
            for node in self.nodes:
                node.remove()
            self.wire.remove()


def work(name, options):
    kind = CONFIGURATIONS[name]
    begun = time.monotonic()
    lab = (Hapx if isinstance(kind, str) else Other)(name, kind, options)
    measured = lab.measure()
    say(f"{name} is done, after {time.monotonic() - begun:.0f} s")
    return measured


def work_off(waiting, done, options):
    while not ended.is_set():
        try:
            name = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            done[name] = work(name, options)
        except (Trouble, OSError) as trouble:
            if not ended.is_set():
                say(f"{name}: {trouble}")
                done[name] = {"idle": {}, "runs": [], "trouble": str(trouble)}


def measure_all(options):
    waiting = queue.SimpleQueue()
    for name in CONFIGURATIONS:
        if name in options.only:
            waiting.put(name)
    done = {}
    lanes = [threading.Thread(target=work_off, args=(waiting, done, options))
             for _ in range(options.lanes)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return {name: done[name] for name in CONFIGURATIONS if name in done}


def machine_words():
    model = "unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "loadBefore": round(os.getloadavg()[0], 1)}


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help=f"one run each of {', '.join(QUICK)}: five minutes")
    parser.add_argument("--count", type=int, help="how often each fault is done (default 5)")
    parser.add_argument("--only", action="append", choices=tuple(CONFIGURATIONS),
                        help="this configuration; may be repeated")
    parser.add_argument("--fault", action="append", choices=FAULTS, dest="faults",
                        help="this fault; may be repeated")
    parser.add_argument("--lanes", type=int, default=1,
                        help="so many configurations at once: sooner done, and they disturb each "
                        "other (default 1)")
    parser.add_argument("--programs", default=str(TREE / "build/dev/bin"),
                        help="where hapx, hapxd and bench_probe are")
    parser.add_argument("--record", help="keep every run in this file, as JSON")
    parser.add_argument("--into", help="put the table between the marks of this file")
    parser.add_argument("--summary-into", help="put the first of its tables between those of this")
    parser.add_argument("--from", dest="source",
                        help="measure nothing: make the table of what such a record has")
    options = parser.parse_args(words)
    options.count = options.count or (1 if options.quick else 5)
    options.only = options.only or (QUICK if options.quick else tuple(CONFIGURATIONS))
    options.faults = options.faults or list(FAULTS)
    return options


def measured_now(options):
    begun, waited_before = time.monotonic(), waited()
    result = {"date": datetime.date.today().isoformat(), "count": options.count,
              "machine": machine_words(), "versions": stacks.versions()}
    result["versions"]["hapx"] = run("git", "-C", str(TREE), "describe", "--always", "--dirty",
                                     check=False).strip() or "unknown"
    result["configurations"] = measure_all(options)
    took = time.monotonic() - begun
    result["tookSeconds"] = round(took)
    result["machine"]["waitedShare"] = round((waited() - waited_before) / took, 2)
    return result


def main(words):
    options = parse(words)
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    if options.source:
        result = json.loads(pathlib.Path(options.source).read_text())
    else:
        HOME.mkdir(exist_ok=True)
        # crmsh makes these when it is first run, and two that are first stumble over each other.
        for folder in (".cache/crm", ".config/crm"):
            (pathlib.Path.home() / folder).mkdir(parents=True, exist_ok=True)
        with open(LOCK, "w") as lock:  # released by the kernel, whichever way we end
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another bench is at it; two would measure each other")
                return 1
            result = measured_now(options)
    if ended.is_set():
        return 130
    if options.record:
        pathlib.Path(options.record).write_text(table.as_json(result))
    text = table.render(result)
    print(text)
    if options.into:
        table.put_into(pathlib.Path(options.into), text)
    if options.summary_into:
        table.put_into(pathlib.Path(options.summary_into), table.render_summary(result))
    return 0 if table.is_well(result) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
