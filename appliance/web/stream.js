// SPDX-License-Identifier: Apache-2.0
// Is what we were told last still so?
//
// Follows a stream of states, and notices its end. A browser doesn't see that a peer has died
// without a word (its node lost its power), so a silence counts as an end. Then it is asked again:
// reached by a VIP, the next holder answers.

/** A state comes at least once a second. */
export const silenceMs = 2500;
/** Before the next attempt, after so many in vain. */
const pausesMs = [0, 500, 1000, 2000];

export class Stream {
  #address;
  #onMessage;
  #onTrouble;
  #source = null;
  #timer = 0;
  #failures = 0;
  #messages = 0;

  /** `onMessage(text)`: of each, and says whether it was a state; what is none counts as silence.
   *  `onTrouble()`: whenever the stream ends, or nothing is heard. */
  constructor(address, { onMessage, onTrouble }) {
    this.#address = address;
    this.#onMessage = onMessage;
    this.#onTrouble = onTrouble;
  }

  /** Begins anew, whatever was. */
  open() {
    this.close();
    this.#messages = 0;
    this.#source = new EventSource(this.#address);
    this.#source.onmessage = (event) => this.#hear(event.data);
    this.#source.onerror = () => this.#fail();
    this.#watch();
  }

  /** At once, with no regard to what failed before: something has changed for the better. */
  openAgain() {
    this.#failures = 0;
    this.open();
  }

  close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #watch() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(), silenceMs);
  }

  #hear(text) {
    if (!this.#onMessage(text)) return;
    this.#messages += 1;
    // Not with the first: whoever sends one and hangs up would be asked without a pause.
    if (this.#messages > 1) this.#failures = 0;
    this.#watch();
  }

  #fail() {
    this.close();
    const pause = pausesMs[Math.min(this.#failures, pausesMs.length - 1)];
    this.#failures += 1;
    this.#timer = setTimeout(() => this.open(), pause);
    this.#onTrouble();
  }
}
