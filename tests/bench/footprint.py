# SPDX-License-Identifier: Apache-2.0
"""How much of a node does a stack use while nothing happens?

As in the drill (appliance/drill/io/meter.cpp): memory as the proportional set size, processor time
over ten seconds, of the stack's own processes. HAProxy is what is managed, and is left out. What a
daemon starts and waits for (checks, agents) counts as its own time.
"""
import os
import pathlib
import time

from machine import pause

SECONDS = 10


def memory_bytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pid):
    """Its own and that of its children which have ended: fields 14 to 17 of stat."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def footprints(nodes):
    """Of some nodes at once: names, and the processes of each."""
    def spent():
        return {name: sum(map(processor_seconds, pids)) for name, pids in nodes.items()}
    before, begun = spent(), time.monotonic()
    pause(SECONDS)
    after, seconds = spent(), time.monotonic() - begun
    return {name: {"memoryBytes": sum(map(memory_bytes, pids)),
                   "processorShare": round((after[name] - before[name]) / seconds, 5)}
            for name, pids in nodes.items()}
