/**
 * Builds elements. What is not an element becomes a text node: no string is ever read as HTML.
 * @module
 */

import { ICONS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";
const TOAST_SECONDS = 4;

/**
 * @typedef {Node | string | number | boolean | null | undefined} Part
 * @typedef {Part | Part[] | (Part | Part[])[] | (Part | Part[] | (Part | Part[])[])[]} Child
 */

/**
 * An element: `h("p.quiet", { title: "x" }, "text", child)`. Children that are null, undefined or
 * false are left out.
 * @param {string} name the tag with its classes
 * @param {any} [properties] properties, attributes, `on...` listeners; or the first child
 * @param {...any} children
 * @returns {any}
 */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag || "div");
  if (classes.length) element.className = classes.join(" ");
  if (!isProperties(properties)) return fill(element, properties, ...children);
  for (const [key, value] of Object.entries(properties)) give(element, key, value);
  return fill(element, ...children);
}

/** @param {any} given */
function isProperties(given) {
  return typeof given === "object" && given !== null && !Array.isArray(given) && !isNode(given);
}

/** @param {any} given */
const isNode = (given) => given instanceof Node;

/**
 * @param {any} element
 * @param {string} key
 * @param {any} value
 */
function give(element, key, value) {
  if (value === undefined || value === null || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "class") element.className = `${element.className} ${value}`.trim();
  else if (key in element && !key.startsWith("aria") && key !== "list") element[key] = value;
  else element.setAttribute(key, value === true ? "" : value);
}

/**
 * Adds children to an element.
 * @template {Element} T
 * @param {T} element
 * @param {...any} children
 * @returns {T}
 */
export function fill(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    element.append(isNode(child) ? child : String(child));
  }
  return element;
}

/** @type {WeakMap<object, number>} */
const newest = new WeakMap();

/**
 * Begins a question. Answers come in any order: one to an older question must not be drawn over
 * what a newer one, or something else, has put there since.
 * @param {object} about what the answer changes: an element, a screen
 * @returns {() => boolean} whether the answer still counts
 */
export function question(about) {
  const mine = (newest.get(about) ?? 0) + 1;
  newest.set(about, mine);
  return () => newest.get(about) === mine;
}

/**
 * Puts children in the place of what an element holds. What was asked for there comes too late.
 * @template {Element} T
 * @param {T} element
 * @param {...any} children
 * @returns {T}
 */
export function show(element, ...children) {
  question(element);
  element.replaceChildren();
  return fill(element, ...children);
}

/**
 * The element of the page with that id.
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * One of the icons; it says nothing to a screen reader.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const lines = document.createElementNS(SVG, "path");
  lines.setAttribute("d", ICONS[name]);
  svg.append(lines);
  return svg;
}

/**
 * A button. Its first child may be an icon.
 * @param {string} name tag and classes, like `button.ghost.small`
 * @param {() => any} act
 * @param {...any} children
 */
export function button(name, act, ...children) {
  return h(name, { type: "button", onclick: act }, ...children);
}

/**
 * A word for a few seconds in the corner.
 * @param {...any} content
 */
export function toast(...content) {
  const note = h("p.toast", content);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_SECONDS * 1000);
  return note;
}

/**
 * Does something, and tells what the server refuses.
 * @template T
 * @param {() => Promise<T>} doing
 * @returns {Promise<T | undefined>} undefined where it was refused
 */
export async function attempt(doing) {
  try {
    return await doing();
  } catch (error) {
    toast(String(/** @type {Error} */ (error).message));
    return undefined;
  }
}

/**
 * Copies a text, and says so.
 * @param {string} text
 * @param {string} what what it is, for the notice
 */
export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied ", h("b", what));
  } catch {
    toast("The browser does not let this page copy.");
  }
}

/**
 * A small button that copies a text.
 * @param {string} text
 * @param {string} [label]
 */
export function copier(text, label = "Copy") {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  const act = (/** @type {Event} */ event) => {
    event.stopPropagation();
    return copy(text, shown);
  };
  const name = `${label}: ${shown}`;
  return h(
    "button.copy",
    { type: "button", title: label, "aria-label": name, onclick: act },
    icon("copy"),
  );
}

/**
 * A row of buttons of which one is pressed.
 * @param {string} name classes of the row, like `div.chips`
 * @param {string} label what the row is for
 * @param {{ value: string, content: any }[]} choices
 * @param {string} chosen
 * @param {(value: string) => void} act
 */
export function choice(name, label, choices, chosen, act) {
  const row = h(name, { role: "group", "aria-label": label });
  const press = (/** @type {string} */ value) => {
    for (const each of row.children)
      each.setAttribute("aria-pressed", String(each.value === value));
  };
  for (const { value, content } of choices) {
    const choose = () => {
      press(value);
      act(value);
    };
    row.append(h("button", { type: "button", value, onclick: choose }, content));
  }
  press(chosen);
  return row;
}

/**
 * A field to search in.
 * @param {string} label
 * @param {string} placeholder
 * @param {(text: string) => void} act called when typing pauses
 */
export function finder(label, placeholder, act) {
  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => act(input.value.trim()), 150);
  };
  const input = h("input", { type: "search", placeholder, "aria-label": label, oninput: later });
  return h("label.find", icon("search"), input, h("kbd", { "aria-hidden": "true" }, "/"));
}
