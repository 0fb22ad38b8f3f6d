/**
 * Faults: a sentence that makes a rule, the rules, the catalogue, and the magic values.
 * @module
 */

import * as api from "../api.js";
import { button, copier, h, icon, show, toast } from "../dom.js";
import { humanised, marked, plural, vendorMark, vendorTitle } from "../format.js";
import { keyed } from "../keyed.js";
import { Screen } from "../screen.js";
import { refresh, store } from "../store.js";
import { FaultForm } from "./faultform.js";

const UNDO_SECONDS = 8;
const FIRST_TRIES = ["apply_but_fail", "rate_limited", "timeout"];

/** @typedef {Record<string, any>} Rule */

/** @param {HTMLElement} main */
export function draw(main) {
  const screen = new Faults(main);
  screen.begin();
  return () => screen.close();
}

class Faults extends Screen {
  /** @param {HTMLElement} main */
  constructor(main) {
    super(["fault"]);
    this.sentence = h("section.panel");
    this.rules = h("ul.rules");
    this.none = h("div");
    this.catalogue = h("section.panel");
    this.magic = h("section.panel");
    this.total = h("p.sub", " ");
    this.clear = button("button.ghost.small", () => this.#removeAll(), "Remove all");
    show(
      main,
      h(
        "section.pane.page",
        { "aria-labelledby": "title" },
        h(
          "header.head",
          h("div", h("h1", { id: "title" }, "Faults"), this.total),
          h("div.tools", this.clear),
        ),
        h(
          "div.sheet",
          this.sentence,
          h("section", { "aria-label": "Rules" }, this.none, this.rules),
          this.catalogue,
          this.magic,
        ),
      ),
    );
  }

  async begin() {
    const [catalogue, fidelity] = await Promise.all([api.listFaultKinds(), api.getFidelity()]);
    this.form = new FaultForm(catalogue.faults, fidelity.vendors, (rule) => this.#add(rule));
    show(this.sentence, h("h2", "A new rule"), this.form.element);
    this.#drawCatalogue(catalogue.faults);
    this.#drawMagic(catalogue.magic);
    await this.read();
  }

  load() {
    return api.listFaults(store.workspace);
  }

  /** @param {{ faults: Rule[] }} answer */
  draw({ faults: rules }) {
    const on = rules.filter((rule) => !rule.spent && !rule.expired).length;
    this.total.textContent = rules.length ? `${plural(rules.length, "rule")}, ${on} on` : "No rule";
    this.clear.hidden = rules.length === 0;
    show(this.none, rules.length ? null : this.#empty());
    keyed(
      this.rules,
      rules,
      (rule) => String(rule.id),
      JSON.stringify,
      (rule) => this.#card(rule),
    );
  }

  #empty() {
    const tries = FIRST_TRIES.map((fault) =>
      button("button.ghost.small", () => this.#add({ fault, times: 1 }), icon("fault"), fault),
    );
    return h(
      "div.empty",
      h("h2", "Nothing goes wrong"),
      h("p", "Try one, for one request:"),
      h("p.tries", tries),
    );
  }

  /** @param {Rule} rule */
  #card(rule) {
    const isOver = rule.spent || rule.expired;
    const limits = [
      rule.skip ? `after ${rule.skip}` : "",
      rule.probability < 1 ? `in ${Math.round(rule.probability * 100)} %` : "",
      rule.seconds_to_live ? `for ${rule.seconds_to_live} s` : "",
    ].filter(Boolean);
    const state = rule.spent ? "spent" : rule.expired ? "its time is over" : "on";
    const remove = button("button.ghost.small", () => this.#remove(rule), icon("cross"), "Remove");
    remove.setAttribute("aria-label", `Remove rule ${rule.id}, ${rule.fault}`);
    const card = h(
      "li.rule-card",
      { class: isOver ? "over" : "", "data-id": rule.id },
      h(
        "div",
        h(
          "p.line",
          rule.vendor && vendorMark(rule.vendor),
          h("b", rule.fault),
          h("span.sub", `rule ${rule.id}, ${state}`),
        ),
        h("p", scope(rule)),
        h("p.sub", [parameters(rule), ...limits].filter(Boolean).join(", ")),
      ),
      counters(rule),
      remove,
    );
    return card;
  }

  /** @param {Rule} rule */
  async #add(rule) {
    const made = await this.act(() => api.addFault(store.workspace, rule));
    if (made) toast(h("b", made.fault), `, rule ${made.id}`);
    await refresh();
  }

  /** @param {Rule} rule */
  async #remove(rule) {
    const removed = await this.act(() => api.removeFault(store.workspace, rule.id));
    if (removed === undefined) return;
    const undo = button("button.text", () => (note.remove(), this.#add(again(rule))), "Undo");
    const note = toast(`Rule ${rule.id} is removed. `, undo);
    note.classList.add("stays");
    setTimeout(() => note.remove(), UNDO_SECONDS * 1000);
  }

  #removeAll() {
    return this.act(() => api.removeFaults(store.workspace));
  }

  /** @param {any[]} kinds */
  #drawCatalogue(kinds) {
    const rows = kinds.map((kind) =>
      h(
        "tr",
        h("th", { scope: "row" }, h("code", kind.name)),
        h("td", kind.status ?? h("span.none", "–")),
        h("td", marked(kind.help), kind.applies && h("span.sub", " The request takes effect.")),
        h("td", this.#tryButton(kind.name)),
      ),
    );
    const heads = ["Fault", "Status", "What the client sees", ""].map((text) =>
      h("th", { scope: "col" }, text || h("span.unseen", "Try")),
    );
    show(
      this.catalogue,
      h("h2", "What can go wrong"),
      h("div.scroll-x", h("table.plain", h("thead", h("tr", heads)), h("tbody", rows))),
    );
  }

  /** @param {string} fault */
  #tryButton(fault) {
    const act = button("button.ghost.small", () => this.#add({ fault, times: 1 }), "Try");
    act.title = "For the next request";
    act.setAttribute("aria-label", `Try ${fault} with the next request`);
    return act;
  }

  /** @param {any} magic */
  #drawMagic(magic) {
    const emails = magic.emails.map((/** @type {string} */ text) =>
      h("li", h("code", text), copier(text)),
    );
    const phones = Object.entries(magic.phones).map(([phone, fault]) =>
      h("li", h("code", phone), h("span.sub", String(fault)), copier(phone)),
    );
    show(
      this.magic,
      h("h2", "Without a rule: magic values"),
      h("p.sub", "A request that names such an address or number gets the fault."),
      h("div.columns-2", h("ul.values", emails), h("ul.values", phones)),
    );
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.key === "n") {
      event.preventDefault();
      this.form?.focus();
    }
    const card = /** @type {HTMLElement} */ (document.activeElement)?.closest?.(".rule-card");
    if (event.key === "Delete" && card) /** @type {any} */ (card.querySelector("button")).click();
  }
}

/** @param {Rule} rule */
function scope(rule) {
  const what =
    rule.operation ??
    (rule.vendor ? `Every request to ${vendorTitle(rule.vendor)}` : "Every request");
  const more = [rule.path && `path ${rule.path}`, rule.lead && `about ${rule.lead}`].filter(
    Boolean,
  );
  return [what, ...more].join(", ");
}

/** @param {Rule} rule */
function parameters(rule) {
  const given = Object.entries(rule.parameters).filter(([, value]) => value !== null);
  return given.map(([name, value]) => `${humanised(name)} ${value}`).join(", ");
}

/** @param {Rule} rule */
function counters(rule) {
  const bar = h("span.bar-fill");
  const share = rule.times ? rule.applied / rule.times : 0;
  bar.style.inlineSize = `${Math.min(100, share * 100)}%`;
  const of = rule.times ? ` of ${rule.times}` : "";
  return h(
    "div.counters",
    h("p", h("b", `${rule.applied}${of}`), ` applied, ${rule.seen} seen`),
    rule.times && h("span.bar-room", { "aria-hidden": "true" }, bar),
  );
}

/**
 * What was told of a rule, to make the same one again.
 * @param {Rule} rule
 */
function again({
  fault,
  parameters: given,
  vendor,
  operation,
  path,
  body,
  lead,
  times,
  skip,
  probability,
  seconds_to_live,
}) {
  return {
    fault,
    parameters: given,
    vendor,
    operation,
    path,
    body,
    lead,
    times,
    skip,
    probability,
    seconds_to_live,
  };
}
