/**
 * What happened to a person, newest first, by the days of the workspace's clock; and what will.
 * @module
 */

import { button, h, icon } from "../dom.js";
import { eventTitle, hostOf, requestLine } from "../feed.js";
import { causeText, clockTime, dayName, httpStatus, spanText, vendorMark } from "../format.js";
import { now } from "../store.js";
import { changedFields } from "./difference.js";

/**
 * One thing that happened: a request, the events of one moment and cause, or a delivery.
 * @typedef {object} Chapter
 * @property {"request" | "event" | "delivery"} kind
 * @property {string} at
 * @property {any} [request]
 * @property {any[]} [changes]
 * @property {any[]} [events]
 * @property {any} [delivery]
 */

/**
 * Joins the events of one moment, and leaves out those that a request's own line tells.
 * @param {any} person
 * @returns {Chapter[]}
 */
export function storyOf(person) {
  /** @type {Set<any>} */
  const shown = new Set(person.timeline.map((/** @type {any} */ each) => each.request?.number));
  /** @type {Chapter[]} */
  const story = [];
  /** @type {Map<string, Chapter>} */
  const moments = new Map();
  for (const entry of person.timeline) {
    if (entry.kind !== "event") {
      story.push(entry);
      continue;
    }
    const { event } = entry;
    if (event.cause?.request && shown.has(event.cause.request)) continue;
    const key = JSON.stringify([event.vendor, event.lead, event.at, event.cause]);
    /** @type {Chapter} */
    const chapter = moments.get(key) ?? { kind: "event", at: entry.at };
    if (!moments.has(key)) story.push(chapter);
    moments.set(key, chapter);
    chapter.events = [...(chapter.events ?? []), event];
  }
  return story;
}

/** @param {Chapter[]} story */
export function timeline(story) {
  /** @type {Map<string, Chapter[]>} */
  const days = new Map();
  for (const chapter of story) {
    const name = dayName(chapter.at);
    days.set(name, [...(days.get(name) ?? []), chapter]);
  }
  const today = dayName(now());
  return [...days].map(([name, chapters]) =>
    h(
      "section.day",
      h("h2", name, name === today && h("em", "today")),
      h("ol.story", chapters.map(chapterItem)),
    ),
  );
}

/** @param {Chapter} chapter */
function chapterItem(chapter) {
  if (chapter.kind === "request") return requestItem(chapter);
  if (chapter.kind === "delivery") return deliveryItem(chapter);
  return eventItem(chapter);
}

/**
 * @param {string} at
 * @param {string} sign
 * @param {string} look classes
 * @param {...any} content
 */
function item(at, sign, look, ...content) {
  return h(
    "li",
    { class: look },
    h("time", { dateTime: at, title: at }, clockTime(at)),
    h("span.bullet", icon(sign)),
    h("div.what", content),
  );
}

/** @param {Chapter} chapter */
function requestItem({ at, request, changes = [] }) {
  const line = requestLine(request);
  const isNew = changes.some((each) => each.before === null);
  const look = request.fault || request.status >= 400 ? "tone-bad" : "";
  return item(
    at,
    line.sign,
    look,
    h(
      "p",
      vendorMark(request.vendor),
      h("a", { href: line.href }, line.title),
      httpStatus(request.status),
      isNew && h("span.sub", "created"),
    ),
    request.fault && h("p.sub", `Fault ${request.fault}`),
    changes
      .filter((each) => each.before !== null)
      .map((each) => changedFields(each.before, each.after)),
  );
}

/** @param {Chapter} chapter */
function eventItem({ at, events = [] }) {
  const ended = events.find((each) => each.kind === "call.ended");
  const first = ended ?? events.find((each) => each.kind.startsWith("call.")) ?? events[0];
  const isCall = first.kind.startsWith("call.");
  const changes = events.filter((each) => each !== first || !isCall).map(eventChange);
  const took = ended?.duration ? spanText(ended.duration) : null;
  const sub = [took, causeText(first.cause)].filter(Boolean);
  const title = isCall
    ? eventTitle(first).replace(/^Call: (.)/, (_, letter) => letter.toUpperCase())
    : eventTitle(first);
  return item(
    at,
    isCall ? "phone" : "edit",
    isCall ? "k-call" : "",
    h("p", vendorMark(first.vendor), h("b", title)),
    h("p.sub", sub[0], sub.length > 1 && ", ", sub[1]),
    h("ul.changed", changes),
  );
}

/** @param {any} event */
function eventChange(event) {
  if (event.from === undefined || event.to === undefined) return null;
  const name = event.kind.split(".").pop();
  return h(
    "li",
    h("code", name),
    h("del", String(event.from)),
    icon("right"),
    h("ins", String(event.to)),
  );
}

/** @param {Chapter} chapter */
function deliveryItem({ at, delivery }) {
  const last = delivery.attempts?.at(-1);
  const isGood = delivery.state === "delivered";
  const tries = delivery.attempts?.length ?? 0;
  const answered = last?.status ? `answered ${last.status}` : (last?.error ?? "");
  const sub = `${hostOf(delivery.url)} ${answered}${tries > 1 ? `, at try ${tries}` : ""}`;
  const title = `${delivery.kind} ${delivery.state}`;
  const href = `#/webhooks/${delivery.number}`;
  return item(
    at,
    "webhook",
    isGood ? "tone-ok" : "tone-bad",
    h("p", vendorMark(delivery.vendor), h("a", { href }, title)),
    h("p.sub", sub),
  );
}

/**
 * What will happen, each with a button that moves the clock there.
 * @param {any} person
 * @param {(to: string) => any} go
 */
export function upcoming(person, go) {
  const steps = person.upcoming.filter((/** @type {any} */ each) => each.at && !each.held);
  if (!steps.length) return null;
  const items = steps.slice(0, 5).map((/** @type {any} */ step) => {
    const isToday = dayName(step.at) === dayName(now());
    const when = isToday ? "" : `${dayName(step.at)}. `;
    return item(
      step.at,
      step.step === "call" ? "phone" : "clock",
      "upcoming",
      h(
        "p",
        vendorMark(step.vendor),
        h("b", step.outcome ? `Call: ${step.outcome}` : step.step === "call" ? "Call" : step.step),
        button("button.text", () => go(step.at), icon("skip"), "Go there"),
      ),
      h("p.sub", when, step.why),
    );
  });
  return h("section.day.ahead", h("h2", "Upcoming"), h("ol.story", items));
}
