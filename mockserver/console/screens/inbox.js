/**
 * The inboxes: receivers that are built in, what they answer, and what arrived.
 * @module
 */

import { clearInbox, getInbox, listInboxes, setInboxAnswer } from "../api.js";
import { attempt, button, choice, copier, h, icon, question, show, toast } from "../dom.js";
import { clockTime, httpStatus, plural } from "../format.js";
import { store } from "../store.js";
import { json } from "./json.js";

const NEWEST = 30;

/** @type {Record<string, [string, any]>} what an inbox can be told to answer */
const ANSWERS = {
  200: ["200", { status: 200 }],
  500: ["500", { status: 500 }],
  slow: ["After 8 s", { status: 200, seconds: 8 }],
};

/**
 * @param {any} place
 * @param {Element} back
 */
export async function drawInboxes(place, back) {
  const isNewest = question(place);
  const { inboxes } = await listInboxes(store.workspace);
  const boxes = await Promise.all(inboxes.map((/** @type {any} */ each) => readInbox(each)));
  if (!isNewest()) return;
  const clear = async (/** @type {string} */ name) => {
    const isShown = question(place);
    await attempt(() => clearInbox(store.workspace, name));
    if (isShown()) await drawInboxes(place, back);
  };
  const address = `${location.origin}/__admin/workspaces/${store.workspace}/inbox/console`;
  const empty = h(
    "div.empty",
    h("h2", "Nothing arrived yet"),
    h(
      "p",
      "A receiver ",
      h("code", "inbox:NAME"),
      " is made by itself. From elsewhere, it is this URL:",
    ),
    h("p.base", h("code", address), copier(address)),
  );
  show(
    place,
    h(
      "div.scroll",
      { tabIndex: 0, role: "region", "aria-label": "Inboxes" },
      h("header.head", back, h("h2.title", "Inbox")),
      boxes.length ? boxes.map((box) => inboxBlock(box, () => clear(box.name))) : empty,
    ),
  );
}

/** @param {any} each an inbox in short */
function readInbox({ name, last }) {
  return getInbox(store.workspace, name, { after: Math.max(0, last - NEWEST), limit: NEWEST });
}

/**
 * @param {any} box
 * @param {() => any} clear
 */
function inboxBlock(box, clear) {
  const choices = Object.entries(ANSWERS).map(([value, [content]]) => ({ value, content }));
  const act = async (/** @type {string} */ value) => {
    const [words, then] = ANSWERS[value];
    const told = await attempt(() => setInboxAnswer(store.workspace, box.name, { then }));
    if (told) toast(h("b", box.name), " answers ", h("b", words));
  };
  const rows = [...box.received].reverse().map(entry);
  return h(
    "section.block",
    h(
      "h2",
      icon("mail"),
      box.name,
      h("span.sub", plural(box.entries, "entry", "entries")),
      h("span.gap"),
      button("button.ghost.small", clear, "Empty it"),
    ),
    choice("div.segments", `What ${box.name} answers`, choices, chosenOf(box.then), act),
    h("ul.inbox", rows),
  );
}

/** @param {any} then */
function chosenOf(then) {
  if (then.seconds) return "slow";
  return (then.status ?? 204) >= 500 ? "500" : "200";
}

/** @param {any} one */
function entry(one) {
  const title =
    one.body?.event ?? one.body?.trigger ?? one.headers["mockserver-delivery"] ?? "from elsewhere";
  return h(
    "li",
    h(
      "details",
      h(
        "summary",
        h("span.time", clockTime(one.at)),
        h("b", one.delivery ? `Delivery ${one.delivery}` : "A request"),
        h("span.sub", String(title)),
        h("span.gap"),
        httpStatus(one.answer.status ?? 204),
      ),
      json(one.body, "What arrived"),
      one.delivery && h("p", h("a", { href: `#/webhooks/${one.delivery}` }, "See the delivery")),
    ),
  );
}
