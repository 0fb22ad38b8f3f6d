/**
 * Makes a person: a lead with each vendor that is ticked, by the vendors' own APIs.
 * @module
 */

import { sendToVendor } from "../api.js";
import { creation } from "../curl.js";
import { form } from "../dialogs.js";
import { h, toast } from "../dom.js";
import { httpStatus, vendorMark, vendorTitle } from "../format.js";
import { store } from "../store.js";

const FIELDS = [
  { name: "first", label: "First name", value: "Mira" },
  { name: "last", label: "Last name", value: "Kovacs" },
  { name: "email", label: "E-mail", type: "email", value: "mira.kovacs@example.com" },
  { name: "phone", label: "Phone", type: "tel", value: "+12025550171" },
  { name: "external", label: "External id", value: "" },
];

export async function newPerson() {
  const able = [...store.vendors.values()].filter(({ create }) => create);
  const boxes = able.map(({ name }) =>
    h("input", { type: "checkbox", checked: true, value: name }),
  );
  const ticks = boxes.map((box) =>
    h("label.check", box, vendorMark(box.value), vendorTitle(box.value)),
  );
  const hint = h(
    "p.sub",
    "Numbers like +1 202 555 0171 belong to nobody. Nobody is called anyway.",
  );
  const given = await form("A new person", "Make them", FIELDS, h("fieldset.ticks", ticks), hint);
  if (!given) return;
  for (const box of boxes) if (box.checked) await create(box.value, given);
}

/**
 * @param {string} vendor
 * @param {Record<string, string>} values
 */
async function create(vendor, values) {
  const request = creation(vendor, values);
  if (!request) return;
  const { method, headers, body, url } = request;
  try {
    const answer = await sendToVendor(url, { method, headers, body });
    const number = answer.headers.get("mockserver-request");
    const link = number && h("a", { href: `#/requests/${number}` }, "see why");
    toast(vendorTitle(vendor), " ", httpStatus(answer.status), " ", !answer.ok && link);
  } catch {
    toast(vendorTitle(vendor), ": the answer was lost");
  }
}
