/**
 * A command to be copied.
 * @module
 */

import { copier, h } from "./dom.js";

/**
 * @param {string} line
 */
export function commandLine(line) {
  const label = "A line for the shell";
  return h(
    "div.command",
    h("pre", { tabIndex: 0, role: "region", "aria-label": label }, line),
    copier(line),
  );
}
