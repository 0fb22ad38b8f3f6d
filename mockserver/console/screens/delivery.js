/**
 * One delivery: its payload, every attempt, and what can be done with it.
 * @module
 */

import { redeliver, settle } from "../api.js";
import { button, copier, h, icon, show } from "../dom.js";
import {
  causeText,
  clockTime,
  dayName,
  exactTime,
  httpStatus,
  moment,
  valueText,
  vendorMark,
} from "../format.js";
import { leadName, personHref } from "../names.js";
import { store } from "../store.js";
import { json } from "./json.js";

/** @typedef {Record<string, any>} Delivery */
/** @typedef {(doing: () => Promise<any>, words: string) => any} Act */

/** @param {string} state */
export function stateTone(state) {
  if (state === "delivered") return "ok";
  if (state === "pending" || state === "held") return "warn";
  return state === "dropped" ? "mute" : "bad";
}

/**
 * A dot for each attempt: filled where it arrived.
 * @param {Delivery} one
 */
export function attemptDots(one) {
  const dots = one.attempts.map((/** @type {any} */ attempt) => {
    const isGood = attempt.status >= 200 && attempt.status < 300;
    return h("i", { class: isGood ? "good" : "failed" });
  });
  const label = `${one.attempts.length} attempts`;
  return h(
    "span.dots",
    { title: label },
    dots,
    h("span.unseen", label),
    one.next_try && nextTry(one),
  );
}

/** @param {Delivery} one */
const nextTry = (one) => h("span.sub", "again ", moment(one.next_try));

/**
 * @param {any} place
 * @param {Delivery} one
 * @param {Element} back
 * @param {Act} act does something, tells of it, and draws anew
 */
export function drawDelivery(place, one, back, act) {
  show(
    place,
    h(
      "div.scroll",
      { tabIndex: 0, role: "region", "aria-label": "The delivery in detail" },
      h(
        "header.head",
        back,
        h(
          "div.request-title",
          h("h2.line", vendorMark(one.vendor), h("b.method", one.kind), h("code.path", one.url)),
          h(
            "p.sub",
            `Delivery ${one.number}`,
            h("span.dot"),
            `${dayName(one.at)} ${exactTime(one.at)}`,
          ),
        ),
        h("div.answer", h("span.state", { class: `tone-${stateTone(one.state)}` }, one.state)),
      ),
      h("div.why", { class: `tone-${stateTone(one.state)}` }, h("p", sentence(one))),
      h("div.actions", actions(one, act)),
      one.remarks.map((/** @type {string} */ text) => h("p.note-line", icon("warn"), text)),
      h("section.block", h("h2", "Attempts"), attempts(one)),
      h(
        "section.block",
        h(
          "h2",
          "Payload",
          h("span.gap"),
          copier(JSON.stringify(one.body, null, 2), "Copy the payload"),
        ),
        json(one.body, "Payload"),
      ),
    ),
  );
}

/** @param {Delivery} one */
function sentence(one) {
  const name = leadName(one.vendor, one.lead) ?? one.lead;
  const lead = one.lead !== null && h("a", { href: personHref(one.vendor, one.lead) }, name);
  const cause = causeText(one.cause);
  return [
    lead || "A test",
    ": ",
    one.state,
    one.next_try && [", tried again ", moment(one.next_try)],
    ". ",
    cause,
  ];
}

/**
 * @param {Delivery} one
 * @param {Act} act
 */
function actions(one, act) {
  const again = () => act(() => redeliver(store.workspace, one.number), "Sent again");
  const answer = (/** @type {number} */ status) => () =>
    act(() => settle(store.workspace, one.number, { status }), `Settled with ${status}`);
  return [
    button("button.ghost.small", again, icon("reset"), "Send again"),
    one.state === "held" &&
      button("button.ghost.small", answer(200), icon("check"), "It answered 200"),
    one.state === "held" &&
      button("button.ghost.small", answer(500), icon("cross"), "It answered 500"),
  ];
}

/** @param {Delivery} one */
function attempts(one) {
  if (!one.attempts.length) return h("p.nothing", "None yet.");
  const rows = one.attempts.map((/** @type {any} */ attempt) =>
    h(
      "li",
      h("span.sub", `${attempt.number}.`),
      moment(attempt.at, clockTime(attempt.at)),
      attempt.status
        ? httpStatus(attempt.status)
        : h("span.http.tone-bad", attempt.failure ?? "lost"),
      h("span.sub", `${Math.round(attempt.ms)} ms`),
      h("span", attempt.error ?? ""),
      attempt.answer !== null && attempt.answer !== "" && h("code", valueText(attempt.answer)),
    ),
  );
  return h("ol.attempts", rows);
}
