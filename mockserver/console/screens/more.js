/**
 * The screens that do not fit into the rail of a narrow page.
 * @module
 */

import { resetDialog } from "../dialogs.js";
import { button, copier, h, icon, show } from "../dom.js";
import { vendorMark, vendorTitle } from "../format.js";
import { keysDialog } from "../keys.js";
import { store } from "../store.js";

/** @param {HTMLElement} main */
export function draw(main) {
  const reference = `reference/?ws=${encodeURIComponent(store.workspace)}`;
  const bases = Object.entries(store.bases).map(([vendor, url]) =>
    h("li", vendorMark(vendor), h("span", vendorTitle(vendor)), h("code", url), copier(url)),
  );
  show(
    main,
    h(
      "section.pane.page",
      { "aria-labelledby": "title" },
      h("header.head", h("h1", { id: "title" }, "More")),
      h(
        "ul.links",
        h("li", h("a", { href: "#/report" }, icon("report"), "Report")),
        h("li", h("a", { href: reference }, icon("book"), "API reference")),
        h("li", h("a", { href: "#/settings" }, icon("settings"), "Settings and snapshots")),
        h(
          "li",
          button("button", () => resetDialog(() => {}), icon("reset"), "Reset the workspace"),
        ),
        h(
          "li",
          button("button", () => keysDialog(), icon("menu"), "Keys"),
        ),
      ),
      h("h2.block", "Point your client at"),
      h("ul.bases", bases),
    ),
  );
}
