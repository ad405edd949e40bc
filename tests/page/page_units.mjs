// SPDX-License-Identifier: Apache-2.0
// What the page makes of a state, of whatever else comes, and of silence; without a browser.

import assert from "node:assert/strict";
import { mock, test } from "node:test";

const web = new URL("../../appliance/web/", import.meta.url);
const { stateFrom } = await import(new URL("reading.js", web));
const words = await import(new URL("words.js", web));

const minimal = '{"status": {"cluster": "c", "node": "n"}}';

function statusWith(more) {
  const document = JSON.parse(minimal);
  Object.assign(document.status, { quorate: true, degraded: [] }, more);
  return stateFrom(JSON.stringify(document)).status;
}

const served = {
  name: "api", holder: "n", vip: "started", haproxy: "started", backends: [],
};

test("what is no state is none", () => {
  for (const text of ["", "nonsense", "7", "null", "[]", "{}", '{"status": 7}', '{"status": []}',
    '{"status": {"cluster": "c"}}', '{"status": {"cluster": 1, "node": 2}}']) {
    assert.equal(stateFrom(text), null, text);
  }
});

test("of another version the default is what is missing or of another kind", () => {
  const { status, events, at } = stateFrom(minimal);
  assert.equal(at, "");
  assert.deepEqual(events, []);
  assert.deepEqual(status.services, []);
  assert.equal(status.quorate, false);
  const odd = statusWith({
    services: [7, null, "x", { name: 3, backends: {}, vips: [null] }], members: "none",
    degraded: [1, "a"], leaseMs: -4, lastTakeovers: [{ phases: "?" }], future: { deep: [1] },
  });
  assert.equal(odd.services.length, 1);
  assert.equal(odd.services[0].name, "");
  assert.deepEqual(odd.members, []);
  assert.deepEqual(odd.degraded, ["a"]);
  assert.equal(odd.leaseMs, 0);
  assert.deepEqual(odd.lastTakeovers[0].phases, []);
});

test("the verdict is that of hapx status", () => {
  const verdict = (more) => words.verdictOf(statusWith(more), false).word;
  assert.match(verdict({ services: [served] }), /healthy/);
  assert.match(verdict({ services: [served], degraded: ["node3 is offline"] }), /degraded/);
  for (const worse of [{ holder: null }, { vip: "failed" }, { haproxy: "warm" },
    { backends: [{ name: "a", state: "down" }, { name: "b", state: "down" }] }]) {
    assert.match(verdict({ services: [served, { ...served, ...worse }] }), /not serving/);
  }
  assert.match(verdict({
    services: [{ ...served, backends: [{ name: "a", state: "down" }, { name: "b", state: "up" }] }],
  }), /healthy/);
  assert.match(words.verdictOf(statusWith({ services: [served] }), true).word, /unknown/);
});

test("ages and lengths read as in hapx", () => {
  assert.equal(words.ageText(4 * 60_000 + 5000), "4m05s");
  assert.equal(words.ageText(3 * 3_600_000 + 7 * 60_000), "3h07m");
  assert.equal(words.lengthText(265), "265 ms");
  assert.equal(words.lengthText(7050), "7.05 s");
});

/** A browser's, as far as the stream uses it. */
class FakeSource {
  static all = [];
  constructor() {
    FakeSource.all.push(this);
  }
  close() {
    this.isClosed = true;
  }
}

const isOld = mock.timers ? false : "this node has no timers that a test can turn";
test("a silence counts as an end, and is asked again later and later", { skip: isOld }, async () => {
  globalThis.EventSource = FakeSource;
  mock.timers.enable(["setTimeout"]);
  const { Stream, silenceMs } = await import(new URL("stream.js", web));
  let troubles = 0;
  const heard = [];
  const stream = new Stream("stream", {
    onMessage: (text) => heard.push(text) > 0 && text !== "nonsense",
    onTrouble: () => { troubles += 1; },
  });
  stream.open();
  const say = (text) => FakeSource.all.at(-1).onmessage({ data: text });
  say("one");
  mock.timers.tick(silenceMs - 1);
  say("two");
  mock.timers.tick(silenceMs - 1);
  assert.equal(troubles, 0);
  mock.timers.tick(1);
  assert.equal(troubles, 1);
  assert.ok(FakeSource.all[0].isClosed);
  mock.timers.tick(0);
  assert.equal(FakeSource.all.length, 2, "at once after the first failure");
  const opened = [];
  for (let i = 0; i < 6; ++i) {
    const before = FakeSource.all.length;
    FakeSource.all.at(-1).onerror();
    let pause = 0;
    while (FakeSource.all.length === before) {
      mock.timers.tick(100);
      pause += 100;
    }
    opened.push(pause);
  }
  assert.deepEqual(opened, [500, 1000, 2000, 2000, 2000, 2000]);
  say("nonsense");
  mock.timers.tick(silenceMs);
  assert.equal(troubles, 8, "what is no state is as good as silence");
  stream.close();
  mock.timers.reset();
});
