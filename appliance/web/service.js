// SPDX-License-Identifier: Apache-2.0
// Where is a service, for how long may its holder act, and who could take over?
//
// Describes the card of one service; pure.

import { element } from "./element.js";
import {
  addressParts, ageText, counted, exclusionOf, failCountText, isServed, levelMeanings, serverText,
} from "./words.js";

export function serviceCard(service, status) {
  const served = isServed(service);
  const heading = `service-${status.services.indexOf(service)}`;
  return element("section", { key: service.name, class: "service", "aria-labelledby": heading },
    element("div", { class: "heading" },
      element("h2", { id: heading }, service.name),
      element("span", { class: `verdict ${served ? "good" : "grave"}` },
        served ? "✓ served" : "✕ not served")),
    element("ul", { class: "addresses" }, service.addresses.map(
      (address) => addressRow(address, service, status))),
    facts(service, status),
    element("h3", {}, "kube-apiservers"),
    servers(service),
    service.nodes.length > 0 && [
      element("h3", {}, "Who may hold it"),
      element("ul", { class: "places" }, service.nodes.map(
        (place) => placeRow(place, service, status))),
    ],
  );
}

function addressRow(address, service, status) {
  const { bare, endpoint, prefix } = addressParts(address, service.port);
  const vip = service.vips.find((each) => each.address === bare);
  return element("li", { key: address },
    element("p", { class: "endpoint" }, endpoint, element("span", { class: "prefix" }, prefix)),
    right(service, status, vip),
    vip?.rivals.map((rival) => element("p", { key: rival.mac, class: "trouble" },
      `▲ ${rival.mac} has claimed it ${counted(rival.claims, "time")}, `
      + `the last one ${ageText(rival.lastAgoMs)} ago`)));
}

/** The right to act. Each node knows its own only. */
function right(service, status, vip) {
  if (service.holder === "") {
    return element("p", { key: "right", class: "right trouble" }, "✕ nobody holds it");
  }
  if (service.holder !== status.node) {
    return element("p", { key: "right", class: "right soft" },
      `Held by ${service.holder}, which alone knows until when it may act.`);
  }
  const remainingMs = vip?.leaseRemainingMs || service.leaseRemainingMs || 0;
  if (remainingMs === 0) {
    return element("p", { key: "right", class: "right trouble" },
      `✕ ${service.holder} has no right to act now`);
  }
  return element("div", { key: "right", class: "right",
    title: "As told with this state. It is renewed with every heartbeat." },
    leaseBar(remainingMs, Math.max(status.leaseMs, remainingMs)),
    element("p", { class: "soft" }, "may act for ",
      element("b", {}, `${Math.round(remainingMs)} ms`),
      status.leaseMs > 0 && ` of a lease of ${status.leaseMs} ms`));
}

/** Pale: what was told. Dark: what is left of that now, until it is told again; page.js runs it. */
function leaseBar(remainingMs, lengthMs) {
  const told = { "--told": String(Math.min(1, remainingMs / lengthMs)) };
  return element("div", { class: "lease", style: told, "aria-hidden": "true" },
    element("div", { class: "told" }),
    element("div", { class: "left", "data-remaining": String(remainingMs) }));
}

function facts(service, status) {
  const isHere = service.holder === status.node;
  const clients = service.vips.reduce((sum, vip) => sum + vip.clients, 0);
  const fact = (name, ...value) => element("div", { key: name },
    element("dt", {}, name), element("dd", {}, value));
  return element("dl", { class: "facts" },
    fact("Holder", service.holder === "" ? trouble("none")
      : [element("b", {}, service.holder), isHere && soft(" this node")]),
    fact("VIP", stateWord(service.vip)),
    fact("HAProxy", stateWord(service.haproxy)),
    fact("Fence", service.fence === "bpf" ? "bpf" : trouble(service.fence),
      !isHere && soft(` on ${status.node}`)),
    isHere && service.vips.length > 0 && fact("Clients", clients),
    service.moved && fact("Moved", "by an operator"),
    service.reason !== "" && element("div", { key: "Reason", class: "reason" },
      element("dt", {}, "Why there"), element("dd", {}, service.reason)));
}

function stateWord(state) {
  if (state === "started" || state === "warm") return state;
  return trouble(state);
}

const soft = (...words) => element("span", { class: "soft" }, words);
const trouble = (...words) => element("span", { class: "trouble" }, "▲ ", words);

function servers(service) {
  if (service.backends.length === 0) {
    return element("p", { class: "soft" }, "not known on this node");
  }
  return [
    element("ul", { class: "chips" }, service.backends.map((server) => {
      const { look, mark, word } = serverText(server);
      const isLevel = server.isUp && Object.hasOwn(levelMeanings, word);
      const meaning = isLevel ? levelMeanings[word] : null;
      return element("li", { key: server.name, class: look, title: meaning },
        element("span", { class: "mark" }, mark), element("b", {}, server.name),
        element("span", { class: "level" }, word));
    })),
    !service.certificatesVerified && element("p", { class: "soft" },
      "Their certificates are not verified."),
  ];
}

function placeRow(place, service, status) {
  const { look, mark, words } = standingOf(place, service, status);
  const failures = [failed("VIP", place.vipFailures, place.vipFailedAgoMs),
    failed("HAProxy", place.haproxyFailures, place.haproxyFailedAgoMs)].filter(Boolean);
  const isOffline = memberOf(place, status)?.state === "offline";
  return element("li", { key: place.name, class: look },
    element("span", { class: "mark" }, mark),
    element("div", {},
      element("p", {}, element("b", {}, place.name), " ", words),
      (failures.length > 0 || !isOffline) && element("p", { class: "soft" },
        `VIP ${place.vip} · HAProxy ${place.haproxy} · sees `
        + `${place.healthyApiServers} of ${place.apiServers} kube-apiservers`,
        failures.map((each) => [" · ", element("span", { class: "trouble" }, each)]))));
}

function failed(resource, count, agoMs) {
  if (count === 0) return "";
  return `${resource} failed ${failCountText(count)} time${count === 1 ? "" : "s"}, `
    + `last ${ageText(agoMs)} ago`;
}

function memberOf(place, status) {
  return status.members.find((each) => each.name === place.name);
}

/** Whether a node may hold a service, as far as this one can tell. */
function standingOf(place, service, status) {
  const exclusion = exclusionOf(place);
  const isOffline = memberOf(place, status)?.state === "offline";
  const because = exclusion || (isOffline ? "it is offline" : "");
  if (place.name === service.holder) {
    const words = because === "" ? "holds it" : `holds it; ${because}`;
    return { look: "holds", mark: "●", words };
  }
  if (because !== "") return { look: "barred", mark: "✕", words: `may not: ${because}` };
  if (!status.quorate) return { look: "unsure", mark: "?", words: "not known without quorum" };
  return { look: "ready", mark: "○", words: "may take over" };
}
