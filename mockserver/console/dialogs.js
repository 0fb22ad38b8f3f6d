/**
 * The dialogs of the frame: workspaces, reset, token, keys.
 * @module
 */

import * as api from "./api.js";
import { attempt, h, icon, question, toast } from "./dom.js";
import { count, moment, plural, vendorMark } from "./format.js";
import { refresh, store } from "./store.js";

/**
 * Shows a dialog until it is closed, and resolves with what closed it.
 * @param {string} title
 * @param {...any} content
 * @returns {Promise<string>}
 */
export function ask(title, ...content) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const form = h("form", { method: "dialog" }, heading, content);
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}

/**
 * @param {string} value
 * @param {string} name classes
 * @param {...any} content
 */
const closer = (value, name, ...content) => h(`button.${name}`, { value }, content);

/** Asks for the server's token; null where nobody has one. */
export async function tokenDialog() {
  const input = h("input", {
    type: "password",
    autocomplete: "off",
    "aria-label": "Token",
    required: true,
  });
  const answer = await ask(
    "This server asks for its token",
    h("p", "It was printed when the server started, or given as ", h("code", "--admin-token"), "."),
    h("label.field", "Token", input),
    h("menu", closer("token", "primary", "Sign in")),
  );
  return answer === "token" && input.value ? input.value : null;
}

/**
 * Asks, saves a snapshot, and puts the workspace back to its seed.
 * @param {() => any} redraw
 */
export async function resetDialog(redraw) {
  const isNewest = question(resetDialog);
  await refresh();
  if (!isNewest()) return;
  const { info, workspace } = store;
  const leads = Object.values(info.leads).reduce((/** @type {any} */ sum, each) => sum + each, 0);
  const box = h("input", { type: "checkbox", checked: true });
  const answer = await ask(
    `Put ${workspace} back to its seed?`,
    h(
      "p",
      `${plural(Number(leads), "lead")}, the settings and the clock become what they were at `,
      `first. The journal of ${plural(info.requests, "request")} and `,
      `${plural(info.faults, "fault rule")} are forgotten. Snapshots stay.`,
    ),
    h("label.check", box, "Save a snapshot before, ", h("code", "before-reset")),
    h("menu", closer("keep", "ghost", "Keep everything"), closer("reset", "primary", "Reset")),
  );
  if (answer !== "reset") return;
  if (box.checked) await api.saveSnapshot(workspace, "before-reset");
  await api.resetWorkspace(workspace);
  await refresh();
  toast(h("b", workspace), " is as it was at first");
  redraw();
}

/** The workspaces, the last used first; a new one; a deletion. */
export async function workspaceDialog() {
  const isNewest = question(workspaceDialog);
  const { workspaces } = await api.listWorkspaces();
  if (!isNewest()) return;
  workspaces.sort((/** @type {any} */ one, /** @type {any} */ other) =>
    (other.last_request ?? "").localeCompare(one.last_request ?? ""),
  );
  const name = h("input", {
    placeholder: "new-workspace",
    "aria-label": "Name of a new workspace",
    pattern: "[a-z0-9][a-z0-9\\-]{0,31}",
    title: "Small letters, digits and hyphens",
  });
  // Enter would press the first button of the dialog.
  name.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add.click();
  });
  const add = closer("new", "ghost", icon("plus"), "New");
  const rows = workspaces.map((/** @type {any} */ each) => workspaceRow(each));
  const answer = await ask(
    "Workspaces",
    h("p", "One for each credential: every account has a world of its own."),
    h("ul.workspaces", rows),
    h("div.row-of-fields", name, add),
    h("menu", closer("delete", "ghost", "Delete this one"), closer("close", "primary", "Close")),
  );
  if (answer === "new") await newWorkspace(name.value);
  if (answer === "delete") await deleteDialog();
  if (answer.startsWith("go:")) go(answer.slice(3));
}

/** @param {any} each a workspace in short */
function workspaceRow(each) {
  const leads = Object.entries(each.leads).map(([vendor, number]) => [
    vendorMark(vendor),
    h("span", count(Number(number))),
  ]);
  const used = each.last_request ? moment(each.last_request, "used") : "no request yet";
  const isHere = each.name === store.workspace;
  return h(
    "li",
    h(
      "button",
      { value: `go:${each.name}`, "aria-current": isHere ? "true" : null },
      h("b", each.name),
      h("span.sub", plural(each.requests, "request"), each.requests ? "" : [", ", used]),
      h("span.leads", leads),
    ),
  );
}

/** @param {string} name */
export function go(name) {
  const [path] = location.hash.split("?");
  const screen = path.split("/").slice(0, 2).join("/") || "#/people";
  location.hash = `${screen}?ws=${encodeURIComponent(name)}`;
}

/** @param {string} name */
async function newWorkspace(name) {
  const made = await attempt(() => api.createWorkspace(name ? { name } : {}));
  if (made) go(made.name);
}

async function deleteDialog() {
  const gone = store.workspace;
  const answer = await ask(
    `Delete ${gone}?`,
    h("p", "Its leads, its journal and its snapshots go with it. This cannot be undone."),
    h("menu", closer("keep", "ghost", "Keep it"), closer("delete", "primary", "Delete")),
  );
  if (answer !== "delete") return;
  await api.deleteWorkspace(gone);
  store.workspace = "";
  location.hash = "#/people";
}

/**
 * A field of a dialog; with options, it is a choice.
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} [value]
 * @property {string} [type]
 * @property {string[]} [options]
 */

/**
 * A dialog with fields; resolves with their values, or null.
 * @param {string} title
 * @param {string} act what the button says
 * @param {Field[]} fields
 * @param {...any} more
 * @returns {Promise<Record<string, string> | null>}
 */
export async function form(title, act, fields, ...more) {
  const inputs = fields.map((field) => [field.name, inputOf(field)]);
  const labels = fields.map((field, place) => h("label.field", field.label, inputs[place][1]));
  const menu = h("menu", h("button.ghost", { value: "no", formNoValidate: true }, "Cancel"));
  menu.append(closer("yes", "primary", act));
  const answer = await ask(title, labels, more, menu);
  if (answer !== "yes") return null;
  return Object.fromEntries(
    inputs.map(([name, input]) => [name, /** @type {any} */ (input).value]),
  );
}

/** @param {Field} field */
function inputOf({ value = "", type = "text", options }) {
  if (!options) return h("input", { type, value });
  const list = options.map((option) => h("option", { value: option }, option));
  const select = h("select", list);
  select.value = value || options[0];
  return select;
}
