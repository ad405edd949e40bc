// SPDX-License-Identifier: Apache-2.0
// In which words is a state told?
//
// The verdict, lengths of time, and the words for what a state has as names. The rules are those of
// status.cpp and the words those of `hapx status`, so that the page and the command never differ.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A service is served if it has a holder on which both resources are started, and its
 *  kube-apiservers, where we know them, are not all down. */
export function isServed(service) {
  const isHeld = service.holder !== "" && service.vip === "started"
    && service.haproxy === "started";
  const areAllDown = service.backends.length > 0 && !service.backends.some((each) => each.isUp);
  return isHeld && !areAllDown;
}

const verdicts = {
  healthy: { word: "healthy", mark: "✓", titleMark: "●", look: "good" },
  degraded: { word: "degraded", mark: "▲", titleMark: "▲", look: "bad" },
  notServing: { word: "not serving", mark: "✕", titleMark: "✕", look: "grave" },
  unknown: { word: "unknown", mark: "?", titleMark: "?", look: "unsure" },
};

/** As `hapx status` judges. Without an answer nobody can tell. */
export function verdictOf(status, isLost) {
  if (!status || isLost) return verdicts.unknown;
  if (!status.services.every(isServed)) return verdicts.notServing;
  return status.quorate && status.degraded.length === 0 ? verdicts.healthy : verdicts.degraded;
}

/** Of all votes, those of nodes that are heard; an etcd has one, too. */
export function votesOf(status) {
  const sum = (members) => members.reduce((votes, member) => votes + member.votes, 0);
  const arbiter = status.arbiter ? 1 : 0;
  const answering = status.arbiter?.answers ? 1 : 0;
  return {
    all: sum(status.members) + arbiter,
    here: sum(status.members.filter((each) => each.state !== "offline")) + answering,
  };
}

/** What the path of heartbeats between this node and a member is worth. */
export function linkOf(status, member) {
  if (member.name === status.node) return "this node";
  if (member.state !== "offline") {
    if (!member.hearsUs) return "one-way";
    return member.suspect ? "suspect" : "up";
  }
  if (member.lastHeardMs === null) return "never heard";
  return member.hasLeft ? "left" : "silent";
}

/** Without the words "node2: excluded, " that the scheduler puts before it. */
export function exclusionOf(place) {
  const before = `${place.name}: excluded, `;
  return place.excluded.startsWith(before) ? place.excluded.slice(before.length) : place.excluded;
}

/** How long ago, as coarsely as one wants to know it: "270 ms", "5 s", "2m05s", "3h07m", "2d4h". */
export function ageText(milliseconds) {
  const two = (count) => String(Math.floor(count)).padStart(2, "0");
  const whole = (unit) => Math.floor(milliseconds / unit);
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < minute) return `${whole(1000)} s`;
  if (milliseconds < hour) return `${whole(minute)}m${two((milliseconds % minute) / 1000)}s`;
  if (milliseconds < 2 * day) return `${whole(hour)}h${two((milliseconds % hour) / minute)}m`;
  return `${whole(day)}d${Math.floor((milliseconds % day) / hour)}h`;
}

/** What was measured: "30 µs", "8.8 ms", "305 ms", "8.26 s". */
export function lengthText(milliseconds) {
  if (milliseconds === 0) return "0 ms";
  if (milliseconds < 0.9995) return `${Math.max(1, Math.round(milliseconds * 1000))} µs`;
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

/** "13:36:57" of "2026-11-28T13:36:57.042Z"; empty if it is no such moment. */
export function timeOfDay(moment) {
  return /^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)(\.\d+)?Z$/.exec(moment)?.[1] ?? "";
}

/** "2026-11-28 13:36 UTC" of such a moment; else as it is. */
export function dateText(moment) {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(\.\d+)?Z$/.exec(moment);
  return parts ? `${parts[1]} ${parts[2]} UTC` : moment;
}

/** "1 node", "2 nodes". */
export function counted(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** "3", or "INFINITY" for what a failed start or stop counts as. */
export function failCountText(failures) {
  return failures >= 1_000_000 ? "INFINITY" : String(failures);
}

/** "192.168.4.20:6443", "[fd00::20]:6443", and the "/27" that was left out. */
export function addressParts(address, port) {
  const slash = address.indexOf("/");
  const bare = slash < 0 ? address : address.slice(0, slash);
  const host = bare.includes(":") ? `[${bare}]` : bare;
  return { bare, endpoint: `${host}:${port}`, prefix: slash < 0 ? "" : address.slice(slash) };
}

/** Why a service came from `from` to `here`. */
export function takeoverReasonText(reason, from, here) {
  const sentences = {
    "node-lost": `${from} was silent`,
    "link-down": `${from} could not hold the address`,
    "vip-failed": `the VIP failed on ${from}`,
    "haproxy-failed": `HAProxy failed or was unfit on ${from}`,
    "ordered": "an operator moved it",
    "node-stopped": `hapxd was ended in order on ${from}`,
    "preferred": `${here} is better`,
  };
  return Object.hasOwn(sentences, reason) ? sentences[reason] : reason;
}

/** What each phase of a failover ends with, in their order. */
export const phaseMeanings = {
  "peer-silent": "no more datagrams",
  "message-refused": "a counted refusal",
  "peer-dead": "suspect, then dead",
  "lease-expired": "the coordinator's lease",
  "view-changed": "a new view",
  "placement-decided": "this service, here, because ...",
  "lease-won": "the service's lease",
  "address-asked": "the deadline, the address",
  "address-added": "the kernel's acknowledgement",
  "haproxy-serving": "serving",
  "announcing": "announcements, repeated",
  "announced": "a frame on the wire",
};

/** What HAProxy has seen of a kube-apiserver: how well it is, and the word for it. */
export function serverText(server) {
  if (server.isUp) return { look: "up", mark: "✓", word: server.level || "up" };
  if (server.check === "INI") return { look: "unsure", mark: "?", word: "not checked yet" };
  if (server.check === "L7OKC") return { look: "draining", mark: "▽", word: "draining, not ready" };
  return { look: "down", mark: "✕", word: `down${server.check ? `, ${server.check}` : ""}` };
}

/** What a level proves. */
export const levelMeanings = {
  readyz: "/readyz said that it is ready",
  http: "it answers, and tells strangers nothing (401 or 403)",
  tls: "a TLS handshake",
  tcp: "a connection",
};
