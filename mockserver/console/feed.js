/**
 * What happens, told in lines: of requests, calls, deliveries, faults and the clock.
 * @module
 */

import { h, icon } from "./dom.js";
import {
  clockTime,
  dayName,
  httpStatus,
  humanised,
  spanText,
  statusTone,
  vendorMark,
} from "./format.js";
import { leadName, personHref } from "./names.js";

/**
 * @typedef {object} Line
 * @property {string} key
 * @property {string} at
 * @property {string} sign the icon
 * @property {string} tone
 * @property {string} title
 * @property {any} [sub]
 * @property {string | null} [vendor]
 * @property {number} [status]
 * @property {string} [href]
 */

/**
 * The line of an event of the stream; null for what has none.
 * @param {import("./events.js").StreamEvent} event
 * @param {string} at the time now, for events without one
 * @returns {Line | null}
 */
export function lineOf({ id, kind, data }, at) {
  const key = `${kind}-${id}`;
  if (kind === "request") return requestLine(data);
  if (kind === "call") return isTold(data) ? eventLine(data) : null;
  if (kind === "delivery") return deliveryLine(data, key);
  if (kind === "clock") {
    const title = `It is ${dayName(data.now)}, ${clockTime(data.now)}`;
    return {
      key,
      at: data.now,
      sign: "clock",
      tone: "mute",
      title,
      sub: `The clock is ${data.mode}`,
    };
  }
  if (kind === "reset") {
    return { key, at, sign: "reset", tone: "mute", title: RESETS[data.cause] ?? "Begun anew" };
  }
  if (kind === "gap") {
    const count = data.count === null ? "Some" : String(data.count);
    return { key, at, sign: "skip", tone: "mute", title: `${count} events were skipped` };
  }
  return null;
}

/**
 * Whether an event is a line of its own: a call that begins, or one that ends.
 * @param {any} event
 */
export function isTold(event) {
  return event.kind === "call.started" || event.kind === "call.ended";
}

/** @type {Record<string, string>} */
const RESETS = {
  reset: "Put back to the seed",
  seed: "Loaded anew",
  restore: "A snapshot was restored",
  clear_requests: "The journal was emptied",
};

/**
 * @param {any} one a request in short
 * @returns {Line}
 */
export function requestLine(one) {
  const path = one.target.split("?")[0].split("/").filter(Boolean).slice(-2).join("/");
  const [lead] = one.matched ?? [];
  const many = (one.matched ?? []).length > 1;
  const sub = many ? `${one.matched.length} leads` : (leadName(one.vendor, lead) ?? lead ?? "");
  const failed = one.fault ? `Fault ${one.fault}` : "";
  return {
    key: `request-${one.number}`,
    at: one.time,
    sign: one.fault ? "fault" : "requests",
    tone: one.status === 0 ? "bad" : statusTone(one.status),
    title: `${one.method} ${path}`,
    sub: [failed, sub].filter(Boolean).join(", ") || one.operation || "no operation",
    vendor: one.vendor,
    status: one.status,
    href: `#/requests/${one.number}`,
  };
}

/**
 * @param {any} event
 * @returns {Line}
 */
export function eventLine(event) {
  const isCall = event.kind.startsWith("call.");
  return {
    key: `event-${event.number}`,
    at: event.at,
    sign: isCall ? "phone" : "people",
    tone: event.kind === "call.started" ? "live" : isCall ? "info" : "mute",
    title: eventTitle(event),
    sub: [leadName(event.vendor, event.lead) ?? event.lead, durationText(event)]
      .filter(Boolean)
      .join(", "),
    vendor: event.vendor,
    href: personHref(event.vendor, event.lead),
  };
}

/** @param {any} event */
export function eventTitle(event) {
  if (event.kind === "call.ended" && event.outcome)
    return `Call: ${humanised(event.outcome).toLowerCase()}`;
  if (event.kind === "call.started") return "Call begins";
  if (event.kind === "lead.status") return `Status ${event.from} → ${event.to}`;
  return humanised(event.kind.replace(".", " "));
}

/** @param {any} event */
export function durationText(event) {
  return event.duration ? spanText(event.duration) : "";
}

/**
 * @param {any} delivery
 * @param {string} key
 * @returns {Line}
 */
function deliveryLine(delivery, key) {
  const last = delivery.attempts?.at(-1);
  const isGood = delivery.state === "delivered";
  const isBad = ["failed", "refused", "lost", "loop"].includes(delivery.state);
  return {
    key: `delivery-${delivery.number ?? key}-${delivery.state}-${delivery.attempts?.length ?? 0}`,
    at: last?.at ?? delivery.at,
    sign: "webhook",
    tone: isGood ? "ok" : isBad ? "bad" : "warn",
    title: `${delivery.kind} ${delivery.state}`,
    sub: hostOf(delivery.url),
    vendor: delivery.vendor,
    status: last?.status ?? undefined,
    href: `#/webhooks/${delivery.number}`,
  };
}

/** @param {string | undefined} url */
export function hostOf(url) {
  return url?.replace(/^\w+:\/\//, "").split("/")[0] ?? "";
}

/** @param {Line} line */
export function feedItem(line) {
  const title = line.href ? h("a", { href: line.href }, line.title) : h("b", line.title);
  return h(
    "li",
    { class: `tone-${line.tone}` },
    h("span.bullet", icon(line.sign)),
    h(
      "div.what",
      h(
        "p",
        line.vendor && vendorMark(line.vendor),
        title,
        line.status !== undefined && httpStatus(line.status),
      ),
      h("p.sub", line.sub),
    ),
    h("time", { dateTime: line.at }, clockTime(line.at)),
  );
}
