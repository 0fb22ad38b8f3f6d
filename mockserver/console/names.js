/**
 * The names of people by their leads, as far as the page has met them.
 * @module
 */

import { listPeople } from "./api.js";
import { store } from "./store.js";

const MOST = 1000;

/** @type {Map<string, { name: string, key: string }>} */
const names = new Map();
let learnt = "";
let learning = Promise.resolve();

/** Reads the names of the newest people of the workspace, once. */
export async function learnNames() {
  if (learnt !== store.workspace) {
    learnt = store.workspace;
    names.clear();
    learning = read(learnt);
  }
  await learning;
}

/** @param {string} workspace */
async function read(workspace) {
  // Names are a comfort: without them a list shows ids.
  const answer = await listPeople(workspace, { limit: MOST }).catch(() => null);
  if (answer && workspace === learnt) keepNames(answer.people);
}

/** @param {any[]} people */
export function keepNames(people) {
  for (const { name, key, leads } of people) {
    for (const { vendor, id } of leads) names.set(`${vendor}/${id}`, { name, key });
  }
}

/**
 * The name of the person behind a lead, where the page knows it.
 * @param {string} vendor
 * @param {any} id
 */
export function leadName(vendor, id) {
  return names.get(`${vendor}/${id}`)?.name;
}

/**
 * The address of the person behind a lead.
 * @param {string} vendor
 * @param {any} id
 */
export function personHref(vendor, id) {
  return `#/person/${encodeURIComponent(vendor)}/${encodeURIComponent(id)}`;
}
