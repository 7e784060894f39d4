"""The lot master: lots come into being on inbound rows and have to exist on outbound ones (section 10, row 19)."""

from __future__ import annotations

from sandbox.galaxy import texts
from sandbox.galaxy.base_data import number_in
from sandbox.galaxy.metadata import Field, Form, Movement
from sandbox.galaxy.records import AUDITED, Record, Row
from sandbox.galaxy.replies import Problem
from sandbox.galaxy.store import Database
from sandbox.galaxy.transaction import Transaction

_DATES = ("fproducedate", "fexpirydate")


class Lots:
    """All lots, by material and number."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._store = db.store("BD_BatchMainFile")
        self._lots: dict[tuple[int | str, str], Record] = {}

    def get(self, material: Record, number: str) -> Record | None:
        return self._lots.get((material.id, number))

    def create(self, material: Record, number: str, tx: Transaction | None = None) -> Record:
        """A new lot of a material, ready to use."""
        lot = Record(self._store.form, self._db.next_id(), number)
        lot.shared = True
        lot.values = {
            "fname": number,
            "fmaterialid": material,
            "fdocumentstatus": AUDITED,
            "fcreatedate": self._db.now(),
        }
        self._lots[material.id, number] = lot
        self._store.add(lot)
        if tx is not None:
            tx.undo(lambda: self._forget(lot, material))
        return lot

    def settle(self, record: Record, row: Row, raw_lots: dict[Field, object], tx: Transaction) -> list[Problem]:
        """Put the lots a row names into it, creating what an inbound row may create; what is wrong comes back."""
        material = row.values.get("fmaterialid")
        problems = []
        for field, raw in raw_lots.items():
            number = number_in(raw)
            row.values.pop(field.name, None)
            if number is None or not isinstance(material, Record):
                continue
            lot = self.get(material, number)
            movement = movement_of(record.form, field.name)
            if lot is None and material.flag("fisbatchmanage") and movement is not None:
                if not is_inbound(record, movement):
                    problems.append(Problem(texts.lot_unknown(number, material.number), field.key))
                    continue
                lot = self.create(material, number, tx)
                lot.values |= {name: row.values[name] for name in _DATES if row.values.get(name)}
            if not material.flag("fisbatchmanage"):
                problems.append(Problem(texts.lot_not_managed(material.number), field.key))
            row.values[field.name] = lot
        return problems

    def _forget(self, lot: Record, material: Record) -> None:
        del self._lots[material.id, lot.number]
        self._store.remove(lot)


def movement_of(form: Form, lot_name: str) -> Movement | None:
    """The side of a form's movement whose lot a field holds."""
    return next((movement for movement in form.movements if movement.lot == lot_name), None)


def is_inbound(record: Record, movement: Movement) -> bool:
    """Whether a movement of this bill brings goods in."""
    return (movement.sign > 0) != is_reversed(record, movement)


def is_reversed(record: Record, movement: Movement) -> bool:
    if movement.reversed_by is None:
        return False
    name, value = movement.reversed_by
    return bool(record.values.get(name) == value)
