"""Save and Draft of one packet (section 7.1 and 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from domain.jsontext import dumps
from sandbox.galaxy import texts
from sandbox.galaxy.amounts import compute
from sandbox.galaxy.guards import Guards
from sandbox.galaxy.inventory import NEGATIVE_STOCK_FLAG
from sandbox.galaxy.lifecycle import Lifecycle
from sandbox.galaxy.links import Links
from sandbox.galaxy.lots import Lots
from sandbox.galaxy.metadata import Form, FormKind
from sandbox.galaxy.reading import FormKeys, PacketReader, key_of
from sandbox.galaxy.records import CREATED, DRAFT, OPEN_STATES, Record
from sandbox.galaxy.replies import MsgCode, Problem, Refusal
from sandbox.galaxy.rows import fill_rows, goods_problems, missing_fields
from sandbox.galaxy.store import Database, FormStore
from sandbox.galaxy.transaction import Transaction
from sandbox.galaxy.values import as_bool, as_list


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """The parameters of Save next to Model.

    Attributes:
        draft: keep as draft (status Z) with few checks.
        ignore: what InterationFlags allows to ignore.
    """

    verify_base_data: bool = False
    delete_entries: bool = True
    only: frozenset[str] = frozenset()
    validate: bool = True
    submit_and_audit: bool = False
    draft_on_failure: bool = False
    refuse_repeats: bool = False
    draft: bool = False
    ignore: frozenset[str] = frozenset()

    @classmethod
    def of(cls, data: dict[str, Any], *, draft: bool = False) -> SaveOptions:
        """From the request's parameters, their names folded."""
        return cls(
            verify_base_data=as_bool(data.get("isverifybasedatafield")),
            delete_entries=as_bool(data.get("isdeleteentry"), True),
            only=frozenset(name.casefold() for name in as_list(data.get("needupdatefields"))),
            validate=as_bool(data.get("validateflag"), True),
            submit_and_audit=as_bool(data.get("isautosubmitandaudit")),
            draft_on_failure=as_bool(data.get("isdraftwhensavefail")),
            refuse_repeats=as_bool(data.get("validaterepeatjson")),
            draft=draft,
            ignore=interaction_flags(data),
        )


def interaction_flags(data: dict[str, Any]) -> frozenset[str]:
    return frozenset(part.strip() for part in str(data.get("interationflags") or "").split(";") if part.strip())


class Saving:
    """Writes packets into the database."""

    def __init__(self, db: Database, guards: Guards, lots: Lots, links: Links, lifecycle: Lifecycle) -> None:
        self._db = db
        self._guards = guards
        self._lots = lots
        self._links = links
        self._lifecycle = lifecycle
        self._keys: dict[str, FormKeys] = {}
        self._packets: set[bytes] = set()

    def save(
        self, store: FormStore, model: dict[str, Any], options: SaveOptions, user: Record | None, messages: list[str]
    ) -> Record:
        """Create or update one record; all of it or nothing. What an audit did besides is added to `messages`.

        Raises:
            Refusal: with every reason that was found.
        """
        try:
            with Transaction() as tx:
                if options.refuse_repeats:
                    self._refuse_repeat(store, model, tx)
                record = self._write(store, model, options, user, tx)
                if options.submit_and_audit and not options.draft:
                    self._lifecycle.submit(record, tx)
                    may_go_negative = NEGATIVE_STOCK_FLAG in options.ignore
                    self._lifecycle.audit(record, user, tx, allow_negative=may_go_negative, messages=messages)
            return record
        except Refusal:
            if not options.draft_on_failure or key_of(store, model) is not None:
                raise
            with Transaction() as tx:
                return self._write(store, model, SaveOptions(draft=True), user, tx)

    def add(self, record: Record, user: Record | None, tx: Transaction, *, draft: bool, unchecked_links: bool) -> None:
        """Store a record somebody else has filled in (Push, an automatic receivable): numbered, computed, linked."""
        store = self._db.store(record.form.id)
        self._finish(store, record, user, draft=draft)
        if not draft:
            problems = list(missing_fields(record))
            if problems:
                raise Refusal(problems)
        compute(self._db, record)
        self._links.claim(record, tx, unchecked=unchecked_links)
        store.add(record)
        tx.undo(lambda: store.remove(record))

    def _write(
        self, store: FormStore, model: dict[str, Any], options: SaveOptions, user: Record | None, tx: Transaction
    ) -> Record:
        form = store.form
        if form.kind is FormKind.QUERY_ONLY:
            raise Refusal(texts.field_not_here(form.caption, "保存"), field=None, code=MsgCode.NOT_OPERABLE)
        stored = self._stored(store, model)
        record = Record(form, stored.id if stored else self._db.next_id(), stored.number if stored else "")
        if stored is not None:
            record.restore(stored.content())
        reader = PacketReader(
            self._db,
            self._keys_of(form),
            self._lots,
            self._links,
            tx,
            verify=options.verify_base_data,
            only=options.only if stored is not None else frozenset(),
            delete_missing=options.delete_entries,
        )
        reader.read(record, model)
        self._number(store, record, stored, model, draft=options.draft)
        fill_rows(record)
        problems = reader.problems
        if options.validate and not options.draft and not problems:
            problems = [*missing_fields(record), *goods_problems(record)]
        if problems:
            raise Refusal(problems)
        self._finish(store, record, user, draft=options.draft)
        self._guards.refuse_closed_period(record)
        compute(self._db, record)
        if stored is not None:
            return self._replace(store, stored, record, tx)
        self._links.claim(record, tx)
        store.add(record)
        tx.undo(lambda: store.remove(record))
        return record

    def _replace(self, store: FormStore, stored: Record, record: Record, tx: Transaction) -> Record:
        """Give a stored record new content. It stays the same object: others refer to it."""
        before = stored.content()
        self._links.release(stored, tx)
        store.unindex(stored)
        stored.restore(record.content())
        store.index(stored)

        def put_back() -> None:
            store.unindex(stored)
            stored.restore(before)
            store.index(stored)

        tx.undo(put_back)
        self._links.claim(stored, tx)
        return stored

    def _stored(self, store: FormStore, model: dict[str, Any]) -> Record | None:
        """The record a packet changes. Raises Refusal: there is none, or it may not be changed now."""
        record_id = key_of(store, model)
        if record_id is None:
            return None
        record = store.records.get(record_id)
        if record is None:
            raise Refusal(texts.not_found(str(record_id)), field=store.form.pk, code=MsgCode.NOT_FOUND)
        self._guards.refuse_locked(record)
        if record.status not in OPEN_STATES or record.is_cancelled:
            raise Refusal(texts.cannot_change(record.number, store.form.caption))
        self._guards.refuse_closed_period(record)
        return record

    def _number(
        self, store: FormStore, record: Record, stored: Record | None, model: dict[str, Any], *, draft: bool
    ) -> None:
        """Take the number that was sent, or the next one by the coding rule."""
        key = store.form.number.casefold()
        sent = next((str(value).strip() for name, value in model.items() if name.casefold() == key and value), "")
        if sent and sent != record.number:
            if any(each is not stored and _clashes(each, record) for each in store.with_number(sent)):
                raise Refusal([Problem(texts.duplicate_number(sent), store.form.number)])
            record.number = sent
        if not record.number and not draft:
            record.number = self._db.next_number(store)

    def _finish(self, store: FormStore, record: Record, user: Record | None, *, draft: bool) -> None:
        now = self._db.now()
        values = record.values
        status = values.get("fdocumentstatus")
        if status is None:
            values |= {"fcreatorid": user, "fcreatedate": now}
        if status is None or status == DRAFT:
            values["fdocumentstatus"] = DRAFT if draft else CREATED
        values |= {"fmodifierid": user, "fmodifydate": now}
        if not record.number and not draft:
            record.number = self._db.next_number(store)
        if store.form.kind is FormKind.BASE:
            values.setdefault("fuseorgid", values.get("fcreateorgid"))
            values.setdefault("fcreateorgid", values.get("fuseorgid"))
            record.shared = values.get("fuseorgid") is None

    def _keys_of(self, form: Form) -> FormKeys:
        keys = self._keys.get(form.id)
        if keys is None or keys.form is not form:
            keys = self._keys[form.id] = FormKeys(form)
        return keys

    def _refuse_repeat(self, store: FormStore, model: dict[str, Any], tx: Transaction) -> None:
        packet = sha256(f"{store.form.id}\n{dumps(model, sort_keys=True)}".encode()).digest()
        if packet in self._packets:
            raise Refusal(texts.REPEATED_PACKET)
        self._packets.add(packet)
        tx.undo(lambda: self._packets.discard(packet))


def _clashes(existing: Record, record: Record) -> bool:
    """Bills have one number each; base data may have the same number once in each using organisation."""
    if record.form.kind is not FormKind.BASE or existing.shared:
        return True
    mine = record.values.get("fuseorgid") or record.values.get("fcreateorgid")
    return mine is None or existing.values.get("fuseorgid") is mine
