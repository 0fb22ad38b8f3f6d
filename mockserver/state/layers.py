"""Which rows of a workspace are its own, and which it shares with a snapshot: counted in bytes."""

from collections.abc import Collection, Mapping
from typing import Optional

from mockserver.state.changes import Row, RowId
from mockserver.state.memory import ENTRY_BYTES, PART_BYTES
from mockserver.state.tables import SavedTable

SavedTables = Mapping[str, Mapping[str, SavedTable]]
"""What was saved of a workspace's tables, by vendor and name."""


class Layer:
    """The rows that were written between two snapshots of a workspace.

    Layers lie upon each other like those of an image: a row belongs to the one layer in which it
    was written, and all above share it until they replace or delete it. So each row counts once.

    `size` is what the rows of this layer take, `covered` says by lower layer how many bytes of its
    rows this one has replaced or deleted, `copied` what the copies of tables take that were written
    to, `copied_whole` names the tables of which no part is shared any more. `tables` is what was
    saved on top of it, None for the layer that is written to.
    """

    __slots__ = ("_uncopied", "below", "copied", "copied_whole", "covered", "size", "tables")

    def __init__(self, below: Optional["Layer"] = None, tables: SavedTables | None = None) -> None:
        self.below = below
        self.tables = tables
        self.size = 0
        self.covered: dict[Layer, int] = {}
        self.copied: dict[tuple[str, str], int] = {}
        self.copied_whole: set[tuple[str, str]] = set()
        self._uncopied: dict[tuple[str, str], int] = {}

    def total(self) -> int:
        """How many bytes the layer takes."""
        return self.size + sum(self.copied.values())

    def copy(self, vendor: str, table: str, rows: int) -> int:
        """Note a write to a table of so many rows. Returns how many bytes the layer grows by.

        A write copies a part of a table that is shared, until all of it is copied.
        """
        name = (vendor, table)
        left = self._uncopied.get(name)
        if left is None:
            left = ENTRY_BYTES * rows
            self.copied[name] = 0
        size = min(left, PART_BYTES)
        self._uncopied[name] = left - size
        if size == left:
            self.copied_whole.add(name)
        self.copied[name] += size
        return size

    def shares(self, vendor: str, table: str, id: RowId, row: Row) -> bool:
        """Whether the layer below holds this very row too."""
        below = self.below
        if below is None or below.tables is None:
            return False
        return below.tables[vendor][table].get(id) is row

    def holds(self, vendor: str, table: str, id: RowId, row: Row) -> bool:
        """Whether this very row was saved on top of the layer."""
        return self.tables is not None and self.tables[vendor][table].get(id) is row

    def cover(self, vendor: str, table: str, id: RowId, row: Row, size: int) -> None:
        """Note that this layer has replaced or deleted a row which the one below holds."""
        owner = self.below
        assert owner is not None
        while owner.below is not None and owner.below.holds(vendor, table, id, row):
            owner = owner.below
        self.covered[owner] = self.covered.get(owner, 0) + size

    def cover_all(self) -> None:
        """Note that this layer has deleted every row, its own too."""
        self.size, self.copied, self._uncopied = 0, {}, {}
        self.copied_whole = set()
        left: dict[Layer, int] = {}
        layer = self.below
        while layer is not None:
            left[layer] = left.get(layer, 0) + layer.size
            for lower, size in layer.covered.items():
                left[lower] = left.get(lower, 0) - size
            layer = layer.below
        self.covered = left

    def dissolve(self, others: Collection["Layer"]) -> None:
        """Give the rows to the layers upon this one, as far as these still have them.

        `others` are all other layers of the workspace.
        """
        next_above = {layer: self._next_above(layer) for layer in others}
        for layer, child in next_above.items():
            if child is None:
                continue
            lost = layer.covered.pop(self, 0)
            if layer is child:
                layer._absorb(self, lost)
            elif lost:
                layer.covered[child] = layer.covered.get(child, 0) + lost

    def _next_above(self, layer: "Layer") -> Optional["Layer"]:
        """The layer right upon this one that `layer` is or lies upon; None where it is neither."""
        found: Layer | None = layer
        while found is not None and found.below is not self:
            found = found.below
        return found

    def _absorb(self, lower: "Layer", lost: int) -> None:
        """Have what the layer right below has, but for so many bytes of its rows."""
        self.size += lower.size - lost
        self._absorb_copies(lower)
        for layer, size in lower.covered.items():
            self.covered[layer] = self.covered.get(layer, 0) + size
        self.below = lower.below

    def _absorb_copies(self, lower: "Layer") -> None:
        """Have the copies of tables that the layer right below has made: they are written to here.

        What both have copied is there once.
        """
        for name, size in lower.copied.items():
            left = lower._uncopied[name]
            self.copied[name] = max(size, self.copied.get(name, 0))
            self._uncopied[name] = min(left, self._uncopied.get(name, left))
        self.copied_whole |= lower.copied_whole
