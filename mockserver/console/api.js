/**
 * The control API: one function for an operation, the token, and what a refusal says.
 * @module
 */

const BASE = new URL("../", import.meta.url).pathname;
const TOKEN = "mockserver-token";

/** What the control API answered instead of what was asked for. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {any} body
   */
  constructor(status, body) {
    const errors = body?.errors?.map(sentence) ?? [];
    super([body?.detail ?? `The server answered ${status}.`, ...errors].join(" "));
    this.status = status;
  }
}

/** @param {any} error */
function sentence(error) {
  const place = error.pointer ?? error.parameter;
  return place ? `${place}: ${error.detail}.` : `${error.detail}.`;
}

/** @type {() => Promise<string | null>} */
let askForToken = async () => null;

/**
 * Who is asked where the server wants a token.
 * @param {() => Promise<string | null>} ask resolves with the token, or null
 */
export function onUnauthorized(ask) {
  askForToken = ask;
}

export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

export function signOut() {
  sessionStorage.removeItem(TOKEN);
}

/**
 * The headers that carry the token, where there is one.
 * @returns {Record<string, string>}
 */
export function credential() {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

/** @type {Promise<boolean> | null} */
let asking = null;

/** Asks once for a token, however many requests wait for it; whether there is one then. */
async function signIn() {
  signOut();
  asking ??= askForToken().then((token) => {
    asking = null;
    if (token !== null) sessionStorage.setItem(TOKEN, token);
    return token !== null;
  });
  return asking;
}

/**
 * Sends a request to the control API, and asks for a token where it wants one.
 * @param {string} method
 * @param {string} path below that of the API
 * @param {any} [body]
 * @param {AbortSignal} [signal] takes the request back
 * @returns {Promise<Response>}
 */
export async function send(method, path, body, signal) {
  /** @type {RequestInit} */
  const request = { method, signal, headers: credential() };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { ...request.headers, "Content-Type": "application/json" };
  }
  const answer = await fetch(BASE + path, request);
  if (answer.status === 401 && (await signIn())) return send(method, path, body, signal);
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => null));
  return answer;
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @param {AbortSignal} [signal] takes the request back
 */
async function json(method, path, body, signal) {
  const answer = await send(method, path, body, signal);
  return answer.status === 204 ? null : answer.json();
}

/**
 * A query of the members that are neither null, undefined nor empty.
 * @param {Record<string, any>} given
 */
export function query(given) {
  const used = Object.entries(given).filter(([, value]) => (value ?? "") !== "");
  const text = new URLSearchParams(used).toString();
  return text ? `?${text}` : "";
}

/**
 * A path of the workspace.
 * @param {string} workspace
 * @param {...(string | number)} steps
 */
function of(workspace, ...steps) {
  return ["workspaces", workspace, ...steps].map(encodeURIComponent).join("/");
}

/** @typedef {Record<string, any>} Given */

// The server.
export const getHealth = () => json("GET", "health");
export const listFaultKinds = () => json("GET", "faults");
export const listUnclaimed = (/** @type {Given} */ asked) => json("GET", `requests${query(asked)}`);
export const getUnclaimed = (/** @type {number} */ number) => json("GET", `requests/${number}`);
export const getFidelity = () => json("GET", "fidelity");

// Workspaces.
export const listWorkspaces = () => json("GET", "workspaces");
export const createWorkspace = (/** @type {Given} */ given) => json("POST", "workspaces", given);
export const getWorkspace = (/** @type {string} */ ws) => json("GET", of(ws));
export const deleteWorkspace = (/** @type {string} */ ws) => json("DELETE", of(ws));
export const resetWorkspace = (/** @type {string} */ ws) => json("POST", of(ws, "reset"));
export const seedWorkspace = (/** @type {string} */ ws, /** @type {Given} */ seed) =>
  json("POST", of(ws, "seed"), seed);
export const exportWorkspace = async (/** @type {string} */ ws) =>
  (await send("GET", `${of(ws, "export")}?format=yaml`)).text();

// Snapshots.
export const listSnapshots = (/** @type {string} */ ws) => json("GET", of(ws, "snapshots"));
export const saveSnapshot = (/** @type {string} */ ws, /** @type {string} */ name) =>
  json("PUT", of(ws, "snapshots", name));
export const restoreSnapshot = (/** @type {string} */ ws, /** @type {string} */ name) =>
  json("POST", of(ws, "snapshots", name, "restore"));
export const deleteSnapshot = (/** @type {string} */ ws, /** @type {string} */ name) =>
  json("DELETE", of(ws, "snapshots", name));

// People and leads.
export const listPeople = (/** @type {string} */ ws, /** @type {Given} */ asked) =>
  json("GET", of(ws, "people") + query(asked));
export const getPerson = (
  /** @type {string} */ ws,
  /** @type {string} */ vendor,
  /** @type {string} */ id,
) => json("GET", of(ws, "people", vendor, id));
export const changeLead = (
  /** @type {string} */ ws,
  /** @type {string} */ vendor,
  /** @type {string | number} */ id,
  /** @type {Given} */ fields,
) => json("PATCH", of(ws, "leads", vendor, id), { fields });

// The journal.
export const listRequests = (/** @type {string} */ ws, /** @type {Given} */ asked) =>
  json("GET", of(ws, "requests") + query(asked));
export const getRequest = (
  /** @type {string} */ ws,
  /** @type {number} */ number,
  /** @type {AbortSignal} */ signal,
) => json("GET", of(ws, "requests", number), undefined, signal);
export const clearRequests = (/** @type {string} */ ws) => json("DELETE", of(ws, "requests"));
export const verifyRequests = (/** @type {string} */ ws, /** @type {Given} */ expectation) =>
  json("POST", of(ws, "requests", "verify"), expectation);
export const getReport = (/** @type {string} */ ws) => json("GET", of(ws, "report"));
export const getReportText = async (/** @type {string} */ ws) =>
  (await send("GET", `${of(ws, "report")}?format=markdown`)).text();

// Faults.
export const listFaults = (/** @type {string} */ ws) => json("GET", of(ws, "faults"));
export const addFault = (/** @type {string} */ ws, /** @type {Given} */ rule) =>
  json("POST", of(ws, "faults"), rule);
export const removeFault = (/** @type {string} */ ws, /** @type {number} */ id) =>
  json("DELETE", of(ws, "faults", id));
export const removeFaults = (/** @type {string} */ ws) => json("DELETE", of(ws, "faults"));
export const previewFault = (/** @type {string} */ ws, /** @type {Given} */ rule) =>
  json("POST", of(ws, "faults", "preview"), rule);

// The clock, and what falls due.
export const getClock = (/** @type {string} */ ws) => json("GET", of(ws, "clock"));
export const setClock = (/** @type {string} */ ws, /** @type {Given} */ clock) =>
  json("PUT", of(ws, "clock"), clock);
export const advanceClock = (/** @type {string} */ ws, /** @type {Given} */ how) =>
  json("POST", of(ws, "clock", "advance"), how);
export const listDue = (/** @type {string} */ ws, /** @type {Given} */ asked = {}) =>
  json("GET", of(ws, "due") + query(asked));
export const listEvents = (/** @type {string} */ ws, /** @type {Given} */ asked = {}) =>
  json("GET", of(ws, "events") + query(asked));
export const simulate = (/** @type {string} */ ws, /** @type {Given} */ given) =>
  json("POST", of(ws, "simulate"), given);
export const listOutcomes = (/** @type {string} */ ws, /** @type {Given} */ asked) =>
  json("GET", of(ws, "outcomes") + query(asked));
export const getAutopilot = (/** @type {string} */ ws) => json("GET", of(ws, "autopilot"));
export const setAutopilot = (/** @type {string} */ ws, /** @type {Given} */ given) =>
  json("PUT", of(ws, "autopilot"), given);
export const setStory = (
  /** @type {string} */ ws,
  /** @type {string} */ vendor,
  /** @type {string | number} */ id,
  /** @type {any} */ story,
) => json("PUT", of(ws, "leads", vendor, id, "story"), story);

// Settings.
export const getSettings = (/** @type {string} */ ws) => json("GET", of(ws, "settings"));
export const changeSettings = (/** @type {string} */ ws, /** @type {Given} */ changes) =>
  json("PATCH", of(ws, "settings"), changes);

/** The paths of the streams of events. */
export const streamPath = (/** @type {string} */ ws) => of(ws, "stream");

/**
 * Sends a request to a vendor's API of this server, as a client does. Its answer is no concern of
 * the token.
 * @param {string} url
 * @param {RequestInit} request
 * @returns {Promise<Response>}
 */
export function sendToVendor(url, request) {
  const { pathname, search } = new URL(url, location.href);
  return fetch(pathname + search, { ...request, redirect: "manual" });
}

// Webhooks, deliveries, inboxes.
export const listWebhooks = (/** @type {string} */ ws) => json("GET", of(ws, "webhooks"));
export const addWebhook = (/** @type {string} */ ws, /** @type {Given} */ webhook) =>
  json("POST", of(ws, "webhooks"), webhook);
export const removeWebhook = (
  /** @type {string} */ ws,
  /** @type {string} */ vendor,
  /** @type {string | number} */ id,
) => json("DELETE", of(ws, "webhooks", vendor, id));
export const testWebhook = (
  /** @type {string} */ ws,
  /** @type {string} */ vendor,
  /** @type {string | number} */ id,
) => json("POST", of(ws, "webhooks", vendor, id, "test"), {});
export const listDeliveries = (/** @type {string} */ ws, /** @type {Given} */ asked) =>
  json("GET", of(ws, "deliveries") + query(asked));
export const getDelivery = (/** @type {string} */ ws, /** @type {number} */ number) =>
  json("GET", of(ws, "deliveries", number));
export const redeliver = (/** @type {string} */ ws, /** @type {number} */ number) =>
  json("POST", of(ws, "deliveries", number, "redeliver"));
export const settle = (
  /** @type {string} */ ws,
  /** @type {number} */ number,
  /** @type {Given} */ given,
) => json("POST", of(ws, "deliveries", number, "settle"), given);
export const listInboxes = (/** @type {string} */ ws) => json("GET", of(ws, "inboxes"));
export const getInbox = (
  /** @type {string} */ ws,
  /** @type {string} */ name,
  /** @type {Given} */ asked,
) => json("GET", of(ws, "inbox", name) + query(asked));
export const setInboxAnswer = (
  /** @type {string} */ ws,
  /** @type {string} */ name,
  /** @type {Given} */ answers,
) => json("PUT", of(ws, "inbox", name), answers);
export const clearInbox = (/** @type {string} */ ws, /** @type {string} */ name) =>
  json("DELETE", of(ws, "inbox", name));
