"""Flagship as `domain.erp.Erp`: bills by their numbers, many per call, a verdict for each."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import date
from itertools import product
from types import TracebackType
from typing import Any, Self

from connectors.bills import (
    AUDIT,
    DELETE,
    SUBMIT,
    UNAUDIT,
    WITHDRAW,
    Blame,
    Transition,
    Verdicts,
    chunks,
    divided,
)
from connectors.flagship import bindings
from connectors.flagship.access import Auth, FlagshipAccess
from connectors.flagship.bindings import EntityBinding, Operation
from connectors.flagship.calls import FlagshipCalls
from connectors.flagship.envelope import (
    SYSTEM,
    UNFILTERED,
    Failed,
    FlagshipCode,
    Row,
    bad_reply,
    fault,
    rows_of,
    status_fault,
)
from connectors.flagship.reading import Reader
from connectors.flagship.session import Session
from connectors.flagship.values import written_day
from connectors.http import Transport
from connectors.limits import Limits
from domain.erp import Bill, BillContent, BillForm, DatedBill, FoundBill, Match, VeryBills
from domain.faults import Fault, FaultKind
from domain.pace import Pace

_PASSES = 5
"""Readings of a day before we say that it keeps changing."""
_STEPS = {
    SUBMIT: Operation.SUBMIT,
    AUDIT: Operation.AUDIT,
    UNAUDIT: Operation.UNAUDIT,
    WITHDRAW: Operation.WITHDRAW,
    DELETE: Operation.DELETE,
}


def _one_may_be_to_blame(fault: Fault) -> bool:
    return isinstance(fault, Failed) and not fault.concerns_the_call


def _is_server_exception(fault: Fault) -> bool:
    return fault.code == FlagshipCode.SERVER_EXCEPTION


_BLAME = Blame(_one_may_be_to_blame, _is_server_exception)


class FlagshipErp:
    """One Flagship connection.

    Args:
        pace: the line of all processes that call this data centre; by default this process keeps its own.
        transport: how calls travel; by default as `access` says.
        now, clock: Unix time, and seconds that only grow.
    """

    def __init__(
        self,
        access: FlagshipAccess,
        *,
        pace: Pace | None = None,
        transport: Transport | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._bindings = bindings.load(access.bindings)
        self._transport = transport or Transport(
            SYSTEM,
            limits=Limits(
                per_second=access.calls_per_second,
                per_minute=access.calls_per_minute,
                parallel=access.parallel,
                burst=access.parallel,
                pace=pace,
            ),
            connect_timeout=access.connect_timeout,
            read_timeout=access.read_timeout,
            ca=access.ca,
            status_fault=status_fault,
        )
        self._session = Session(access, self._transport, now=now, clock=clock)
        self._calls = FlagshipCalls(access, self._transport, self._session)

    async def aclose(self) -> None:
        """Close the connections. The token is left to run out: other processes may share the application."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def counts_refusals(self) -> bool:
        """Wrong secrets lock the application for some minutes (section 3.1); signatures are not counted."""
        return self._access.auth is not Auth.DIGEST

    async def probe(self) -> None:
        """Look for one material, whatever comes of it. Raises `Fault`."""
        self._session.forgive()
        await self._page("bd_material", {}, 1, 1)

    async def find(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, FoundBill]:
        """The bills that exist, by number. Several of one number: the oldest that is not cancelled."""
        reader = self._reader(form.id)
        found: dict[str, FoundBill] = {}
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            for row in await self._by_number(form.id, part):
                bill = reader.bill(row)
                if bill.number in part:
                    found[bill.number] = min(found.get(bill.number, bill), bill, key=_preference)
        return found

    async def read(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, BillContent]:
        """Head values and lines of the bills that exist, by number."""
        reader = self._reader(form.id)
        rows: dict[str, tuple[FoundBill, Mapping[str, Any]]] = {}
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            for row in await self._by_number(form.id, part):
                bill = reader.bill(row)
                if bill.number in part:
                    pair = bill, row
                    rows[bill.number] = min(rows.get(bill.number, pair), pair, key=lambda one: _preference(one[0]))
        return {number: reader.content(form, row) for number, (_, row) in rows.items()}

    async def save(
        self, form: BillForm, bills: Sequence[Bill], *, submit_and_audit: bool, options: Mapping[str, Any] | None = None
    ) -> Mapping[str, Fault | None]:
        """Create bills; each is judged by its row of the answer, and by a look where the row says no.

        A batch that fails as a whole over data is sent again by halves, down to the bill that is to blame.

        Args:
            submit_and_audit: must be False: a save that goes on to submit and audit leaves half of a bill when one of
                them fails (section 5.2).
            options: nothing; how a save behaves is set up in the tenant's API.

        Raises:
            ValueError: `submit_and_audit`, or options.
        """
        if submit_and_audit or options:
            raise ValueError("Flagship saves, submits and audits in three calls, and a save has no options")
        unique = {bill.number: bill for bill in reversed(bills)}
        wanted = tuple(reversed(unique.values()))
        verdicts: Verdicts = {}
        if wanted and not self._access.creates_only:
            verdicts = {number: _exists(number) for number in await self.find(form, list(unique))}
            wanted = tuple(bill for bill in wanted if bill.number not in verdicts)

        async def once(part: Sequence[Bill]) -> Verdicts:
            return await self._save(form, part)

        return verdicts | (await divided(wanted, once, lambda bill: bill.number, _BLAME) if wanted else {})

    async def submit(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, Fault | None]:
        """Submit. None as well for a bill that was submitted or audited before."""
        return await self._move(form, SUBMIT, numbers)

    async def audit(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, Fault | None]:
        """Audit. None as well for a bill that was audited before."""
        return await self._move(form, AUDIT, numbers)

    async def unaudit(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        """Un-audit. None as well for a bill that was not audited."""
        return await self._move(form, UNAUDIT, tuple(bills), bills)

    async def withdraw(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        """Take submitted bills back (撤销). None as well for a bill that was not submitted."""
        return await self._move(form, WITHDRAW, tuple(bills), bills)

    async def delete(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        """Delete. None as well for a bill that was not there."""
        return await self._move(form, DELETE, tuple(bills), bills)

    async def query(
        self, form: str, fields: Sequence[str], matches: Sequence[Match], *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows of an entity by exact conditions; a row for each line where a field or condition is about lines.

        Conditions the tenant's API has no parameter for are checked here, as all others are once more.

        Raises:
            Fault: refused ``binding_missing`` when no condition can be asked of the server.
        """
        if any(not match.values for match in matches):
            return []
        bound, reader = self._bindings.entity(form), self._reader(form)
        asked = [(bound.filters[match.key], match.values) for match in matches if match.key in bound.filters]
        if matches and not asked:
            keys = ", ".join(match.key for match in matches)
            raise fault(FaultKind.REFUSED, FlagshipCode.BINDING_MISSING, f"{form} has no filter for {keys}")
        rows: list[dict[str, Any]] = []
        lists = [[(name, part) for part in chunks(values, self._access.in_list)] for name, values in asked]
        for conditions in product(*lists):
            wish = {name: list(part) for name, part in conditions}
            async for page in self._pages(form, wish):
                rows += [row for bill in page for row in reader.rows(bill, fields, matches)]
                if limit is not None and len(rows) >= limit:
                    return rows[:limit]
        return rows

    async def dated(self, form: BillForm, day: date) -> AsyncIterator[Sequence[DatedBill]]:
        """Every bill with that date, page by page.

        A query has no order of ours (section 5.1), so that what comes and goes shifts its pages. A day of more than
        one page is therefore read until two readings in a row meet the same bills; each is given out once.

        Raises:
            Fault: transient ``unanswered`` when the day keeps changing.
        """
        bound, reader = self._bindings.entity(form.id), self._reader(form.id)
        if bound.day is None:
            message = f"{form.id} has no window of days"
            raise fault(FaultKind.REFUSED, FlagshipCode.BINDING_MISSING, message)
        window = {bound.day.start: day.isoformat(), bound.day.end: day.isoformat()}
        told: set[str] = set()
        before: set[str] | None = None
        for _ in range(_PASSES):
            met: set[str] = set()
            pages = 0
            async for page in self._pages(form.id, window):
                pages += 1
                bills = [DatedBill(bill=reader.bill(row), content=reader.content(form, row)) for row in page]
                new = [one for one in bills if one.content.head.get(form.date) == day.isoformat()]
                met |= {one.bill.id for one in new}
                fresh = {one.bill.id: one for one in new if one.bill.id not in told}
                told |= fresh.keys()
                if covered := [one for one in fresh.values() if form.covers(one.content)]:
                    yield covered
            if pages <= 1 or met == before:
                return
            before = met
        raise fault(FaultKind.TRANSIENT, FlagshipCode.UNANSWERED, f"the bills of {day} keep changing")

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _reader(self, entity: str) -> Reader:
        return Reader(entity, self._bindings.entity(entity))

    async def _by_number(self, entity: str, numbers: Sequence[str]) -> list[Mapping[str, Any]]:
        bound = self._bindings.entity(entity)
        parameter = bound.filters.get(bound.number)
        if parameter is None:
            message = f"{entity} has no filter for {bound.number}"
            raise fault(FaultKind.REFUSED, FlagshipCode.BINDING_MISSING, message)
        return [row async for page in self._pages(entity, {parameter: list(numbers)}) for row in page]

    async def _pages(self, entity: str, wish: Mapping[str, Any]) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        """All pages of a query. Raises `Fault` ``filter_ignored`` when the server did not filter."""
        number = 0
        while True:
            number += 1
            data = await self._page(entity, wish, number, self._access.page_size)
            rows = data.get("rows")
            if not isinstance(rows, list):
                raise bad_reply(f"a query of {entity} was not answered with rows")
            yield rows
            if data.get("lastPage") is True or len(rows) < self._access.page_size:
                return

    async def _page(self, entity: str, wish: Mapping[str, Any], number: int, size: int) -> Mapping[str, Any]:
        tree = {"data": wish, "pageNo": number, "pageSize": size}
        data = await self._calls.post(f"{entity} query", self._bindings.path(entity, Operation.QUERY), tree)
        _refuse_unfiltered(entity, wish, data)
        return data

    async def _save(self, form: BillForm, bills: Sequence[Bill]) -> Verdicts:
        bound = self._bindings.entity(form.id)
        models = [_model(bound, bill) for bill in bills]
        general: Fault | None = None
        rows: list[Row] = []
        try:
            path = self._bindings.path(form.id, Operation.SAVE)
            rows = rows_of(await self._calls.post(f"{form.id} save", path, {"data": models}, once_only=True))
        except Failed as failed:
            whole = failed.code not in (FlagshipCode.DUPLICATE, FlagshipCode.REPEATED)
            if failed.concerns_the_call or (whole and (len(bills) > 1 or failed.kind is FaultKind.TRANSIENT)):
                raise
            general = failed
        verdicts: Verdicts = {}
        said: dict[str, Fault] = {}
        for row in rows:
            number = _number_of(row, bills)
            if number is not None and row.done:
                verdicts[number] = _exists(number) if row.updates else None
            elif number is not None:
                said[number] = self._meaning(row)
        open_ = [bill.number for bill in bills if bill.number not in verdicts]
        found = await self.find(form, open_) if open_ else {}
        for number in open_:
            verdicts[number] = _exists(number) if number in found else said.get(number) or general or _open(number)
        return verdicts

    async def _move(
        self, form: BillForm, transition: Transition, numbers: Sequence[str], ids: VeryBills | None = None
    ) -> Verdicts:
        async def once(part: Sequence[str]) -> Verdicts:
            return await self._move_once(form, transition, part, ids)

        verdicts: Verdicts = {}
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            verdicts |= await divided(part, once, lambda number: number, _BLAME)
        return verdicts

    async def _move_once(
        self, form: BillForm, transition: Transition, numbers: Sequence[str], ids: VeryBills | None
    ) -> Verdicts:
        """One call; what it did not do is judged by where the bills stand, never by the words of the reply.

        With `ids`, a bill of the same number with another id is as good as none.
        """
        rows, general = await self._apply(form, transition, numbers, ids)
        by_id = {ids[number]: number for number in numbers} if ids is not None else {}
        done: set[str] = set()
        said: dict[str, Fault] = {}
        for row in rows:
            number = by_id.get(row.id) if ids is not None else row.number
            if number is None or number not in numbers:
                continue
            if row.done:
                done.add(number)
            else:
                said[number] = self._meaning(row)
        verdicts: Verdicts = dict.fromkeys(done - said.keys())
        missing = [number for number in numbers if number not in verdicts]
        there = await self.find(form, missing) if missing else {}
        for number in missing:
            bill = there.get(number)
            if bill is not None and ids is not None and bill.id != ids[number]:
                bill = None
            why = said.get(number) or general
            if transition.reached(bill):
                verdicts[number] = None
            else:
                refusal = transition.refusal(SYSTEM, bill, number, why)
                verdicts[number] = refusal or why or _open(number)
        return verdicts

    async def _apply(
        self, form: BillForm, transition: Transition, numbers: Sequence[str], ids: VeryBills | None
    ) -> tuple[list[Row], Fault | None]:
        """Rows of the answer, and what was said about no bill in particular.

        The bills are named by id where the caller means the very ones, else by number.
        """
        bound = self._bindings.entity(form.id)
        wish = {bound.by_number: list(numbers)} if ids is None else {bound.by_id: [ids[n] for n in numbers]}
        try:
            data = await self._calls.post(
                f"{form.id} {transition.name}", self._bindings.path(form.id, _STEPS[transition]), {"data": wish}
            )
        except Failed as failed:
            if failed.code in (FlagshipCode.NOT_FOUND, FlagshipCode.REPEATED):
                return [], failed
            if failed.concerns_the_call or failed.kind is FaultKind.TRANSIENT or len(numbers) > 1:
                raise
            return [], failed
        _refuse_unfiltered(form.id, wish, data)
        return rows_of(data), None

    def _meaning(self, row: Row) -> Fault:
        """What a refused row means: the tenant's words for it, else a refusal."""
        for meaning in self._bindings.meanings:
            if all(word in row.errors for word in meaning.words):
                kind = FaultKind.TRANSIENT if meaning.code is FlagshipCode.EDIT_LOCK else FaultKind.REFUSED
                return fault(kind, meaning.code, row.errors)
        return fault(FaultKind.REFUSED, FlagshipCode.REFUSED, row.errors)


def _preference(bill: FoundBill) -> tuple[bool, int]:
    return bill.cancelled, int(bill.id)


def _exists(number: str) -> Fault:
    return fault(FaultKind.REFUSED, FlagshipCode.BILL_EXISTS, f"{number} is taken", "billno")


def _open(number: str) -> Fault:
    """Nothing is known of the bill but that it is not where it should be; asking again tells."""
    return fault(FaultKind.TRANSIENT, FlagshipCode.UNANSWERED, f"no answer for {number}")


def _number_of(row: Row, bills: Sequence[Bill]) -> str | None:
    """The bill a row of a save is about: by its place in the request, else by its number."""
    if row.index is not None and 0 <= row.index < len(bills):
        return bills[row.index].number
    return next((bill.number for bill in bills if bill.number == row.number), None)


def _refuse_unfiltered(entity: str, wish: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    if wish and str(data.get("filter") or "").strip() == UNFILTERED:
        message = f"{entity}: the API has no parameter {', '.join(wish)}"
        raise fault(FaultKind.REFUSED, FlagshipCode.FILTER_IGNORED, message)


def _model(bound: EntityBinding, bill: Bill) -> dict[str, Any]:
    """A bill as it is sent: under its number, short dates with an empty time."""
    model = {**bill.model, bound.number: bill.number}
    lines = bill.model.get(bound.lines) if bound.lines else None
    if isinstance(lines, list):
        model[bound.lines] = [dict(line) for line in lines]
    for key in bound.dates:
        level, dot, name = key.rpartition(".")
        for target in model.get(level, ()) if dot else (model,):
            if name in target:
                target[name] = written_day(target[name])
    return model
