/**
 * Clock and calls: the time of the workspace, what falls due, the autopilot, an outcome for many.
 * @module
 */

import * as api from "../api.js";
import { clockControls } from "../clock.js";
import { choice, h, question, show } from "../dom.js";
import { clockTime, dayName, humanised, plural, vendorMark, vendorTitle } from "../format.js";
import { leadName, learnNames, personHref } from "../names.js";
import { Screen } from "../screen.js";
import { now, store } from "../store.js";
import { manyLeads } from "./manyleads.js";

const DAYS = 7;
const DAY = 86_400_000;
const STEPS_SHOWN = 8;

/** What makes the screen stale. */
const STALE = ["clock", "change", "call"];

/** @typedef {Record<string, any>} DueStep */
/** @typedef {import("../store.js").StreamEvent} StreamEvent */

/** @param {HTMLElement} main */
export function draw(main) {
  const screen = new Calls(main);
  screen.begin();
  return () => screen.close();
}

class Calls extends Screen {
  /** @param {HTMLElement} main */
  constructor(main) {
    super(STALE);
    this.clock = h("section.panel.clock-panel", { "aria-label": "Clock" });
    this.strip = h("section.strip", { "aria-label": "What falls due in seven days" });
    this.autopilot = h("section.panel");
    this.many = h("section.panel");
    this.total = h("p.sub", " ");
    show(
      main,
      h(
        "section.pane.page",
        { "aria-labelledby": "title" },
        h("header.head", h("div", h("h1", { id: "title" }, "Clock and calls"), this.total)),
        h("div.sheet", this.clock, this.strip, this.autopilot, this.many),
      ),
    );
    this.ticking = window.setInterval(() => this.#tick(), 1000);
  }

  close() {
    super.close();
    clearInterval(this.ticking);
  }

  begin() {
    this.#drawClock();
    this.read();
    this.#readAutopilot();
    manyLeads(this.many);
  }

  /** @param {StreamEvent[]} batch */
  hear(batch) {
    if (batch.some(({ kind }) => kind === "clock")) this.#drawClock();
  }

  async load() {
    const [answer] = await Promise.all([
      api.listDue(store.workspace, { limit: 1000 }),
      learnNames(),
    ]);
    return answer;
  }

  /** @param {{ due: DueStep[], total: number }} answer */
  draw({ due, total }) {
    this.total.textContent = total ? `${plural(total, "step")} to come` : "Nothing to come";
    this.#drawStrip(due.filter((step) => step.at));
  }

  #drawClock() {
    this.face = h("time");
    this.date = h("span");
    show(
      this.clock,
      h("p.face", this.face, this.date),
      clockControls(() => this.#drawClock()),
    );
    this.#tick();
  }

  #tick() {
    if (!this.face) return;
    const moment = now();
    this.face.textContent = clockTime(moment);
    this.date.textContent = `${dayName(moment)} ${moment.getFullYear()}`;
  }

  /** @param {DueStep[]} due */
  #drawStrip(due) {
    if (!due.length) {
      const words = "Give a lead a story, or switch the autopilot to all.";
      show(this.strip, h("div.empty", h("h2", "No call is planned"), h("p", words)));
      return;
    }
    const days = Array.from(
      { length: DAYS },
      (_, place) => new Date(now().getTime() + place * DAY),
    );
    const columns = days.map((day) => {
      const name = dayName(day);
      const steps = due.filter((step) => dayName(step.at) === name);
      return h(
        "section.strip-day",
        h("h2", name, h("em", steps.length || "")),
        h("ol", steps.slice(0, STEPS_SHOWN).map(dueItem)),
        steps.length > STEPS_SHOWN && h("p.sub", `and ${steps.length - STEPS_SHOWN} more`),
      );
    });
    show(this.strip, columns);
  }

  async #readAutopilot() {
    const isNewest = question(this.autopilot);
    const pilots = await api.getAutopilot(store.workspace);
    if (isNewest()) this.#drawAutopilot(pilots);
  }

  /** @param {Record<string, any>} pilots */
  #drawAutopilot(pilots) {
    const rows = Object.entries(pilots).map(([vendor, pilot]) => this.#pilot(vendor, pilot));
    show(
      this.autopilot,
      h("h2", "Autopilot"),
      h(
        "p.sub",
        "Whose calls happen by themselves: nobody's, those of leads with a story or magic, ",
        "or all.",
      ),
      rows,
    );
  }

  /**
   * @param {string} vendor
   * @param {any} pilot
   */
  #pilot(vendor, pilot) {
    const choices = ["off", "magic", "all"].map((value) => ({ value, content: humanised(value) }));
    const act = (/** @type {string} */ mode) =>
      this.act(
        () => api.setAutopilot(store.workspace, { [vendor]: { mode } }),
        [vendorTitle(vendor), ": autopilot ", h("b", mode)],
      );
    const stories = Object.entries(pilot.stories).map(([name, story]) => {
      const words = story.map((/** @type {any} */ step) => humanised(step.outcome ?? step));
      return h(
        "li",
        h("code", name),
        h("span", words.join(", then ").toLowerCase()),
        weight(pilot, name),
      );
    });
    return h(
      "div.pilot",
      h(
        "p.line",
        vendorMark(vendor),
        h("b", vendorTitle(vendor)),
        choice("div.segments", `Autopilot of ${vendorTitle(vendor)}`, choices, pilot.mode, act),
      ),
      h(
        "details",
        h("summary", plural(stories.length, "story", "stories")),
        h("ul.stories", stories),
      ),
    );
  }
}

/**
 * @param {any} pilot
 * @param {string} name
 */
function weight(pilot, name) {
  const all = Object.values(pilot.weights).reduce((sum, each) => sum + Number(each), 0);
  const own = pilot.weights[name];
  return own && h("span.sub", `${Math.round((100 * own) / all)} % of leads`);
}

/** @param {DueStep} step */
function dueItem(step) {
  const name = leadName(step.vendor, step.lead) ?? String(step.lead);
  const href = personHref(step.vendor, step.lead);
  const title = `${step.why}${step.outcome ? `, ends in ${step.outcome}` : ""}`;
  return h(
    "li",
    { title },
    h("span.sub", clockTime(step.at)),
    vendorMark(step.vendor),
    h("a", { href }, name),
  );
}
