/**
 * What the screens have in common: they read, draw the newest answer alone, and read anew where
 * events make them stale.
 * @module
 */

import { attempt, question, toast } from "./dom.js";
import { isFree } from "./keys.js";
import { listen } from "./store.js";

const PAUSE_MILLISECONDS = 300;

/** @typedef {import("./store.js").StreamEvent} StreamEvent */

/** Does something again where it is stale: once for many calls, and never twice at a time. */
export class Again {
  #timer = 0;
  #isStale = false;

  /**
   * @param {() => Promise<any>} doing
   * @param {number} [pause] milliseconds before it
   */
  constructor(doing, pause = PAUSE_MILLISECONDS) {
    this.doing = doing;
    this.pause = pause;
  }

  later() {
    this.#isStale = true;
    this.#timer ||= window.setTimeout(() => this.#run(), this.pause);
  }

  async #run() {
    this.#isStale = false;
    try {
      await this.doing();
    } finally {
      this.#timer = 0;
      // What happened meanwhile may not be in the answer.
      if (this.#isStale) this.later();
    }
  }

  stop() {
    clearTimeout(this.#timer);
    this.later = () => {};
  }
}

/** A screen, or a part of one. It has `load`, and `draw` for what that resolves with. */
export class Screen {
  isClosed = false;

  /** @param {string[]} stale the kinds of events after which it is read anew */
  constructor(stale) {
    const kinds = new Set([...stale, "reset", "gap"]);
    this.again = new Again(() => this.read());
    const stop = listen((batch) => {
      if (batch.some(({ kind }) => kinds.has(kind))) this.again.later();
      this.hear(batch);
    });
    const press = (/** @type {KeyboardEvent} */ event) => isFree(event) && this.press(event);
    document.addEventListener("keydown", press);
    this.stop = () => {
      stop();
      document.removeEventListener("keydown", press);
    };
  }

  close() {
    this.isClosed = true;
    question(this);
    this.again.stop();
    this.stop();
  }

  async read() {
    if (this.isClosed) return;
    const isNewest = question(this);
    try {
      const answer = await this.load();
      if (isNewest()) this.draw(answer);
    } catch (error) {
      if (isNewest()) this.fail(error);
    }
  }

  /**
   * Does what a button says, tells of it, and reads anew.
   * @template T
   * @param {() => Promise<T>} doing
   * @param {...any} words
   */
  async act(doing, ...words) {
    const answer = await attempt(doing);
    if (answer !== undefined && words.length) toast(words);
    await this.read();
    return answer;
  }

  /** @returns {Promise<any>} */
  async load() {}

  /** @param {any} _answer */
  draw(_answer) {}

  /** @param {unknown} error */
  fail(error) {
    toast(String(/** @type {Error} */ (error).message));
  }

  /** @param {StreamEvent[]} _batch */
  hear(_batch) {}

  /** @param {KeyboardEvent} _event a key that is meant for the screen */
  press(_event) {}
}
