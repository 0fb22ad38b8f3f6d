/**
 * What the screens share: the workspace, its clock, the vendors, and who is told of events.
 * @module
 */

import * as api from "./api.js";
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
  clock = { mode: answer.mode, now: Date.parse(answer.now), read: Date.now() };
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
 */
export async function enter(name) {
  const info = await api.getWorkspace(name);
  close();
  store.workspace = info.name;
  keepInfo(info);
  connect();
}

/**
 * Reads a workspace, and follows nothing.
 * @param {string} name
 */
export async function know(name) {
  keepInfo(await api.getWorkspace(name));
  store.workspace = name;
}

/** Follows the workspace's events. */
export function connect() {
  store.isLive = true;
  close = follow(api.streamPath(store.workspace), { batch: tell, state: tellState });
}

/** Lets go of the events until somebody connects again. */
export function pause() {
  store.isLive = false;
  close();
  tellState("paused", 0);
}

/** Reads the workspace anew: its counts, its clock. */
export async function refresh() {
  keepInfo(await api.getWorkspace(store.workspace));
}

/** @param {any} info */
function keepInfo(info) {
  store.info = info;
  keepClock(info.clock);
}

/** @param {StreamEvent[]} batch */
function tell(batch) {
  for (const { kind, data } of batch) {
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
