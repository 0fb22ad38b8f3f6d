/**
 * A JSON value, set out and coloured. Strings are text, whatever they hold.
 * @module
 */

import { h } from "../dom.js";

/**
 * @param {any} value
 * @param {number} indent
 * @returns {any}
 */
function write(value, indent) {
  if (value === null) return h("span.j-null", "null");
  if (typeof value === "string") return h("span.j-text", JSON.stringify(value));
  if (typeof value !== "object") return h("span.j-number", String(value));
  const isList = Array.isArray(value);
  const [open, end] = isList ? "[]" : "{}";
  const entries = Object.entries(value);
  if (!entries.length) return open + end;
  const pad = "  ".repeat(indent + 1);
  const lines = entries.map(([key, item], place) => [
    pad,
    isList ? null : [h("span.j-key", JSON.stringify(key)), ": "],
    write(item, indent + 1),
    place < entries.length - 1 ? ",\n" : "\n",
  ]);
  return [open, "\n", lines, "  ".repeat(indent), end];
}

/**
 * @param {any} value JSON, or a text that is none
 * @param {string} [label]
 */
export function json(value, label = "JSON") {
  const content = typeof value === "string" ? value : write(value, 0);
  return h("pre.json", { tabIndex: 0, role: "region", "aria-label": label }, content);
}
