/**
 * How leads were searched for, as a decision table: a row a key, a column a candidate.
 * @module
 */

import { h, icon } from "../dom.js";
import { capitalised, humanised, valueText } from "../format.js";

const MOST_CANDIDATES = 6;

/** @typedef {{ id: any, name?: string | null }} Candidate */

/**
 * @param {any} match one of a request's `matches`
 * @returns {Candidate[]}
 */
function candidatesOf(match) {
  return match.candidates.slice(0, MOST_CANDIDATES);
}

/**
 * @param {any} match
 * @param {(id: any) => string | undefined} nameOf
 */
export function matchTable(match, nameOf) {
  const candidates = candidatesOf(match);
  const { rows, steps } = match;
  const hit = (/** @type {any} */ id) => (rows.includes(id) ? "hit" : "");
  const heads = candidates.map(({ id, name }) =>
    h("th.candidate", { scope: "col", class: hit(id) }, h("span.id", id), name ?? nameOf(id)),
  );
  const body = steps.map((/** @type {any} */ step) => [
    h("th", { scope: "row" }, step.key),
    h("td.sent", sentValue(step)),
    candidates.map(({ id }) => h("td.cell", { class: hit(id) }, fit(step, id))),
  ]);
  const results = candidates.map(({ id }) => h("td.cell", { class: hit(id) }, result(match, id)));
  const several = match.found > 1 && match.chosen.length !== 1 ? "several" : "";
  return h(
    "div.scroll-x",
    h(
      "table.match",
      { class: several },
      h(
        "thead",
        h("tr", h("th", { scope: "col" }, "Key"), h("th", { scope: "col" }, "Sent"), heads),
      ),
      h(
        "tbody",
        body.map((/** @type {any} */ cells) => h("tr", cells)),
      ),
      h("tfoot", h("tr", h("th", { scope: "row", colSpan: 2 }, footText(match)), results)),
    ),
  );
}

/** @param {any} step */
function sentValue(step) {
  const sent = step.sent ?? step.value;
  if (sent === null || sent === undefined) return h("span.none", "not given");
  const isOther = step.normalised !== null && valueText(step.normalised) !== valueText(sent);
  const compared = isOther && ["compared as ", h("code", valueText(step.normalised))];
  return [h("code", valueText(sent)), compared && h("span.sub", compared)];
}

/**
 * @param {any} step
 * @param {any} id
 */
function fit(step, id) {
  if ((step.sent ?? step.value) === null) return h("span.none", "–");
  const fits = step.candidates.includes(id);
  const word = h("span.unseen", fits ? "fits" : "does not fit");
  return h("span.fit", { class: fits ? "yes" : "no" }, icon(fits ? "check" : "cross"), word);
}

/**
 * @param {any} match
 * @param {any} id
 */
function result(match, id) {
  if (!match.rows.includes(id)) return h("span.none", "No");
  const isOne = match.chosen.length === 1 && match.chosen.includes(id);
  return h("b", isOne ? "Found" : "Fits");
}

/** @param {any} match */
function footText(match) {
  if (match.decided_by) return capitalised(match.decided_by);
  if (match.found === 0) return "No lead fits";
  return match.found === 1 ? "One lead fits" : `${match.found} leads fit`;
}

/** @param {any} match */
export const ruleName = (match) => humanised(match.rule);
