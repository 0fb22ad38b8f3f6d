/**
 * One outcome for many leads at once.
 * @module
 */

import { listOutcomes, listPeople, simulate } from "../api.js";
import { attempt, button, h, question, show, toast } from "../dom.js";
import { humanised, plural, statusMark, vendorTitle } from "../format.js";
import { store } from "../store.js";

const MOST = 100;

/**
 * Draws the form.
 * @param {any} place
 */
export async function manyLeads(place) {
  const names = [...store.vendors.keys()];
  const vendor = h(
    "select",
    { "aria-label": "Vendor" },
    names.map((name) => h("option", { value: name }, vendorTitle(name))),
  );
  vendor.value = names.at(-1) ?? "";
  const outcome = h("select", { "aria-label": "Outcome" });
  const list = h("div.ticks.many", { role: "group", "aria-label": "Leads" });
  const make = button("button.primary", () => happen(), "Make it happen");

  async function read() {
    const isNewest = question(list);
    const asked = { vendor: vendor.value };
    const [{ outcomes }, { people }] = await Promise.all([
      listOutcomes(store.workspace, asked),
      listPeople(store.workspace, { limit: MOST, order: "name" }),
    ]);
    if (!isNewest()) return;
    show(
      outcome,
      outcomes.map((/** @type {any} */ one) =>
        h("option", { value: one.name }, humanised(one.name)),
      ),
    );
    show(
      list,
      people.flatMap((/** @type {any} */ one) => ticks(one, vendor.value)),
    );
  }

  async function happen() {
    const chosen = [...list.querySelectorAll("input:checked")].map((box) => box.value);
    if (!chosen.length) return toast("Choose leads first.");
    const given = { vendor: vendor.value, leads: chosen, outcome: outcome.value };
    const made = await attempt(() => simulate(store.workspace, given));
    if (!made) return;
    toast(h("b", humanised(given.outcome)), `: ${plural(made.leads.length, "lead")}`);
    await read();
  }

  vendor.addEventListener("change", read);
  show(
    place,
    h("h2", "One outcome for many leads"),
    h("div.row-of-fields", vendor, outcome, make),
    list,
  );
  await read();
}

/**
 * @param {any} person
 * @param {string} vendor
 */
function ticks(person, vendor) {
  const leads = person.leads.filter((/** @type {any} */ lead) => lead.vendor === vendor);
  return leads.map((/** @type {any} */ lead) =>
    h(
      "label.check",
      h("input", { type: "checkbox", value: String(lead.id) }),
      h("span", person.name ?? String(lead.id)),
      statusMark(lead),
    ),
  );
}
