// SPDX-License-Identifier: Apache-2.0
// How long did each phase of the last takeovers take?
//
// Describes the drawing of a few takeovers, all to one scale of time; pure. There are fewer hues
// than phases, so neighbours differ, and every phase is told by its name and its length, too.

import { drawing, element } from "./element.js";
import { ageText, lengthText, phaseMeanings, takeoverReasonText } from "./words.js";

/** A bar that is narrower shows no number: it would not fit. In parts of the whole width. */
const narrow = 0.11;
/** What is shorter is there, but no wider than this, so that it can be seen. */
const thinnest = 0.003;

export function takeoversSection(status) {
  const takeovers = status.lastTakeovers;
  const heading = element("h2", { id: "takeovers-heading" }, "Last takeovers");
  if (takeovers.length === 0) {
    return [heading, element("p", { class: "soft" },
      `No service has come to ${status.node} since its hapxd started.`)];
  }
  const longestUs = Math.max(1, ...takeovers.map(lengthOf));
  const names = Object.keys(phaseMeanings).filter(
    (name) => takeovers.some((each) => each.phases.some(({ phase }) => phase === name)));
  return [
    heading,
    element("p", { class: "soft" },
      `Of services that came to ${status.node}, to one scale: from the last datagram of a node `
      + "that was lost, else from the plan, to the first announcement."),
    element("ol", { class: "takeovers" },
      takeovers.map((each, index) => row(each, index, takeovers, status.node, longestUs))),
    axis(longestUs),
    element("details", { key: "phases" },
      element("summary", {}, "What each phase ends with"),
      element("dl", { class: "phases" }, names.map((name) => [
        element("dt", { key: name }, swatch(name), name),
        element("dd", { key: `${name} ends` }, phaseMeanings[name]),
      ]))),
  ];
}

function lengthOf(takeover) {
  const sum = takeover.phases.reduce((us, each) => us + each.us, 0);
  return Math.max(sum, takeover.wholeUs);
}

/** The age changes, and what is the newest; what happened is named by what it was. */
function row(takeover, index, takeovers, here, longestUs) {
  const { service, from, reason, failover, agoMs, phases } = takeover;
  const older = takeovers.slice(index + 1).filter(
    (each) => each.service === service && each.wholeUs === takeover.wholeUs).length;
  return element("li", { key: `${service} ${takeover.wholeUs} ${older}` },
    element("div", { class: "heading" },
      element("p", {}, element("b", {}, service), ` ${from || "?"} → ${here}`),
      element("b", { class: "length" }, lengthText(takeover.wholeUs / 1000))),
    element("p", { class: "soft" }, `${failover ? "failover" : "handover"}: `
      + `${takeoverReasonText(reason, from || "its holder", here)} · ${ageText(agoMs)} ago`),
    bar(phases, longestUs, `${service}: ${lengthText(takeover.wholeUs / 1000)}`),
    index === 0 ? story(phases)
      : element("details", { key: "story" }, element("summary", {}, "its phases"), story(phases)));
}

function bar(phases, longestUs, label) {
  const percent = (part) => `${(part * 100).toFixed(3)}%`;
  const pieces = [];
  let start = 0;
  for (const { phase, us } of phases) {
    const width = us / longestUs;
    pieces.push(drawing("rect", {
      key: phase, class: phaseClass(phase), x: percent(start), y: "0",
      width: percent(Math.max(width, us > 0 ? thinnest : 0)), height: "100%",
    }, drawing("title", {}, `${phase} ${lengthText(us / 1000)}`)));
    pieces.push(width >= narrow && drawing("text", {
      key: `${phase} length`, class: `on-bar ${phaseClass(phase)}`,
      x: percent(start + width / 2), y: "50%",
      "text-anchor": "middle", "dominant-baseline": "central",
    }, lengthText(us / 1000)));
    start += width;
  }
  return drawing("svg", { class: "bar", role: "img", "aria-label": label }, pieces);
}

function story(phases) {
  return element("ol", { class: "story" }, phases.map(({ phase, us }) => element("li",
    { key: phase }, swatch(phase), phase, " ", element("b", {}, lengthText(us / 1000)))));
}

function swatch(phase) {
  return drawing("svg", { class: "swatch", "aria-hidden": "true" },
    drawing("rect", { class: phaseClass(phase), width: "100%", height: "100%", rx: "2" }));
}

/** A name that we don't know has no colour of its own. */
function phaseClass(phase) {
  return Object.hasOwn(phaseMeanings, phase) ? `phase ${phase}` : "phase";
}

function axis(longestUs) {
  const step = stepOf(longestUs);
  const ticks = [];
  for (let us = 0; us <= longestUs; us += step) ticks.push(us);
  return drawing("svg", { class: "scale", "aria-hidden": "true" }, ticks.map((us) => {
    const x = `${((us / longestUs) * 100).toFixed(3)}%`;
    const anchor = us === 0 ? "start" : us / longestUs > 0.93 ? "end" : "middle";
    return [
      drawing("line", { class: "grid", x1: x, x2: x, y1: "0", y2: "5" }),
      drawing("text", { class: "tick", x, y: "17", "text-anchor": anchor },
        us === 0 ? "0" : tickText(us)),
    ];
  }));
}

function tickText(us) {
  if (us >= 1_000_000) return `${us / 1_000_000} s`;
  return us >= 1000 ? `${us / 1000} ms` : `${us} µs`;
}

/** 1, 2 or 5 of some power of ten, so that there are two to five steps. */
function stepOf(longestUs) {
  const power = 10 ** Math.floor(Math.log10(longestUs));
  const factor = [0.2, 0.5, 1].find((each) => longestUs / (each * power) <= 5) ?? 2;
  return factor * power;
}
