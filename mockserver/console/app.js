/**
 * The frame around the screens: which one is shown, and the rail that leads to them.
 * @module
 */

import { getReport, listWebhooks, listWorkspaces, onUnauthorized } from "./api.js";
import { clockControls } from "./clock.js";
import { tokenDialog } from "./dialogs.js";
import { byId, copier, h, icon, question, show } from "./dom.js";
import { count, failure, plural, vendorMark } from "./format.js";
import { drawFrame, drawTop, speakOf } from "./frame.js";
import { listenToKeys } from "./keys.js";
import { Again } from "./screen.js";
import { begin, enter, listen, refresh, store } from "./store.js";

/**
 * A screen. `draw` fills the element, and returns what is to be done when the screen is left.
 * @typedef {object} Screen
 * @property {(main: HTMLElement, steps: string[], asked: URLSearchParams) => any} draw
 */

/** @type {Record<string, () => Promise<Screen>>} */
const SCREENS = {
  people: () => import("./screens/people.js"),
  person: () => import("./screens/person.js"),
  requests: () => import("./screens/requests.js"),
  faults: () => import("./screens/faults.js"),
  clock: () => import("./screens/calls.js"),
  webhooks: () => import("./screens/webhooks.js"),
  report: () => import("./screens/report.js"),
  settings: () => import("./screens/settings.js"),
  more: () => import("./screens/more.js"),
};

/** @type {[string, string, string][]} */
const RAIL = [
  ["people", "people", "People"],
  ["requests", "requests", "Requests"],
  ["faults", "fault", "Faults"],
  ["clock", "clock", "Clock and calls"],
  ["webhooks", "webhook", "Webhooks"],
  ["report", "report", "Report"],
  ["reference", "book", "API reference"],
  ["settings", "settings", "Settings"],
];

/** After which kinds of events the numbers in the rail may be others. */
const STALE_NUMBERS = new Set(["request", "delivery", "reset", "gap"]);
const FIRST_NUMBERS = 500;
const NEXT_NUMBERS = 2000;
const SLOWEST_SHARE = 20;

const main = byId("main");
let shown = "";
let leave = () => {};
let isFirst = true;

function hashParts() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name = "people", ...steps] = path.split("/").filter(Boolean).map(decodeURIComponent);
  return { name, steps, asked: new URLSearchParams(search) };
}

/** Shows what the address names. */
async function route() {
  const isNewest = question(route);
  const { name, steps, asked } = hashParts();
  const isOther = name !== shown;
  /** @type {Screen["draw"]} */
  let draw;
  try {
    await enterAsked(asked.get("ws"), isNewest);
    ({ draw } = await (SCREENS[name] ?? SCREENS.people)());
  } catch (error) {
    draw = () => {
      main.className = "screen-failed";
      show(main, failure(error));
    };
  }
  if (!isNewest()) return;
  leave();
  main.className = `screen-${name}`;
  leave = draw(main, steps, asked) ?? (() => {});
  shown = name;
  mark(name);
  entitle();
  if (isOther && !isFirst) focusTitle();
  isFirst = false;
}

/**
 * @param {string | null} asked
 * @param {() => boolean} isNewest
 */
async function enterAsked(asked, isNewest) {
  const name = asked ?? (store.workspace || (await latest()));
  if (!isNewest()) return;
  if (name !== store.workspace) {
    await enter(name, isNewest);
    if (isNewest()) forgetNumbers();
    numbers.later();
  }
  if (!isNewest()) return;
  if (asked !== store.workspace) keepInAddress();
  drawTop();
  drawRail();
}

/** The workspace that got the last request; the default one where none got any. */
async function latest() {
  const { workspaces } = await listWorkspaces();
  const used = workspaces.filter((/** @type {any} */ each) => each.last_request);
  used.sort((/** @type {any} */ one, /** @type {any} */ other) =>
    other.last_request.localeCompare(one.last_request),
  );
  const [first] = [...used, ...workspaces];
  return first?.name ?? "demo";
}

/** An address says the workspace: it can be sent to a colleague. */
function keepInAddress() {
  const { name, steps, asked } = hashParts();
  asked.set("ws", store.workspace);
  const path = [name, ...steps].map(encodeURIComponent).join("/");
  history.replaceState(history.state, "", `#/${path}?${asked}`);
}

function entitle() {
  const title = main.querySelector("[data-title]")?.dataset.title;
  const heading = main.querySelector("h1")?.textContent;
  document.title = `${title ?? heading ?? "Console"} · mockserver`;
}

function focusTitle() {
  const heading = main.querySelector("h1");
  if (!heading) return main.focus();
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** @param {string} name */
function mark(name) {
  const here = name === "person" ? "people" : name;
  for (const link of byId("rail").querySelectorAll("a")) {
    if (link.dataset.screen === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function buildRail() {
  const links = RAIL.map(([name, sign, title]) => {
    const isOutside = name === "reference";
    const href = isOutside ? "reference/" : `#/${name}`;
    const rule = isOutside ? "rule" : "";
    const [first, ...rest] = title.split(" and ");
    const label = h("span", first, rest.length > 0 && h("span.wide-only", " and ", rest));
    return h(
      "a",
      { href, class: rule, "data-screen": name, "aria-label": title, title },
      icon(sign),
      label,
      h("em", { id: `count-${name}` }),
    );
  });
  const more = h(
    "a.more",
    { href: "#/more", "data-screen": "more" },
    icon("menu"),
    h("span", "More"),
  );
  byId("rail").prepend(...links, more);
}

function drawRail() {
  const { info } = store;
  byId("count-requests").textContent = count(info.requests);
  byId("count-faults").textContent = info.faults ? `${info.faults} on` : "";
  byId("count-faults").className = "tone-warn";
  const reference = byId("rail").querySelector('[data-screen="reference"]');
  reference.href = `reference/?ws=${encodeURIComponent(store.workspace)}`;
}

/** The numbers in the rail that are found by looking through all requests and receivers. */
const numbers = new Again(readNumbers, FIRST_NUMBERS);

async function readNumbers() {
  const began = performance.now();
  const { workspace } = store;
  const asked = [getReport(workspace), listWebhooks(workspace)];
  // They are a comfort: without an answer the rail shows the numbers of before.
  const answers = await Promise.all(asked).catch(() => null);
  if (workspace !== store.workspace) return;
  numbers.pause = Math.max(NEXT_NUMBERS, SLOWEST_SHARE * (performance.now() - began));
  if (!answers) return;
  const [{ findings }, { webhooks }] = answers;
  const failing = webhooks.filter((/** @type {any} */ each) => each.failing_since).length;
  drawNumber("webhooks", failing && `${failing} failing`, "bad");
  const levels = findings.map((/** @type {any} */ each) => each.level);
  const errors = levels.filter((/** @type {string} */ level) => level === "error").length;
  const warnings = levels.filter((/** @type {string} */ level) => level === "warning").length;
  if (errors) drawNumber("report", plural(errors, "error"), "bad");
  else drawNumber("report", warnings && plural(warnings, "warning"), "warn");
}

/** They were another workspace's. */
function forgetNumbers() {
  numbers.pause = FIRST_NUMBERS;
  drawNumber("webhooks", 0, "bad");
  drawNumber("report", 0, "warn");
}

/**
 * @param {string} screen
 * @param {string | 0} text
 * @param {string} tone
 */
function drawNumber(screen, text, tone) {
  const number = byId(`count-${screen}`);
  number.textContent = text || "";
  number.className = `tone-${tone}`;
}

/** @param {ToggleEvent} event */
function drawClockMenu({ newState }) {
  // What has the focus stays until the menu is closed, which gives it back to the button.
  if (newState !== "open") return;
  const menu = byId("clock-menu");
  const close = () => menu.hidePopover();
  const all = h("a", { href: "#/clock", onclick: close }, "What falls due");
  show(menu, clockControls(), h("p", all));
}

function drawBases() {
  const [first] = Object.values(store.bases);
  byId("host").textContent = first ? new URL(first).host : "";
  const rows = Object.entries(store.bases).map(([vendor, url]) =>
    h(
      "div",
      h("dt", vendorMark(vendor)),
      h("dd", h("code", new URL(url).pathname), copier(url, "Copy the base URL")),
    ),
  );
  show(byId("base-urls"), rows);
}

let reading = 0;

/** Counts that no event tells are read again, once for many events. */
function follow(/** @type {import("./store.js").StreamEvent[]} */ batch) {
  drawTop();
  drawRail();
  speakOf(batch);
  if (batch.some(({ kind }) => STALE_NUMBERS.has(kind))) numbers.later();
  const stale = batch.some(({ kind }) => kind === "fault" || kind === "reset" || kind === "gap");
  if (!stale || reading) return;
  reading = window.setTimeout(async () => {
    reading = 0;
    await refresh().catch(() => {});
    drawTop();
    drawRail();
  }, 300);
}

async function start() {
  onUnauthorized(tokenDialog);
  buildRail();
  try {
    await begin();
  } catch (error) {
    show(main, failure(error));
    return;
  }
  drawBases();
  drawFrame(route);
  byId("clock-menu").addEventListener("beforetoggle", drawClockMenu);
  listen(follow);
  listenToKeys();
  addEventListener("hashchange", route);
  byId("skip").addEventListener("click", (/** @type {Event} */ event) => {
    event.preventDefault();
    main.focus();
  });
  await route();
}

start();
