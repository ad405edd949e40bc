// SPDX-License-Identifier: Apache-2.0
// What does the live page do with what it hears?
//
// Listens to `stream`, keeps the last state, and has it drawn: at once when it changes, and once a
// second only while the connection is lost, since then the silence grows. It asks for nothing else.

import * as draw from "./draw.js";
import { show } from "./element.js";
import { stateFrom } from "./reading.js";
import { serviceCard } from "./service.js";
import { silenceMs, Stream } from "./stream.js";
import { takeoversSection } from "./timeline.js";
import { verdictOf } from "./words.js";

/** For so long it is told that another node serves the page. */
const movedMs = 15_000;

const page = {
  state: null,
  heardAt: Date.now(),  // when the last state came; before the first one, when we began to wait
  trouble: false,       // the stream has ended or is silent, and is asked for again
  moved: null,          // {from, to}: the node that serves the page has just changed
  seen: Infinity,       // the number of the last event that is no news
  movedTimer: 0,
  lostTimer: 0,
};
const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const place = (id) => document.getElementById(id);

function viewNow() {
  const now = Date.now();
  return { ...page, now, isLost: page.trouble && now - page.heardAt >= silenceMs };
}

/** Whether that was a state. */
function hear(message) {
  const state = stateFrom(message);
  if (!state) return false;
  noteMove(page.state?.status.node, state);
  page.state = state;
  page.heardAt = Date.now();
  page.trouble = false;
  clearInterval(page.lostTimer);
  drawPage();
  if (!document.hidden) startLeases();
  return true;
}

/** What is news: of one node that which comes while we look, of another nothing at first. */
function noteMove(before, state) {
  const { node } = state.status;
  const newest = Math.max(0, ...state.events.map((each) => each.number));
  const known = Math.max(0, ...(page.state?.events ?? []).map((each) => each.number));
  if (before !== node || known > newest) page.seen = newest;  // the latter: hapxd began anew
  if (before === undefined || before === node) return;
  page.moved = { from: before, to: node };
  clearTimeout(page.movedTimer);
  page.movedTimer = setTimeout(() => {
    page.moved = null;
    drawPage();
  }, movedMs);
}

function worry() {
  if (!page.trouble) {
    page.trouble = true;
    clearInterval(page.lostTimer);
    page.lostTimer = setInterval(drawPage, 1000);
  }
  drawPage();
}

/** Of a page that nobody sees only the title is. */
function drawPage() {
  const view = viewNow();
  const title = draw.titleOf(view);
  if (document.title !== title) document.title = title;
  if (document.hidden) return;
  drawHead(view);
  if (view.state) drawState(view);
}

function drawHead(view) {
  const status = view.state?.status;
  document.body.dataset.verdict = verdictOf(status, view.isLost || !status).look;
  document.body.classList.toggle("stale", view.isLost);
  show(place("verdict"), draw.verdict(view));
  show(place("connection"), draw.connection(view));
  show(place("reasons"), draw.reasons(view));
  if (!status) return;
  show(place("cluster"), status.cluster);
  show(place("seen-by"), `as seen by ${status.node}`);
}

function drawState(view) {
  const { status } = view.state;
  place("told").hidden = false;
  place("tiles").hidden = false;
  show(place("tiles"), draw.tiles(status));
  show(place("services"), status.services.map((service) => serviceCard(service, status)));
  show(place("orders"), draw.orders(status));
  show(place("nodes"), draw.nodes(status));
  show(place("takeovers"), takeoversSection(status));
  show(place("drill"), draw.drill(status));
  show(place("events"), draw.events(view.state, page.seen));
  show(place("footer"), draw.footer(view));
}

/** Each bar runs down from what was just told, and stays empty until it is told again. */
function startLeases() {
  for (const bar of document.querySelectorAll("[data-remaining]")) {
    for (const before of bar.getAnimations()) before.cancel();
    if (stillness.matches) continue;
    bar.animate([{ transform: "scaleX(1)" }, { transform: "scaleX(0)" }],
      { duration: Number(bar.dataset.remaining), fill: "forwards" });
  }
}

function begin() {
  const stream = new Stream("stream", { onMessage: hear, onTrouble: worry });
  const isSilent = () => page.trouble || Date.now() - page.heardAt >= silenceMs;
  addEventListener("online", () => stream.openAgain());
  addEventListener("pagehide", () => stream.close());
  addEventListener("pageshow", (event) => event.persisted && stream.openAgain());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    drawPage();
    if (isSilent()) stream.openAgain();
  });
  stream.open();
  drawPage();
}

begin();
