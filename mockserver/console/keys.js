/**
 * The keyboard: letters that go to a screen, and where they mean nothing.
 * @module
 */

import { ask } from "./dialogs.js";
import { byId, h } from "./dom.js";
import { nextDay } from "./frame.js";

const OFF = "mockserver-keys-off";
const WAIT_MILLISECONDS = 1200;

/** @type {Record<string, string>} */
const SCREENS = {
  p: "people",
  r: "requests",
  f: "faults",
  c: "clock",
  w: "webhooks",
  t: "report",
  s: "settings",
};

/** @type {[string[], string][]} */
export const KEYS = [
  [["g", "p"], "People"],
  [["g", "r"], "Requests"],
  [["g", "f"], "Faults"],
  [["g", "c"], "Clock and calls"],
  [["g", "w"], "Webhooks"],
  [["g", "t"], "Report"],
  [["g", "d"], "API reference"],
  [["g", "s"], "Settings"],
  [["/"], "Find"],
  [["↑", "↓", "j", "k"], "Move in a list"],
  [["Enter"], "Open"],
  [["Esc"], "Close, else back"],
  [["c", "y", "r", "x"], "Of a request: curl, pytest, send again, make it fail"],
  [["1", "…", "9"], "Of a person: choose an outcome"],
  [["n"], "Of faults: new"],
  [["Shift+T"], "A day later"],
  [["?"], "These keys"],
];

export const keysAreOn = () => localStorage.getItem(OFF) === null;

/** @param {boolean} on */
export function turnKeys(on) {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
}

/**
 * Whether a letter is meant as a key: nobody types, no dialog is open.
 * @param {KeyboardEvent} event
 */
export function isFree(event) {
  if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return false;
  const target = /** @type {Element} */ (event.target);
  return !target.matches("input, textarea, select") && !document.querySelector("dialog[open]");
}

/** Lists the keys, and lets somebody switch them off. */
export async function keysDialog() {
  const box = h("input", { type: "checkbox", checked: keysAreOn() });
  const rows = KEYS.map(([keys, what]) => [
    h(
      "dt",
      keys.map((/** @type {string} */ key) => h("kbd", key)),
    ),
    h("dd", what),
  ]);
  await ask(
    "Keys",
    h("dl.keys-list", rows),
    h("label.check", box, "Keys of one letter are on"),
    h("menu", h("button.primary", { value: "close" }, "Close")),
  );
  turnKeys(box.checked);
}

let going = 0;

/** @param {KeyboardEvent} event */
function press(event) {
  if (!isFree(event) || (event.key.length === 1 && !keysAreOn())) return;
  const isGoing = Date.now() - going < WAIT_MILLISECONDS;
  going = 0;
  if (isGoing && event.key === "d") location.assign(byId("rail").querySelector(".rule").href);
  else if (isGoing && SCREENS[event.key]) location.hash = `#/${SCREENS[event.key]}`;
  else if (event.key === "g") going = Date.now();
  else if (event.key === "/") find();
  else if (event.key === "?") keysDialog();
  else if (event.key === "T") nextDay();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function find() {
  const field = byId("main").querySelector("input[type=search]");
  field?.focus();
  field?.select();
}

export function listenToKeys() {
  // Before the screens' own keys: after `g`, a letter is a screen.
  document.addEventListener("keydown", press, { capture: true });
}
