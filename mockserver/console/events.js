/**
 * The stream of what happens in a workspace, read by `fetch`: an `EventSource` cannot carry the
 * token.
 * @module
 */

import { Problem, send } from "./api.js";

/** @typedef {{ id: number, kind: string, data: any }} StreamEvent */

const BATCH_MILLISECONDS = 100;
const PAUSES = [0.5, 1, 2, 4, 8];
const HIDDEN_SECONDS = 30;

/**
 * Follows a stream until it is closed. It connects again where it breaks, and lets go while
 * nobody sees the page.
 * @param {string} path
 * @param {object} tell
 * @param {(batch: StreamEvent[]) => void} tell.batch at most ten times a second
 * @param {(state: "live" | "waiting" | "asleep" | "ended", seconds: number) => void} tell.state
 * @param {number} last the number of the event after which it goes on; 0: from now on
 * @returns {() => void} closes it
 */
export function follow(path, tell, last) {
  let failures = 0;
  let closed = false;
  let sleeping = 0;
  let again = 0;
  let stop = new AbortController();
  /** @type {StreamEvent[]} */
  let gathered = [];
  let flushing = 0;

  function flush() {
    flushing = 0;
    const batch = gathered;
    gathered = [];
    if (!closed && batch.length) tell.batch(batch);
  }

  function take(/** @type {StreamEvent} */ event) {
    last = Math.max(last, event.id);
    gathered.push(event);
    flushing ||= window.setTimeout(flush, BATCH_MILLISECONDS);
  }

  async function connect() {
    const mine = (stop = new AbortController());
    try {
      const after = last ? `?after=${last}` : "";
      const answer = await send("GET", path + after, undefined, mine.signal);
      if (closed) return;
      failures = 0;
      tell.state("live", 0);
      for await (const event of eventsOf(answer)) take(event);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (error instanceof Problem && error.status === 404) return tell.state("ended", 0);
    }
    if (!closed && !mine.signal.aborted) later();
  }

  function later() {
    const seconds = PAUSES[Math.min(failures, PAUSES.length - 1)];
    failures += 1;
    tell.state("waiting", seconds);
    again = window.setTimeout(connect, seconds * 1000);
  }

  function sleep() {
    clearTimeout(again);
    stop.abort();
    stop = new AbortController();
    stop.abort();
    tell.state("asleep", 0);
  }

  function look() {
    clearTimeout(sleeping);
    if (document.hidden) sleeping = window.setTimeout(sleep, HIDDEN_SECONDS * 1000);
    else if (stop.signal.aborted) connect();
  }

  document.addEventListener("visibilitychange", look);
  connect();
  return () => {
    closed = true;
    clearTimeout(again);
    clearTimeout(sleeping);
    stop.abort();
    document.removeEventListener("visibilitychange", look);
  };
}

/**
 * The events of a `text/event-stream`.
 * @param {Response} answer
 * @returns {AsyncGenerator<StreamEvent>}
 */
async function* eventsOf(answer) {
  const reader = /** @type {ReadableStream} */ (answer.body)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop() ?? "";
    for (const part of parts) {
      const event = eventOf(part);
      if (event) yield event;
    }
  }
}

/**
 * One event; null for a comment.
 * @param {string} text
 * @returns {StreamEvent | null}
 */
function eventOf(text) {
  const event = { id: 0, kind: "", data: "" };
  for (const line of text.split("\n")) {
    const [, field, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (field === "id") event.id = Number(value);
    if (field === "event") event.kind = value;
    if (field === "data") event.data += value;
  }
  return event.data === "" ? null : { ...event, data: JSON.parse(event.data) };
}
