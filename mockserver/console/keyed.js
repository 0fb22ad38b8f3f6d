/**
 * A list of rows that stay the same elements while their items change.
 * @module
 */

/**
 * Makes the children of `parent` those of `items`, in their order. A row is made by `make` for a
 * new key, and by `make` again where `sameAs` says that its item differs.
 * @template T
 * @param {Element} parent
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @param {(item: T) => string} print what the row shows, as a text: an equal text, an equal row
 * @param {(item: T, isNew: boolean) => Element} make
 */
export function keyed(parent, items, key, print, make) {
  const rows = rowsOf(parent);
  const wanted = new Map(items.map((item) => [key(item), item]));
  for (const [name, { row }] of rows) {
    if (wanted.has(name)) continue;
    row.remove();
    rows.delete(name);
  }
  // A row that is made anew takes the place of the old one: only then is there an order to mend.
  const ordered = [...wanted].map(([name, item]) => rowOf(rows, name, item, print(item), make));
  let place = parent.firstElementChild;
  for (const row of ordered) {
    if (row === place) place = place.nextElementSibling;
    else parent.insertBefore(row, place);
  }
}

/** @type {WeakMap<Element, Map<string, { row: Element, printed: string }>>} */
const known = new WeakMap();

/** @param {Element} parent */
function rowsOf(parent) {
  const rows = known.get(parent) ?? new Map();
  known.set(parent, rows);
  return rows;
}

/**
 * @template T
 * @param {Map<string, { row: Element, printed: string }>} rows
 * @param {string} name
 * @param {T} item
 * @param {string} printed
 * @param {(item: T, isNew: boolean) => Element} make
 */
function rowOf(rows, name, item, printed, make) {
  const had = rows.get(name);
  if (had?.printed === printed) return had.row;
  const row = make(item, had === undefined);
  if (had) had.row.replaceWith(row);
  rows.set(name, { row, printed });
  return row;
}
