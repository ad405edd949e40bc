# SPDX-License-Identifier: Apache-2.0
"""What came of the bench, as tables for people and lines for programs."""
import json
import statistics

from machine import Trouble

BEAT = 5.0  # ms between two requests: nothing finer is seen
STALL_NOTED_MIN = 50.0  # as the drill has it
BEGIN = "<!-- bench: begin -->"
END = "<!-- bench: end -->"
TITLES = {
    "hapx": "hapx",
    "hapx-fast": "hapx, profile fast",
    "hapx-pair": "hapx, two nodes",
    "keepalived": "keepalived",
    "keepalived-tuned": "keepalived, tuned",
    "keepalived-fast": "keepalived, fast",
    "pacemaker": "Pacemaker",
    "pacemaker-tuned": "Pacemaker, tuned",
}


def readable(milliseconds):
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.2f} s" if milliseconds < 10_000 else (
            f"{milliseconds / 1000:.1f} s")
    return f"{milliseconds:.0f} ms" if milliseconds >= 10 else f"{milliseconds:.1f} ms"


def outage(one):
    return one["service"]["outageMs"]


def both_answered(one, when="wire"):
    """How many questions were answered by two hardware addresses; a handover within one question,
    of which the drill makes nothing, is none. `wire`: until all was well again; `wireMeanwhile`:
    until the fault was undone, where that was told."""
    wire = one.get(when, one["wire"])
    return 0 if wire["oneHolder"] else max(1, wire["roundsShared"])


def told(one):
    """A run in a few words, for whoever waits."""
    head = f"{one['fault']} {one['number']}"
    if "service" not in one:
        return f"{head}: {one['trouble']}"
    two = both_answered(one)
    return (f"{head}: dark for {readable(outage(one))}, {one['service']['failed']} failed"
            + (f", two answered {two} times" if two else "")
            + (f"; {one['trouble']}" if one["trouble"] else ""))


class Cell:
    """All runs of one fault on one configuration."""

    def __init__(self, runs):
        self.runs = [one for one in runs if "service" in one]
        self.trouble = [one["trouble"] for one in runs if one["trouble"]]
        outages = sorted(map(outage, self.runs))
        self.median = statistics.median_low(outages)
        self.least, self.most = outages[0], outages[-1]
        self.failed = statistics.median_low([one["service"]["failed"] for one in self.runs])
        self.failed_most = max(one["service"]["failed"] for one in self.runs)
        self.two = [both_answered(one) for one in self.runs]
        self.two_meanwhile = sum(both_answered(one, "wireMeanwhile") > 0 for one in self.runs)
        self.healing = max(one["healing"]["outageMs"] for one in self.runs)
        self.served = sum(one["servedAgain"] for one in self.runs)

    def times(self, base):
        """How many times as long; nobody is better than the instrument."""
        return max(self.median, BEAT) / max(base.median, BEAT) if base else None


def cells(result):
    """By fault, then by configuration in the order of the titles."""
    found = {}
    for name in TITLES:
        for one in result["configurations"].get(name, {"runs": []})["runs"]:
            found.setdefault(one["fault"], {}).setdefault(name, []).append(one)
    return {fault: {name: Cell(runs) for name, runs in row.items()
                    if any("service" in one for one in runs)} for fault, row in found.items()}


def line(words):
    return "| " + " | ".join(words) + " |\n"


def head(words):
    return line(words) + "|" + " --- |" * len(words) + "\n"


def ratio(cell, base):
    times = cell.times(base)
    if times is None or cell is base:
        return ""
    return f"{times:.1f}×" if times < 10 else f"{times:.0f}×"


def summary(rows, names):
    text = head(["outage, median", *(TITLES[name] for name in names)])
    for fault, row in rows.items():
        words = [fault]
        for name in names:
            if name not in row:
                words.append("-")
                continue
            cell = row[name]
            # Where two have the address nobody has let go of it: no outage to compare.
            if cell.two_meanwhile:
                words.append(f"{readable(cell.median)}, **two holders**")
                continue
            times = ratio(cell, row.get("hapx"))
            words.append(readable(cell.median) + (f" ({times})" if times else ""))
        text += line(words)
    return text


def details(rows):
    text = head(["fault", "stack", "outage: median", "min", "max", "of hapx's", "failed: median",
                 "max", "two holders meanwhile", "or after", "answered twice: median",
                 "max", "dark when undone: max",
                 "served again"])
    for fault, row in rows.items():
        for name, cell in row.items():
            count = len(cell.runs)
            text += line([fault, TITLES[name], readable(cell.median), readable(cell.least),
                          readable(cell.most), ratio(cell, row.get("hapx")) or "-",
                          str(cell.failed), str(cell.failed_most),
                          f"{cell.two_meanwhile}/{count}", f"{sum(map(bool, cell.two))}/{count}",
                          str(statistics.median_low(cell.two)), str(max(cell.two)),
                          readable(cell.healing), f"{cell.served}/{count}"])
    return text


def idle(result):
    text = head(["idle, per node", "memory (PSS)", "of a core"])
    for name, title in TITLES.items():
        nodes = result["configurations"].get(name, {}).get("idle", {}).values()
        if nodes:
            memory = [one["memoryBytes"] / 2**20 for one in nodes]
            share = [one["processorShare"] * 100 for one in nodes]
            text += line([title, f"{min(memory):.1f} to {max(memory):.1f} MiB",
                          f"{min(share):.2f} to {max(share):.2f} %"])
    return text


def stalls(result):
    found = [one.get("stallMs", 0) for part in result["configurations"].values()
             for one in part["runs"]]
    return max(found, default=0)


def troubles(result):
    text = ""
    for name, part in result["configurations"].items():
        if part.get("trouble"):
            text += f"- {TITLES[name]}: {part['trouble']}\n"
        for one in part["runs"]:
            if one["trouble"]:
                text += f"- {TITLES[name]}, {one['fault']} {one['number']}: {one['trouble']}\n"
    return text


def weather(result):
    """Whether the figures are those of the stacks, or of a machine that does something else."""
    machine = result["machine"]
    share = machine.get("waitedShare")
    if machine["loadBefore"] <= machine["cores"] and stalls(result) < STALL_NOTED_MIN:
        return ""
    return (f"**The machine was busy with other things**: its load was {machine['loadBefore']}"
            " before"
            + (f", somebody waited for a processor in {share * 100:.0f} % of the time" if share
               else "")
            + f", and a program that slept was woken up to {readable(stalls(result))} too late. "
            "HAProxy, which all have in common, waited with the others: what took longest says more"
            " about the machine than about a stack.\n")


def render(result):
    rows = cells(result)
    names = [name for name in TITLES if name in result["configurations"]]
    machine, versions = result["machine"], result["versions"]
    count = result["count"]
    text = (f"Measured on {result['date']}, {count} run{'s' if count > 1 else ''} of each fault, on"
            f" {machine['cores']} cores ({machine['processor']}), Linux {machine['kernel']}; "
            + ", ".join(f"{name} {version}" for name, version in versions.items()) + ".\n")
    text += weather(result)
    text += "\n" + summary(rows, names) + "\n" + details(rows) + "\n" + idle(result)
    if troubles(result):
        text += "\nRuns that did not end well:\n\n" + troubles(result)
    return text


def render_summary(result):
    """What one looks at first: a fault a line, a stack a column."""
    names = [name for name in TITLES if name in result["configurations"]]
    count = result["count"]
    return (f"Measured on {result['date']}, {count} run{'s' if count > 1 else ''} of each fault, in"
            f" one lab on {result['machine']['cores']} cores.\n\n" + summary(cells(result), names))


def is_well(result):
    """Every run came to its end, and hapx's address had one holder at every instant."""
    ours = [one for name in ("hapx", "hapx-fast", "hapx-pair")
            for one in result["configurations"].get(name, {"runs": []})["runs"]]
    return not troubles(result) and not any(both_answered(one) for one in ours)


def as_json(result):
    """A run a line: what changes is found."""
    rest = {key: value for key, value in result.items() if key != "configurations"}
    text = json.dumps(rest)[:-1] + ', "configurations": {\n'
    parts = []
    for name, part in result["configurations"].items():
        runs = ",\n  ".join(map(json.dumps, part["runs"]))
        others = json.dumps({key: value for key, value in part.items() if key != "runs"})
        parts.append(f'"{name}": {others[:-1]}, "runs": [\n  {runs}]}}')
    return text + ",\n".join(parts) + "}}\n"


def put_into(path, text):
    """Between the marks, all else stays."""
    old = path.read_text()
    before, mark, rest = old.partition(BEGIN)
    middle, end, after = rest.partition(END)
    if not mark or not end:
        raise Trouble(f"{path} lacks the marks {BEGIN} and {END}")
    path.write_text(before + BEGIN + "\n\n" + text + "\n" + END + after)
