/**
 * Words and marks for times, numbers, vendors and statuses.
 * @module
 */

import { h, icon } from "./dom.js";
import { now, store } from "./store.js";

const LOCALE = "en-GB";
const time = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const second = new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" });
const exact = new Intl.DateTimeFormat(LOCALE, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
});
const day = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short" });
const number = new Intl.NumberFormat("en-US");

/** @typedef {Date | string | number} Moment */

const dateOf = (/** @type {Moment} */ moment) => new Date(moment);
export const clockTime = (/** @type {Moment} */ moment) => time.format(dateOf(moment));
export const listTime = (/** @type {Moment} */ moment) => second.format(dateOf(moment));
export const exactTime = (/** @type {Moment} */ moment) => exact.format(dateOf(moment));
export const dayName = (/** @type {Moment} */ moment) =>
  day.format(dateOf(moment)).replace(",", "");
export const count = (/** @type {number} */ value) => number.format(value);

/**
 * A number with its noun: `plural(1, "request")` is "1 request".
 * @param {number} value
 * @param {string} noun
 * @param {string} [many]
 */
export function plural(value, noun, many = `${noun}s`) {
  return `${count(value)} ${value === 1 ? noun : many}`;
}

/** @type {[number, string][]} */
const UNITS = [
  [86400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/**
 * How long ago, or how far ahead, by the clock of the workspace.
 * @param {Moment} moment
 */
export function ago(moment) {
  const seconds = Math.round((now().getTime() - dateOf(moment).getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  const [unit, name] = UNITS.find(([limit]) => size >= limit) ?? UNITS[3];
  const text = `${Math.floor(size / unit)} ${name}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

/**
 * A moment in an element that says it exactly, too.
 * @param {Moment} when
 * @param {string} [text]
 */
export function moment(when, text = ago(when)) {
  const iso = dateOf(when).toISOString();
  return h("time", { dateTime: iso, title: `${dayName(when)} ${exactTime(when)} (${iso})` }, text);
}

/**
 * How a vendor is called.
 * @param {string | null} vendor
 */
export function vendorTitle(vendor) {
  return store.vendors.get(vendor ?? "")?.title ?? vendor ?? "No vendor";
}

/**
 * The vendor's mark: a letter, with its name for those who do not see it.
 * @param {string | null} vendor
 */
export function vendorMark(vendor) {
  const title = vendorTitle(vendor);
  const hue = store.vendors.get(vendor ?? "")?.hue ?? "none";
  const letter = h("span", { "aria-hidden": "true" }, vendor ? title[0] : "?");
  return h("span.vendor", { class: `hue-${hue}`, title }, letter, h("span.unseen", title));
}

/**
 * Words of a name like `CALLBACK_TO_TRANSFER`, `no_answer` or `InCallQueue`.
 * @param {string} name
 */
export function humanised(name) {
  const spaced = name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ");
  const words = spaced.toLowerCase().trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @type {Record<string, [string, string]>} tone and shape by the state of a lead */
const STATES = {
  new: ["info", "ring"],
  open: ["info", "dot"],
  calling: ["info", "half"],
  won: ["ok", "check"],
  lost: ["mute", "cross"],
  ended: ["mute", "bar"],
};

/** @type {[RegExp, string, string][]} what a vendor's word adds to that */
const WORDS = [
  [/^on ?call/i, "live", "pulse"],
  [/bad|wrong|blacklist|unreachable|error/i, "bad", "bar"],
  [/retry|callback|qualified|voice ?mail/i, "warn", "half"],
  [/incomplete/i, "ok", "half"],
];

/**
 * A lead's status as a mark of shape, tone and word.
 * @param {{ status: any, title?: string, state?: string }} lead
 */
export function statusMark({ status, title = String(status), state = "open" }) {
  const word = /[_A-Z]{2}|[a-z][A-Z]|^[a-z]/.test(title) ? humanised(title) : title;
  const [, ...special] = WORDS.find(([pattern]) => pattern.test(word)) ?? [];
  const [tone, shape] = special.length ? special : (STATES[state] ?? STATES.open);
  const mark = h("i", { class: `shape-${shape}`, "aria-hidden": "true" });
  return h(
    "span.status",
    { class: `tone-${tone}`, title: `status ${status}` },
    mark,
    h("span", word),
  );
}

/** @type {Record<string, string>} */
const PROVENANCES = {
  documented: "The vendor's own words",
  client: "The vendor's SDK",
  observed: "Seen in public client code",
  inferred: "What the framework behind the API does, or plain reasoning",
  chosen: "Nothing says so; a setting switches it",
};

/**
 * How sure a rule is.
 * @param {string | undefined | null} mark
 * @param {string} [source]
 */
export function provenance(mark, source) {
  if (!mark) return null;
  const help = PROVENANCES[mark] ?? mark;
  return h("span.prov", { class: `p-${mark}`, title: source ? `${help}: ${source}` : help }, mark);
}

/** @param {number} status */
export function statusTone(status) {
  if (status === 0) return "none";
  if (status < 300) return "ok";
  if (status < 400) return "mute";
  return status < 500 ? "warn" : "bad";
}

/**
 * An HTTP status; 0 is an answer that a fault kept back.
 * @param {number} status
 */
export function httpStatus(status) {
  const text = status === 0 ? "lost" : String(status);
  return h("span.http", { class: `tone-${statusTone(status)}` }, text);
}

/**
 * The first letters of a name.
 * @param {string | null} name
 */
export function initials(name) {
  const words = (name ?? "?").split(/\s+/).filter(Boolean);
  return words
    .map((word) => word[0].toUpperCase())
    .slice(0, 2)
    .join("");
}

/**
 * A value as it stands in a line of text.
 * @param {any} value
 */
export function valueText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * What a server says where the screen wanted an answer.
 * @param {any} error
 */
export function failure(error) {
  return h("div.empty", h("h2", "That did not work"), h("p", String(error?.message ?? error)));
}

/**
 * A page that says what is missing and what to do.
 * @param {string} title
 * @param {...any} parts
 */
export function emptyState(title, ...parts) {
  return h("div.empty", h("h2", title), parts);
}

export const tagged = (/** @type {string} */ name, /** @type {any[]} */ ...text) =>
  h("span.tagged", icon(name), ...text);

/**
 * A text with what stands in backticks as code.
 * @param {string} text
 */
export function marked(text) {
  return text.split("`").map((part, place) => (place % 2 ? h("code", part) : part));
}

const DAY = 86_400_000;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** @param {any} value */
export const isInstant = (value) => typeof value === "string" && INSTANT.test(value);

/**
 * A value for people: a moment as they say it, the rest as it is.
 * @param {any} value
 */
export function spokenValue(value) {
  if (value === null || value === undefined || value === "") return h("span.none", "none");
  if (value === true || value === false) return value ? "yes" : "no";
  if (!isInstant(value)) return valueText(value);
  return moment(value, nearText(value));
}

/**
 * A moment as it is said today: with the time today, with the day in these days, else the date.
 * @param {string} value
 */
function nearText(value) {
  const days = Math.abs(Date.parse(value) - now().getTime()) / DAY;
  const [weekday, ...date] = dayName(value).split(" ");
  if (dayName(value) === dayName(now()) && days < 1) return clockTime(value);
  return days < 6 ? `${weekday} ${clockTime(value)}` : date.join(" ");
}

/**
 * One fact of a lead in a few words: the name is left out where the value says enough.
 * @param {{ name: string, value: any }} fact
 */
export function factText({ name, value }) {
  if (typeof value === "number") return plural(value, name.replace(/s$/, ""));
  if (typeof value !== "string" || INSTANT.test(value))
    return [capitalised(name), " ", spokenValue(value)];
  return value;
}

export const capitalised = (/** @type {string} */ text) =>
  text.charAt(0).toUpperCase() + text.slice(1);

/**
 * A phone number with its groups, where they are known.
 * @param {string | null} phone
 */
export function phoneText(phone) {
  return phone?.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3") ?? "";
}

/**
 * A span of seconds.
 * @param {number} seconds
 */
export function spanText(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest ? ` ${rest} s` : ""}`;
}

/**
 * What a change came from, in words.
 * @param {any} cause like `{ request: 12 }`
 */
export function causeText(cause) {
  if (!cause) return "";
  if (cause.request)
    return h("a", { href: `#/requests/${cause.request}` }, `Request ${cause.request}`);
  if (cause.simulate) return "Made to happen";
  if (cause.due) return "Fell due";
  return "Control API";
}
