/**
 * Report: what the client did badly, and what its requests reached.
 * @module
 */

import { getReport, getReportText } from "../api.js";
import { button, copy, h, icon, show } from "../dom.js";
import { failure, marked, plural, provenance, vendorMark, vendorTitle } from "../format.js";
import { Screen } from "../screen.js";
import { store } from "../store.js";
import { quoted } from "../curl.js";

const MOST_LINKS = 12;

/** @type {Record<string, [string, string]>} tone and sign by the level of a finding */
const LEVELS = { error: ["bad", "cross"], warning: ["warn", "warn"], note: ["info", "menu"] };

/** @param {HTMLElement} main */
export function draw(main) {
  const screen = new Report(main);
  screen.read();
  return () => screen.close();
}

class Report extends Screen {
  /** @param {HTMLElement} main */
  constructor(main) {
    super([]);
    this.requests = 0;
    this.total = h("p.sub", " ");
    this.news = h("p.banner.tone-info", { hidden: true });
    this.sheet = h("div.sheet");
    const text = button("button.ghost.small", () => this.#copyText(), icon("copy"), "Markdown");
    const line = button(
      "button.ghost.small",
      () => this.#copyLine(),
      icon("copy"),
      "Command for CI",
    );
    show(
      main,
      h(
        "section.pane.page",
        { "aria-labelledby": "title" },
        h(
          "header.head",
          h("div", h("h1", { id: "title" }, "Report"), this.total),
          h("div.tools", text, line),
        ),
        this.news,
        this.sheet,
      ),
    );
  }

  async load() {
    const seen = store.info.requests;
    return { ...(await getReport(store.workspace)), seen };
  }

  /** @param {unknown} error */
  fail(error) {
    show(this.sheet, failure(error));
  }

  hear() {
    const more = store.info.requests - this.requests;
    if (more <= 0) return;
    const again = button("button.text", () => this.read(), "Again");
    this.news.hidden = false;
    show(this.news, `${plural(more, "request")} since this was made.`, again);
  }

  async #copyText() {
    await copy(await getReportText(store.workspace), "the report as Markdown");
  }

  #copyLine() {
    const url = quoted(location.origin);
    const of = `--url ${url} --workspace ${quoted(store.workspace)}`;
    const line = `mockserver report ${of} --fail-on error`;
    return copy(line, "the command for CI");
  }

  /** @param {any} report */
  draw({ findings, coverage, requests, seen }) {
    this.requests = seen;
    this.news.hidden = true;
    const operations = Object.values(coverage).flatMap(
      (/** @type {any} */ each) => each.operations,
    );
    const called = operations.filter((each) => each.requests > 0).length;
    const reached = `${called} of ${operations.length} operations were called`;
    this.total.textContent = `${plural(requests, "request")}, ${reached}`;
    const none = requests
      ? `Nothing was done badly in ${plural(requests, "request")}; ${reached}.`
      : "Nothing to say yet: no request is in the journal.";
    show(
      this.sheet,
      h(
        "div.levels",
        Object.keys(LEVELS).map((level) => levelCount(level, findings)),
      ),
      findings.length ? findings.map(finding) : h("div.empty", h("h2", none)),
      h("h2.title", "What was reached"),
      Object.entries(coverage).map(([vendor, reach]) => coverageOf(vendor, reach)),
    );
  }
}

/**
 * @param {string} level
 * @param {any[]} findings
 */
function levelCount(level, findings) {
  const [tone, sign] = LEVELS[level];
  const number = findings.filter((each) => each.level === level).length;
  const words = plural(number, level).split(" ")[1];
  return h(
    "p.level",
    { class: `tone-${number ? tone : "mute"}` },
    icon(sign),
    h("b", number),
    words,
  );
}

/** @param {any} one */
function finding(one) {
  const [tone, sign] = LEVELS[one.level];
  const links = one.requests
    .slice(0, MOST_LINKS)
    .map((/** @type {number} */ number) => [
      h("a", { href: `#/requests/${number}` }, `No. ${number}`),
      " ",
    ]);
  const more = one.count > links.length ? `and ${one.count - links.length} more` : "";
  return h(
    "article.panel.finding",
    { class: `tone-${tone}` },
    h(
      "h2",
      icon(sign),
      one.title,
      h("span.gap"),
      one.vendor && vendorMark(one.vendor),
      h("code.sub", one.check),
    ),
    h("p", marked(one.message)),
    h("p", h("b", "What to do: "), marked(one.advice)),
    h("p.sub.numbers", links, more),
  );
}

/**
 * @param {string} vendor
 * @param {any} reach
 */
function coverageOf(vendor, reach) {
  const cells = reach.operations.map((/** @type {any} */ each) => operation(each));
  const rules = reach.rules.map((/** @type {any} */ rule) =>
    h(
      "tr",
      h("th", { scope: "row" }, h("code", rule.rule)),
      ["none", "one", "several"].map((name) => h("td", rule[name] || h("span.none", "0"))),
      h("td", provenance(rule.provenance)),
    ),
  );
  const heads = ["Matching rule", "None", "One", "Several", "How sure"].map((text) =>
    h("th", { scope: "col" }, text),
  );
  return h(
    "section.panel",
    h(
      "h2",
      vendorMark(vendor),
      vendorTitle(vendor),
      h("span.gap"),
      h("span.sub", plural(reach.requests, "request")),
    ),
    h("ul.operations", cells),
    h("div.scroll-x", h("table.plain", h("thead", h("tr", heads)), h("tbody", rules))),
  );
}

/** @param {any} each */
function operation(each) {
  const statuses = Object.entries(each.statuses).map(([status, number]) => `${status} ×${number}`);
  const never = each.never_seen.length
    ? `Never seen: ${each.never_seen.join(", ")}`
    : "Every status was seen";
  const title = `${each.method} ${each.path}. ${never}`;
  const look = each.requests ? "called" : "hollow";
  return h(
    "li",
    { class: look, title },
    h("b", each.operation),
    h("span.sub", statuses.join(", ") || "never called"),
  );
}
