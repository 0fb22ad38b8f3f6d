/**
 * A list of any length that draws only the rows in sight. All rows are of one height.
 * @module
 */

const BEYOND = 6;

/**
 * Keeps `viewport`, which scrolls, filled with rows.
 * @template T
 * @param {any} viewport
 * @param {object} how
 * @param {number} how.height of a row
 * @param {string} how.label
 * @param {() => number} how.length
 * @param {(index: number) => T} how.at
 * @param {(row: any, item: T) => void} how.draw fills a row anew; row elements are used again
 */
export function virtualList(viewport, { height, length, at, draw, label }) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  canvas.setAttribute("role", "presentation");
  viewport.setAttribute("role", "listbox");
  viewport.setAttribute("aria-label", label);
  viewport.replaceChildren(canvas);
  /** @type {HTMLElement[]} */
  const pool = [];
  let waiting = 0;

  function paint() {
    waiting = 0;
    const all = length();
    const first = Math.max(0, Math.floor(viewport.scrollTop / height) - BEYOND);
    const fitting = Math.ceil(viewport.clientHeight / height) + 2 * BEYOND;
    const size = Math.max(0, Math.min(all - first, fitting));
    canvas.style.height = `${all * height}px`;
    while (pool.length < size) pool.push(newRow());
    pool.forEach((row, place) => {
      row.hidden = place >= size;
      if (row.hidden) forget(row);
      else put(row, first + place, all);
    });
  }

  function newRow() {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "option");
    canvas.append(row);
    return row;
  }

  /**
   * A row that is not seen is nobody's.
   * @param {HTMLElement} row
   */
  function forget(row) {
    row.className = "row";
    row.removeAttribute("id");
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
    draw(row, at(index));
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
