/**
 * What the screens share: the workspace, its clock, the vendors, and who is told of events.
 * @module
 */

import * as api from "./api.js";
import { question } from "./dom.js";
import { follow } from "./events.js";

/** @typedef {import("./events.js").StreamEvent} StreamEvent */
/**
 * How a vendor is shown, and how a lead of it is made.
 * @typedef {object} Vendor
 * @property {string} name
 * @property {string} title
 * @property {string} hue
 * @property {{ method: string, path: string, body: any }} [create]
 * @property {string} [outcomes]
 * @property {string} [webhooks]
 * @property {string[]} [kinds] what its webhooks are told of
 */

const HUES = ["teal", "violet", "pink", "blue", "amber"];

export const store = {
  workspace: "",
  /** @type {any} what get_workspace answered last */
  info: null,
  /** @type {Map<string, Vendor>} */
  vendors: new Map(),
  /** @type {Record<string, string>} */
  bases: {},
  version: "",
  isLive: true,
};

/** @type {Set<(batch: StreamEvent[]) => void>} */
const listeners = new Set();
/** @type {(state: string, seconds: number) => void} */
let tellState = () => {};
let close = () => {};
/** The number of the last event: whoever goes on after a pause has no hole. */
let last = 0;
let clock = { mode: "real", now: Date.now(), read: Date.now() };

/**
 * Is called with what happens, in batches, until the function that it returns is called.
 * @param {(batch: StreamEvent[]) => void} listener
 */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** @param {(state: string, seconds: number) => void} tell */
export function onState(tell) {
  tellState = tell;
}

/** The time of the workspace. */
export function now() {
  const passed = clock.mode === "frozen" ? 0 : Date.now() - clock.read;
  return new Date(clock.now + passed);
}

export const clockMode = () => clock.mode;

/** @param {any} answer a clock, as the control API tells it */
export function keepClock(answer) {
  question(keepClock);
  clock = { mode: answer.mode, now: Date.parse(answer.now), read: Date.now() };
}

/**
 * Keeps the clock that an operation answers, where none was told of since it was asked for.
 * @param {Promise<any>} asked
 */
export async function keepAnswer(asked) {
  const isNewest = question(keepClock);
  const answer = await asked;
  if (isNewest()) keepClock(answer);
  return answer;
}

/** Reads what does not change while a server runs. */
export async function begin() {
  const [health, looks] = await Promise.all([
    api.getHealth(),
    fetch(new URL("vendors.json", import.meta.url)).then((answer) => answer.json()),
  ]);
  store.bases = health.base_urls;
  store.version = health.version;
  Object.keys(health.base_urls).forEach((name, place) => {
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    const hue = HUES[place % HUES.length];
    store.vendors.set(name, { name, title, hue, ...looks[name] });
  });
}

/**
 * Goes to a workspace. Raises Problem where there is none of that name.
 * @param {string} name
 * @param {() => boolean} isWanted whether it is still, when the server has answered
 */
export async function enter(name, isWanted) {
  const info = await api.getWorkspace(name);
  if (!isWanted()) return;
  close();
  last = 0;
  store.workspace = info.name;
  store.info = info;
  keepClock(info.clock);
  connect();
}

/**
 * Reads a workspace, and follows nothing.
 * @param {string} name
 */
export async function know(name) {
  store.info = await api.getWorkspace(name);
  store.workspace = name;
}

/** Follows the workspace's events. */
export function connect() {
  store.isLive = true;
  close = follow(api.streamPath(store.workspace), { batch: tell, state: tellState }, last);
}

/** Lets go of the events until somebody connects again. */
export function pause() {
  store.isLive = false;
  close();
  tellState("paused", 0);
}

/** Reads the workspace anew: its counts, its clock. */
export async function refresh() {
  const { workspace } = store;
  const isNewest = question(refresh);
  const asked = api.getWorkspace(workspace);
  const isClockNewest = question(keepClock);
  const info = await asked;
  if (!isNewest() || workspace !== store.workspace) return;
  store.info = info;
  if (isClockNewest()) keepClock(info.clock);
}

/** @param {StreamEvent[]} batch */
function tell(batch) {
  for (const { id, kind, data } of batch) {
    last = Math.max(last, id);
    if (kind === "clock") keepClock(data);
    if (kind === "hello") followVersion(data.version);
    if (kind === "request") store.info.requests = Math.max(store.info.requests, data.number);
  }
  for (const listener of [...listeners]) listener(batch);
}

/**
 * Loads the page anew where the server is another than the one the page came from.
 * @param {string} version
 */
function followVersion(version) {
  if (version !== store.version) location.reload();
}
