"""What the simulator stores: records (bills and base data alike), their rows, and the links of rows to a source."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.galaxy.metadata import Form

DRAFT, CREATED, SUBMITTED, AUDITED, REAUDIT = "Z", "A", "B", "C", "D"
OPEN_STATES = (DRAFT, CREATED, REAUDIT)
"""States in which a record may be changed, submitted or deleted (section 8)."""


@dataclass(frozen=True, slots=True)
class Link:
    """One source row a row was made from (section 11)."""

    rule: str
    source_form: str
    source_id: int
    source_entry: int
    quantity: Decimal


class Row:
    """A row of an entry.

    Attributes:
        values: by folded field key; a field that was not sent is not there. References are `Record` objects.
        drawn: how much of the row's quantity rows of each target form have taken already.
    """

    __slots__ = ("children", "drawn", "id", "links", "seq", "values")

    def __init__(self, row_id: int, seq: int) -> None:
        self.id = row_id
        self.seq = seq
        self.values: dict[str, Any] = {}
        self.children: dict[str, list[Row]] = {}
        self.links: list[Link] = []
        self.drawn: dict[str, Decimal] = {}

    def copy(self) -> Row:
        """A copy that can be changed without changing this one."""
        twin = Row(self.id, self.seq)
        twin.values = dict(self.values)
        twin.children = {key: [child.copy() for child in rows] for key, rows in self.children.items()}
        twin.links = list(self.links)
        twin.drawn = dict(self.drawn)
        return twin


class Record:
    """A bill, or a piece of base data.

    Attributes:
        values: head and sub-head fields by folded key; references are `Record` objects.
        entries: rows by folded entry key.
        shared: base data every organisation may use; otherwise only the one in FUseOrgId.
        downstream: bills made from this one, by (form, id) with how many rows of theirs point here.
    """

    __slots__ = ("downstream", "entries", "form", "id", "number", "shared", "values")

    def __init__(self, form: Form, record_id: int | str, number: str) -> None:
        self.form = form
        self.id = record_id
        self.number = number
        self.values: dict[str, Any] = {}
        self.entries: dict[str, list[Row]] = {}
        self.shared = False
        self.downstream: defaultdict[tuple[str, int], int] = defaultdict(int)

    @property
    def status(self) -> str:
        return str(self.values.get("fdocumentstatus", CREATED))

    @property
    def is_cancelled(self) -> bool:
        return self.values.get("fcancelstatus") == "B"

    @property
    def is_usable(self) -> bool:
        """Base data that other records may refer to: audited and not forbidden."""
        return self.values.get("fdocumentstatus") == AUDITED and self.values.get("fforbidstatus", "A") == "A"

    @property
    def lines(self) -> list[Row]:
        """The rows that carry goods."""
        return self.entries.get((self.form.lines or "").casefold(), [])

    def flag(self, name: str) -> bool:
        """A yes/no field by its folded key."""
        return bool(self.values.get(name, False))

    def content(self) -> tuple[str, dict[str, Any], dict[str, list[Row]]]:
        """What `restore` takes to put the record back as it is now; rows are copied."""
        rows = {key: [row.copy() for row in rows] for key, rows in self.entries.items()}
        return self.number, dict(self.values), rows

    def restore(self, content: tuple[str, dict[str, Any], dict[str, list[Row]]]) -> None:
        self.number, self.values, self.entries = content
