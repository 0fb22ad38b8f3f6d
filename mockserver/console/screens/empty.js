/**
 * What stands where nothing is yet: where to point a client, and lines of curl that work.
 * @module
 */

import { commandLine } from "../command.js";
import { copier, h } from "../dom.js";
import { vendorMark } from "../format.js";
import { createLine, pathLine } from "../curl.js";
import { store } from "../store.js";

/** For the list of requests. */
export function emptyJournal() {
  return h(
    "div.empty.start",
    h("h2", "No request yet"),
    h("p", "Your client has to be pointed here. Or send a first lead:"),
    [...store.vendors.keys()].map((vendor) => vendorStart(vendor)),
  );
}

/** @param {string} vendor */
function vendorStart(vendor) {
  const base = store.bases[vendor];
  const line = createLine(vendor) ?? pathLine(vendor);
  return h(
    "section",
    h("p.base", vendorMark(vendor), h("code", base), copier(base, "Copy the base URL")),
    line && commandLine(line),
  );
}
