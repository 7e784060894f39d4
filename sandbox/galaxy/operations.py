"""The operations of DynamicFormService: from parameters to a reply (section 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import uuid4

from domain.jsontext import loads
from sandbox.galaxy import texts
from sandbox.galaxy.envelopes import fold, read_data
from sandbox.galaxy.inventory import NEGATIVE_STOCK_FLAG
from sandbox.galaxy.metadata import FormKind
from sandbox.galaxy.records import AUDITED, CREATED, Record
from sandbox.galaxy.replies import MsgCode, Outcome, Refusal, ServerException
from sandbox.galaxy.saving import SaveOptions, interaction_flags
from sandbox.galaxy.sessions import Session
from sandbox.galaxy.state import GalaxyState
from sandbox.galaxy.store import FormStore
from sandbox.galaxy.transaction import Transaction
from sandbox.galaxy.values import as_bool, as_list
from sandbox.galaxy.viewing import metadata, tree

CLOSE, OPEN = "B", "A"
_MARKS = {
    "forbid": ("fforbidstatus", CLOSE),
    "enable": ("fforbidstatus", OPEN),
    "billclose": ("fclosestatus", CLOSE),
    "ylbillclose": ("fclosestatus", CLOSE),
    "billunclose": ("fclosestatus", OPEN),
    "unclosebill": ("fclosestatus", OPEN),
    "uncloseBill".casefold(): ("fclosestatus", OPEN),
    "ylunbillclose": ("fclosestatus", OPEN),
}
_PENDING, _RUNNING, _COMPLETE = 0, 1, 2
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EditLocked:
    """Bills of a call that somebody else has open (a fault): one in `every`, the first included."""

    msg_code: int
    every: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """One call, understood as far as all operations have it in common.

    Attributes:
        edit_lock: which of its bills are refused as locked.
        breaks_off: it ends in the middle (a fault): half of its bills, rounded up, are done.
    """

    operation: str
    form: str
    parameters: dict[str, Any]
    session: Session
    edit_lock: EditLocked | None = None
    breaks_off: bool = False

    def bills(self, selected: Iterable[T]) -> Iterator[tuple[int, T]]:
        """What the call is about, with its place in the request, as far as the call gets."""
        all_ = list(selected)
        return islice(enumerate(all_), -(-len(all_) // 2) if self.breaks_off else None)

    def lock_on(self, index: int) -> int | None:
        """MsgCode with which the bill at this place is refused as locked, or None."""
        lock = self.edit_lock
        return lock.msg_code if lock is not None and index % lock.every == 0 else None

    def data(self) -> dict[str, Any]:
        return read_data(self.parameters.get("data") if self.parameters.get("data") is not None else {})


@dataclass(slots=True)
class _Task:
    reply: dict[str, Any]
    polls_left: int


Step = Callable[[Record, Transaction], list[str]]


class Operations:
    """All operations; `run` finds the one a call is about."""

    def __init__(self, state: GalaxyState) -> None:
        self._state = state
        self._tasks: dict[str, _Task] = {}
        self._table: dict[str, Callable[[Call], Any]] = {
            "save": lambda call: self._save(call, draft=False),
            "draft": lambda call: self._save(call, draft=True),
            "batchsave": self._batch_save,
            "submit": self._submit,
            "audit": self._audit,
            "unaudit": self._unaudit,
            "cancelassign": self._withdraw,
            "delete": self._delete,
            "view": self._view,
            "executebillquery": lambda call: state.querying.run(call.data())[1],
            "billquery": self._bill_query,
            "push": self._push,
            "excuteoperation": self._execute,
            "executeoperation": self._execute,
            "querybusinessinfo": self._business_info,
            "allocate": self._allocate,
            "switchorg": self._switch_org,
            "queryasyncresult": self._poll,
        }

    def knows(self, operation: str) -> bool:
        return operation.casefold() in self._table

    def run(self, call: Call) -> Any:
        """The reply of a call as a JSON tree.

        Raises:
            Refusal: the call as a whole.
            ServerException: the call cannot be understood.
        """
        return self._table[call.operation.casefold()](call)

    def bill_count(self, call: Call) -> int:
        """How many bills a call is about, for the processing time."""
        raw = call.parameters.get("data")
        if not isinstance(raw, dict):
            return 1
        data = fold(raw)
        models = data.get("model")
        if isinstance(models, list):
            return len(models)
        return len(as_list(data.get("numbers"))) or len(as_list(data.get("ids"))) or 1

    # --- save --------------------------------------------------------------------------------------------------------

    def _save(self, call: Call, *, draft: bool) -> dict[str, Any]:
        data, outcome = call.data(), Outcome()
        model = _model(data.get("model"))
        if not isinstance(model, dict):
            raise Refusal("Model", field=None, code=MsgCode.PARAMETER)
        record, returned = self._save_one(call, 0, model, data, SaveOptions.of(data, draft=draft), outcome)
        if record is None:
            return outcome.reply(Id="", NeedReturnData=[{}])
        return outcome.reply(Id=record.id, Number=record.number, NeedReturnData=[returned])

    def _batch_save(self, call: Call) -> dict[str, Any]:
        if "beginmethod" in call.parameters:
            return self._begin(call)
        return self._save_all(call)

    def _save_all(self, call: Call) -> dict[str, Any]:
        data, outcome = call.data(), Outcome()
        models = _model(data.get("model"))
        if not isinstance(models, list):
            raise Refusal("Model", field=None, code=MsgCode.PARAMETER)
        options = SaveOptions.of(data)
        returned = [
            self._save_one(call, index, model if isinstance(model, dict) else {}, data, options, outcome)[1]
            for index, model in call.bills(models)
        ]
        return outcome.reply(NeedReturnData=returned)

    def _save_one(
        self,
        call: Call,
        index: int,
        model: dict[str, Any],
        data: dict[str, Any],
        options: SaveOptions,
        outcome: Outcome,
    ) -> tuple[Record | None, dict[str, Any]]:
        state = self._state
        messages: list[str] = []
        try:
            store = self._store(call)
            locked = call.lock_on(index)
            if locked is not None:
                number = next((str(v) for k, v in model.items() if k.casefold() == store.form.number.casefold()), "")
                raise state.guards.locked(store.form.caption, number, locked)
            record = state.saving.save(store, model, options, state.user(call.session.user), messages)
        except Refusal as refusal:
            outcome.refuse(index, refusal)
            return None, {}
        outcome.succeed(index, record.id, record.number)
        for message in messages:
            outcome.say(index, message)
        return record, _returned(record, as_list(data.get("needreturnfields")))

    def _begin(self, call: Call) -> dict[str, Any]:
        """Asynchronous BatchSave: done at once, told only after some polls (section 5.1)."""
        task_id = str(uuid4())
        polls = self._state.switches.poll_count
        reply = self._save_all(call)
        if polls <= 0:
            return {"Status": _COMPLETE, "TaskId": task_id, "Result": reply}
        self._tasks[task_id] = _Task(reply, polls)
        return {"Status": _PENDING, "TaskId": task_id, "Result": None}

    def _poll(self, call: Call) -> dict[str, Any]:
        raw = call.parameters.get("queryinfo")
        info = fold(loads(raw) if isinstance(raw, str) else raw or {})
        task_id = str(info.get("taskid") or "")
        task = self._tasks.get(task_id)
        if task is None:
            raise ServerException(texts.not_found(f"TaskId {task_id}"))
        task.polls_left -= 1
        if task.polls_left > 0 and not as_bool(info.get("cancelled")):
            return {"Status": _RUNNING, "TaskId": task_id, "Result": None}
        del self._tasks[task_id]
        return {"Status": _COMPLETE, "TaskId": task_id, "Result": task.reply}

    # --- states ------------------------------------------------------------------------------------------------------

    def _submit(self, call: Call) -> dict[str, Any]:
        def submit(record: Record, tx: Transaction) -> list[str]:
            self._state.lifecycle.submit(record, tx)
            return []

        return self._for_each(call, submit)

    def _audit(self, call: Call) -> dict[str, Any]:
        user = self._state.user(call.session.user)
        may_go_negative = NEGATIVE_STOCK_FLAG in interaction_flags(call.data())

        def audit(record: Record, tx: Transaction) -> list[str]:
            messages: list[str] = []
            self._state.lifecycle.audit(record, user, tx, allow_negative=may_go_negative, messages=messages)
            return messages

        return self._for_each(call, audit)

    def _unaudit(self, call: Call) -> dict[str, Any]:
        may_go_negative = NEGATIVE_STOCK_FLAG in interaction_flags(call.data())

        def unaudit(record: Record, tx: Transaction) -> list[str]:
            self._state.lifecycle.unaudit(record, tx, allow_negative=may_go_negative)
            return []

        return self._for_each(call, unaudit)

    def _withdraw(self, call: Call) -> dict[str, Any]:
        def withdraw(record: Record, tx: Transaction) -> list[str]:
            self._state.lifecycle.withdraw(record, tx)
            return []

        return self._for_each(call, withdraw)

    def _delete(self, call: Call) -> dict[str, Any]:
        def delete(record: Record, tx: Transaction) -> list[str]:
            self._state.lifecycle.delete(record, tx)
            return []

        return self._for_each(call, delete)

    def _execute(self, call: Call) -> dict[str, Any]:
        name = str(call.parameters.get("opnumber") or "").casefold()
        lifecycle = self._state.lifecycle

        def execute(record: Record, tx: Transaction) -> list[str]:
            if name == "cancel":
                lifecycle.cancel(record, tx)
            elif name == "uncancel":
                lifecycle.uncancel(record, tx)
            else:
                lifecycle.mark(record, tx, *_MARKS[name])
            return []

        if name not in ("cancel", "uncancel") and name not in _MARKS:
            raise Refusal(texts.field_not_here(call.form, name), field=None, code=MsgCode.NOT_OPERABLE)
        return self._for_each(call, execute)

    def _for_each(self, call: Call, step: Step) -> dict[str, Any]:
        """Do something with every selected record, each on its own."""
        store, outcome = self._store(call), Outcome()
        for index, selected in call.bills(self._selected(store, call.data())):
            try:
                if isinstance(selected, Refusal):
                    raise selected
                locked = call.lock_on(index)
                if locked is not None:
                    raise self._state.guards.locked(store.form.caption, selected.number, locked)
                with Transaction() as tx:
                    messages = step(selected, tx)
            except Refusal as refusal:
                outcome.refuse(index, refusal)
                continue
            outcome.succeed(index, selected.id, selected.number)
            for message in messages:
                outcome.say(index, message)
        return outcome.reply()

    def _selected(self, store: FormStore, data: dict[str, Any]) -> Iterator[Record | Refusal]:
        """The records a request selects by Numbers or Ids; a refusal for each that does not exist.

        Raises:
            Refusal: nothing is selected.
        """
        numbers, ids = as_list(data.get("numbers")), as_list(data.get("ids"))
        if not numbers and not ids:
            raise Refusal(texts.NO_SELECTION, field=None, code=MsgCode.PARAMETER)
        org = str(data.get("createorgid") or "")
        for number in numbers:
            found = store.with_number(number)
            if len(found) > 1 and org:
                found = [each for each in found if _is_org(each.values.get("fcreateorgid"), org)] or found
            yield found[0] if found else _missing(number)
        if not numbers:
            for each in ids:
                record = store.records.get(int(each)) if each.isdigit() else None
                yield record if record is not None else _missing(each)

    # --- reading -----------------------------------------------------------------------------------------------------

    def _view(self, call: Call) -> dict[str, Any]:
        data, store = call.data(), self._store(call)
        number, record_id = str(data.get("number") or ""), str(data.get("id") or "")
        key = {"numbers": [number]} if number else {"ids": record_id}
        record = next(self._selected(store, {**key, "createorgid": data.get("createorgid")}))
        if isinstance(record, Refusal):
            raise record
        outcome = Outcome()
        return {"Result": {"ResponseStatus": outcome.status(), "Result": tree(record)}}

    def _bill_query(self, call: Call) -> list[dict[str, Any]]:
        keys, rows = self._state.querying.run(call.data())
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def _business_info(self, call: Call) -> dict[str, Any]:
        form = self._state.db.store(str(call.data().get("formid") or "")).form
        return Outcome().reply(NeedReturnData=metadata(form))

    # --- push --------------------------------------------------------------------------------------------------------

    def _push(self, call: Call) -> dict[str, Any]:
        data, state = call.data(), self._state
        saved, converted = Outcome(), Outcome()
        try:
            rule = state.pushing.rule(call.form, data, default=as_bool(data.get("isenabledefaultrule")))
            sources = list(self._sources(call, data))
        except Refusal as refusal:
            converted.refuse(0, refusal)
            return {"Result": {"ResponseStatus": saved.status(), "ConvertResponseStatus": converted.status()}}
        draft = as_bool(data.get("isdraftwhensavefail"))
        user = state.user(call.session.user)
        for index, (source, entry_ids) in enumerate(sources):
            try:
                if isinstance(source, Refusal):
                    raise source
                target = state.pushing.convert(rule, source, entry_ids)
            except Refusal as refusal:
                converted.refuse(index, refusal)
                continue
            converted.succeed(index, source.id, source.number)
            try:
                with Transaction() as tx:
                    state.pushing.save(target, user, tx, draft_on_failure=draft)
            except Refusal as refusal:
                saved.refuse(index, refusal)
                continue
            saved.succeed(index, target.id, target.number)
        return {"Result": {"ResponseStatus": saved.status(), "ConvertResponseStatus": converted.status()}}

    def _sources(self, call: Call, data: dict[str, Any]) -> Iterator[tuple[Record | Refusal, frozenset[int] | None]]:
        """Source bills with the rows to convert (None: all), by EntryIds or by Ids and Numbers."""
        store = self._store(call)
        entries = [int(each) for each in as_list(data.get("entryids")) if each.isdigit()]
        if not entries:
            for each in self._selected(store, data):
                yield each, None
            return
        by_bill: dict[int | str, tuple[Record, set[int]]] = {}
        for entry in entries:
            found = store.row(entry)
            if found is None:
                yield _missing(str(entry)), None
            else:
                by_bill.setdefault(found[0].id, (found[0], set()))[1].add(entry)
        for record, ids in by_bill.values():
            yield record, frozenset(ids)

    # --- organisations -----------------------------------------------------------------------------------------------

    def _allocate(self, call: Call) -> dict[str, Any]:
        """Base data for further organisations: one record each, same number, own id."""
        data, store, outcome = call.data(), self._store(call), Outcome()
        if store.form.kind is not FormKind.BASE:
            raise Refusal(texts.field_not_here(store.form.caption, "分配"), field=None, code=MsgCode.NOT_OPERABLE)
        orgs = [
            self._state.db.store("ORG_Organizations").records.get(int(each)) for each in as_list(data.get("torgids"))
        ]
        for index, each in enumerate(as_list(data.get("pkids"))):
            record = store.records.get(int(each)) if each.isdigit() else None
            if record is None or None in orgs:
                outcome.refuse(index, _missing(each))
                continue
            for org in orgs:
                copy = self._allocate_one(store, record, org, audited=as_bool(data.get("isautosubmitandaudit")))
                outcome.succeed(index, copy.id, copy.number)
        return outcome.reply()

    def _allocate_one(self, store: FormStore, record: Record, org: Record | None, *, audited: bool) -> Record:
        for existing in store.with_number(record.number):
            if existing.values.get("fuseorgid") is org:
                return existing
        copy = Record(store.form, self._state.db.next_id(), record.number)
        status = AUDITED if audited else CREATED
        copy.values = {**record.values, "fuseorgid": org, "fdocumentstatus": status}
        store.add(copy)
        return copy

    def _switch_org(self, call: Call) -> dict[str, Any]:
        number = str(call.data().get("orgnumber") or "")
        if not self._state.db.store("ORG_Organizations").with_number(number):
            raise _missing(number)
        call.session.org = number
        return Outcome().reply()

    def _store(self, call: Call) -> FormStore:
        if not call.form:
            raise Refusal("formid", field=None, code=MsgCode.FORM_ID_EMPTY)
        return self._state.db.store(call.form)


def _model(raw: Any) -> Any:
    return loads(raw) if isinstance(raw, str) else raw


def _missing(what: str) -> Refusal:
    return Refusal(texts.not_found(what), field=None, code=MsgCode.NOT_FOUND)


def _is_org(value: Any, wanted: str) -> bool:
    return isinstance(value, Record) and wanted in (str(value.id), value.number)


def _returned(record: Record, keys: list[str]) -> dict[str, Any]:
    """NeedReturnData of one record: head fields as such, entry fields as ``FEntity.FEntryID``."""
    data: dict[str, Any] = {}
    form = record.form
    for key in keys:
        first, _, rest = key.partition(".")
        entity = form.by_name.get(first.casefold())
        if entity is not None and entity.is_rows and rest:
            rows = record.entries.get(entity.key.casefold(), [])
            listed = data.setdefault(entity.key, [{} for _ in rows])
            for into, row in zip(listed, rows, strict=True):
                into[rest] = row.id if rest.casefold() == "fentryid" else _shown(row.values.get(rest.casefold()))
        elif key.casefold() in (form.pk.casefold(), "fid"):
            data[key] = record.id
        elif key.casefold() == form.number.casefold():
            data[key] = record.number
        else:
            data[key] = _shown(record.values.get((rest or first).casefold()))
    return data


def _shown(value: Any) -> Any:
    return {"Id": value.id, "Number": value.number} if isinstance(value, Record) else value
