/**
 * The API reference: the viewer of OpenAPI documents, with this server and this workspace in it.
 * @module
 */

import { credential, send } from "./api.js";
import { byId, h, show } from "./dom.js";
import { commandLine } from "./command.js";
import { vendorTitle } from "./format.js";
import { credentialHeaders } from "./curl.js";
import { begin, know, store } from "./store.js";

const CONTROL = "control";
const TRIES = 30;
const INSTALL = "pip install --no-deps drf-spectacular-sidecar";

const asked = new URLSearchParams(location.search);
const ws = asked.get("ws") ?? "demo";

/** The viewer, where this installation has it. */
const viewer = () => /** @type {any} */ (window).SwaggerUIBundle;

function keepTheme() {
  const kept = localStorage.getItem("mockserver-theme");
  const isDark = kept ? kept === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.classList.toggle("dark-mode", isDark);
  if (kept) document.documentElement.dataset.theme = kept;
}

/** @param {string} name */
function drawTabs(name) {
  const names = [...store.vendors.keys(), CONTROL];
  const tabs = names.map((each) => {
    const query = new URLSearchParams({ ws, doc: each });
    const title = each === CONTROL ? "Control API" : vendorTitle(each);
    return h("a", { href: `?${query}`, "aria-current": each === name ? "page" : null }, title);
  });
  show(byId("tabs"), tabs);
  byId("workspace-name").textContent = ws;
  byId("home").href = `../#/people?ws=${encodeURIComponent(ws)}`;
}

function drawMissing() {
  show(
    byId("viewer"),
    h(
      "main.empty.start",
      h("h2", "Not in this installation"),
      h(
        "p",
        "The viewer comes with the package of mockserver. A checkout gets it by `make`, or by:",
      ),
      commandLine(INSTALL),
    ),
  );
}

/**
 * What the document's security schemes need, from the headers of the credential.
 * @param {any} schemes
 * @param {Record<string, string>} headers
 * @returns {[string, string][]}
 */
function credentials(schemes, headers) {
  /** @type {[string, string][]} */
  const known = [];
  for (const [name, scheme] of Object.entries(schemes ?? {})) {
    const value = headers[scheme.name ?? "Authorization"];
    if (value === undefined) continue;
    known.push([name, scheme.type === "http" ? value.replace(/^Bearer /, "") : value]);
  }
  return known;
}

/** A link from an operation to its requests in the journal. */
function requestLinks() {
  const wrap =
    (/** @type {any} */ Original, /** @type {any} */ system) => (/** @type {any} */ props) => {
      const { createElement } = system.React;
      const { operationId, isShown, op } = props.operation.toJS();
      const id = op?.operationId ?? operationId;
      const original = createElement(Original, props);
      if (!isShown || !id) return original;
      const query = new URLSearchParams({ ws, operation: id });
      const link = createElement(
        "a",
        { href: `../#/requests?${query}` },
        "Requests of this operation",
      );
      return createElement(
        "div",
        null,
        original,
        createElement("p", { className: "requests-of" }, link),
      );
    };
  return { wrapComponents: { operation: wrap } };
}

/** @param {string} name of a document */
async function draw(name) {
  const document = await (await send("GET", `documents/${name}.json`)).json();
  const headers = name === CONTROL ? credential() : credentialHeaders(name);
  const shown = viewer()({
    spec: document,
    domNode: byId("viewer"),
    presets: [viewer().presets.apis],
    plugins: [requestLinks],
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    showExtensions: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    persistAuthorization: false,
    onComplete: () => {
      const schemes = document.components?.securitySchemes;
      for (const [scheme, value] of credentials(schemes, headers)) {
        shown.preauthorizeApiKey(scheme, value);
      }
      open(asked.get("operation"), TRIES);
    },
  });
}

/**
 * Opens an operation, and brings it into sight. The viewer draws when it likes: it is asked again.
 * @param {string | null} operation
 * @param {number} tries
 */
function open(operation, tries) {
  if (!operation || tries === 0) return;
  const all = [...byId("viewer").querySelectorAll(".opblock")];
  const block = all.find((each) => each.id.endsWith(`-${operation}`));
  if (!block) {
    setTimeout(() => open(operation, tries - 1), 100);
    return;
  }
  block.querySelector(".opblock-summary-control")?.click();
  block.scrollIntoView();
}

async function start() {
  keepTheme();
  await begin();
  await know(ws).catch(() => {});
  const [first] = store.vendors.keys();
  const name = asked.get("doc") ?? first;
  drawTabs(name);
  if (viewer()) await draw(name);
  else drawMissing();
}

start();
