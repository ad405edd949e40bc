# SPDX-License-Identifier: Apache-2.0
"""How does one run of the bench go, for a stack that is not hapx?

As in `hapx drill` (appliance/drill/io/runner.cpp), with the same instruments and the same lengths:
wait until all is well, look at the undisturbed service, do the fault, wait until the service is
back, undo the fault, wait until all is well again, judge. A fault that only shows when a node has
been silent for longer than hapx's lasts (a token of 3 s) lasts that long.
"""
import json
import signal
import subprocess
import time

from machine import ASKER, PORT, VIP, Trouble, eventually, guarded, now, pause, send

FAULTS = ("power-loss", "haproxy-kill", "daemon-kill", "daemon-freeze", "partition", "hand-over")
MOVING = ("power-loss", "daemon-kill", "daemon-freeze", "partition", "hand-over")
LENGTHS = {"power-loss": 2, "daemon-kill": 2, "daemon-freeze": 5, "partition": 3}
BASELINE = 0.5
LOOK = 0.02
SETTLING = 2.2  # a request's patience, and what is young
RETURN_PATIENCE = 30  # a resource is looked at every 20 s
WELL_PATIENCE = 90

class Probe:
    """The drill's prober and watcher, and what they say."""

    def __init__(self, wire):
        self.child = subprocess.Popen(
            guarded(wire.probe_program, "watch", wire.client, VIP, str(PORT), ASKER),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        try:
            self.child.stdin.write(" ".join(map(str, words)) + "\n")
            self.child.stdin.flush()
            return json.loads(self.child.stdout.readline())
        except (OSError, ValueError) as error:
            raise Trouble("the instruments are gone") from error

    def close(self):
        self.child.stdin.close()
        self.child.stdout.close()
        self.child.kill()
        self.child.wait()


class Drill:
    """One run on a stack that is up."""

    def __init__(self, stack, wire, count):
        self.stack = stack
        self.wire = wire
        self.count = count  # of runs of each fault

    def await_well(self):
        eventually("both nodes take part, one has the address",
                   self.stack.is_whole, WELL_PATIENCE, look=0.1)

    def holders(self, seen):
        """Where two have the address, the one that is not struck is as good as alone."""
        return [node for node in self.stack.nodes if node.mac in seen["holders"]]

    def only_holder(self, probe):
        seen = probe.ask("look")
        holders = self.holders(seen)
        return holders[0] if seen["served"] and len(holders) == 1 else None

    def inject(self, fault, node):
        """The instant just before, and what undoes it."""
        stack = self.stack
        ours = node.pids(*stack.daemons)
        proxies = node.pids("haproxy")
        at = now()
        if fault == "power-loss":
            node.power_off()
            return at, lambda: (node.power_on(), stack.start(node))
        if fault == "haproxy-kill":
            send(proxies, signal.SIGKILL)
            return at, stack.forgive
        if fault == "daemon-kill":
            # Children first: one of keepalived's that sees its parent die gives the address back.
            send(sorted(ours, reverse=True), signal.SIGKILL)
            return at, lambda: stack.restart(node)
        if fault == "daemon-freeze":
            send(ours, signal.SIGSTOP)
            return at, lambda: send(ours, signal.SIGCONT)
        if fault == "partition":
            self.wire.cut(node.name, stack.heartbeats)
            return at, self.wire.heal
        stack.move(node, stack.other(node))
        return at, stack.unmove

    def await_return(self, fault, probe, struck, at):
        """Until the fault has had its time and the service is there: elsewhere, where it moves."""
        moves = fault in MOVING and fault not in self.stack.staying
        shown = max(LENGTHS.get(fault, 0), (self.stack.notice if moves else 0) + 1.3)
        shown_at = at + shown * 1e9
        while now() < shown_at + RETURN_PATIENCE * 1e9:
            pause(LOOK)
            if now() < shown_at:
                continue
            seen = probe.ask("look")
            if seen["served"] and (not moves or self.holders(seen) not in ([struck], [])):
                return True
        return False

    def measure(self, fault, number, probe):
        pause(BASELINE)
        if fault == "haproxy-kill":
            # All runs begin after a look of the stack's: spread over the time until the next one.
            pause(self.stack.look * (number - 0.5) / self.count)
        struck = eventually("one node serves", lambda: self.only_holder(probe))
        at, undo = self.inject(fault, struck)
        try:
            served = self.await_return(fault, probe, struck, at)
            undone = now()
        finally:
            undo()
        self.await_well()
        pause(SETTLING)
        judged = probe.ask("judge", at - 100_000_000, at, undone)
        return {"struck": struck.name, "servedAgain": served,
                "lastedMs": (undone - at) / 1e6, **judged}

    def perform(self, fault, number):
        """A run that can't be completed says why."""
        result = {"fault": fault, "number": number, "trouble": ""}
        begun = time.monotonic()
        try:
            self.await_well()
            probe = Probe(self.wire)
            try:
                result |= self.measure(fault, number, probe)
            finally:
                probe.close()
        except Trouble as trouble:
            pause(0)
            result["trouble"] = str(trouble)
        result["tookSeconds"] = round(time.monotonic() - begun, 1)
        return result
