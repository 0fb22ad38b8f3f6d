/**
 * Requests: what the client sent. The list at the left, one request at the right.
 * @module
 */

import { listRequests, listUnclaimed } from "../api.js";
import { button, choice, finder, h, icon, question, show } from "../dom.js";
import { count, failure, httpStatus, listTime, plural, vendorMark } from "../format.js";
import { Journal } from "../journal.js";
import { isFree } from "../keys.js";
import { leadName, learnNames } from "../names.js";
import { Again } from "../screen.js";
import { pause, connect, store } from "../store.js";
import { virtualList } from "../virtual.js";
import { emptyJournal } from "./empty.js";
import { drawRequest } from "./request.js";

const ROW_HEIGHT = 34;
const ENTRY_LIMIT = 1000;
const WIDE = "(min-width: 900px)";

/** @typedef {import("../journal.js").Entry} Entry */

/** @type {Record<string, [string, (one: Entry) => boolean]>} */
const GROUPS = {
  all: ["All", () => true],
  refused: ["Refused", (one) => one.status >= 400 && !one.fault],
  fault: ["With a fault", (one) => Boolean(one.fault)],
  unmatched: ["No operation", (one) => !one.operation],
};

/** @type {Record<string, number>} */
const STEPS = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: 12,
  PageUp: -12,
  Home: -Infinity,
  End: Infinity,
};

/**
 * @param {HTMLElement} main
 * @param {string[]} steps the number of the chosen request
 * @param {URLSearchParams} asked may name an operation
 */
export function draw(main, [wanted], asked) {
  const screen = new Requests(main, asked.get("operation") ?? "");
  screen.open(Number(wanted) || null);
  return () => screen.close();
}

class Requests {
  /**
   * @param {HTMLElement} main
   * @param {string} operation
   */
  constructor(main, operation) {
    this.main = main;
    this.operation = operation;
    this.journal = new Journal();
    /** @type {Entry[]} */
    this.seen = [];
    /** @type {number | null} */
    this.chosen = null;
    this.group = "all";
    this.vendor = "";
    /** @type {Set<number> | null} the numbers that a search found */
    this.found = null;
    this.text = "";
    this.findAgain = new Again(() => this.#search());
    this.isReading = false;
    this.unread = 0;
    this.shown = 0;
    this.#build();
  }

  #build() {
    this.viewport = h("div.rows", { tabIndex: 0 });
    this.detail = h("section.pane.detail", { "aria-label": "The request" });
    this.total = h("p.sub");
    this.fresh = button("button.primary.small.fresh-ones", () => this.#toNewest());
    this.fresh.hidden = true;
    this.follow = button("button.ghost.small", () => this.#turn());
    this.banner = h("div");
    this.foot = h("p.foot", { hidden: true });
    this.chips = h("div.chips-place");
    const find = finder("Find requests", "Path, body, answer, status", (text) => this.#find(text));
    this.list = h(
      "section.pane.journal",
      { "aria-labelledby": "title" },
      h(
        "header.head",
        h("div", h("h2.title", { id: "title" }, "Requests"), this.total),
        h("div.tools", this.#selects(), this.follow),
      ),
      this.banner,
      h("div.bar", find),
      this.chips,
      h(
        "div.row.columns",
        { "aria-hidden": "true" },
        ["No.", "Time", "", "Request", "Lead", "Answer"].map((name) => h("span", name)),
      ),
      this.viewport,
      this.foot,
      this.fresh,
    );
    show(this.main, h("h1.unseen", "Requests"), this.list, this.detail);
    this.#drawFollow();
    this.virtual = virtualList(this.viewport, {
      height: ROW_HEIGHT,
      label: "Requests, newest first",
      length: () => this.seen.length,
      at: (index) => this.seen[this.seen.length - 1 - index],
      look: (one) => `${one.number === this.chosen} ${this.#leadText(one)}`,
      draw: (row, one) => this.#drawRow(row, one),
    });
    this.viewport.addEventListener("click", (/** @type {any} */ event) => this.#click(event));
    this.viewport.addEventListener("keydown", (/** @type {any} */ event) => this.#press(event));
  }

  #selects() {
    const options = [...store.vendors.values()].map(({ name, title }) =>
      h("option", { value: name }, title),
    );
    const act = (/** @type {any} */ event) => {
      this.vendor = event.target.value;
      this.#sift();
    };
    const actOperation = (/** @type {any} */ event) => {
      this.operation = event.target.value;
      this.#sift();
    };
    this.operations = h("select", { "aria-label": "Operation", onchange: actOperation });
    const all = h("option", { value: "" }, "All vendors");
    return [h("select", { "aria-label": "Vendor", onchange: act }, all, options), this.operations];
  }

  /** Offers the operations of the journal, where they are others than before. */
  #drawOperations() {
    const names = new Set(this.journal.entries.map((one) => one.operation).filter(Boolean));
    if (this.operation) names.add(this.operation);
    const sorted = [...names].sort();
    if (this.operations.childElementCount === sorted.length + 1) return;
    const all = h("option", { value: "" }, "All operations");
    show(
      this.operations,
      all,
      sorted.map((name) => h("option", { value: name }, name)),
    );
    this.operations.value = this.operation;
  }

  /** @param {number | null} wanted */
  async open(wanted) {
    const isNewest = question(this);
    this.journal.onChange = (added) => this.#changed(added);
    this.#drawBanner();
    learnNames().then(() => this.virtual?.refresh());
    try {
      await this.journal.read();
    } catch (error) {
      show(this.detail, failure(error));
    }
    // Whoever has chosen one meanwhile keeps it.
    if (!isNewest()) return;
    const newest = this.journal.entries.at(-1)?.number ?? null;
    const first = wanted ?? (matchMedia(WIDE).matches ? newest : null);
    if (first !== null) this.#choose(first, true);
    // The first in the list is no choice of the reader: the newest may come in above it.
    this.isReading = wanted !== null;
  }

  close() {
    question(this);
    this.journal.stop();
    this.findAgain.stop();
    this.virtual?.stop();
    this.leaveDetail?.();
  }

  async #drawBanner() {
    const { requests } = await listUnclaimed({ limit: 1000 });
    if (!requests.length) return;
    const number = plural(requests.length, "request");
    const words = `${number} reached no workspace: the credential was missing or refused.`;
    const look = button("button.text", () => this.#showUnclaimed(requests), "Look");
    show(this.banner, h("p.banner.tone-warn", icon("warn"), h("span", words), look));
  }

  /** @param {Entry[]} requests */
  #showUnclaimed(requests) {
    const rows = requests.map((one) =>
      h(
        "li",
        httpStatus(one.status),
        h("code", one.method, " ", one.target),
        h("p.sub", one.why?.sentence),
      ),
    );
    this.main.classList.add("open");
    show(
      this.detail,
      h(
        "div.scroll",
        { tabIndex: 0 },
        h("header.head", this.#backButton(), h("h2.title", "Requests without a workspace")),
        h("ul.unclaimed", rows.reverse()),
      ),
    );
  }

  #backButton() {
    const back = button("button.ghost.square.narrow-only", () => this.#back(), icon("back"));
    back.setAttribute("aria-label", "Back to the list");
    return back;
  }

  /** @param {number} added */
  #changed(added) {
    const before = this.shown;
    this.#sift();
    const more = this.shown - before;
    if (!added || more <= 0) return;
    if (this.isReading || this.viewport.scrollTop > 0) this.#keepPlace(more);
    if (this.text) this.findAgain.later();
  }

  /** @param {number} more */
  #keepPlace(more) {
    this.virtual?.pushDown(more);
    this.unread += more;
    this.fresh.hidden = false;
    show(this.fresh, icon("up"), `${count(this.unread)} new`);
  }

  #toNewest() {
    this.isReading = false;
    this.unread = 0;
    this.fresh.hidden = true;
    this.viewport.scrollTop = 0;
    this.virtual?.refresh();
    this.viewport.focus();
  }

  #turn() {
    if (store.isLive) pause();
    else connect();
    this.#drawFollow();
  }

  #drawFollow() {
    show(this.follow, icon(store.isLive ? "pause" : "play"), store.isLive ? "Pause" : "Go on");
  }

  /** @param {string} text */
  #find(text) {
    this.text = text;
    this.viewport.scrollTop = 0;
    return this.#search();
  }

  async #search() {
    const isNewest = question(this.list);
    const found = this.text ? await this.#numbersWith(this.text) : null;
    if (!isNewest()) return;
    this.found = found;
    this.#sift();
  }

  /** @param {string} text */
  async #numbersWith(text) {
    const asked = { q: text, order: "desc", limit: ENTRY_LIMIT };
    const { requests } = await listRequests(store.workspace, asked);
    const numbers = new Set(requests.map((/** @type {Entry} */ one) => one.number));
    for (const one of this.journal.entries) {
      const words = `${one.operation} ${one.status} ${one.fault ?? ""} ${this.#leadText(one)}`;
      if (words.toLowerCase().includes(text.toLowerCase())) numbers.add(one.number);
    }
    return numbers;
  }

  /** Chooses what is seen, and draws it. */
  #sift() {
    const { entries, dropped } = this.journal;
    const [, fits] = GROUPS[this.group];
    const isAll = this.group === "all" && !this.vendor && !this.operation && !this.found;
    const isAsked = (/** @type {Entry} */ one) =>
      (!this.vendor || one.vendor === this.vendor) &&
      (!this.operation || one.operation === this.operation);
    const isFound = (/** @type {Entry} */ one) => !this.found || this.found.has(one.number);
    this.seen = isAll
      ? entries
      : entries.filter((one) => isAsked(one) && isFound(one) && fits(one));
    this.shown = this.seen.length;
    const all = plural(entries.length, "request");
    this.total.textContent = isAll ? all : `${count(this.seen.length)} of ${all}`;
    this.foot.hidden = dropped === 0;
    show(
      this.foot,
      `${count(dropped)} older ones made room. `,
      h("code", "--journal-entries"),
      " keeps more.",
    );
    this.#drawChips();
    this.#drawOperations();
    this.#drawEmpty();
    this.virtual?.refresh();
  }

  #drawChips() {
    const { entries } = this.journal;
    const choices = Object.entries(GROUPS).map(([value, [label, fits]]) => {
      const number = value === "all" ? entries.length : entries.filter(fits).length;
      return { value, content: [label, h("em", count(number))] };
    });
    const [row] = this.chips.children;
    if (row) {
      // The buttons stay: one of them may have the focus.
      choices.forEach(({ content }, place) => show(row.children[place], content));
      return;
    }
    const act = (/** @type {string} */ value) => {
      this.group = value;
      this.viewport.scrollTop = 0;
      this.#sift();
    };
    show(this.chips, choice("div.chips", "Filter", choices, this.group, act));
  }

  #drawEmpty() {
    if (this.journal.entries.length) {
      if (this.wasEmpty) show(this.detail);
      this.wasEmpty = false;
      return;
    }
    this.wasEmpty = true;
    show(this.detail, emptyJournal());
  }

  /** @param {Entry} one */
  #leadText(one) {
    if (!one.matched?.length) return "";
    if (one.matched.length > 1) return plural(one.matched.length, "lead");
    return leadName(one.vendor, one.matched[0]) ?? String(one.matched[0]);
  }

  /**
   * @param {any} row
   * @param {Entry} one
   */
  #drawRow(row, one) {
    const isChosen = one.number === this.chosen;
    row.dataset.number = one.number;
    row.className = isChosen ? "row chosen" : "row";
    row.id = `request-${one.number}`;
    row.setAttribute("aria-selected", String(isChosen));
    const base = store.bases[one.vendor];
    const prefix = base ? `/${one.vendor}` : "";
    const path = one.target.startsWith(prefix) ? one.target.slice(prefix.length) : one.target;
    const fault = one.fault && h("span.flag", { title: `Fault: ${one.fault}` }, icon("fault"));
    show(
      row,
      h("span.no", one.number),
      h("span.time", listTime(one.time)),
      vendorMark(one.vendor),
      h("span.call", { title: one.target }, h("b", one.method), " ", h("span", path)),
      h("span.tail", fault, h("span.lead-name", this.#leadText(one))),
      httpStatus(one.status),
    );
  }

  /** @param {any} event */
  #click(event) {
    const row = event.target.closest(".row");
    if (row) this.#choose(Number(row.dataset.number));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (!isFree(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.detail.querySelector(".scroll")?.focus();
      return;
    }
    const step = STEPS[event.key];
    if (step === undefined || !this.seen.length) return;
    event.preventDefault();
    const last = this.seen.length - 1;
    const place = this.#placeOf(this.chosen);
    const next = place < 0 ? 0 : Math.max(0, Math.min(last, place + step));
    this.#choose(this.seen[last - next].number, true);
  }

  /**
   * The place of a request in the list, which has the newest first; -1 where it is not seen.
   * @param {number | null} number
   */
  #placeOf(number) {
    const index = this.seen.findIndex((one) => one.number === number);
    return index < 0 ? -1 : this.seen.length - 1 - index;
  }

  /**
   * @param {number} number
   * @param {boolean} [reveal]
   */
  #choose(number, reveal = false) {
    question(this);
    this.chosen = number;
    this.isReading = true;
    const address = `#/requests/${number}?ws=${encodeURIComponent(store.workspace)}`;
    history.replaceState(null, "", address);
    this.main.classList.add("open");
    const place = this.#placeOf(number);
    if (reveal && place >= 0) this.virtual?.reveal(place);
    this.viewport.setAttribute("aria-activedescendant", `request-${number}`);
    this.virtual?.refresh();
    this.leaveDetail?.();
    this.leaveDetail = drawRequest(this.detail, number, this.#backButton(), () => this.#back());
  }

  #back() {
    this.main.classList.remove("open");
    this.viewport.focus();
  }
}
