// SPDX-License-Identifier: Apache-2.0
// What does a state say, if it is of another version of hapxd, or not what we think?
//
// Reads a message into a value of one shape, so that nobody else has to ask whether something is
// there. What is missing, or of another kind, gets the default that status_json.cpp gives it.

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const text = (value) => (typeof value === "string" ? value : "");
const number = (value) => (Number.isFinite(value) && value > 0 ? value : 0);
const numberOrNull = (value) => (Number.isFinite(value) ? Math.max(0, value) : null);
const flag = (value, missing) => (typeof value === "boolean" ? value : missing);
const list = (value) => (Array.isArray(value) ? value : []);
const objects = (value, read) => list(value).filter(isObject).map(read);
const texts = (value) => list(value).filter((each) => typeof each === "string");
const objectOrNull = (value, read) => (isObject(value) ? read(value) : null);

/** {at, status, events}, or null for what is no state. */
export function stateFrom(message) {
  let document;
  try {
    document = JSON.parse(message);
  } catch {
    return null;
  }
  if (!isObject(document) || !isObject(document.status)) return null;
  const { cluster, node } = document.status;
  if (typeof cluster !== "string" || typeof node !== "string") return null;
  return {
    at: text(document.at),
    status: statusFrom(document.status),
    events: objects(document.events, eventFrom),
  };
}

function statusFrom(status) {
  return {
    cluster: text(status.cluster),
    node: text(status.node),
    version: text(status.version),
    uptimeMs: number(status.uptimeMs),
    leaseMs: number(status.leaseMs),
    quorate: flag(status.quorate, false),
    coordinator: text(status.coordinator),
    degraded: texts(status.degraded),
    members: objects(status.members, memberFrom),
    electorate: electorateFrom(isObject(status.electorate) ? status.electorate : {}),
    twoNodes: objectOrNull(status.twoNodes, twoNodesFrom),
    arbiter: objectOrNull(status.arbiter, arbiterFrom),
    services: objects(status.services, serviceFrom),
    orders: objects(status.orders, orderFrom),
    ordersState: text(status.ordersState) || "read",
    haproxy: objectOrNull(status.haproxy, haproxyFrom),
    drill: objectOrNull(status.drill, drillFrom),
    lastTakeovers: objects(status.lastTakeovers, takeoverFrom),
  };
}

function memberFrom(member) {
  return {
    name: text(member.name),
    state: text(member.state) || "offline",
    isWitness: member.role === "witness",
    votes: number(member.votes),
    address: text(member.address),
    suspect: flag(member.suspect, false),
    hearsUs: flag(member.hearsUs, true),
    lastHeardMs: numberOrNull(member.lastHeardMs),
    hasLeft: flag(member.hasLeft, false),
    configDiffers: texts(member.configDiffers),
    countsOtherwise: flag(member.countsOtherwise, false),
    ways: objects(member.ways, (way) => ({
      address: text(way.address), heard: flag(way.heard, false),
    })),
  };
}

function electorateFrom(electorate) {
  return {
    generation: number(electorate.generation) || 1,
    settled: flag(electorate.settled, true),
    staged: flag(electorate.staged, false),
    waitsFor: texts(electorate.waitsFor),
  };
}

function twoNodesFrom(two) {
  return {
    tieBreaker: text(two.tieBreaker),
    tieBreakerTrouble: text(two.tieBreakerTrouble),
    other: text(two.other),
    alone: flag(two.alone, false),
    reason: text(two.reason),
  };
}

function arbiterFrom(arbiter) {
  return {
    kind: text(arbiter.kind) || "etcd",
    endpoints: texts(arbiter.endpoints),
    answers: flag(arbiter.answers, false),
    trouble: text(arbiter.trouble),
    commitMs: numberOrNull(arbiter.commitMs),
  };
}

function serviceFrom(service) {
  return {
    name: text(service.name),
    holder: text(service.holder),
    vip: text(service.vip) || "stopped",
    haproxy: text(service.haproxy) || "stopped",
    leaseRemainingMs: numberOrNull(service.leaseRemainingMs),
    fence: text(service.fence) || "none",
    addresses: texts(service.addresses),
    port: number(service.port) || 6443,
    certificatesVerified: flag(service.certificatesVerified, true),
    backends: objects(service.backends, (server) => ({
      name: text(server.name), isUp: server.state === "up",
      check: text(server.check), level: text(server.level),
    })),
    reason: text(service.reason),
    moved: flag(service.moved, false),
    nodes: objects(service.nodes, placeFrom),
    vips: objects(service.vips, vipFrom),
  };
}

function placeFrom(place) {
  return {
    name: text(place.name),
    vip: text(place.vip) || "stopped",
    haproxy: text(place.haproxy) || "stopped",
    vipFailures: number(place.vipFailures),
    haproxyFailures: number(place.haproxyFailures),
    healthyApiServers: number(place.healthyApiServers),
    apiServers: number(place.apiServers),
    excluded: text(place.excluded),
    vipFailedAgoMs: number(place.vipFailedAgoMs),
    haproxyFailedAgoMs: number(place.haproxyFailedAgoMs),
  };
}

function vipFrom(vip) {
  return {
    address: text(vip.address),
    leaseRemainingMs: number(vip.leaseRemainingMs),
    clients: number(vip.clients),
    rivals: objects(vip.rivals, (rival) => ({
      mac: text(rival.mac), claims: number(rival.claims), lastAgoMs: number(rival.lastAgoMs),
    })),
  };
}

function orderFrom(order) {
  return {
    kind: text(order.kind),
    node: text(order.node),
    service: text(order.service),
    by: text(order.by),
    since: text(order.since),
    until: text(order.until),
    ageMs: numberOrNull(order.ageMs),
    leftMs: numberOrNull(order.leftMs),
  };
}

function haproxyFrom(haproxy) {
  return {
    state: text(haproxy.state) || "stopped",
    fit: flag(haproxy.fit, false),
    reason: text(haproxy.reason),
    restarts: number(haproxy.restarts),
    draining: number(haproxy.draining),
  };
}

function drillFrom(drill) {
  return {
    startedAt: text(drill.startedAt),
    lab: text(drill.lab),
    plan: text(drill.plan),
    version: text(drill.version),
    passed: flag(drill.passed, false),
    faults: objects(drill.summary, (row) => ({
      fault: text(row.fault), runs: number(row.runs), passed: number(row.passed),
      medianMs: number(row.outageMedianMs), maxMs: number(row.outageMaxMs),
    })),
  };
}

function takeoverFrom(takeover) {
  return {
    service: text(takeover.service),
    from: text(takeover.from),
    reason: text(takeover.reason),
    failover: flag(takeover.failover, false),
    agoMs: number(takeover.agoMs),
    wholeUs: number(takeover.wholeUs),
    phases: objects(takeover.phases, (each) => ({
      phase: text(each.phase), us: number(each.us),
    })),
  };
}

function eventFrom(event) {
  return {
    number: number(event.number),
    ageMs: number(event.ageMs),
    kind: text(event.kind),
    service: text(event.service),
    phase: text(event.phase),
    sentence: text(event.sentence),
    reason: text(event.reason),
    times: Math.max(1, number(event.times)),
    at: text(event.at),
  };
}
