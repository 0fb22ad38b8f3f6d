/**
 * Settings and snapshots: what a workspace decides where vendors' documents are silent, and what it
 * keeps.
 * @module
 */

import * as api from "../api.js";
import { ask, form } from "../dialogs.js";
import { button, copier, finder, h, icon, show, toast } from "../dom.js";
import {
  count,
  dayName,
  clockTime,
  marked,
  provenance,
  valueText,
  vendorMark,
  vendorTitle,
} from "../format.js";
import { keysDialog } from "../keys.js";
import { Screen } from "../screen.js";
import { refresh, store } from "../store.js";
import { credentialHeaders } from "../curl.js";

/** @typedef {Record<string, any>} Setting */

/** @param {HTMLElement} main */
export function draw(main) {
  const screen = new Settings(main);
  screen.read();
  return () => screen.close();
}

class Settings extends Screen {
  /** @param {HTMLElement} main */
  constructor(main) {
    super(["settings"]);
    this.text = "";
    /** @type {Record<string, Setting[]>} */
    this.settings = {};
    this.snapshots = h("section.panel");
    this.workspace = h("section.panel");
    this.list = h("div.setting-list");
    const find = finder("Find a setting", "Name or meaning", (text) => {
      this.text = text.toLowerCase();
      this.#draw();
    });
    const keys = button("button.ghost.small", () => keysDialog(), "Keys");
    const out = button("button.ghost.small", () => signOut(), "Sign out");
    out.hidden = !api.hasToken();
    show(
      main,
      h(
        "section.pane.page",
        { "aria-labelledby": "title" },
        h(
          "header.head",
          h("h1", { id: "title" }, "Settings and snapshots"),
          h("div.tools", out, keys),
        ),
        h("div.sheet", this.snapshots, this.workspace, h("div.bar", find), this.list),
      ),
    );
  }

  async load() {
    const [settings, { snapshots }] = await Promise.all([
      api.getSettings(store.workspace),
      api.listSnapshots(store.workspace),
    ]);
    return { settings, snapshots };
  }

  /** @param {{ settings: Record<string, Setting[]>, snapshots: any[] }} answer */
  draw({ settings, snapshots }) {
    this.settings = settings;
    this.#draw();
    this.#drawSnapshots(snapshots);
    this.#drawWorkspace();
  }

  #draw() {
    // Whoever is at a control keeps it.
    const focused = /** @type {HTMLElement} */ (document.activeElement)?.id;
    const groups = Object.entries(this.settings).map(([vendor, all]) => {
      const seen = all.filter((each) => this.#fits(each)).sort(byChange);
      if (!seen.length) return null;
      return h(
        "section.panel",
        h(
          "h2",
          vendorMark(vendor),
          vendorTitle(vendor),
          h("span.gap"),
          h("span.sub", changedCount(all)),
        ),
        h(
          "ul.settings",
          seen.map((each) => this.#row(vendor, each)),
        ),
      );
    });
    show(this.list, groups.some(Boolean) ? groups : h("p.empty", "No setting is like that."));
    if (focused?.startsWith("setting-")) document.getElementById(focused)?.focus();
  }

  /** @param {Setting} each */
  #fits({ name, help }) {
    return !this.text || `${name} ${help}`.toLowerCase().includes(this.text);
  }

  /**
   * @param {string} vendor
   * @param {Setting} each
   */
  #row(vendor, each) {
    const id = `setting-${vendor}-${each.name}`;
    const change = (/** @type {any} */ value) => this.#change(vendor, each.name, value);
    const back = button(
      "button.text",
      () => change(null),
      "default ",
      h("code", valueText(each.default)),
    );
    return h(
      "li",
      { class: isChanged(each) ? "changed-one" : "" },
      h("label", { htmlFor: id }, h("code", each.name)),
      h("div.value", control(id, each, change), isChanged(each) && back),
      h("p.sub", marked(each.help), " ", provenance(each.provenance, each.source)),
    );
  }

  /**
   * @param {string} vendor
   * @param {string} name
   * @param {any} value
   */
  #change(vendor, name, value) {
    const words = value === null ? "the default" : valueText(value);
    return this.act(
      () => api.changeSettings(store.workspace, { [vendor]: { [name]: value } }),
      [h("code", name), " is ", h("b", words)],
    );
  }

  /** @param {any[]} snapshots */
  #drawSnapshots(snapshots) {
    const save = button("button.ghost.small", () => this.#save(), icon("camera"), "Save one now");
    const rows = snapshots.map((each) => this.#snapshot(each));
    show(
      this.snapshots,
      h("h2", "Snapshots", h("span.gap"), save),
      rows.length
        ? h("ul.snapshots", rows)
        : h("p.none", "None. A snapshot keeps leads, settings and the clock."),
    );
  }

  /** @param {any} each */
  #snapshot({ name, leads, now: at }) {
    const counts = Object.entries(leads).map(([vendor, number]) => [
      vendorMark(vendor),
      h("span", count(Number(number))),
    ]);
    const restored = [h("b", name), " is restored"];
    const restore = () =>
      this.act(() => api.restoreSnapshot(store.workspace, name), restored).then(refresh);
    const remove = () => this.act(() => api.deleteSnapshot(store.workspace, name));
    return h(
      "li",
      h("b", name),
      h("span.leads", counts),
      h("span.sub", `${dayName(at)} ${clockTime(at)}`),
      h("span.gap"),
      button("button.ghost.small", restore, `Restore`, h("span.unseen", name)),
      button("button.ghost.small", remove, "Delete", h("span.unseen", name)),
    );
  }

  async #save() {
    const given = await form("Save a snapshot", "Save", [
      { name: "name", label: "Its name", value: "before-demo" },
    ]);
    if (!given) return;
    const words = [h("b", given.name), " is saved"];
    await this.act(() => api.saveSnapshot(store.workspace, given.name), words);
  }

  #drawWorkspace() {
    const rows = [...store.vendors.keys()].map((vendor) => {
      const headers = Object.entries(credentialHeaders(vendor));
      const texts = headers.map(([name, value]) => `${name}: ${value}`);
      const none = h("span.none", "no credential leads here");
      const shown = texts.map((text) => [h("code", text), copier(text, "Copy the header")]);
      return h(
        "div",
        h("dt", vendorMark(vendor), vendorTitle(vendor)),
        h("dd", shown.length ? shown : none),
      );
    });
    const file = h("input", {
      type: "file",
      accept: ".yaml,.yml,.json",
      "aria-label": "A fixture as YAML or JSON",
      onchange: () => loadFile(file.files[0]),
    });
    const drop = h(
      "div.drop",
      "Drop a fixture here, as YAML or JSON, or ",
      h("label", "choose a file ", file),
    );
    drop.addEventListener("dragover", (/** @type {DragEvent} */ event) => event.preventDefault());
    drop.addEventListener("drop", (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      loadFile(event.dataTransfer?.files[0]);
    });
    show(
      this.workspace,
      h(
        "h2",
        "Workspace ",
        h("code", store.workspace),
        h("span.gap"),
        button("button.ghost.small", download, "Export"),
      ),
      h("dl.credentials", rows),
      drop,
    );
  }
}

/** @param {Setting} each */
const isChanged = (each) => JSON.stringify(each.value) !== JSON.stringify(each.default);

/**
 * Changed ones first.
 * @param {Setting} one
 * @param {Setting} other
 */
const byChange = (one, other) => Number(isChanged(other)) - Number(isChanged(one));

/** @param {Setting[]} all */
function changedCount(all) {
  const changed = all.filter(isChanged).length;
  return changed ? `${changed} changed` : "all as they are at first";
}

/**
 * The control of a setting's type.
 * @param {string} id
 * @param {Setting} each
 * @param {(value: any) => void} change
 */
function control(id, { value, values }, change) {
  if (values.length) {
    const options = values.map((/** @type {any} */ one) =>
      h("option", { value: JSON.stringify(one) }, valueText(one)),
    );
    const act = (/** @type {any} */ event) => change(JSON.parse(event.target.value));
    const select = h("select", { id, onchange: act }, options);
    select.value = JSON.stringify(value);
    return select;
  }
  const read = (/** @type {any} */ event) => change(given(event.target.value, value));
  return h("input", { id, value: valueText(value), onchange: read });
}

/**
 * A typed value in the type of the one that it replaces.
 * @param {string} text
 * @param {any} old
 */
function given(text, old) {
  if (typeof old === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function signOut() {
  api.signOut();
  location.reload();
}

async function download() {
  const text = await api.exportWorkspace(store.workspace);
  const url = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  h("a", { href: url, download: `${store.workspace}.yaml` }).click();
  URL.revokeObjectURL(url);
  toast("Saved as ", h("code", `${store.workspace}.yaml`));
}

/** @param {File | undefined} file */
async function loadFile(file) {
  if (!file) return;
  try {
    const text = await file.text();
    const seed = file.name.endsWith(".json") ? { fixture: JSON.parse(text) } : { text };
    await api.seedWorkspace(store.workspace, seed);
    await refresh();
    toast(h("b", file.name), " is loaded");
  } catch (error) {
    const words = String(/** @type {Error} */ (error).message);
    await ask(
      `${file.name} was not loaded`,
      h("p", words),
      h("menu", h("button.primary", { value: "close" }, "Close")),
    );
  }
}
