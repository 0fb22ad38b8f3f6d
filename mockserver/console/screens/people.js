/**
 * People: who is stored, one column a vendor, and what happens, as it happens.
 * @module
 */

import { listEvents, listPeople, listRequests, seedWorkspace } from "../api.js";
import { button, choice, finder, h, icon, show } from "../dom.js";
import { eventLine, feedItem, isTold, lineOf, requestLine } from "../feed.js";
import { causeText, count, failure, initials, moment, plural } from "../format.js";
import { factText, phoneText, statusMark, vendorMark, vendorTitle } from "../format.js";
import { keyed } from "../keyed.js";
import { keepNames, personHref } from "../names.js";
import { Screen } from "../screen.js";
import { connect, now, pause, store } from "../store.js";
import { createLine } from "../curl.js";
import { commandLine } from "../command.js";
import { newPerson } from "./newperson.js";

const PAGE = 200;
const FEED_LINES = 60;
const SLOWEST_SHARE = 10;
const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 3000;

/** @type {Record<string, string>} */
const FILTERS = {
  all: "All",
  calls: "In calls",
  won: "Won",
  gaps: "Not everywhere",
  shared: "Sharing a key",
};

/** What makes the list stale. */
const STALE = ["change", "call", "clock"];

/** @typedef {Record<string, any>} Person */

/** @param {HTMLElement} main */
export function draw(main) {
  const screen = new People(main);
  screen.read();
  screen.readFeed();
  return () => screen.close();
}

class People extends Screen {
  /** @param {HTMLElement} main */
  constructor(main) {
    super(STALE);
    this.asked = { q: "", filter: "all", after: 0 };
    /** @type {import("../feed.js").Line[]} */
    this.lines = [];
    this.isFirst = true;
    this.#build(main);
  }

  /** @param {HTMLElement} main */
  #build(main) {
    this.total = h("p.sub", " ");
    this.chips = h("div.chips-place");
    this.body = h("tbody");
    this.pager = h("div.pager", { hidden: true });
    this.feed = h("ol.feed-list");
    this.follow = button("button.ghost.small", () => this.#turn());
    const find = finder("Find people", "Name, e-mail, phone or id", (q) =>
      this.#ask({ q, after: 0 }),
    );
    const add = button("button.primary", () => newPerson(), icon("plus"), "Person");
    const heads = [...store.vendors.values()].map(({ name, title }) =>
      h("th", { scope: "col" }, vendorMark(name), h("span", { "aria-hidden": "true" }, title)),
    );
    this.table = h(
      "table.grid",
      h(
        "thead",
        h(
          "tr",
          h("th", { scope: "col" }, "Person"),
          heads,
          h("th", { scope: "col" }, "Last change"),
        ),
      ),
      this.body,
    );
    this.scroll = h(
      "div.scroll",
      { tabIndex: 0, role: "region", "aria-label": "Table of people" },
      this.table,
      this.pager,
    );
    this.scroll.addEventListener("keydown", (/** @type {any} */ event) => this.#move(event));
    show(
      main,
      h(
        "section.pane.people",
        { "aria-labelledby": "title" },
        h(
          "header.head",
          h("div", h("h1", { id: "title" }, "People"), this.total),
          h("div.tools", find, add),
        ),
        this.chips,
        this.scroll,
      ),
      h(
        "aside.pane.feed",
        { "aria-labelledby": "feed" },
        h("header.head", h("h2", { id: "feed" }, "Happening"), this.follow),
        this.feed,
      ),
    );
    this.#drawFollow();
  }

  /** @param {Record<string, any>} change */
  #ask(change) {
    Object.assign(this.asked, change);
    this.scroll.scrollTop = 0;
    this.read();
  }

  async load() {
    const began = performance.now();
    const answer = await listPeople(store.workspace, { ...this.asked, limit: PAGE });
    // However large the workspace, the list takes a tenth of the server's time at most.
    const pause = SLOWEST_SHARE * (performance.now() - began);
    this.again.pause = Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, pause));
    return answer;
  }

  /** @param {unknown} error */
  fail(error) {
    show(this.body, h("tr", h("td.nothing", { colSpan: 9 }, failure(error))));
  }

  /** @param {any} answer */
  draw({ people, counts, leads, total, next }) {
    keepNames(people);
    const stored = /** @type {number[]} */ (Object.values(leads)).reduce(
      (sum, each) => sum + each,
      0,
    );
    const vendors = plural(store.vendors.size, "vendor");
    const persons = plural(counts.all, "person", "people");
    this.total.textContent = `${persons}, ${plural(stored, "lead")} with ${vendors}`;
    this.#drawChips(counts);
    if (!people.length) {
      keyed(this.body, [], String, String, () => h("tr"));
      show(
        this.body,
        h("tr", h("td.nothing", { colSpan: 9 }, stored ? this.#noHit() : this.#noLead())),
      );
    } else {
      if (this.body.querySelector(".nothing")) show(this.body);
      const print = (/** @type {Person} */ one) => JSON.stringify(one);
      keyed(
        this.body,
        this.#inOrder(people),
        (one) => one.key,
        print,
        (one, isNew) => this.#row(one, isNew),
      );
    }
    this.isFirst = false;
    this.#drawPager(total, next);
  }

  /**
   * While somebody is in the table, rows keep their places.
   * @param {Person[]} people
   */
  #inOrder(people) {
    if (!this.body.matches(":hover, :focus-within")) return people;
    const places = new Map(
      Array.from(this.body.children, (row, place) => [row.dataset.key, place]),
    );
    const placeOf = (/** @type {Person} */ one) => places.get(one.key) ?? Infinity;
    return [...people].sort((one, other) => placeOf(one) - placeOf(other) || 0);
  }

  #noHit() {
    const all = button("button.text", () => this.#showAll(), "Show all");
    return h("p", "Nobody is like that. ", all);
  }

  #showAll() {
    const field = this.chips.ownerDocument.querySelector("main input[type=search]");
    if (field) /** @type {HTMLInputElement} */ (field).value = "";
    show(this.chips);
    this.#ask({ q: "", filter: "all", after: 0 });
  }

  #noLead() {
    const load = () => this.act(() => seedWorkspace(store.workspace, { name: "demo" }));
    const [vendor] = store.vendors.keys();
    const line = createLine(vendor) ?? createLine([...store.vendors.keys()][1] ?? "");
    return h(
      "div.empty.start",
      h("h2", "No leads yet"),
      h("p", button("button.primary", load, "Load the demo")),
      line && [h("p", "Or let your client create one:"), commandLine(line)],
    );
  }

  /** @param {Record<string, number>} counts */
  #drawChips(counts) {
    const choices = Object.entries(FILTERS).map(([value, label]) => ({
      value,
      content: [label, h("em", count(counts[value] ?? 0))],
    }));
    const [row] = this.chips.children;
    if (row) {
      choices.forEach(({ content }, place) => show(row.children[place], content));
      return;
    }
    const act = (/** @type {string} */ filter) => this.#ask({ filter, after: 0 });
    show(this.chips, choice("div.chips", "Filter", choices, this.asked.filter, act));
  }

  /**
   * @param {number} total
   * @param {number | null} next
   */
  #drawPager(total, next) {
    const { after } = this.asked;
    this.pager.hidden = total <= PAGE;
    const back = button(
      "button.ghost.small",
      () => this.#ask({ after: Math.max(0, after - PAGE) }),
      "Earlier",
    );
    const on = button("button.ghost.small", () => this.#ask({ after: next }), "Further");
    back.disabled = after === 0;
    on.disabled = next === null;
    const last = Math.min(total, after + PAGE);
    show(
      this.pager,
      back,
      h("span", `${count(after + 1)} to ${count(last)} of ${count(total)}`),
      on,
    );
  }

  /**
   * @param {Person} one
   * @param {boolean} isNew
   */
  #row(one, isNew) {
    const [vendor, ...rest] = one.key.split("/");
    const href = personHref(vendor, rest.join("/"));
    const open = (/** @type {any} */ event) => {
      if (!event.target.closest("a, button")) location.hash = href;
    };
    const row = h(
      "tr",
      { onclick: open, "data-key": one.key, class: isNew && this.isFirst ? "" : "fresh" },
      h("th", { scope: "row" }, who(one, href)),
      [...store.vendors.keys()].map((name) => leadCell(one, name)),
      h(
        "td.when",
        one.changed && [moment(one.changed.at), h("span.sub", causeText(one.changed.by))],
      ),
    );
    return row;
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    const step = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    if (!step) return;
    const links = [...this.body.querySelectorAll("th a")];
    const here = links.indexOf(/** @type {any} */ (document.activeElement));
    const next = links[Math.max(0, Math.min(links.length - 1, here + step))];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  // What happens.

  async readFeed() {
    const [{ requests }, { last }] = await Promise.all([
      listRequests(store.workspace, { order: "desc", limit: 30 }),
      listEvents(store.workspace, { limit: 1 }),
    ]);
    const { events } = await listEvents(store.workspace, { after: Math.max(0, last - 30) });
    const calls = events.filter(isTold).reverse();
    const lines = [...requests.map(requestLine), ...calls.map(eventLine)];
    lines.sort((one, other) => other.at.localeCompare(one.at));
    // What happened meanwhile is there already.
    this.#addLines([...this.lines, ...lines]);
  }

  /** @param {import("../events.js").StreamEvent[]} batch */
  hear(batch) {
    const at = now().toISOString();
    const fresh = batch.slice(-FEED_LINES).map((event) => lineOf(event, at));
    const lines = /** @type {import("../feed.js").Line[]} */ (fresh.filter(Boolean)).reverse();
    if (lines.length) this.#addLines([...lines, ...this.lines]);
  }

  /** @param {import("../feed.js").Line[]} lines the newest first; one may be there twice */
  #addLines(lines) {
    const wanted = new Map();
    for (const line of lines) if (!wanted.has(line.key)) wanted.set(line.key, line);
    this.lines = [...wanted.values()].slice(0, FEED_LINES);
    this.#drawFeed();
  }

  #drawFeed() {
    if (!this.lines.length) {
      show(this.feed, h("li.none", "Nothing yet. What your client sends shows here."));
      return;
    }
    if (this.feed.querySelector(".none")) show(this.feed);
    keyed(this.feed, this.lines, (line) => line.key, JSON.stringify, feedItem);
  }

  #turn() {
    if (store.isLive) pause();
    else connect();
    this.#drawFollow();
  }

  #drawFollow() {
    show(this.follow, icon(store.isLive ? "pause" : "play"), store.isLive ? "Pause" : "Go on");
  }
}

/**
 * @param {Person} one
 * @param {string} href
 */
function who(one, href) {
  const name = one.name ?? one.email ?? one.phone ?? one.key;
  const shares = one.shares.slice(0, 1).map((/** @type {any} */ share) => {
    const others = share.people.map((/** @type {any} */ each) => each.name ?? each.key);
    const key = share.field === "email" ? "an e-mail" : `a ${share.field}`;
    const words = `Shares ${key} with ${others.slice(0, 2).join(", ")}`;
    return h("span.note.tone-warn", icon("warn"), h("span", words));
  });
  return h(
    "div.who-cell",
    h("span.avatar", { "aria-hidden": "true" }, initials(name)),
    h(
      "span.who",
      h("span.name", h("a", { href }, name), h("span.sub", phoneText(one.phone))),
      h("span.sub.mail", one.email),
      shares,
    ),
  );
}

/**
 * @param {Person} one
 * @param {string} vendor
 */
function leadCell(one, vendor) {
  const leads = one.leads.filter((/** @type {any} */ lead) => lead.vendor === vendor);
  const title = vendorTitle(vendor);
  if (!leads.length)
    return h("td.lead", { "data-label": title }, h("span.none", `Not in ${title}`));
  const [lead] = leads;
  const [fact] = lead.facts;
  const more = leads.length > 1 ? `, and ${leads.length - 1} more` : "";
  const sub = fact && h("span.sub", { title: fact.name }, factText(fact), more);
  return h("td.lead", { "data-label": title }, statusMark(lead), sub);
}
