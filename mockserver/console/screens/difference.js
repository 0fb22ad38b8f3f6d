/**
 * Two states of a row, field by field. Nested objects are compared by their own fields.
 * @module
 */

import { h, icon } from "../dom.js";
import { isInstant, spokenValue, valueText } from "../format.js";

/** @param {any} value */
const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * What differs, as `[path, before, after]`, and how many fields do not.
 * @param {any} before
 * @param {any} after
 * @param {string} [path]
 * @returns {{ differing: [string, any, any][], same: number }}
 */
export function compare(before, after, path = "") {
  /** @type {[string, any, any][]} */
  const differing = [];
  let same = 0;
  for (const key of new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])) {
    const [was, is] = [before?.[key], after?.[key]];
    if (isObject(was) && isObject(is)) {
      const inner = compare(was, is, `${path}${key}.`);
      differing.push(...inner.differing);
      same += inner.same;
    } else if (JSON.stringify(was) === JSON.stringify(is)) same += 1;
    else differing.push([path + key, was, is]);
  }
  return { differing, same };
}

/**
 * @param {string} tag
 * @param {any} value
 */
function cell(tag, value) {
  if (value === undefined) return h("span.none", "not there");
  if (value === null) return h(tag, h("span.null", "null"));
  return h(tag, valueText(value));
}

/**
 * A value in a line: a moment is said shortly.
 * @param {string} tag
 * @param {any} value
 */
function short(tag, value) {
  return isInstant(value) ? h(tag, spokenValue(value)) : cell(tag, value);
}

/** @param {[string, any, any]} difference */
const isMoment = ([, was, is]) => isInstant(was) && isInstant(is);

/**
 * @param {any} before null: the row is new
 * @param {any} after null: the row is gone
 * @param {Map<string, any>} remarks what became of a field, by its path
 */
export function difference(before, after, remarks = new Map()) {
  const { differing, same } = compare(before, after);
  const rows = differing.map(([path, was, is]) => {
    const remark = remarks.get(path) ?? remarks.get(path.split(".").pop() ?? "");
    const name = h("th", { scope: "row", rowSpan: remark ? 2 : 1 }, path);
    const values = [h("td.was", cell("del", was)), h("td.is", cell("ins", is))];
    return [h("tr", name, values), remark && h("tr.remark", h("td", { colSpan: 2 }, remark))];
  });
  const head = ["Field", "Before", "After"].map((text) => h("th", { scope: "col" }, text));
  return h(
    "div.diff-box",
    h("table.diff", h("thead.unseen", h("tr", head)), h("tbody", rows)),
    same > 0 &&
      h("p.same", same === 1 ? "1 field stays as it was" : `${same} fields stay as they were`),
  );
}

/**
 * A list of changed fields: `status OPEN → CLOSED`.
 * @param {any} before
 * @param {any} after
 * @param {number} [most]
 */
export function changedFields(before, after, most = 6) {
  const { differing } = compare(before, after);
  // Moments that only move are the least of the news.
  const ordered = [...differing].sort(
    (one, other) => Number(isMoment(one)) - Number(isMoment(other)),
  );
  const rows = ordered.slice(0, most).map(([path, was, is]) => {
    const from = before === null || was === undefined ? null : [short("del", was), icon("right")];
    return h("li", h("code", path), from, short("ins", is));
  });
  const rest = differing.length - rows.length;
  if (rest > 0) rows.push(h("li.sub", `and ${rest} more`));
  return h("ul.changed", rows);
}
