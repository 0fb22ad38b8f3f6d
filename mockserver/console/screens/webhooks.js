/**
 * Webhooks and inbox: who is told, what was sent and what came of it, and what arrived.
 * @module
 */

import * as api from "../api.js";
import { form } from "../dialogs.js";
import { button, h, icon, show } from "../dom.js";
import { clockTime, failure, plural, vendorMark, vendorTitle } from "../format.js";
import { moment } from "../format.js";
import { keyed } from "../keyed.js";
import { leadName, learnNames } from "../names.js";
import { Screen } from "../screen.js";
import { store } from "../store.js";
import { attemptDots, drawDelivery, stateTone } from "./delivery.js";
import { drawInboxes } from "./inbox.js";

const NEWEST = 200;
const UNFOLDED = 4;
const BUILT_IN = "inbox:console";

/** What makes the screen stale. */
const STALE = ["delivery", "change", "call", "clock"];

/** @typedef {Record<string, any>} Webhook */
/** @typedef {Record<string, any>} Delivery */

/**
 * @param {HTMLElement} main
 * @param {string[]} steps the number of the chosen delivery
 */
export function draw(main, [wanted]) {
  const screen = new Webhooks(main, Number(wanted) || null);
  screen.read();
  return () => screen.close();
}

class Webhooks extends Screen {
  /**
   * @param {HTMLElement} main
   * @param {number | null} chosen
   */
  constructor(main, chosen) {
    super(STALE);
    this.main = main;
    this.chosen = chosen;
    /** @type {Delivery[]} */
    this.deliveries = [];
    /** @type {Webhook[]} */
    this.webhooks = [];
    this.total = h("p.sub", " ");
    this.receivers = h("div.receivers");
    this.list = h("ol.deliveries", { "aria-label": "Deliveries, newest first" });
    this.none = h("div");
    this.detail = h("section.pane.detail", { "aria-label": "Delivery or inbox" });
    const add = button("button.primary.small", () => this.#add(), icon("plus"), "Receiver");
    const inbox = button(
      "button.ghost.small.narrow-only",
      () => this.#toInbox(),
      icon("mail"),
      "Inbox",
    );
    show(
      main,
      h("h1.unseen", "Webhooks"),
      h(
        "section.pane.journal",
        { "aria-labelledby": "title" },
        h(
          "header.head",
          h("div", h("h2.title", { id: "title" }, "Webhooks"), this.total),
          h("div.tools", inbox, add),
        ),
        h(
          "div.scroll",
          { tabIndex: 0, role: "region", "aria-label": "Receivers and deliveries" },
          this.receivers,
          h("h2.block", "Deliveries"),
          this.none,
          this.list,
        ),
      ),
      this.detail,
    );
  }

  async load() {
    const { workspace } = store;
    const [{ webhooks }, { last }] = await Promise.all([
      api.listWebhooks(workspace),
      api.listDeliveries(workspace, { limit: 1 }),
      learnNames(),
    ]);
    const asked = { after: Math.max(0, last - NEWEST), limit: NEWEST };
    const { deliveries } = await api.listDeliveries(workspace, asked);
    return { webhooks, deliveries: deliveries.reverse() };
  }

  /** @param {{ webhooks: Webhook[], deliveries: Delivery[] }} answer */
  draw({ webhooks, deliveries }) {
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.#draw(webhooks);
  }

  /** @param {unknown} error */
  fail(error) {
    show(this.receivers, failure(error));
  }

  /** @param {Webhook[]} webhooks */
  #draw(webhooks) {
    const failing = webhooks.filter((each) => each.failing_since).length;
    const words = failing ? `, ${failing} failing` : "";
    this.total.textContent = `${plural(webhooks.length, "receiver")}${words}`;
    const silent = [...store.vendors.values()].filter((each) => each.webhooks);
    show(
      this.receivers,
      webhooks.length ? this.#fold(webhooks, failing) : this.#empty(),
      silent.map((each) => h("p.note-line", vendorMark(each.name), each.webhooks)),
    );
    show(this.none, this.deliveries.length ? null : h("p.none.block", "Nothing was sent yet."));
    const key = (/** @type {Delivery} */ one) => String(one.number);
    const print = (/** @type {Delivery} */ one) =>
      JSON.stringify([one, one.number === this.chosen]);
    keyed(this.list, this.deliveries, key, print, (one) => this.#row(one));
    this.#drawDetail();
  }

  /**
   * Many receivers are folded: the deliveries are the news.
   * @param {Webhook[]} webhooks
   * @param {number} failing
   */
  #fold(webhooks, failing) {
    this.isOpen ??= webhooks.length <= UNFOLDED || failing > 0;
    const fold = h(
      "details.fold",
      { open: this.isOpen },
      h("summary", "Receivers", h("em", webhooks.length)),
      h(
        "ul.rules",
        webhooks.map((each) => this.#receiver(each)),
      ),
    );
    fold.addEventListener("toggle", () => {
      this.isOpen = fold.open;
    });
    return fold;
  }

  #drawDetail() {
    const one = this.deliveries.find(({ number }) => number === this.chosen);
    if (one) {
      drawDelivery(this.detail, one, this.#backButton(), (doing, words) => this.act(doing, words));
      this.main.classList.add("open");
    } else drawInboxes(this.detail, this.#backButton());
  }

  #backButton() {
    const back = button("button.ghost.square", () => this.#back(), icon("back"));
    back.setAttribute("aria-label", this.chosen ? "Back to the inbox" : "Back to the receivers");
    if (!this.chosen) back.classList.add("narrow-only");
    return back;
  }

  #back() {
    const was = this.chosen;
    this.chosen = null;
    this.main.classList.remove("open");
    history.replaceState(null, "", `#/webhooks?ws=${encodeURIComponent(store.workspace)}`);
    this.read().then(() =>
      /** @type {any} */ (this.list.querySelector(`[data-number="${was}"]`))?.focus(),
    );
  }

  #toInbox() {
    this.chosen = null;
    this.main.classList.add("open");
    this.#drawDetail();
  }

  #empty() {
    const able = [...store.vendors.values()].filter((each) => each.kinds);
    const buttons = able.map(({ name, title, kinds = [] }) =>
      button(
        "button.ghost.small",
        () => this.#addBuiltIn(name, kinds),
        vendorMark(name),
        `All of ${title}`,
      ),
    );
    return h(
      "div.empty",
      h("h2", "No receiver"),
      h("p", "Use the one that is built in:"),
      h("p.tries", buttons),
    );
  }

  /**
   * @param {string} vendor
   * @param {string[]} kinds
   */
  async #addBuiltIn(vendor, kinds) {
    const add = async () => {
      for (const kind of kinds) {
        await api.addWebhook(store.workspace, { vendor, kind, to: BUILT_IN });
      }
      return true;
    };
    const words = [vendorTitle(vendor), " tells the inbox ", h("b", "console")];
    await this.act(add, words);
  }

  async #add() {
    const kinds = [...store.vendors.values()].flatMap(({ name, kinds: all = [] }) =>
      all.map((kind) => `${name} ${kind}`),
    );
    const given = await form("A new receiver", "Add it", [
      { name: "kind", label: "What it is told of", options: kinds },
      { name: "to", label: "Where: a URL, inbox:NAME, or hold", value: BUILT_IN },
    ]);
    if (!given) return;
    const [vendor, kind] = given.kind.split(" ");
    await this.act(() => api.addWebhook(store.workspace, { vendor, kind, to: given.to }));
  }

  /** @param {Webhook} each */
  #receiver(each) {
    const { vendor, id, last } = each;
    const remove = () => this.act(() => api.removeWebhook(store.workspace, vendor, id));
    const test = async () => {
      const was = this.chosen;
      const made = await this.act(() => api.testWebhook(store.workspace, vendor, id));
      if (!made || this.chosen !== was) return;
      this.chosen = made.number;
      await this.read();
    };
    const state =
      each.refused ??
      (each.state === "loop" ? "stopped: its receiver causes what it is told of" : null);
    const tone = last ? stateTone(last.state) : "mute";
    const since = each.failing_since && [
      ", failing since ",
      moment(each.failing_since, clockTime(each.failing_since)),
    ];
    return h(
      "li.rule-card.receiver",
      { class: `tone-${tone}` },
      h(
        "div",
        h(
          "p.line",
          vendorMark(vendor),
          h("b", each.kind),
          each.scope && h("span.sub", `only ${each.scope}`),
        ),
        // A URL of a client is shown, and never a link.
        h("p.url", h("code", each.url)),
        h(
          "p.sub",
          last
            ? [`last ${last.state}`, last.status && ` with ${last.status}`, since]
            : "nothing sent yet",
        ),
        state && h("p.note.tone-warn", icon("warn"), h("span", state)),
      ),
      h(
        "div.tools",
        button("button.ghost.small", test, "Test", h("span.unseen", `${vendor} ${each.kind}`)),
        button("button.ghost.small", remove, "Remove", h("span.unseen", `${vendor} ${each.kind}`)),
      ),
    );
  }

  /** @param {Delivery} one */
  #row(one) {
    const isChosen = one.number === this.chosen;
    const act = () => {
      this.chosen = one.number;
      history.replaceState(
        null,
        "",
        `#/webhooks/${one.number}?ws=${encodeURIComponent(store.workspace)}`,
      );
      this.#draw(this.webhooks);
    };
    const name = leadName(one.vendor, one.lead) ?? one.lead ?? "";
    return h(
      "li",
      h(
        "button.delivery",
        {
          type: "button",
          onclick: act,
          "data-number": one.number,
          "aria-pressed": String(isChosen),
        },
        h("span.time", clockTime(one.at)),
        vendorMark(one.vendor),
        h("b", one.kind),
        h("span.sub.lead-name", name),
        attemptDots(one),
        h("span.state", { class: `tone-${stateTone(one.state)}` }, one.state),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const { chosen } = this;
    if (event.key === "Escape" && chosen) this.#back();
    if (event.key === "r" && chosen) {
      this.act(() => api.redeliver(store.workspace, chosen), `Delivery ${chosen} was sent again`);
    }
  }
}
