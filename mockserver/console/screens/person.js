/**
 * One person: the lead with each vendor, what will happen and what happened, and what can be made
 * to happen.
 * @module
 */

import { changeLead, getPerson, listDeliveries } from "../api.js";
import { createLine } from "../curl.js";
import { ask, form } from "../dialogs.js";
import { button, copier, h, icon, show } from "../dom.js";
import {
  capitalised,
  failure,
  initials,
  phoneText,
  spokenValue,
  statusMark,
  vendorMark,
  vendorTitle,
} from "../format.js";
import { move } from "../frame.js";
import { keepNames } from "../names.js";
import { Screen } from "../screen.js";
import { store } from "../store.js";
import { Outcomes } from "./outcomes.js";
import { json } from "./json.js";
import { storyOf, timeline, upcoming } from "./timeline.js";
import { commandLine } from "../command.js";

const FACTS = 5;
const MOST_DELIVERIES = 100;

/** What can change a person. */
const STALE = ["change", "call", "delivery", "clock"];

/** @typedef {Record<string, any>} Person */

/**
 * @param {HTMLElement} main
 * @param {string[]} steps vendor and id of one of the person's leads
 */
export function draw(main, steps) {
  show(main, h("section.pane.person", h("h1.unseen", "Person")));
  const screen = new PersonScreen(main, steps[0] ?? "", steps[1] ?? "");
  screen.read();
  return () => screen.close();
}

class PersonScreen extends Screen {
  /**
   * @param {HTMLElement} main
   * @param {string} vendor
   * @param {string} id
   */
  constructor(main, vendor, id) {
    super(STALE);
    this.main = main;
    this.vendor = vendor;
    this.id = id;
    /** @type {Outcomes | null} */
    this.outcomes = null;
  }

  close() {
    super.close();
    this.outcomes?.close();
  }

  async load() {
    const person = await getPerson(store.workspace, this.vendor, this.id);
    await addDeliveries(person);
    return person;
  }

  /** @param {Person} person */
  draw(person) {
    keepNames([person]);
    if (this.outcomes) this.#redraw(person);
    else this.#build(person);
  }

  /** @param {unknown} error */
  fail(error) {
    if (!this.outcomes) show(this.main, failure(error));
  }

  /** @param {Person} person */
  #build(person) {
    this.past = h("div");
    this.top = h("header.head");
    this.cards = h("div.cards");
    this.outcomes = new Outcomes(() => this.read());
    const call = () => this.main.querySelector(".drive")?.scrollIntoView();
    this.callButton = button("button.primary.small.narrow-only", call, icon("phone"), "Call");
    const label = { tabIndex: 0, role: "region", "aria-label": "Leads and what happened" };
    show(
      this.main,
      h(
        "section.pane.person",
        { "aria-labelledby": "title" },
        this.top,
        h("div.scroll", label, this.cards, this.past),
      ),
      this.outcomes.element,
    );
    this.#redraw(person);
    document.title = `${nameOf(person)} · mockserver`;
    this.main.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** @param {Person} person */
  #redraw(person) {
    this.#drawTop(person);
    show(
      this.cards,
      [...store.vendors.keys()].map((vendor) => this.#card(person, vendor)),
    );
    const story = storyOf(person);
    const nothing = story.length ? null : this.#nothing(person);
    const go = (/** @type {string} */ to) => move({ to });
    show(this.past, h("div.timeline", upcoming(person, go), timeline(story), nothing));
    this.outcomes?.draw(person);
  }

  /** @param {Person} person */
  #nothing(person) {
    const [first = "", ...rest] = nameOf(person).split(" ");
    const line = createLine(person.leads.at(-1).vendor, {
      first,
      last: rest.join(" "),
      email: person.email ?? "",
      phone: person.phone ?? "",
      external: person.external_id ?? "",
    });
    return h(
      "div.empty",
      h("h2", "Nothing has happened yet"),
      h("p", "Choose an outcome, or let your client send something:"),
      line && commandLine(line),
    );
  }

  /** @param {Person} person */
  #drawTop(person) {
    if (
      this.top.childElementCount &&
      this.drawn === JSON.stringify([person.name, person.phone, person.email])
    ) {
      return;
    }
    this.drawn = JSON.stringify([person.name, person.phone, person.email]);
    const name = nameOf(person);
    const phone =
      person.phone &&
      h("span", icon("phone"), phoneText(person.phone), copier(person.phone, "Copy the phone"));
    const mail =
      person.email &&
      h("span", icon("mail"), person.email, copier(person.email, "Copy the e-mail"));
    const back = h(
      "a.ghost.square",
      { href: "#/people", "aria-label": "Back to all people" },
      icon("back"),
    );
    const change = button(
      "button.ghost.small.wide-only",
      () => this.#change(person),
      icon("edit"),
      "Change a field",
    );
    show(
      this.top,
      back,
      h("span.avatar.big", { "aria-hidden": "true" }, initials(name)),
      h("div", h("h1", { id: "title", tabIndex: -1 }, name), h("p.keys", phone, mail)),
      h("div.tools", change, this.callButton),
    );
  }

  /**
   * @param {Person} person
   * @param {string} vendor
   */
  #card(person, vendor) {
    const [lead] = person.leads.filter((/** @type {any} */ each) => each.vendor === vendor);
    const head = [vendorMark(vendor), h("h2", vendorTitle(vendor)), h("span.gap")];
    if (!lead) return h("section.card.missing", h("header", head), h("p.none", "No lead here."));
    const id = String(lead.id);
    const facts = lead.facts.slice(0, FACTS);
    const rows = facts.map((/** @type {any} */ { name, value }) =>
      h("div", h("dt", capitalised(name)), h("dd", spokenValue(value))),
    );
    const all = button("button.text.all", () => showFields(lead), "All fields");
    return h(
      "section.card",
      h("header", head, statusMark(lead)),
      h(
        "dl",
        h("div", h("dt", "Id"), h("dd", h("code", { title: id }, id), copier(id, "Copy the id"))),
        rows,
      ),
      all,
    );
  }

  /** @param {Person} person */
  async #change(person) {
    const vendors = person.leads.map((/** @type {any} */ lead) => lead.vendor);
    const given = await form("Change a field", "Change it", [
      { name: "vendor", label: "With", options: [...new Set(/** @type {string[]} */ (vendors))] },
      { name: "field", label: "Field, as the vendor's update has it", value: "status" },
      { name: "value", label: "Value: JSON, or a text" },
    ]);
    if (!given) return;
    const lead = person.leads.find((/** @type {any} */ each) => each.vendor === given.vendor);
    const fields = { [given.field]: valueOf(given.value) };
    await this.act(
      () => changeLead(store.workspace, given.vendor, lead.id, fields),
      [h("code", given.field), " is ", h("b", given.value)],
    );
  }
}

/**
 * Puts the deliveries about a person into the timeline.
 * @param {Person} person
 */
async function addDeliveries(person) {
  const asked = person.leads
    .filter((/** @type {any} */ { vendor }) => store.vendors.get(vendor)?.kinds)
    .map((/** @type {any} */ { vendor, id }) =>
      listDeliveries(store.workspace, { vendor, lead: String(id), limit: MOST_DELIVERIES }),
    );
  const known = new Set(person.timeline.map((/** @type {any} */ each) => each.delivery?.number));
  for (const { deliveries } of await Promise.all(asked)) {
    for (const delivery of deliveries) {
      if (known.has(delivery.number)) continue;
      person.timeline.push({ kind: "delivery", at: delivery.at, delivery });
    }
  }
  person.timeline.sort((/** @type {any} */ one, /** @type {any} */ other) =>
    other.at.localeCompare(one.at),
  );
}

/**
 * JSON where it is, else a text.
 * @param {string} text
 */
export function valueOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** @param {Person} person */
const nameOf = (person) => person.name ?? person.email ?? person.phone ?? person.key;

/** @param {any} lead */
function showFields(lead) {
  const title = `${vendorTitle(lead.vendor)}, lead ${lead.id}`;
  const close = h("menu", h("button.primary", { value: "close" }, "Close"));
  return ask(title, json(lead.lead, "All fields"), close);
}
