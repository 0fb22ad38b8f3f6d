/**
 * Requests as lines of curl, and as assertions of pytest.
 * @module
 */

import { store } from "./store.js";

// What a client's library adds by itself, and what the credential's line has.
const OWN_HEADERS = new Set(["host", "content-length", "connection", "accept-encoding"]);

/**
 * A text as one word of a shell.
 * @param {string} text
 */
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * The headers that lead a request into this workspace, by the vendor.
 * @param {string} vendor
 * @returns {Record<string, string>}
 */
export function credentialHeaders(vendor) {
  return store.info.credentials?.[vendor]?.headers ?? {};
}

/**
 * @param {string} method
 * @param {string} url
 * @param {Record<string, string>} headers
 * @param {string | null} body
 */
export function curlLine(method, url, headers, body) {
  const words = ["curl", "-X", method, quoted(url)];
  for (const [name, value] of Object.entries(headers))
    words.push("-H", quoted(`${name}: ${value}`));
  if (body !== null) words.push("--data-binary", quoted(body));
  return words.join(" ");
}

/**
 * The headers with which a request is sent again: its own, with a credential that is none of the
 * asterisks of the journal.
 * @param {Record<string, any>} one a request
 */
export function headersOf(one) {
  const own = Object.entries(one.request.headers).filter(
    ([name, value]) => !OWN_HEADERS.has(name) && !String(value).includes("***"),
  );
  return { ...Object.fromEntries(own), ...credentialHeaders(one.vendor) };
}

/**
 * The line that sends what was sent: repeated members and spaces of the body are kept.
 * @param {Record<string, any>} one a request
 */
export function curlOf(one) {
  return curlLine(one.method, location.origin + one.target, headersOf(one), one.request.raw);
}

/**
 * What a test would say of the request.
 * @param {Record<string, any>} one
 */
export function filterOf(one) {
  /** @type {Record<string, any>} */
  const filter = { vendor: one.vendor, operation: one.operation };
  if (!one.operation) Object.assign(filter, { operation: undefined, method: one.method });
  const { body } = one.request;
  if (body !== null && typeof body === "object") filter.body = body;
  filter.status = one.status;
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => (value ?? null) !== null));
}

/**
 * The same as a line of pytest.
 * @param {Record<string, any>} filter
 */
export function pytestLine(filter) {
  const parts = Object.entries(filter).map(([name, value]) => `${name}=${python(value)}`);
  return `mockserver.assert_called(${parts.join(", ")})`;
}

/**
 * A JSON value as Python writes it.
 * @param {any} value
 * @returns {string}
 */
function python(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}: ${python(item)}`,
  );
  return `{${members.join(", ")}}`;
}

const EXAMPLE = {
  first: "Mira",
  last: "Kovacs",
  email: "mira.kovacs@example.com",
  phone: "+12025550171",
  external: "crm-2001",
};

/**
 * Replaces `{first}` and the like in the texts of a template.
 * @param {any} template
 * @param {Record<string, string>} values
 * @returns {any}
 */
export function filled(template, values) {
  if (typeof template === "string") {
    return template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  }
  if (Array.isArray(template)) return template.map((each) => filled(each, values));
  if (template === null || typeof template !== "object") return template;
  const members = Object.entries(template).map(([key, value]) => [key, filled(value, values)]);
  return Object.fromEntries(members.filter(([, value]) => value !== ""));
}

/**
 * The request that makes a lead with a vendor; null where it is not known how.
 * @param {string} vendor
 * @param {Record<string, string>} [values]
 */
export function creation(vendor, values = EXAMPLE) {
  const create = store.vendors.get(vendor)?.create;
  if (!create) return null;
  const headers = { ...credentialHeaders(vendor), "Content-Type": "application/json" };
  const body = JSON.stringify(filled(create.body, values));
  return { method: create.method, url: store.bases[vendor] + create.path, headers, body };
}

/**
 * @param {string} vendor
 * @param {Record<string, string>} [values]
 */
export function createLine(vendor, values) {
  const request = creation(vendor, values);
  if (!request) return null;
  return curlLine(request.method, request.url, request.headers, request.body);
}

/**
 * A line for a vendor of which no more is known than where it is.
 * @param {string} vendor
 */
export function pathLine(vendor) {
  return curlLine("GET", `${store.bases[vendor]}/`, credentialHeaders(vendor), null);
}
