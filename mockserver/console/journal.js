/**
 * The journal of a workspace as the screens read it: all entries, oldest first.
 * @module
 */

import { listRequests } from "./api.js";
import { attempt, question } from "./dom.js";
import { Again } from "./screen.js";
import { listen, store } from "./store.js";

const FIRST = 200;
const PAGE = 1000;
const MOST = 20_000;

/** @typedef {Record<string, any>} Entry a request in short */

export class Journal {
  /** Whether the journal is the one that was asked for: it may have begun anew since. */
  #isSame = question(this);
  /** @type {Entry[] | null} what events told while the newest page was under way */
  #early = [];
  /** After which number requests may be missing. */
  #hole = Infinity;
  #catchUp = new Again(() => this.#fillHole(), 0);

  constructor() {
    /** @type {Entry[]} */
    this.entries = [];
    this.dropped = 0;
    /** @type {(added: number) => void} */
    this.onChange = () => {};
    this.stopListening = listen((batch) => this.#hear(batch));
  }

  stop() {
    this.stopListening();
    this.#catchUp.stop();
    question(this);
  }

  /** Reads the newest entries, then the older ones behind them. */
  async read() {
    const isSame = (this.#isSame = question(this));
    this.#early = [];
    const asked = { order: "desc", limit: FIRST };
    const page = await listRequests(store.workspace, asked).catch((error) => {
      if (isSame()) this.#beginWithout();
      throw error;
    });
    if (!isSame()) return;
    this.entries = page.requests.reverse();
    this.dropped = page.dropped;
    this.#add(this.#early);
    this.#early = null;
    this.onChange(0);
    if (this.#hole < Infinity) this.#catchUp.later();
    await this.#readOlder(isSame);
  }

  /** Shows what events tell, where the newest page did not come: a new connection asks again. */
  #beginWithout() {
    this.entries = [];
    this.#hole = 0;
    this.#add(this.#early ?? []);
    this.#early = null;
    this.onChange(0);
  }

  /** @param {() => boolean} isSame */
  async #readOlder(isSame) {
    while (this.entries.length && this.entries.length < MOST) {
      const [{ number: before }] = this.entries;
      const asked = { order: "desc", limit: PAGE, before };
      const { requests } = await listRequests(store.workspace, asked);
      if (!isSame() || this.entries[0].number !== before || !requests.length) return;
      this.entries = [...requests.reverse(), ...this.entries];
      this.onChange(0);
    }
  }

  /** @param {import("./events.js").StreamEvent[]} batch */
  #hear(batch) {
    if (batch.some(({ kind }) => kind === "reset")) {
      this.#hole = Infinity;
      attempt(() => this.read());
      return;
    }
    // A new connection, and a gap, tell of what comes after them: what came before is asked for.
    if (batch.some(({ kind }) => kind === "gap" || kind === "hello")) {
      this.#hole = Math.min(this.#hole, this.#last);
      this.#catchUp.later();
    }
    const told = batch.filter(({ kind }) => kind === "request").map(({ data }) => data);
    if (this.#early) this.#early.push(...told);
    else this.#change(told);
  }

  get #last() {
    return this.entries.at(-1)?.number ?? 0;
  }

  async #fillHole() {
    const isSame = this.#isSame;
    while (!this.#early && this.#hole < Infinity) {
      const after = this.#hole;
      const asked = { after, limit: PAGE };
      const answer = await attempt(() => listRequests(store.workspace, asked));
      if (!answer || !isSame()) return;
      const { requests } = answer;
      this.#change(requests);
      // Another hole may have come before this one's end.
      if (this.#hole < after) continue;
      this.#hole = requests.length < PAGE ? Infinity : requests.at(-1).number;
    }
  }

  /** @param {Entry[]} some */
  #change(some) {
    const added = this.#add(some);
    if (added) this.onChange(added);
  }

  /**
   * Puts entries where their numbers belong.
   * @param {Entry[]} some in the order of their numbers
   * @returns {number} how many of them were not there
   */
  #add(some) {
    const before = this.entries.length;
    const last = this.#last;
    if (some.every(({ number }) => number > last)) this.entries.push(...some);
    else {
      const all = new Map([...this.entries, ...some].map((each) => [each.number, each]));
      this.entries = [...all.values()].sort((one, other) => one.number - other.number);
    }
    const added = this.entries.length - before;
    if (this.entries.length > MOST) this.entries.splice(0, this.entries.length - MOST);
    return added;
  }
}
