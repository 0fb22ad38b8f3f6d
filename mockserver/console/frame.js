/**
 * The bar at the top: workspace, clock, live events, reset, theme.
 * @module
 */

import { advanceClock, saveSnapshot } from "./api.js";
import { resetDialog, workspaceDialog } from "./dialogs.js";
import { attempt, byId, h, show, toast } from "./dom.js";
import { ICONS } from "./icons.js";
import { clockTime, count, dayName, plural } from "./format.js";
import { clockMode, connect, keepAnswer, now, onState, pause, store } from "./store.js";

const SPOKEN_SECONDS = 10;

/** @type {Record<string, [string, string]>} icon and word by the clock's mode */
const MODES = {
  real: ["clock", "Real"],
  frozen: ["frozen", "Frozen"],
  shifted: ["skip", "Shifted"],
};

/** Draws what changes with time and workspace. */
export function drawTop() {
  const [sign, word] = MODES[clockMode()] ?? MODES.real;
  const moment = now();
  byId("workspace-name").textContent = store.workspace;
  byId("clock-mode").textContent = word;
  byId("now-day").textContent = `${dayName(moment)}, `;
  byId("now-time").textContent = clockTime(moment);
  byId("clock-icon").setAttribute("d", ICONS[sign]);
}

/**
 * Makes the bar answer.
 * @param {() => any} redraw shows the screen anew
 */
export function drawFrame(redraw) {
  beginTheme();
  onState(drawLive);
  byId("live").addEventListener("click", () => (store.isLive ? pause() : connect()));
  byId("reset").addEventListener("click", () => resetDialog(redraw));
  byId("workspace").addEventListener("click", () => workspaceDialog());
  byId("theme").addEventListener("click", turnTheme);
  for (const button of document.querySelectorAll("button[data-advance]")) {
    const { advance } = /** @type {HTMLElement} */ (button).dataset;
    button.addEventListener("click", () => move({ seconds: Number(advance) }));
  }
  setInterval(drawTop, 1000);
}

/**
 * Moves the clock, and says what fell due on the way.
 * @param {{ seconds?: number, to?: string }} how
 */
export async function move(how) {
  const passed = await attempt(() => keepAnswer(advanceClock(store.workspace, how)));
  if (!passed) return;
  drawTop();
  const happened = passed.steps ? `: ${plural(passed.steps, "step")} fell due` : "";
  toast("It is ", h("b", `${dayName(now())}, ${clockTime(now())}`), happened);
}

/** Moves the clock by a day; the rows before can be brought back. */
export async function nextDay() {
  const saved = await attempt(() => saveSnapshot(store.workspace, "before-advance"));
  await move({ seconds: 86400 });
  if (saved !== undefined)
    toast("The rows before are kept as the snapshot ", h("code", "before-advance"));
}

/**
 * @param {string} state
 * @param {number} seconds
 */
function drawLive(state, seconds) {
  const texts = /** @type {Record<string, string>} */ ({
    live: "Live",
    paused: "Paused",
    waiting: `Again in ${seconds} s`,
    asleep: "Asleep",
    ended: "Ended",
  });
  const button = byId("live");
  button.dataset.state = state;
  button.title =
    state === "live" ? "Events arrive as they happen. Press to pause." : "Press to go on.";
  show(button, h("i"), h("span", texts[state] ?? state));
}

// What a screen reader hears: a sentence every ten seconds at most.
let requests = 0;
let refused = 0;
let speaking = 0;

/** @param {import("./store.js").StreamEvent[]} batch */
export function speakOf(batch) {
  for (const { kind, data } of batch) {
    if (kind !== "request") continue;
    requests += 1;
    if (data.status >= 400 || data.status === 0) refused += 1;
  }
  if (requests) speaking ||= window.setTimeout(speak, SPOKEN_SECONDS * 1000);
}

function speak() {
  const words = `${plural(requests, "request")}, ${count(refused)} refused`;
  byId("spoken").textContent = words;
  requests = refused = speaking = 0;
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function beginTheme() {
  const kept = localStorage.getItem("mockserver-theme");
  if (kept) document.documentElement.dataset.theme = kept;
}

function turnTheme() {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("mockserver-theme", theme);
}
