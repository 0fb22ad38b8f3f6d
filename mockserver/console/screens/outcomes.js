/**
 * "A call happens": what an attempt can end in, what that would change, and a button for it.
 * @module
 */

import { listOutcomes, simulate } from "../api.js";
import { attempt, button, choice, h, icon, question, show, toast } from "../dom.js";
import { humanised, provenance, vendorMark, vendorTitle } from "../format.js";
import { isFree } from "../keys.js";
import { store } from "../store.js";
import { changedFields } from "./difference.js";

/** @typedef {Record<string, any>} Outcome */

/** How sure a mark is, from the surest. */
const MARKS = ["documented", "client", "observed", "inferred", "chosen"];

/** @type {[string, (one: Outcome) => boolean][]} */
const GROUPS = [
  ["Talked", (one) => talked(one)],
  [
    "Not reached",
    (one) => NO_TALK.test(one.name) || (one.next === "retry" && Boolean(one.sets.call)),
  ],
  ["Ends it", (one) => one.next === "stop"],
  ["Besides", () => true],
];

// A machine is connected too, and so is who hangs up at once.
const NO_TALK = /voicemail|machine|hung_up$/;

/** @param {Outcome} one */
function talked({ name, sets: { call } }) {
  if (!call || NO_TALK.test(name)) return false;
  return call.connected === true || Array.isArray(call.duration);
}

export class Outcomes {
  /** @param {() => any} done is called when something was made to happen */
  constructor(done) {
    this.done = done;
    /** @type {any} */
    this.person = null;
    this.vendor = "";
    /** @type {Outcome[]} */
    this.outcomes = [];
    this.chosen = "";
    this.list = h("div.outcomes");
    this.preview = h("div.preview", { hidden: true });
    this.switch = h("div.switch");
    const title = h("h2", { id: "drive" }, "A call happens");
    const head = h("header.head", title, this.switch);
    this.element = h(
      "aside.pane.drive",
      { "aria-labelledby": "drive" },
      head,
      this.list,
      this.preview,
    );
    this.press = (/** @type {KeyboardEvent} */ event) => this.#press(event);
    document.addEventListener("keydown", this.press);
  }

  close() {
    question(this);
    document.removeEventListener("keydown", this.press);
  }

  /** @param {any} person */
  draw(person) {
    this.person = person;
    const vendors = [...new Set(person.leads.map((/** @type {any} */ lead) => lead.vendor))];
    if (!vendors.includes(this.vendor)) this.vendor = this.#first(vendors);
    const choices = vendors.map((vendor) => ({
      value: String(vendor),
      content: [
        vendorMark(String(vendor)),
        h("span", { "aria-hidden": "true" }, vendorTitle(String(vendor))),
      ],
    }));
    if (this.switch.querySelectorAll("button").length !== choices.length) {
      const act = (/** @type {string} */ vendor) => this.#turn(vendor);
      show(this.switch, choice("div.segments", "Vendor", choices, this.vendor, act));
    }
    this.read();
  }

  /** @param {any[]} vendors */
  #first(vendors) {
    const calling = vendors.filter((vendor) => !store.vendors.get(vendor)?.outcomes);
    return calling.at(-1) ?? vendors[0];
  }

  /** @param {string} vendor */
  #turn(vendor) {
    this.vendor = vendor;
    this.chosen = "";
    this.read();
  }

  get lead() {
    return this.person.leads.find((/** @type {any} */ lead) => lead.vendor === this.vendor);
  }

  async read() {
    const isNewest = question(this);
    const asked = { vendor: this.vendor, lead: String(this.lead.id) };
    const { outcomes } = await listOutcomes(store.workspace, asked);
    if (!isNewest()) return;
    this.outcomes = outcomes;
    this.#drawList();
    if (!this.chosen) this.chosen = this.#ordered()[0]?.name ?? "";
    this.#choose(this.chosen);
  }

  /** The groups that have an outcome. */
  #groups() {
    const left = new Set(this.outcomes);
    const groups = GROUPS.map(([title, fits]) => {
      const inside = [...left].filter(fits);
      inside.forEach((one) => left.delete(one));
      return /** @type {[string, Outcome[]]} */ ([title, inside]);
    });
    return groups.filter(([, inside]) => inside.length);
  }

  #ordered() {
    return this.#groups().flatMap(([, inside]) => inside);
  }

  #drawList() {
    const isOperator = store.vendors.get(this.vendor)?.outcomes;
    const names = this.#ordered().map(({ name }) => name);
    const groups = this.#groups().map(([title, inside]) =>
      h(
        "fieldset",
        h("legend", isOperator ?? title),
        inside.map((one) => this.#button(one, names.indexOf(one.name) + 1)),
      ),
    );
    const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.name;
    show(this.list, groups);
    if (focused) this.list.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus();
  }

  /**
   * @param {Outcome} one
   * @param {number} place
   */
  #button(one, place) {
    const { lead = {} } = one.sets;
    const value = lead.status ?? Object.keys(lead)[0] ?? "nothing";
    const given = {
      type: "button",
      "data-name": one.name,
      title: one.title,
      "aria-pressed": "false",
    };
    const digit = place < 10 && h("kbd", { "aria-hidden": "true" }, place);
    const look = one.refused ? "excluded" : "";
    const act = () => this.#choose(one.name);
    return h(
      "button",
      { ...given, class: look, onclick: act },
      h("b", humanised(one.name)),
      h("span.sub", String(value)),
      digit,
    );
  }

  /** @param {string} name */
  #choose(name) {
    this.chosen = name;
    const one = this.outcomes.find((each) => each.name === name);
    for (const each of this.list.querySelectorAll("button")) {
      each.setAttribute("aria-pressed", String(each.dataset.name === name));
    }
    this.preview.hidden = !one;
    if (one) this.#drawPreview(one);
  }

  /** @param {Outcome} one */
  #drawPreview(one) {
    const triggers = new Set((one.events ?? []).map((/** @type {any} */ event) => event.trigger));
    triggers.delete(undefined);
    const webhooks = [...triggers].map((trigger) => h("code", String(trigger)));
    const word = one.sets.call ? "Make this call happen" : "Make this happen";
    const act = () => this.happen(one);
    const name = one.refused ? "button.ghost.wide" : "button.primary.wide";
    const make = button(name, act, icon("phone"), one.refused ? "Make it happen anyway" : word);
    show(
      this.preview,
      h("h3", humanised(one.name), h("span.gap"), provenance(weakest(one))),
      h("p.sub", one.title, "."),
      one.refused && h("p.note.tone-warn", icon("warn"), h("span", one.refused)),
      one.lead && changedFields(this.lead.lead, one.lead),
      webhooks.length > 0 && h("p.sent", icon("webhook"), webhooks),
      make,
    );
  }

  /** @param {Outcome} one */
  async happen(one) {
    const { vendor } = this;
    const given = { vendor, lead: this.lead.id, outcome: one.name, force: Boolean(one.refused) };
    const whose = this.person.name ?? this.lead.id;
    const made = await attempt(() => simulate(store.workspace, given));
    if (made) toast(h("b", humanised(one.name)), `: ${whose}`);
    await this.done();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (!isFree(event)) return;
    if (event.key === "Escape") location.hash = "#/people";
    const one = this.#ordered()[Number(event.key) - 1];
    if (!/^[1-9]$/.test(event.key) || !one) return;
    event.preventDefault();
    this.#choose(one.name);
    this.preview.querySelector("button")?.focus();
  }
}

/** @param {Outcome} one */
function weakest(one) {
  const marks = Object.values(one.marks).map(String);
  return marks.sort((a, b) => MARKS.indexOf(b) - MARKS.indexOf(a))[0];
}
