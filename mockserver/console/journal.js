/**
 * The journal of a workspace as the screens read it: all entries, oldest first.
 * @module
 */

import { listRequests } from "./api.js";
import { listen, store } from "./store.js";

const FIRST = 200;
const PAGE = 1000;
const MOST = 20_000;

/** @typedef {Record<string, any>} Entry a request in short */

export class Journal {
  constructor() {
    /** @type {Entry[]} */
    this.entries = [];
    this.dropped = 0;
    this.isRead = false;
    /** @type {(added: number) => void} */
    this.onChange = () => {};
    this.stop = listen((batch) => this.#take(batch));
  }

  /** Reads the newest entries, then the older ones behind them. */
  async read() {
    const page = await listRequests(store.workspace, { order: "desc", limit: FIRST });
    this.entries = page.requests.reverse();
    this.dropped = page.dropped;
    this.isRead = true;
    this.onChange(0);
    this.#readOlder();
  }

  async #readOlder() {
    while (this.entries.length && this.entries.length < MOST) {
      const [{ number: before }] = this.entries;
      const asked = { order: "desc", limit: PAGE, before };
      const { requests } = await listRequests(store.workspace, asked);
      if (this.entries[0]?.number !== before || !requests.length) return;
      this.entries = [...requests.reverse(), ...this.entries];
      this.onChange(0);
    }
  }

  /** @param {import("./events.js").StreamEvent[]} batch */
  #take(batch) {
    // A new connection tells of what comes after it: what came before is asked for.
    if (batch.some(({ kind }) => kind === "reset" || kind === "gap" || kind === "hello")) {
      this.#catchUp(batch.some(({ kind }) => kind === "reset"));
      return;
    }
    const last = this.entries.at(-1)?.number ?? 0;
    const fresh = batch.filter(({ kind, data }) => kind === "request" && data.number > last);
    if (!fresh.length) return;
    for (const { data } of fresh) this.entries.push(data);
    if (this.entries.length > MOST) this.entries.splice(0, this.entries.length - MOST);
    this.onChange(fresh.length);
  }

  /** @param {boolean} anew whether the journal began anew */
  async #catchUp(anew) {
    if (!this.isRead) return;
    if (anew) {
      await this.read();
      return;
    }
    // The events since a gap come on: what is behind them is asked for, not guessed.
    for (;;) {
      const after = this.entries.at(-1)?.number ?? 0;
      const { requests } = await listRequests(store.workspace, { after, limit: PAGE });
      const last = this.entries.at(-1)?.number ?? 0;
      const missing = requests.filter((/** @type {Entry} */ each) => each.number > last);
      this.entries.push(...missing);
      if (missing.length) this.onChange(missing.length);
      if (requests.length < PAGE) return;
    }
  }
}
