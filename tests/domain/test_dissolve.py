"""Taking bills back: un-audited, withdrawn and deleted as far as needed, and never a silent success."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial

import pytest

from domain.convergence import WRONG_STATE, dissolve
from domain.erp import BillStatus
from domain.faults import Fault, FaultKind
from tests.domain.erp_books import FORM, OPEN, Books, Op, lines_of, refusal, run
from tests.domain.office import DEEDS, FINAL, STEPS_BACK


def take_back(books: Books, numbers: Sequence[str], tries: int = 5) -> dict[str, Fault | None]:
    bills = books.very(*numbers)
    for _ in range(tries):
        try:
            results = run(dissolve(books, FORM, bills))
        except Fault as fault:
            assert fault.kind not in FINAL
            continue
        assert results.keys() == set(numbers)
        if all(fault is None or fault.kind in FINAL for fault in results.values()):
            return results
    raise AssertionError("it never ends")


STATES = [(None, False), *((s, c) for s in BillStatus for c in ((False, True) if s in OPEN else (False,)))]


def dissolving(status: BillStatus | None, *, cancelled: bool = False, forgiving: bool = True) -> Books:
    books = Books(forgiving=forgiving)
    if status is not None:
        books.put("N1", status, "ref", lines_of(1), cancelled=cancelled)
    return books


@pytest.mark.parametrize("forgiving", [True, False])
@pytest.mark.parametrize(("status", "cancelled"), STATES)
def test_dissolve_from_every_state(status: BillStatus | None, cancelled: bool, forgiving: bool) -> None:
    books = dissolving(status, cancelled=cancelled, forgiving=forgiving)
    assert run(dissolve(books, FORM, books.very("N1"))) == {"N1": None}
    assert books.bills == []
    steps = {None: [], BillStatus.AUDITED: [Op.UNAUDIT, Op.DELETE], BillStatus.SUBMITTED: [Op.WITHDRAW, Op.DELETE]}
    assert [op for op, _ in books.changes] == steps.get(status, [Op.DELETE])
    calls = len(books.calls)
    for at in range(calls):
        for lost, trouble in itertools.product((True, False), (True, False)):
            books = dissolving(status, cancelled=cancelled, forgiving=forgiving)
            if trouble:
                books.loses, books.fails = ({at}, {}) if lost else (set(), {at: refusal("x", FaultKind.TRANSIENT)})
            assert take_back(books, ["N1"]) == {"N1": None}
            assert books.bills == []


@pytest.mark.parametrize("forgiving", [True, False])
@pytest.mark.parametrize(("status", "cancelled"), STATES)
def test_dissolve_while_somebody_else_acts(status: BillStatus | None, cancelled: bool, forgiving: bool) -> None:
    for at, deed in itertools.product(range(7), DEEDS):
        books = dissolving(status, cancelled=cancelled, forgiving=forgiving)
        books.meanwhile = {at: partial(DEEDS[deed], books, "N1")}
        assert take_back(books, ["N1"]) == {"N1": None}, (at, deed)
        assert books.bills == []


@pytest.mark.parametrize("refused", STEPS_BACK)
@pytest.mark.parametrize(("status", "cancelled"), STATES)
def test_a_refused_step_back_is_told_and_the_bill_is_there(
    status: BillStatus | None, cancelled: bool, refused: Op
) -> None:
    books = dissolving(status, cancelled=cancelled)
    books.put("N2", BillStatus.AUDITED, "other", lines_of(2))
    said = refusal("downstream")
    books.refuses = {(refused, "N1"): said}
    results = run(dissolve(books, FORM, books.very("N1", "N2")))
    assert results["N2"] is None and not books.of("N2"), "the neighbour goes"
    assert results["N1"] is (said if books.of("N1") else None)
    ways = {BillStatus.AUDITED: (Op.UNAUDIT, Op.DELETE), BillStatus.SUBMITTED: (Op.WITHDRAW, Op.DELETE), None: ()}
    assert (results["N1"] is said) == (refused in ways.get(status, (Op.DELETE,)))


def test_a_restless_bill_is_told_as_passing_trouble_and_its_neighbour_goes() -> None:
    books = dissolving(BillStatus.AUDITED)
    books.put("N2", BillStatus.AUDITED, "other", lines_of(2))
    books.refuses = {(Op.UNAUDIT, "N1"): refusal(WRONG_STATE)}
    results = run(dissolve(books, FORM, books.very("N1", "N2")))
    assert results["N2"] is None
    fault = results["N1"]
    assert fault is not None and (fault.kind, fault.code) == (FaultKind.TRANSIENT, "restless")


def test_a_refusal_is_not_believed_when_somebody_took_the_bill_away_meanwhile() -> None:
    books = dissolving(BillStatus.AUDITED)
    books.refuses = {(Op.UNAUDIT, "N1"): refusal("not_found")}
    books.meanwhile = {2: books.bills.clear}
    assert run(dissolve(books, FORM, books.very("N1"))) == {"N1": None}


def test_dissolving_nothing_asks_nothing() -> None:
    books = Books()
    assert run(dissolve(books, FORM, {})) == {}
    assert books.calls == []


def test_each_bill_takes_only_its_own_steps_and_a_refusal_is_asked_once() -> None:
    books = Books(refuses={(Op.DELETE, "kept"): refusal("downstream")})
    for number, status in (("C", BillStatus.AUDITED), ("B", BillStatus.SUBMITTED), ("kept", BillStatus.CREATED)):
        books.put(number, status, "ref", lines_of(1))
    results = run(dissolve(books, FORM, books.very("C", "B", "kept", "absent")))
    assert {number for number, fault in results.items() if fault is None} == {"C", "B", "absent"}
    assert books.calls == [
        ("find", ("C", "B", "kept", "absent")),
        (Op.UNAUDIT, ("C",)),
        (Op.WITHDRAW, ("B",)),
        (Op.DELETE, ("kept",)),
        ("find", ("C", "B", "kept")),
        (Op.DELETE, ("C", "B")),
        ("find", ("C", "B")),
    ]


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("status", BillStatus)
def test_another_bill_that_comes_under_the_number_stays(status: BillStatus, at: int) -> None:
    """Somebody takes the bill away and makes a new one, before any call: the new one is none of ours."""
    books = dissolving(status)

    def replace_it() -> None:
        books.bills.clear()
        books.put("N1", BillStatus.AUDITED, "ref", lines_of(2))

    books.meanwhile = {at: replace_it}
    assert run(dissolve(books, FORM, books.very("N1"))) == {"N1": None}
    there = [(bill.id, bill.status) for bill in books.bills]
    replaced = len(books.calls) > at
    assert there == ([("2", BillStatus.AUDITED)] if replaced else [])
