"""Galaxy as `domain.erp.Erp`: bills by their numbers, many per call, a verdict for each."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from types import TracebackType
from typing import Any, Self, TypeVar

from connectors.bills import (
    AUDIT,
    DELETE,
    SUBMIT,
    UNAUDIT,
    WITHDRAW,
    Transition,
    Verdicts,
    chunks,
    divided,
)
from connectors.galaxy.access import Auth, GalaxyAccess
from connectors.galaxy.blame import BLAME
from connectors.galaxy.calls import GalaxyCalls
from connectors.galaxy.convert_rules import with_own_rules
from connectors.galaxy.envelope import SYSTEM, GalaxyCode, Unsuccessful, bad_reply, fault
from connectors.galaxy.queries import SAFE_PAGE, behind, filters, in_list, on_day, page
from connectors.galaxy.session import Session
from connectors.galaxy.verdicts import Attribution, attribute, same_number, unanswered
from connectors.http import Transport
from connectors.limits import Limits
from domain.erp import Bill, BillContent, BillForm, BillLine, BillStatus, DatedBill, FoundBill, Match, VeryBills
from domain.faults import Fault, FaultKind
from domain.masking import privacy_of
from domain.pace import Pace

Item = TypeVar("Item")

_NUMBER = "FBillNo"
_CANCELLED = "B"
_OPERATIONS = {SUBMIT: "Submit", AUDIT: "Audit", UNAUDIT: "UnAudit", WITHDRAW: "CancelAssign", DELETE: "Delete"}
_BILL_FIELDS = ("FID", _NUMBER, "FDocumentStatus", "FCancelStatus")


class GalaxyErp:
    """One Galaxy connection. Close it, so that its session is given back.

    Args:
        pace: the line of all processes that call this data centre; by default this process keeps its own.
        transport: how calls travel; by default as `access` says.
        now, clock: Unix time, and seconds that only grow.
    """

    def __init__(
        self,
        access: GalaxyAccess,
        *,
        pace: Pace | None = None,
        transport: Transport | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._transport = transport or Transport(
            SYSTEM,
            limits=Limits(
                per_second=access.calls_per_second, parallel=access.parallel, burst=access.parallel, pace=pace
            ),
            connect_timeout=access.connect_timeout,
            read_timeout=access.read_timeout,
            ca=access.ca,
        )
        self._session = Session(access, self._transport, now=now, clock=clock)
        self._calls = GalaxyCalls(access, self._transport, self._session)

    async def aclose(self) -> None:
        """Log out and close the connections."""
        await self._session.close()
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def counts_refusals(self) -> bool:
        """Wrong passwords lock the user; a refused application does nobody any harm."""
        return self._access.auth is Auth.PASSWORD

    async def probe(self) -> None:
        """Look for one material, whatever comes of it. Raises `Fault`."""
        self._session.forgive()
        await self.query("BD_MATERIAL", ["FMATERIALID"], [], limit=1)

    async def find(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, FoundBill]:
        """The bills that exist, by the number asked for.

        By query, never by View, which may answer nothing for want of a session (section 3.2). Case and trailing
        blanks do not tell numbers apart, as on the server; an exact match comes first. Several bills of one number:
        the oldest that is not cancelled.
        """
        found: dict[str, FoundBill] = {}
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            rows = await self._rows(form.id, _BILL_FIELDS, in_list(_NUMBER, part), "FID ASC")
            bills = sorted((_found_bill(row) for row in rows), key=lambda bill: bill.cancelled)
            found |= _by_number(part, bills, lambda bill: bill.number)
        return found

    async def read(self, form: BillForm, numbers: Sequence[str]) -> Mapping[str, BillContent]:
        """Head values and lines of the bills that exist, by the number asked for.

        Raises:
            Fault: refused ``no_permission`` when a quantity or amount is veiled (``***``) for want of permission.
        """
        contents: dict[str, BillContent] = {}
        entry_id, fields = _row_key(form), ("FID", _NUMBER, *_content_fields(form))
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            rows = await self._rows(form.id, fields, in_list(_NUMBER, part), f"FID ASC,{entry_id} ASC")
            chosen = _by_number(part, _bills(rows), lambda lines: _text(lines[0][_NUMBER]))
            contents |= {number: _content(form, lines) for number, lines in chosen.items()}
        return contents

    async def save(
        self, form: BillForm, bills: Sequence[Bill], *, submit_and_audit: bool, options: Mapping[str, Any] | None = None
    ) -> Mapping[str, Fault | None]:
        """Create bills by BatchSave; each is its own transaction, judged by its place in the request.

        A batch that fails as a whole over data (too large, a parameter or field the server cannot take, an exception)
        is sent again by halves, down to the bill that is to blame.

        Args:
            options: request parameters of the form, e.g. ``InterationFlags``, ``IsVerifyBaseDataField``.
        """
        parameters = {**(options or {}), "IsAutoSubmitAndAudit": submit_and_audit}
        first_of: dict[str, Bill] = {}
        for bill in bills:
            first_of.setdefault(same_number(bill.number), bill)
        unique = tuple(first_of.values())

        async def once(part: Sequence[Bill]) -> Verdicts:
            return await self._save(form, part, parameters)

        verdicts = await divided(unique, once, lambda bill: bill.number, BLAME) if unique else {}
        for bill in bills:  # the same number in other letters: taken by its neighbour
            taken = fault(FaultKind.REFUSED, GalaxyCode.BILL_EXISTS, f"{bill.number} occurs twice", _NUMBER)
            verdicts.setdefault(bill.number, taken)
        return verdicts

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
        """Take submitted bills back (撤销, CancelAssign). None as well for a bill that was not submitted."""
        return await self._move(form, WITHDRAW, tuple(bills), bills)

    async def delete(self, form: BillForm, bills: VeryBills) -> Mapping[str, Fault | None]:
        """Delete. None as well for a bill that was not there."""
        return await self._move(form, DELETE, tuple(bills), bills)

    async def operate(self, form: BillForm, operation: str, numbers: Sequence[str]) -> Mapping[str, Fault | None]:
        """A further operation of the form, e.g. ``Cancel`` (section 7.9). What the reply leaves open is unanswered."""
        verdicts: Verdicts = {}
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            answer = await self._apply(self._access.operation_spelling.value, form, part, None, opNumber=operation)
            verdicts |= answer.told()
            verdicts |= {number: answer.general or unanswered(number) for number in answer.silent}
        return verdicts

    async def query(
        self, form: str, fields: Sequence[str], matches: Sequence[Match], *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """Rows of a form by exact conditions, values by the field as asked; empty texts are ``""``.

        Ordered by all the fields asked for: rows that tie are equal in every value, so no page can lose one.
        """
        order = ",".join(f"{field} ASC" for field in fields)
        rows: list[dict[str, Any]] = []
        for condition in filters(matches, self._access.in_list):
            rows += await self._rows(form, fields, condition, order, None if limit is None else limit - len(rows))
            if limit is not None and len(rows) >= limit:
                break
        return rows

    async def dated(self, form: BillForm, day: date) -> AsyncIterator[Sequence[DatedBill]]:
        """Every bill with that date, page by page, from row to row: a bill is given out when all of its rows are in.

        Raises:
            Fault: refused ``no_permission`` when a quantity or amount is veiled (``***``) for want of permission.
        """
        entry_id, size = _row_key(form), self._access.page_size
        fields = tuple(dict.fromkeys((*_BILL_FIELDS, *_content_fields(form))))
        condition, rows = on_day(form.date, day), list[dict[str, Any]]()
        while True:
            after = [behind(entry_id, rows[-1]["FID"], rows[-1][entry_id])] if rows else []
            asked = " and ".join((condition, *after))
            got = await self._rows(form.id, fields, asked, f"FID ASC,{entry_id} ASC", size)
            bills = _bills([*rows, *got])
            more = len(got) == size
            rows = bills.pop() if more else []
            dated = [DatedBill(bill=_found_bill(lines[0]), content=_content(form, lines)) for lines in bills]
            if covered := [one for one in dated if form.covers(one.content)]:
                yield covered
            if not more:
                return

    async def _rows(
        self, form: str, fields: Sequence[str], condition: str, order: str, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """All rows of a condition, page by page; at most `limit`."""
        keep = not any(privacy_of(field) for field in fields)
        rows: list[dict[str, Any]] = []
        while limit is None or len(rows) < limit:
            size = self._access.page_size if limit is None else min(self._access.page_size, limit - len(rows))
            asked = page(form, fields, condition, order, len(rows), size)
            got = await self._calls.query(form, asked, keep_reply=keep)
            if any(len(row) != len(fields) for row in got):
                raise bad_reply(f"rows of {form} do not have the {len(fields)} fields asked for")
            rows += [dict(zip(fields, map(_plain, row), strict=True)) for row in got]
            if len(got) < min(size, SAFE_PAGE):
                break
        return rows

    async def _save(self, form: BillForm, bills: Sequence[Bill], parameters: Mapping[str, Any]) -> Verdicts:
        rules, threads = self._access.convert_rules, self._access.batch_threads
        models = [{_NUMBER: "", **with_own_rules(bill.model, rules)} | {_NUMBER: bill.number} for bill in bills]
        batch = {"BatchCount": threads} if threads is not None and threads < len(bills) else {}
        try:
            status = await self._calls.write("BatchSave", form.id, {**parameters, **batch, "Model": models})
        except Unsuccessful as failed:
            if failed.status.concerns_the_call:
                raise
            status = failed.status
        answer = attribute(status, [bill.number for bill in bills])
        verdicts = answer.told()
        if answer.silent:
            found = await self.find(form, answer.silent)
            for number in answer.silent:
                verdicts[number] = None if number in found else answer.general or unanswered(number)
        return verdicts

    async def _move(
        self, form: BillForm, transition: Transition, numbers: Sequence[str], ids: VeryBills | None = None
    ) -> Verdicts:
        async def once(part: Sequence[str]) -> Verdicts:
            return await self._move_once(form, transition, part, ids)

        verdicts: Verdicts = {}
        for part in chunks(tuple(dict.fromkeys(numbers)), self._access.in_list):
            verdicts |= await divided(part, once, lambda number: number, BLAME)
        return verdicts

    async def _move_once(
        self, form: BillForm, transition: Transition, numbers: Sequence[str], ids: VeryBills | None
    ) -> Verdicts:
        """One call; what it did not do is judged by where the bills stand, never by the words of the reply.

        With `ids`, a bill of the same number with another id is as good as none.
        """
        answer = await self._apply(_OPERATIONS[transition], form, numbers, ids)
        verdicts: Verdicts = dict.fromkeys(answer.done)
        missing = [number for number in numbers if number not in verdicts]
        there = await self.find(form, missing) if missing else {}
        found = {number: bill for number, bill in there.items() if ids is None or bill.id == ids[number]}
        for number in missing:
            bill, said = found.get(number), answer.refused.get(number) or answer.general
            if transition.reached(bill):
                verdicts[number] = None
            elif refusal := transition.refusal(SYSTEM, bill, number, said):
                verdicts[number] = refusal
            elif said or len(numbers) == 1:
                verdicts[number] = said or unanswered(number)
            else:  # the reply names fewer bills than failed; alone, this one gets its own answer
                verdicts |= await self._move_once(form, transition, [number], ids)
        return verdicts

    async def _apply(
        self, operation: str, form: BillForm, numbers: Sequence[str], ids: VeryBills | None, **more: str
    ) -> Attribution:
        """The bills are named by id where the caller means the very ones (section 7.4), else by number."""
        meant = {"Numbers": list(numbers)} if ids is None else {"Ids": ",".join(ids[number] for number in numbers)}
        try:
            status = await self._calls.write(operation, form.id, {"CreateOrgId": 0, **meant}, **more)
        except Unsuccessful as failed:
            if failed.status.concerns_the_call:
                raise
            status = failed.status
        return attribute(status, numbers)


def _by_number(numbers: Sequence[str], bills: Sequence[Item], number_of: Callable[[Item], str]) -> dict[str, Item]:
    """The bill of each number: the first of exactly that number, else the first the server takes for it."""
    exact: dict[str, Item] = {}
    alike: dict[str, Item] = {}
    for bill in bills:
        exact.setdefault(number_of(bill), bill)
        alike.setdefault(same_number(number_of(bill)), bill)
    chosen = ((number, exact.get(number, alike.get(same_number(number)))) for number in numbers)
    return {number: bill for number, bill in chosen if bill is not None}


def _found_bill(row: Mapping[str, Any]) -> FoundBill:
    try:
        status = BillStatus(row["FDocumentStatus"])
    except ValueError as error:
        raise bad_reply(str(error)) from error
    return FoundBill(
        id=_text(row["FID"]),
        number=_text(row[_NUMBER]),
        status=status,
        cancelled=row["FCancelStatus"] == _CANCELLED,
    )


def _row_key(form: BillForm) -> str:
    return f"{form.entry}_FEntryID"


def _content_fields(form: BillForm) -> tuple[str, ...]:
    stock = (form.stock,) if form.stock else ()
    return (_row_key(form), form.material, form.quantity, form.amount, *stock, *form.line, *form.head)


def _bills(rows: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows by bill, in their order."""
    bills: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        bills.setdefault(_text(row["FID"]), []).append(row)
    return list(bills.values())


def _content(form: BillForm, rows: Sequence[Mapping[str, Any]]) -> BillContent:
    entry_id = _row_key(form)
    return BillContent(
        head={key: _text(rows[0][key]) for key in form.head},
        lines=tuple(
            BillLine(
                entry_id=_text(row[entry_id]),
                material=_text(row[form.material]),
                quantity=_decimal(row, form.quantity),
                amount=_decimal(row, form.amount),
                stock=_text(row[form.stock]) if form.stock else "",
                more=tuple(_text(row[key]) for key in form.line),
            )
            for row in rows
            if row[entry_id] not in (None, "", 0)
        ),
    )


def _decimal(row: Mapping[str, Any], key: str) -> Decimal:
    value = row[key]
    if value in (None, ""):
        return Decimal(0)
    try:
        return Decimal(value)
    except (InvalidOperation, TypeError) as error:
        if isinstance(value, str) and "*" in value:
            raise fault(FaultKind.REFUSED, GalaxyCode.NO_PERMISSION, f"{key} is veiled for this user", key) from error
        raise bad_reply(f"{key} is no number: {value!r}") from error


def _plain(value: Any) -> Any:
    """The server writes an empty text as a blank."""
    return value.strip() if isinstance(value, str) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value).lower() if isinstance(value, bool) else str(value)
