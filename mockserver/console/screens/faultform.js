/**
 * The sentence that makes a fault rule: "The next 3 requests to … about … get …".
 * @module
 */

import { previewFault } from "../api.js";
import { h, question, show } from "../dom.js";
import { httpStatus, humanised, marked, valueText } from "../format.js";
import { store } from "../store.js";
import { json } from "./json.js";

const PAUSE_MILLISECONDS = 250;

export class FaultForm {
  /**
   * @param {any[]} kinds the catalogue
   * @param {Record<string, any>} vendors what the fidelity says of each
   * @param {(rule: any) => any} add
   */
  constructor(kinds, vendors, add) {
    this.kinds = kinds;
    this.waiting = 0;
    /** @type {[any, any][]} each parameter with its input */
    this.inputs = [];
    this.times = h("input.short", {
      type: "number",
      min: "1",
      value: "1",
      "aria-label": "How many requests",
    });
    this.target = h("select", { "aria-label": "Which requests" }, targets(vendors));
    this.lead = h("input", { placeholder: "anyone", "aria-label": "About which lead" });
    this.fault = h(
      "select",
      { "aria-label": "Which fault" },
      kinds.map(({ name }) => h("option", { value: name }, name)),
    );
    this.fault.value = "rate_limited";
    this.parameters = h("span.parameters");
    this.preview = h("div.fault-preview", { "aria-live": "polite" });
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      await add(this.#rule());
    };
    this.element = h(
      "div",
      h(
        "form.sentence",
        { onsubmit: submit, oninput: () => this.#changed() },
        "The next ",
        this.times,
        " requests to ",
        this.target,
        " about ",
        this.lead,
        " get ",
        this.fault,
        this.parameters,
        h("button.primary.small", "Add the rule"),
      ),
      this.preview,
    );
    this.fault.addEventListener("change", () => this.#drawParameters());
    this.#drawParameters();
  }

  focus() {
    this.times.focus();
  }

  #drawParameters() {
    const kind = this.kinds.find(({ name }) => name === this.fault.value);
    this.inputs = kind.parameters.map((/** @type {any} */ parameter) => [
      parameter,
      inputOf(parameter),
    ]);
    const labels = this.inputs.map(([parameter, input]) =>
      h("label", { title: parameter.help }, ` ${humanised(parameter.name)} `, input),
    );
    show(this.parameters, labels);
    this.#changed();
  }

  #changed() {
    clearTimeout(this.waiting);
    this.waiting = window.setTimeout(() => this.#drawPreview(), PAUSE_MILLISECONDS);
  }

  #rule() {
    const [vendor, operation] = this.target.value.split(" ");
    const given = this.inputs.map(([parameter, input]) => [parameter.name, read(parameter, input)]);
    return {
      fault: this.fault.value,
      vendor: vendor || null,
      operation: operation || null,
      lead: this.lead.value || null,
      times: Number(this.times.value) || null,
      parameters: Object.fromEntries(given.filter(([, value]) => value !== null)),
    };
  }

  async #drawPreview() {
    const { fault, parameters, ...rule } = this.#rule();
    const vendor = rule.vendor ?? [...store.vendors.keys()][0];
    const operation = rule.operation ?? undefined;
    const isNewest = question(this.preview);
    try {
      const answer = await previewFault(store.workspace, { fault, vendor, operation, parameters });
      if (isNewest()) show(this.preview, previewOf(answer));
    } catch (error) {
      if (isNewest())
        show(this.preview, h("p.tone-bad.problem", String(/** @type {Error} */ (error).message)));
    }
  }
}

/** @param {any} answer */
function previewOf({ status, headers, body, help }) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  const hasBody = body !== null && body !== undefined && body !== "";
  return [
    h("p", status !== null && httpStatus(status), " ", marked(help)),
    (lines.length > 0 || hasBody) &&
      h(
        "div.answer-preview",
        lines.length > 0 && h("pre.json", lines),
        hasBody && json(body, "The answer"),
      ),
  ];
}

/** @param {Record<string, any>} vendors */
function targets(vendors) {
  const groups = Object.entries(vendors).map(([vendor, { title, operations }]) => {
    const short = store.vendors.get(vendor)?.title ?? title;
    const options = operations.map((/** @type {any} */ each) =>
      h("option", { value: `${vendor} ${each.operation}` }, `${short} · ${each.operation}`),
    );
    return h(
      "optgroup",
      { label: short },
      h("option", { value: vendor }, `${short} · anything`),
      options,
    );
  });
  return [h("option", { value: "" }, "any vendor"), groups];
}

/** @param {any} parameter */
function inputOf({ name, type, choices, default: usual, minimum, maximum, takes_text: takesText }) {
  const label = { "aria-label": humanised(name) };
  if (choices) {
    const select = h(
      "select",
      label,
      choices.map((/** @type {string} */ each) => h("option", each)),
    );
    select.value = usual;
    return select;
  }
  const isNumber = type !== "string" && !takesText;
  const value = usual === null ? "" : valueText(usual);
  const bounds = isNumber ? { type: "number", min: minimum, max: maximum, step: "any" } : {};
  return h("input.short", {
    ...label,
    ...bounds,
    value,
    placeholder: usual === null ? "none" : "",
  });
}

/**
 * @param {any} parameter
 * @param {any} input
 */
function read({ type }, input) {
  const text = input.value.trim();
  if (text === "") return null;
  return type !== "string" && !Number.isNaN(Number(text)) ? Number(text) : text;
}
