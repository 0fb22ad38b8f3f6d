/**
 * What moves the clock of the workspace: for its screen, and for the menu in the bar.
 * @module
 */

import { setClock } from "./api.js";
import { attempt, button, choice, h, icon } from "./dom.js";
import { drawTop, move } from "./frame.js";
import { clockMode, keepAnswer, now, store } from "./store.js";

const MODES = [
  { value: "real", content: "Real" },
  { value: "frozen", content: "Frozen" },
  { value: "shifted", content: "Shifted" },
];

/**
 * How the clock goes, and where it can be moved to.
 * @param {() => any} [done] is called when the clock was told to go in another way
 */
export function clockControls(done = () => {}) {
  const act = async (/** @type {string} */ mode) => {
    await attempt(() => keepAnswer(setClock(store.workspace, clockOf(mode))));
    drawTop();
    done();
  };
  return [
    choice("div.segments", "How the clock goes", MODES, clockMode(), act),
    h(
      "div.row-of-fields",
      button("button.ghost", () => move({ seconds: 3600 }), "+1 h"),
      button("button.ghost", () => move({ seconds: 86400 }), "+1 day"),
      button("button.primary", () => move({ to: "next" }), icon("skip"), "To the next event"),
      button("button.ghost", () => move({ to: nextMonday().toISOString() }), "Monday 09:00"),
      until(),
    ),
  ];
}

/** @param {string} mode */
function clockOf(mode) {
  if (mode !== "shifted") return { mode };
  return { mode, shift_seconds: Math.round((now().getTime() - Date.now()) / 1000) };
}

function until() {
  const input = h("input", { type: "datetime-local", "aria-label": "Until a moment" });
  const go = () => input.value && move({ to: new Date(input.value).toISOString() });
  return h("span.until", input, button("button.ghost", go, "Go there"));
}

function nextMonday() {
  const day = now();
  day.setDate(day.getDate() + ((8 - day.getDay()) % 7 || 7));
  day.setHours(9, 0, 0, 0);
  return day;
}
