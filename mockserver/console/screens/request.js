/**
 * One request, in the order in which a tester asks: what, why, which lead, what it changed.
 * @module
 */

import { addFault, getRequest, listFaultKinds, sendToVendor, verifyRequests } from "../api.js";
import { curlOf, filterOf, headersOf, pytestLine } from "../curl.js";
import { ask, form } from "../dialogs.js";
import { attempt, button, copier, copy, h, icon, question, show, toast } from "../dom.js";
import {
  capitalised,
  dayName,
  exactTime,
  failure,
  httpStatus,
  marked,
  provenance,
  statusTone,
  valueText,
  vendorMark,
} from "../format.js";
import { isFree } from "../keys.js";
import { leadName, personHref } from "../names.js";
import { store } from "../store.js";
import { difference } from "./difference.js";
import { json } from "./json.js";
import { matchTable, ruleName } from "./match.js";

const BODILESS = new Set(["GET", "HEAD"]);

/** @typedef {Record<string, any>} Request */

/**
 * Reads a request and draws it.
 * @param {any} place
 * @param {number} number
 * @param {Element} back a button to the list
 * @param {() => void} leave what Esc does
 * @returns {() => void} to be called when another one is drawn
 */
export function drawRequest(place, number, back, leave) {
  const isNewest = question(place);
  /** @type {Request | null} */
  let one = null;
  const press = (/** @type {KeyboardEvent} */ event) => {
    if (!isFree(event) || !one) return;
    if (event.key === "Escape" && place.contains(document.activeElement)) leave();
    const act = /** @type {Record<string, (one: Request) => any>} */ (ACTS)[event.key];
    if (act) act(one);
  };
  document.addEventListener("keydown", press);
  getRequest(store.workspace, number)
    .then((answer) => {
      if (!isNewest()) return;
      one = answer;
      show(place, content(answer, back));
      document.title = `${titleOf(answer)} · mockserver`;
    })
    .catch((error) => {
      if (isNewest()) show(place, h("div.scroll", h("header.head", back), missing(number, error)));
    });
  return () => {
    question(place);
    document.removeEventListener("keydown", press);
  };
}

/**
 * @param {number} number
 * @param {any} error
 */
function missing(number, error) {
  if (error.status !== 404) return failure(error);
  return h(
    "div.empty",
    h("h2", `Request ${number} is not in the journal`),
    h("p", "It made room for newer ones, or the workspace was reset."),
  );
}

/** @param {Request} one */
function titleOf(one) {
  const path = one.target.split("?")[0].split("/").filter(Boolean).slice(-2).join("/");
  return `${one.method} ${path} ${one.status || "lost"}`;
}

/** What the keys do with a request. */
const ACTS = { c: copyCurl, y: showPytest, r: sendAgain, x: failNext };

/**
 * @param {Request} one
 * @param {Element} back
 */
function content(one, back) {
  return h(
    "div.scroll",
    { tabIndex: 0, role: "region", "aria-label": "The request in detail" },
    head(one, back),
    h("div.why", { class: `tone-${toneOf(one)}` }, h("h2.unseen", "Why"), h("p", sentence(one))),
    one.notes.map((/** @type {string} */ note) => h("p.note-line", icon("warn"), note)),
    h("div.actions", actions(one)),
    one.matches.map((/** @type {any} */ match) => matchBlock(one, match)),
    changeBlocks(one),
    h("div.bodies", sentBlock(one), answerBlock(one)),
    findings(one),
  );
}

/**
 * @param {Request} one
 * @param {Element} back
 */
function head(one, back) {
  const dot = () => h("span.dot");
  const title = h(
    "div.request-title",
    h("h2.line", vendorMark(one.vendor), h("b.method", one.method), h("code.path", one.target)),
    h(
      "p.sub",
      [`No. ${one.number}`, dot(), operationLink(one), dot()],
      `${dayName(one.time)} ${exactTime(one.time)}`,
    ),
  );
  const took = h("span.sub", `${one.milliseconds.toFixed(2)} ms`);
  const answer = h(
    "div.answer",
    h("span", provenance(one.answer.provenance), httpStatus(one.status)),
    took,
  );
  return h("header.head", back, title, answer);
}

/** @param {Request} one */
function operationLink({ vendor, operation }) {
  if (!operation) return h("code", "no operation");
  const query = new URLSearchParams({ ws: store.workspace, doc: vendor, operation });
  return h("a", { href: `reference/?${query}` }, h("code", operation));
}

/** @param {Request} one */
function toneOf(one) {
  if (one.fault) return one.status === 0 ? "bad" : "warn";
  return statusTone(one.status);
}

/**
 * The sentence, with its leads as links.
 * @param {Request} one
 */
function sentence(one) {
  const ids = leadIds(one);
  const text = one.why.sentence;
  if (!ids.length) return text;
  const pattern = new RegExp(`\\b(${ids.map(escaped).join("|")})\\b`);
  return text.split(pattern).map((/** @type {string} */ part, /** @type {number} */ place) => {
    if (place % 2 === 0) return part;
    const name = leadName(one.vendor, part);
    return h("a", { href: personHref(one.vendor, part) }, name ? `${part} (${name})` : part);
  });
}

const escaped = (/** @type {string} */ text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** @param {Request} one */
function leadIds(one) {
  const changed = one.changes.filter(
    (/** @type {any} */ each) => each.table === "leads" && each.id,
  );
  const found = one.matches.flatMap((/** @type {any} */ match) =>
    match.steps.flatMap((/** @type {any} */ step) => step.candidates),
  );
  const ids = [...one.matched, ...found, ...changed.map((/** @type {any} */ each) => each.id)];
  return [...new Set(ids.map(String))];
}

/** @param {Request} one */
function actions(one) {
  return [
    button("button.ghost.small", () => copyCurl(one), icon("copy"), "curl"),
    button("button.ghost.small", () => showPytest(one), icon("copy"), "pytest"),
    button("button.ghost.small", () => sendAgain(one), icon("reset"), "Send again"),
    button("button.ghost.small", () => failNext(one), icon("fault"), "Make it fail next time"),
  ];
}

/** @param {Request} one */
function copyCurl(one) {
  return copy(curlOf(one), "the request as curl");
}

/**
 * The assertion to copy, and whether it holds now.
 * @param {Request} one
 */
async function showPytest(one) {
  const isNewest = question(showPytest);
  const filter = filterOf(one);
  const line = pytestLine(filter);
  const asked = { requests: [filter] };
  const verdict = await attempt(() => verifyRequests(store.workspace, asked));
  if (!verdict || !isNewest()) return;
  const sign = verdict.passed ? "check" : "cross";
  const words = verdict.passed ? "It holds now." : verdict.message;
  const tone = verdict.passed ? "tone-ok" : "tone-bad";
  const answer = await ask(
    "As a test says it",
    h("div.command", h("pre", { tabIndex: 0 }, line)),
    h("p.verdict", { class: tone }, icon(sign), words),
    h(
      "menu",
      h("button.ghost", { value: "close" }, "Close"),
      h("button.primary", { value: "copy" }, "Copy"),
    ),
  );
  if (answer === "copy") await copy(line, "the assertion");
}

/** @param {Request} one */
async function sendAgain(one) {
  const { raw } = one.request;
  const body = BODILESS.has(one.method) ? undefined : (raw ?? undefined);
  try {
    const answer = await sendToVendor(one.target, {
      method: one.method,
      headers: headersOf(one),
      body,
    });
    const number = answer.headers.get("mockserver-request");
    const link = number && h("a", { href: `#/requests/${number}` }, `No. ${number}`);
    toast("Sent again: ", httpStatus(answer.status), " ", link);
  } catch {
    toast("Sent again: the answer was lost");
  }
}

/** @param {Request} one */
async function failNext(one) {
  const isNewest = question(failNext);
  const { faults } = await listFaultKinds();
  if (!isNewest()) return;
  const names = faults.map((/** @type {any} */ kind) => kind.name);
  const fields = [
    { name: "fault", label: "What goes wrong", options: names, value: "server_error" },
    { name: "times", label: "How often", type: "number", value: "1" },
  ];
  const given = await form(`The next ${one.operation ?? one.method}`, "Make it fail", fields);
  if (!given) return;
  const rule = {
    fault: given.fault,
    vendor: one.vendor,
    operation: one.operation,
    times: Number(given.times),
  };
  const made = await attempt(() => addFault(store.workspace, rule));
  if (made) toast(h("b", made.fault), ", ", h("a", { href: "#/faults" }, `rule ${made.id}`));
}

/**
 * @param {Request} one
 * @param {any} match
 */
function matchBlock(one, match) {
  const nameOf = (/** @type {any} */ id) => leadName(one.vendor, id);
  return h(
    "section.block",
    h(
      "h2",
      "How the lead was found",
      h("span.gap"),
      h("code", match.rule),
      provenance(match.provenance, match.source),
    ),
    matchTable(match, nameOf),
    h("p.unseen", ruleName(match), ": ", match.verdict),
  );
}

/** @param {Request} one */
function changeBlocks(one) {
  if (!one.changes.length) {
    return h("section.block", h("h2", "What it changed"), h("p.nothing", "Nothing."));
  }
  return one.changes.map((/** @type {any} */ change) => changeBlock(one, change));
}

/**
 * @param {Request} one
 * @param {any} change
 */
function changeBlock(one, change) {
  if (change.id === undefined) {
    const rows = `${change.count ?? "Many"} rows of ${change.table}`;
    return h(
      "section.block",
      h("h2", "What it changed"),
      h("p.nothing", `${rows} changed at once.`),
    );
  }
  const name = leadName(one.vendor, change.id);
  const isLead = change.table === "leads";
  const what = `${isLead ? "lead" : change.table} ${change.id}`;
  const where = isLead ? h("a", { href: personHref(one.vendor, change.id) }, name ?? what) : what;
  return h(
    "section.block",
    h(
      "h2",
      "What it changed",
      h("span.gap"),
      h("span.sub", where, name && isLead ? `, ${what}` : ""),
    ),
    difference(change.before, change.after, isLead ? remarksOf(one) : new Map()),
  );
}

/** @param {Request} one */
function remarksOf(one) {
  const texts = one.remarks.map((/** @type {any} */ remark) => [
    remark.field,
    [capitalised(remark.text), provenance(remark.provenance, remark.source)],
  ]);
  return new Map(texts);
}

/** @param {Request} one */
function sentBlock(one) {
  const { body, raw, headers } = one.request;
  const isEmpty = body === null && raw === null;
  const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
  return h(
    "section.block",
    h("h2", "Sent", h("span.gap"), !isEmpty && copier(raw ?? text, "Copy the body")),
    isEmpty ? h("p.nothing", "No body.") : json(body ?? raw, "What was sent"),
    headerList(headers),
  );
}

/** @param {Request} one */
function answerBlock(one) {
  const { body, headers } = one.answer;
  const isEmpty = body === null || body === "";
  const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
  return h(
    "section.block",
    h("h2", "Answered", h("span.gap"), !isEmpty && copier(text, "Copy the answer")),
    isEmpty ? h("p.nothing", "No body.") : json(body, "What was answered"),
    headerList(headers),
  );
}

/** @param {Record<string, any>} headers */
function headerList(headers) {
  const names = Object.entries(headers);
  const rows = names.map(([name, value]) => h("div", h("dt", name), h("dd", valueText(value))));
  return h("details.headers", h("summary", "Headers", h("em", names.length)), h("dl", rows));
}

/** @param {Request} one */
function findings(one) {
  if (!one.findings.length) return null;
  const items = one.findings.map((/** @type {any} */ each) =>
    h("li", h("b", each.title), h("p", marked(each.message)), h("p.sub", marked(each.advice))),
  );
  return h("section.block", h("h2", "What the report says of it"), h("ul.said", items));
}
