// SPDX-License-Identifier: Apache-2.0
// What does the page show of a state?
//
// Describes everything but the services and the takeovers, which have files of their own; pure. A
// `view` is {state, heardAt, now, trouble, isLost, moved}: page.js says what they are.

import { element } from "./element.js";
import {
  ageText, counted, dateText, isServed, lengthText, linkOf, timeOfDay, verdictOf, votesOf,
} from "./words.js";

const soft = (...words) => element("span", { class: "soft" }, words);
const trouble = (...words) => element("span", { class: "trouble" }, "▲ ", words);

/** What stands in the tab. */
export function titleOf(view) {
  const status = view.state?.status;
  if (!status) return "hapx";
  const { titleMark, word } = verdictOf(status, view.isLost);
  return `${titleMark} ${status.cluster}: ${view.isLost ? "connection lost" : word}`;
}

export function verdict(view) {
  const status = view.state?.status;
  if (!status && !view.isLost) return element("span", { class: "verdict unsure" }, "connecting");
  const { mark, word, look } = verdictOf(status, view.isLost);
  const pill = (shape, sign, words) => [element("span", { key: words, class: `verdict ${shape}` },
    element("span", { "aria-hidden": "true" }, sign), ` ${words}`), " "];
  return [
    status && element("span", { key: "whose", class: "unseen" }, `${status.cluster}: `),
    pill(look, mark, word),
    status && !view.isLost && !status.quorate && pill("grave", "✕", "no quorum"),
    status && !view.isLost && isInMaintenance(status) && pill("unsure", "◆", "maintenance"),
  ];
}

/** Whether what is shown is still so. */
export function connection(view) {
  const at = clockOf(view);
  if (view.isLost) return [element("span", { class: "mark" }, "✕"), " connection lost"];
  if (!view.state) return "asking";
  const mark = element("span", { class: view.trouble ? "mark" : "mark live" },
    view.trouble ? "…" : "●");
  return [mark, view.trouble ? " asking again" : " live", at && ` · ${at}`];
}

/** The state's own time of day; of a node that doesn't know it, that of the browser. */
function clockOf(view) {
  if (!view.state) return "";
  const told = timeOfDay(view.state.at);
  if (told !== "") return `${told} UTC`;
  return `${timeOfDay(new Date(view.heardAt).toISOString())} UTC`;
}

function isInMaintenance(status) {
  return status.orders.some((each) => each.kind === "maintenance")
    || status.members.some((each) => each.state === "maintenance");
}

/** Why the verdict is so, the gravest first, and what a reader has to know of this page. */
export function reasons(view) {
  const status = view.state?.status;
  const lost = view.isLost && element("p", { key: "lost", class: "lost" }, lostText(view));
  if (!status) return lost;
  const notes = notesOf(view);
  return [
    lost,
    status.degraded.length > 0 && element("ul", { key: "why", class: "troubles" },
      status.degraded.map((sentence) => element("li", {}, sentence))),
    notes.length > 0 && element("ul", { key: "notes", class: "notes" },
      notes.map((sentence) => element("li", { key: sentence }, sentence))),
  ];
}

function lostText(view) {
  const silence = ageText(Math.floor((view.now - view.heardAt) / 1000) * 1000);
  if (!view.state) return `No answer from hapxd for ${silence}. It is asked again and again.`;
  const { status } = view.state;
  return `No word from ${status.node} for ${silence}. What is shown is as of ${clockOf(view)}, `
    + `when the verdict was "${verdictOf(status, false).word}".`;
}

function notesOf(view) {
  const { status } = view.state;
  const here = status.members.find((each) => each.name === status.node);
  const { here: votes, all } = votesOf(status);
  const notes = [];
  if (view.moved) notes.push(`Now served by ${view.moved.to}; before by ${view.moved.from}.`);
  if (!status.quorate) {
    const heard = all > 0 ? `hears ${votes} of ${counted(all, "vote")}, which is` : "has";
    notes.push(`${status.node} ${heard} no quorum. What it shows of other nodes may be old, and `
      + "they may serve what it calls not served.");
  }
  if (isInMaintenance(status)) {
    notes.push("Maintenance: nothing is moved, started or stopped; what runs is left alone.");
  }
  if (here?.isWitness) {
    notes.push(`${status.node} is a witness: it votes, holds no address and runs no HAProxy.`);
  } else if (here?.state === "standby") {
    notes.push(`${status.node} is in standby: it votes, and holds nothing.`);
  } else if (!status.services.some((each) => ["", status.node].includes(each.holder))
    && status.services.length > 0) {
    notes.push(`${status.node} holds no service now; this is how it sees the others.`);
  }
  return notes;
}

export function tiles(status) {
  const { here, all } = votesOf(status);
  const served = status.services.filter(isServed).length;
  const services = status.services.length;
  const servers = status.services.flatMap((each) => each.backends);
  const up = servers.filter((each) => each.isUp).length;
  const evidence = status.twoNodes?.alone && here < all ? ", and evidence" : "";
  const [last] = status.lastTakeovers;
  return [
    tile("votes", all > 0 ? `${here} of ${all}` : "–", status.quorate ? `votes: quorum${evidence}`
      : "votes: no quorum", !status.quorate),
    tile("coordinator", status.coordinator || "none", "coordinator", status.coordinator === ""),
    tile("services", `${served} of ${services}`, services === 1 ? "service served"
      : "services served", served < services),
    servers.length > 0 && tile("servers", `${up} of ${servers.length}`,
      `kube-apiservers up, as ${status.node} sees`, up < servers.length),
    last && tile("takeover", lengthText(last.wholeUs / 1000),
      `last takeover by ${status.node}, ${ageText(last.agoMs)} ago`, false),
  ];
}

function tile(key, value, label, isBad) {
  return element("li", { key, class: isBad ? "bad" : null },
    element("b", {}, isBad && "▲ ", value), element("span", {}, label));
}

const memberLooks = {
  online: { mark: "●", look: "good" },
  standby: { mark: "◐", look: "warn" },
  maintenance: { mark: "◆", look: "warn" },
  offline: { mark: "✕", look: "bad" },
};

export function nodes(status) {
  const { electorate } = status;
  const { waitsFor } = electorate;
  const waits = waitsFor.length > 0 ? `; waits for ${waitsFor.join(", ")}` : "";
  const isPlain = electorate.generation === 1 && electorate.settled && !electorate.staged;
  return [
    element("h2", { id: "nodes-heading" }, "Nodes"),
    status.members.length === 0 && element("p", { class: "soft" }, "not told"),
    element("ul", { class: "nodes" },
      status.members.map((member) => node(member, status)),
      status.arbiter && arbiter(status.arbiter),
      status.twoNodes && status.twoNodes.tieBreaker !== "" && tieBreaker(status.twoNodes)),
    !isPlain && element("p", { class: "soft" },
      `Electorate of generation ${electorate.generation}, `
      + `${electorate.settled ? "settled" : "not settled"}`
      + `${electorate.staged ? "; a changed file is staged" : ""}${waits}.`),
  ];
}

function node(member, status) {
  const looks = Object.hasOwn(memberLooks, member.state) ? memberLooks[member.state]
    : memberLooks.offline;
  const { mark, look } = member.suspect && member.state !== "offline"
    ? { mark: "▲", look: "warn" } : looks;
  const isHere = member.name === status.node;
  const held = status.services.filter((each) => each.holder === member.name);
  const haproxy = isHere && !member.isWitness ? status.haproxy : null;
  return element("li", { key: member.name, class: look },
    element("div", { class: "heading" },
      nameAndRoles(mark, member.name, [isHere && "this node",
        status.coordinator === member.name && "coordinator", member.isWitness && "witness"]),
      element("p", { class: "state" }, member.state,
        member.suspect && member.state !== "offline" && " (suspect)")),
    held.length > 0 && element("p", {}, "holds ", held.map((each) => each.name).join(", ")),
    element("p", { class: "soft" }, [counted(member.votes, "vote"), member.address,
      heardText(member, status)].filter(Boolean).join(" · ")),
    !member.hearsUs && !isHere && member.state !== "offline" && element("p", {}, trouble(`does not hear ${status.node}`)),
    member.ways.length > 0 && element("ul", { class: "ways" }, member.ways.map(
      ({ address, heard }) => element("li", { key: address },
        heard ? soft(`${address} heard`) : trouble(`${address} silent`)))),
    member.configDiffers.length > 0 && element("p", {},
      trouble(`runs another configuration: ${member.configDiffers.join(", ")}`)),
    member.countsOtherwise && element("p", {}, trouble("counts the votes of other nodes")),
    haproxy && element("p", { class: haproxy.fit ? "soft" : null }, haproxyText(haproxy)));
}

function nameAndRoles(mark, name, roles) {
  return [
    element("p", { class: "name" }, element("span", { class: "mark" }, mark),
      element("b", {}, name)),
    element("ul", { class: "roles" }, roles.filter(Boolean).map(
      (role) => element("li", { key: role }, role))),
  ];
}

function heardText(member, status) {
  const link = linkOf(status, member);
  if (link === "this node") return "";
  if (member.lastHeardMs === null) return link;
  const isTold = link === "up" || link === "suspect";  // by the state, the latter
  return `${isTold ? "" : `${link}, `}heard ${ageText(member.lastHeardMs)} ago`;
}

function haproxyText(haproxy) {
  const fitness = haproxy.fit ? "fit" : `not fit${haproxy.reason ? `, ${haproxy.reason}` : ""}`;
  const words = [`HAProxy ${haproxy.state}`, fitness,
    haproxy.restarts > 0 && counted(haproxy.restarts, "restart"),
    haproxy.draining > 0 && `${haproxy.draining} draining`].filter(Boolean).join(" · ");
  return haproxy.fit ? words : trouble(words);
}

/** An etcd that has the third vote. */
function arbiter(told) {
  const speed = told.answers && told.commitMs !== null ? ` · commits in ${told.commitMs} ms` : "";
  return element("li", { key: " arbiter", class: told.answers ? "good" : "bad" },
    element("div", { class: "heading" },
      nameAndRoles(told.answers ? "●" : "✕", told.kind, ["arbiter"]),
      element("p", { class: "state" }, told.answers ? "answers" : "does not answer")),
    element("p", { class: "soft" }, `1 vote${speed}`),
    element("p", { class: "soft" }, told.endpoints.join(", ")),
    told.trouble !== "" && element("p", {}, trouble(told.trouble)));
}

function tieBreaker(two) {
  const answers = two.tieBreakerTrouble === "";
  return element("li", { key: " tie-breaker", class: answers ? "good" : "bad" },
    element("div", { class: "heading" },
      nameAndRoles(answers ? "●" : "✕", two.tieBreaker, ["tie-breaker"]),
      element("p", { class: "state" }, answers ? "answers" : two.tieBreakerTrouble)),
    element("p", { class: "soft" }, `the other node: ${two.other}`
      + `${two.alone ? "; this node goes on alone" : ""}${two.reason ? `: ${two.reason}` : ""}`));
}

export function orders(status) {
  const doubt = { unread: "They have not been read yet.", stale: "They may be stale." };
  return [
    element("h2", { id: "orders-heading" }, "Standing orders"),
    Object.hasOwn(doubt, status.ordersState)
      && element("p", { class: "trouble" }, `▲ ${doubt[status.ordersState]}`),
    status.orders.length === 0 ? element("p", { class: "soft" }, "none")
      : element("ul", { class: "orders" }, status.orders.map((order) => element("li", {},
        element("p", {}, element("b", {}, order.kind), ` ${aboutText(order)}`),
        element("p", { class: "soft" }, [order.by && `by ${order.by}`, sinceText(order),
          untilText(order)].filter(Boolean).join(" · "))))),
  ];
}

function aboutText({ kind, service, node: name }) {
  if (kind === "maintenance") return "of the whole cluster";
  return [service, service && name && "from", name].filter(Boolean).join(" ");
}

function sinceText(order) {
  return order.ageMs === null ? order.since && `since ${dateText(order.since)}`
    : `for ${ageText(order.ageMs)}`;
}

function untilText(order) {
  if (order.leftMs !== null) return `${ageText(order.leftMs)} left`;
  return `until ${order.until === "" ? "it is lifted" : dateText(order.until)}`;
}

function table(headings, rows) {
  return element("div", { class: "wide" }, element("table", {},
    element("thead", {}, element("tr", {}, headings.map(
      (heading) => element("th", { scope: "col" }, heading)))),
    element("tbody", {}, rows.map(([first, ...others]) => element("tr", {},
      element("th", { scope: "row" }, first),
      others.map((each) => (each.tag ? each : element("td", {}, each))))))));
}

export function drill(status) {
  const heading = element("h2", { id: "drill-heading" }, "Last drill");
  const past = status.drill;
  if (!past) {
    return [heading, element("p", { class: "soft" }, "none yet. ", element("code", {},
      "hapx drill run"), " does faults on purpose and measures the outages.")];
  }
  const what = [past.plan && `plan ${past.plan}`, past.lab && `lab ${past.lab}`,
    dateText(past.startedAt), past.version && `hapx ${past.version}`].filter(Boolean).join(" · ");
  const rows = byFault(past.faults).map((row) => [row.fault,
    element("td", { class: row.passed < row.runs ? "bad" : null }, `${row.passed} of ${row.runs}`),
    lengthText(row.medianMs), lengthText(row.maxMs)]);
  return [
    element("div", { class: "heading" }, heading,
      element("span", { class: `verdict ${past.passed ? "good" : "bad"}` },
        past.passed ? "✓ passed" : "✕ failed")),
    element("p", { class: "soft" }, what),
    table(["fault", "passed", "median", "longest outage"], rows),
  ];
}

/** A fault that was done in several steps has one row, with the figures of its worst step. */
function byFault(faults) {
  const rows = new Map();
  for (const fault of faults) {
    const same = rows.get(fault.fault);
    const worst = same && same.maxMs >= fault.maxMs ? same : fault;
    rows.set(fault.fault, { ...worst, runs: fault.runs + (same?.runs ?? 0),
      passed: fault.passed + (same?.passed ?? 0) });
  }
  return [...rows.values()];
}

/** Newest first. `seen` is the number of the last one that is no news. */
export function events(state, seen) {
  const { node, services } = state.status;
  const lines = [...state.events].reverse();
  return [
    element("div", { class: "heading" }, element("h2", { id: "events-heading" }, "Events"),
      soft(`on ${node}, times in UTC`)),
    lines.length === 0 && element("p", { class: "soft" }, "none"),
    // It scrolls where there are columns, so a keyboard has to get there.
    element("ol", { class: "events", tabindex: "0", "aria-labelledby": "events-heading" },
      lines.map((line) => eventRow(line, { node, isNews: line.number > seen,
        namesService: services.length > 1 && line.service !== "" }))),
  ];
}

function eventRow(line, { node, isNews, namesService }) {
  return element("li", { key: `${node} ${line.number}`, class: isNews ? "fresh" : null },
    element("time", { datetime: line.at || null }, timeOfDay(line.at) || "–"),
    element("span", { class: "age" }, `${ageText(line.ageMs)} ago`),
    element("span", { class: "kind" }, line.kind),
    element("p", {}, namesService && element("b", {}, `${line.service}: `), line.sentence,
      line.reason !== "" && soft(` (${line.reason})`),
      line.times > 1 && soft(`, ${line.times} times`),
      line.phase !== "" && element("span", { class: "tag" }, line.phase)));
}

export function footer(view) {
  const { status } = view.state;
  const link = view.isLost ? "connection lost" : view.trouble ? "asking again" : "connected";
  return [`Served by ${status.node}`, status.version && `hapxd ${status.version}`,
    status.uptimeMs > 0 && `up ${ageText(status.uptimeMs)}`, link].filter(Boolean).join(" · ");
}
