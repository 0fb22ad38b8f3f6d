/**
 * A list of any length that draws only the rows in sight. All rows are of one height.
 * @module
 */

const BEYOND = 6;

/** @typedef {{ element: HTMLElement, looks: string | null }} Row */

/**
 * Keeps `viewport`, which scrolls, filled with rows.
 * @template T
 * @param {any} viewport
 * @param {object} how
 * @param {number} how.height of a row
 * @param {string} how.label
 * @param {() => number} how.length
 * @param {(index: number) => T} how.at
 * @param {(item: T) => string} how.look what a row shows besides its item: where it is as before,
 *   the row is only moved
 * @param {(row: any, item: T) => void} how.draw fills a row anew; row elements are used again
 */
export function virtualList(viewport, { height, length, at, look, draw, label }) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  canvas.setAttribute("role", "presentation");
  viewport.setAttribute("role", "listbox");
  viewport.setAttribute("aria-label", label);
  viewport.replaceChildren(canvas);
  /** @type {Map<T, Row>} */
  const shown = new Map();
  /** @type {HTMLElement[]} rows of nobody */
  const spare = [];
  let waiting = 0;

  function paint() {
    waiting = 0;
    const all = length();
    const first = Math.max(0, Math.floor(viewport.scrollTop / height) - BEYOND);
    const fitting = Math.ceil(viewport.clientHeight / height) + 2 * BEYOND;
    const size = Math.max(0, Math.min(all - first, fitting));
    canvas.style.height = `${all * height}px`;
    const items = Array.from({ length: size }, (_, place) => at(first + place));
    forgetOthers(new Set(items));
    let place = canvas.firstElementChild;
    items.forEach((item, index) => {
      const { element } = rowOf(item);
      if (element === place) place = place.nextElementSibling;
      else canvas.insertBefore(element, place);
      put(element, first + index, all);
    });
  }

  /** @param {Set<T>} wanted */
  function forgetOthers(wanted) {
    for (const [item, { element }] of shown) {
      if (wanted.has(item)) continue;
      shown.delete(item);
      spare.push(element);
      element.remove();
    }
  }

  /**
   * The row of an item, drawn where it differs from what it showed.
   * @param {T} item
   */
  function rowOf(item) {
    const row = shown.get(item) ?? { element: spare.pop() ?? newRow(), looks: null };
    const looks = look(item);
    if (row.looks !== looks) draw(row.element, item);
    row.looks = looks;
    shown.set(item, row);
    return row;
  }

  function newRow() {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "option");
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {number} index
   * @param {number} all
   */
  function put(row, index, all) {
    row.style.transform = `translateY(${index * height}px)`;
    row.setAttribute("aria-posinset", String(index + 1));
    row.setAttribute("aria-setsize", String(all));
  }

  const refresh = () => {
    waiting ||= requestAnimationFrame(paint);
  };
  viewport.addEventListener("scroll", refresh, { passive: true });
  const watcher = new ResizeObserver(refresh);
  watcher.observe(viewport);
  paint();

  return {
    refresh,
    stop: () => watcher.disconnect(),
    /**
     * So many rows came in at the top: what is being read stays where it is.
     * @param {number} rows
     */
    pushDown(rows) {
      canvas.style.height = `${length() * height}px`;
      viewport.scrollTop += rows * height;
    },
    /**
     * Brings a row into sight.
     * @param {number} index
     */
    reveal(index) {
      const top = index * height;
      const room = viewport.clientHeight;
      if (top < viewport.scrollTop) viewport.scrollTop = top;
      else if (top + height > viewport.scrollTop + room) viewport.scrollTop = top + height - room;
      paint();
    },
  };
}
