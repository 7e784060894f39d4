"""Converging ends with exactly one audited bill, or with a reason and no half of one, whatever happens on the way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial

import pytest

from domain.convergence import (
    BILL_EXISTS,
    ROUNDS,
    WRONG_STATE,
    Ending,
    Line,
    Verdict,
    converge,
    same_content,
)
from domain.erp import BillContent, BillForm, BillLine, BillStatus
from domain.faults import Fault, FaultKind
from tests.domain.erp_books import FORM, OPEN, Books, Kept, Op, Stepper, lines_of, refusal, run, wanted
from tests.domain.office import DEEDS, FINAL, STEPS_BACK, TAKEN_OVER, Office, at_most_one, check_verdict


class Content(StrEnum):
    """What a bill that is there before us says."""

    EQUAL = "equal"
    OUTDATED = "outdated"
    """Our reference, other lines."""
    LOOKALIKE = "lookalike"
    """Our lines, another reference."""
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Start:
    """Where a story begins: the bill that is there (status None: none), and what we know of it."""

    status: BillStatus | None
    content: Content = Content.EQUAL
    cancelled: bool = False
    ours: bool = False
    at_once: bool = True
    """The ERP saves, submits and audits in one transaction."""
    forgiving: bool = True

    @property
    def ending(self) -> Ending:
        """How it ends if nobody disturbs it."""
        if self.status is None or (self.content is Content.EQUAL and not self.cancelled):
            return Ending.AUDITED
        replaceable = self.ours and self.content in (Content.EQUAL, Content.OUTDATED)
        return Ending.AUDITED if replaceable else Ending.CONFLICT

    def books(self, number: str = "N1", *, unique: bool = True) -> Books:
        books = Books(unique=unique, forgiving=self.forgiving)
        if self.status is not None:
            reference = f"ref-{number}" if self.content in (Content.EQUAL, Content.OUTDATED) else "somebody else's"
            lines = lines_of(1 if self.content in (Content.EQUAL, Content.LOOKALIKE) else 7)
            books.put(number, self.status, reference, lines, cancelled=self.cancelled)
        return books


def starts(*, forgiving: Sequence[bool] = (True, False)) -> Iterator[Start]:
    flags = list(itertools.product((True, False), (True, False), forgiving))
    for ours, at_once, kind in flags:
        yield Start(None, ours=ours, at_once=at_once, forgiving=kind)
    for status, content, (ours, at_once, kind) in itertools.product(BillStatus, Content, flags):
        for cancelled in (False, True) if status in OPEN else (False,):
            yield Start(status, content, cancelled, ours, at_once, kind)


def check_end(start: Start, books: Books, before: Sequence[Kept], verdict: Verdict, sent: set[str]) -> None:
    """What must be true of one bill when it has ended."""
    there = books.of("N1")
    assert len(there) <= 1, "two bills of one number"
    foreign = {bill.id for bill in before} if start.ending is Ending.CONFLICT else set()
    assert not [op for op, bill_id in books.changes if bill_id in foreign], "a foreign bill was touched"
    if not start.ours:
        # Even one that says what we want is not ours to take away.
        kept = {bill.id for bill in before}
        undone = (Op.UNAUDIT, Op.WITHDRAW, Op.DELETE)
        assert not [op for op, bill_id in books.changes if bill_id in kept and op in undone]
    saved = [bill_id for op, bill_id in books.changes if op is Op.SAVE]
    assert not saved or "N1" in sent, "written before it was remembered"
    match verdict.ending:
        case Ending.AUDITED:
            bill = books.seen["N1"]
            assert (bill.status, bill.cancelled, bill.id) == (BillStatus.AUDITED, False, verdict.bill_id)
            assert (bill.reference, bill.lines) == ("ref-N1", lines_of(1))
            # Only who un-audits it after the last look can have it otherwise.
            assert there == [bill] or books.meanwhile
        case Ending.REFUSED:
            mine = set(saved) | ({bill.id for bill in before} if start.ours else set())
            assert not [bill for bill in there if bill.id in mine and bill.id not in foreign], "half a bill stays"
        case Ending.STUCK:
            assert there, "nothing is left to be stuck with"
        case Ending.CONFLICT:
            assert there, "no bill to conflict with"


def tell(start: Start, prepare: Callable[[Books], None], *, unique: bool = True) -> tuple[Books, Verdict]:
    """One story from its start to its end, all invariants checked."""
    books = start.books(unique=unique)
    before = list(books.bills)
    books.after = partial(at_most_one, books)
    prepare(books)
    office = Office(books, start.at_once)
    verdict = office.until_it_ends([wanted("N1", ours=start.ours)])["N1"]
    check_end(start, books, before, verdict, office.sent)
    return books, verdict


def quietly(_: Books) -> None:
    """Nobody disturbs."""


@pytest.mark.parametrize("unique", [True, False])
def test_from_every_state_of_the_bill(unique: bool) -> None:
    for start in starts():
        _, verdict = tell(start, quietly, unique=unique)
        assert verdict.ending is start.ending, start


@pytest.mark.parametrize("lost", [True, False], ids=["reply lost", "never arrived"])
def test_trouble_at_any_single_call_changes_nothing_about_the_end(lost: bool) -> None:
    """Without the uniqueness check of the ERP, so that a repeated save would show."""
    for start in starts():
        calls = len(tell(start, quietly)[0].calls)
        for at in range(calls):
            for kind in (FaultKind.TRANSIENT,) if lost else (FaultKind.TRANSIENT, FaultKind.THROTTLED):

                def disturb(books: Books, at: int = at, kind: FaultKind = kind) -> None:
                    if lost:
                        books.loses = {at}
                    else:
                        books.fails = {at: refusal("down", kind)}

                _, verdict = tell(start, disturb, unique=False)
                assert verdict.ending is start.ending, (start, at)


def test_trouble_at_any_two_calls_changes_nothing_about_the_end() -> None:
    for start in starts(forgiving=(True,)):
        calls = len(tell(start, quietly)[0].calls) + 3
        for first, second in itertools.combinations(range(calls), 2):

            def disturb(books: Books, lost: tuple[int, int] = (first, second)) -> None:
                books.loses = set(lost)

            _, verdict = tell(start, disturb, unique=False)
            assert verdict.ending is start.ending, (start, first, second)


def test_every_step_may_be_refused() -> None:
    """The ERP says no to any set of steps for good: nothing half done stays, or it is said that it does."""
    for start in starts():
        for size in (1, 2):
            for ops in itertools.combinations(Op, size):

                def refuse(books: Books, ops: tuple[Op, ...] = ops) -> None:
                    books.refuses = {(op, "N1"): refusal(f"no {op}") for op in ops}

                books, verdict = tell(start, refuse)
                if start.ending is Ending.CONFLICT:
                    assert verdict.ending is Ending.CONFLICT
                elif verdict.ending is Ending.STUCK:
                    assert verdict.undo_fault is not None and verdict.undo_fault.code in {f"no {op}" for op in ops}
                    assert set(ops) & set(STEPS_BACK)
                elif verdict.ending is Ending.REFUSED:
                    assert verdict.fault is not None and verdict.fault.code in {f"no {op}" for op in ops}
                else:
                    assert not {op for op, _ in books.changes} & set(ops)


@pytest.mark.parametrize("op", [Op.SAVE, Op.SUBMIT, Op.AUDIT])
@pytest.mark.parametrize("kind", FINAL)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_refused_new_bill_leaves_nothing(op: Op, kind: FaultKind, at_once: bool) -> None:
    said = refusal("no_stock", kind)

    def refuse(books: Books) -> None:
        books.refuses = {(op, "N1"): said}

    books, verdict = tell(Start(None, at_once=at_once), refuse)
    assert verdict == Verdict(Ending.REFUSED, fault=said)
    assert books.bills == []


def test_a_refusal_that_passes_is_tried_again() -> None:
    """A bill that is locked by somebody is no refusal: the bill stays as it is until the next try."""
    for op, at_once in itertools.product((Op.SAVE, Op.SUBMIT, Op.AUDIT), (True, False)):
        books = Books()
        locked = refusal("locked", FaultKind.TRANSIENT)
        books.refuses = {(op, "N1"): locked}
        office = Office(books, at_once)
        assert run(office.once([wanted("N1")]))["N1"] == Verdict(Ending.AGAIN, fault=locked)
        assert not {o for o, _ in books.changes} & set(STEPS_BACK)
        books.refuses = {}
        assert office.until_it_ends([wanted("N1")])["N1"].ending is Ending.AUDITED


def test_while_undoing_meets_passing_trouble_it_is_tried_again_and_then_undone() -> None:
    books = Books(
        refuses={(Op.AUDIT, "N1"): refusal("closed"), (Op.DELETE, "N1"): refusal("lock", FaultKind.TRANSIENT)}
    )
    office = Office(books, at_once=False)
    verdict = run(office.once([wanted("N1")]))["N1"]
    check_verdict(verdict)
    assert verdict.ending is Ending.AGAIN
    assert verdict.fault is not None and verdict.fault.code == "lock"
    del books.refuses[(Op.DELETE, "N1")]
    verdict = office.until_it_ends([wanted("N1")])["N1"]
    assert verdict.ending is Ending.REFUSED and verdict.fault is not None and verdict.fault.code == "closed"
    assert books.bills == []


def test_stuck_says_what_was_refused_and_what_cannot_be_undone() -> None:
    no_audit, no_delete = refusal("closed"), refusal("no_right", FaultKind.INVALID)
    books = Books(refuses={(Op.AUDIT, "N1"): no_audit, (Op.DELETE, "N1"): no_delete})
    verdict = Office(books, at_once=False).until_it_ends([wanted("N1")])["N1"]
    assert verdict == Verdict(Ending.STUCK, fault=no_audit, undo_fault=no_delete)
    assert [bill.status for bill in books.bills] == [BillStatus.REAUDIT]


def test_an_older_bill_of_ours_that_the_erp_keeps_is_stuck() -> None:
    start = Start(BillStatus.AUDITED, Content.OUTDATED, ours=True)
    downstream = refusal("downstream")
    books = start.books()
    books.refuses = {(Op.UNAUDIT, "N1"): downstream}
    verdict = Office(books).until_it_ends([wanted("N1", ours=True)])["N1"]
    assert verdict == Verdict(Ending.STUCK, fault=downstream, undo_fault=downstream)
    assert books.changes == []


def test_somebody_else_acts_before_any_call() -> None:
    for start in starts():
        calls = len(tell(start, quietly)[0].calls)
        for at, deed in itertools.product(range(calls), DEEDS):

            def disturb(books: Books, at: int = at, deed: str = deed) -> None:
                books.meanwhile = {at: partial(DEEDS[deed], books, "N1")}

            _, verdict = tell(start, disturb)
            if start.ending is Ending.AUDITED and deed != "cancel":
                assert verdict.ending is Ending.AUDITED, (start, at, deed, verdict)


def test_somebody_else_acts_while_the_erp_refuses() -> None:
    for start in starts(forgiving=(True,)):
        if start.ending is Ending.CONFLICT or start.at_once:
            continue
        for refused in (Op.SUBMIT, Op.AUDIT):
            for at, deed in itertools.product(range(8), DEEDS):

                def disturb(books: Books, at: int = at, deed: str = deed, refused: Op = refused) -> None:
                    books.refuses = {(refused, "N1"): refusal("no")}
                    books.meanwhile = {at: partial(DEEDS[deed], books, "N1")}

                tell(start, disturb)


def test_a_submit_refused_because_somebody_submitted_goes_on() -> None:
    """An ERP that has no word of its own for it."""
    books = Books(refuses={(Op.SUBMIT, "N1"): refusal("data_changed")})
    books.put("N1", BillStatus.CREATED, "ref-N1", lines_of(1))
    submit = 2
    books.meanwhile = {submit: lambda: books.by_hand("N1", Op.SUBMIT)}
    books.forgiving = False
    verdict = Office(books).until_it_ends([wanted("N1", ours=True)])["N1"]
    assert verdict.ending is Ending.AUDITED
    assert books.calls[submit][0] == Op.SUBMIT


def test_two_workers_at_once_make_one_bill() -> None:
    """Every order in which two workers' calls can interleave; who is late is told the number is taken."""
    for at_once, status in itertools.product((True, False), (None, BillStatus.CREATED, BillStatus.SUBMITTED)):
        for order in itertools.product((0, 1), repeat=8):
            books = Start(status, ours=True, at_once=at_once).books()
            books.after = partial(at_most_one, books)
            offices = [Office(books, at_once), Office(books, at_once)]
            for office in offices:
                office.sent = offices[0].sent  # both remember in one store
            workers = [Stepper(office.once([wanted("N1", ours=True)])) for office in offices]
            for who in (*order, *itertools.repeat(0, 40), *itertools.repeat(1, 40)):
                if not workers[who].done:
                    workers[who].step()
            for worker in workers:
                assert worker.done and worker.error is None and worker.result is not None
                assert worker.result["N1"].ending in (Ending.AUDITED, Ending.AGAIN), (at_once, status, order)
            verdict = offices[0].until_it_ends([wanted("N1", ours=True)])["N1"]
            assert verdict.ending is Ending.AUDITED
            assert [bill.status for bill in books.bills] == [BillStatus.AUDITED]


@dataclass(frozen=True, slots=True)
class Bad:
    """A bill that cannot be brought to audited. `there`: the reference of a bill of that number, if there is one."""

    refuses: dict[Op, Fault] = field(default_factory=dict)
    there: str | None = None
    ending: Ending = Ending.AGAIN
    ending_step_by_step: Ending | None = None


BAD = {
    "save refused": Bad({Op.SAVE: refusal("no")}, ending=Ending.REFUSED),
    "audit refused": Bad({Op.AUDIT: refusal("no")}, ending=Ending.REFUSED),
    "audit and delete refused": Bad(
        {Op.AUDIT: refusal("no"), Op.DELETE: refusal("no")}, None, Ending.REFUSED, Ending.STUCK
    ),
    "locked": Bad({Op.SUBMIT: refusal("lock", FaultKind.TRANSIENT)}),
    "never in the state for submit": Bad({Op.SUBMIT: refusal(WRONG_STATE)}),
    "never in the state for save": Bad({Op.SAVE: refusal(WRONG_STATE)}),
    "number taken by a bill nobody sees": Bad({Op.SAVE: refusal(BILL_EXISTS)}),
    "somebody else's": Bad(there="somebody else's", ending=Ending.CONFLICT),
    "outdated and kept": Bad({Op.UNAUDIT: refusal("no")}, "ref-BAD", Ending.STUCK),
    "outdated and never in the state for un-audit": Bad({Op.UNAUDIT: refusal(WRONG_STATE)}, "ref-BAD"),
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_one_bad_bill_never_fails_its_neighbours(bad: Bad, at_once: bool) -> None:
    """In one go, not only in the end: the neighbours are not tried again for its sake."""
    books = Books(refuses={(op, "BAD"): said for op, said in bad.refuses.items()})
    if bad.there is not None:
        books.put("BAD", BillStatus.AUDITED, bad.there, lines_of(5))
    books.put("OLD", BillStatus.SUBMITTED, "ref-OLD", lines_of(1))
    books.put("GONE", BillStatus.AUDITED, "ref-GONE", lines_of(3))
    batch = [wanted("NEW"), wanted("BAD", ours=True), wanted("OLD"), wanted("GONE", ours=True)]
    verdicts = run(Office(books, at_once).once(batch))
    for verdict in verdicts.values():
        check_verdict(verdict)
    for number in ("NEW", "OLD", "GONE"):
        assert verdicts[number].ending is Ending.AUDITED
        (bill,) = books.of(number)
        assert (bill.status, bill.lines) == (BillStatus.AUDITED, lines_of(1))
    assert verdicts["BAD"].ending is (bad.ending if at_once else bad.ending_step_by_step or bad.ending)


def test_a_restless_bill_names_itself() -> None:
    books = Books(refuses={(Op.SUBMIT, "N1"): refusal(WRONG_STATE)})
    verdict = run(Office(books, at_once=False).once([wanted("N1")]))["N1"]
    assert verdict.ending is Ending.AGAIN and verdict.fault is not None
    assert (verdict.fault.kind, verdict.fault.code) == (FaultKind.TRANSIENT, "restless")
    assert "N1" in verdict.fault.message
    assert [name for name, _ in books.calls].count("find") == ROUNDS


@pytest.mark.parametrize(
    ("status", "at_once", "calls"),
    [
        (None, True, "find save find"),
        (None, False, "find save submit audit find"),
        (BillStatus.DRAFT, True, "find read submit audit find"),
        (BillStatus.SUBMITTED, True, "find read audit find"),
        (BillStatus.AUDITED, True, "find read"),
    ],
)
def test_only_the_missing_steps_and_one_more_look(status: BillStatus | None, at_once: bool, calls: str) -> None:
    books = Books()
    for number in ("N1", "N2"):
        if status is not None:
            books.put(number, status, f"ref-{number}", lines_of(1))
    run(Office(books, at_once).once([wanted("N1"), wanted("N2")]))
    assert [name for name, _ in books.calls] == calls.split()
    assert {numbers for _, numbers in books.calls} == {("N1", "N2")}, "many bills, one call"


@pytest.mark.parametrize("kind", [FaultKind.REFUSED, FaultKind.TRANSIENT])
def test_a_bill_that_could_not_be_submitted_is_not_audited(kind: FaultKind) -> None:
    books = Books(refuses={(Op.SUBMIT, "N1"): refusal("no", kind)})
    run(Office(books, at_once=False).once([wanted("N1"), wanted("N2")]))
    assert [numbers for name, numbers in books.calls if name == Op.AUDIT] == [("N2",)]


def _taken(books: Books) -> None:
    books.put("N1", BillStatus.AUDITED, "somebody else's", lines_of(1))


def test_a_number_taken_meanwhile_is_looked_at_and_only_that_one() -> None:
    """Somebody makes a bill of that number between our look and our save."""
    books = Books()
    books.meanwhile = {1: partial(_taken, books)}
    verdicts = run(Office(books, at_once=False).once([wanted("N1"), wanted("N2")]))
    assert (verdicts["N1"].ending, verdicts["N2"].ending) == (Ending.CONFLICT, Ending.AUDITED)
    assert [(name, numbers) for name, numbers in books.calls if name in ("read", Op.SUBMIT)] == [
        (Op.SUBMIT, ("N2",)),
        ("read", ("N1",)),
    ]


def test_a_bill_that_vanishes_does_not_hide_a_foreign_one() -> None:
    """Gone between the look and the reading: the others of the batch are compared all the same."""
    books = Books()
    books.put("N1", BillStatus.CREATED, "ref-N1", lines_of(1))
    foreign = books.put("N2", BillStatus.AUDITED, "somebody else's", lines_of(1))
    books.meanwhile = {1: partial(books.by_hand, "N1", Op.DELETE)}
    verdicts = run(Office(books).once([wanted("N1"), wanted("N2")]))
    assert verdicts["N2"] == Verdict(Ending.CONFLICT, bill_id=foreign.id)
    assert verdicts["N1"].ending is Ending.AUDITED


def test_nothing_wanted_asks_nothing() -> None:
    books = Books()
    assert run(Office(books).once([])) == {}
    assert books.calls == []


def test_options_reach_the_erp_and_memory_comes_first() -> None:
    told: list[str] = []

    class Watching(Books):
        async def save(self, form: BillForm, bills: object, **more: object) -> dict[str, Fault | None]:
            told.append(f"save {more}")
            return {"N1": refusal("no")}

    async def remember(numbers: Sequence[str]) -> dict[str, Fault]:
        told.append(f"remember {list(numbers)}")
        return {}

    run(
        converge(
            Watching(), FORM, [wanted("N1")], submit_and_audit=True, options={"Interation": 1}, before_write=remember
        )
    )
    assert told == ["remember ['N1']", "save {'submit_and_audit': True, 'options': {'Interation': 1}}"]


def test_memory_that_fails_stops_the_write() -> None:
    async def remember(_: Sequence[str]) -> dict[str, Fault]:
        raise OSError("store is down")

    books = Books()
    with pytest.raises(OSError, match="store is down"):
        run(converge(books, FORM, [wanted("N1")], submit_and_audit=True, options={}, before_write=remember))
    assert books.bills == []


def test_a_bill_somebody_else_carries_on_is_left_alone() -> None:
    """Neither written where there is none, nor replaced where a newer one is; its neighbours go on."""
    books = Books()
    newer = books.put("N2", BillStatus.AUDITED, "ref-N2", lines_of(2))
    office = Office(books, taken_over={"N1", "N2"})
    verdicts = run(office.once([wanted("N1"), wanted("N2", ours=True), wanted("N3")]))
    left_alone = Verdict(Ending.AGAIN, fault=TAKEN_OVER)
    assert (verdicts["N1"], verdicts["N2"]) == (left_alone, left_alone)
    assert verdicts["N3"].ending is Ending.AUDITED
    assert [bill for bill in books.bills if bill.number != "N3"] == [newer]


def content(reference: str, *lines: Line) -> BillContent:
    rows = [
        BillLine(entry_id=str(i), material=n.material, quantity=n.quantity, amount=n.amount, stock=n.stock, more=n.more)
        for i, n in enumerate(lines)
    ]
    return BillContent(head={"FRef": reference}, lines=tuple(rows))


def test_same_content() -> None:
    one, two = Line("A", Decimal(1), Decimal("9.9")), Line("B", Decimal("2.5"), Decimal(3))
    bill = replace(wanted("N1"), lines=(one, two))
    assert same_content(FORM, bill, content("ref-N1", one, two))
    assert same_content(FORM, bill, content("ref-N1", two, one)), "the order of lines means nothing"
    trailing = replace(one, quantity=Decimal("1.000000"), amount=Decimal("9.90"))
    assert same_content(FORM, bill, content("ref-N1", trailing, two)), "nor do trailing zeros"
    for other in (
        content("ref-N2", one, two),
        content("", one, two),
        content("ref-N1", one),
        content("ref-N1", one, two, two),
        content("ref-N1", replace(one, material="C"), two),
        content("ref-N1", replace(one, quantity=Decimal(2)), two),
        content("ref-N1", replace(one, amount=Decimal("9.91")), two),
        content("ref-N1", replace(one, amount=two.amount), replace(two, amount=one.amount)),
    ):
        assert not same_content(FORM, bill, other)


@pytest.mark.parametrize(
    ("wants", "there", "same"),
    [("CK1", "CK1", True), ("CK1", "CK2", False), ("CK1", "", False), ("", "", True), ("", "CK1", True)],
)
def test_the_warehouse_is_compared_where_we_name_one(wants: str, there: str, same: bool) -> None:
    one, two = Line("A", Decimal(1), Decimal(9), "CK9"), Line("A", Decimal(1), Decimal(9), wants)
    bill = replace(wanted("N1"), lines=(one, two))
    assert same_content(FORM, bill, content("ref-N1", replace(two, stock=there), one)) is same


@pytest.mark.parametrize(
    ("wants", "there", "same"),
    [
        ({}, {"FDate": "2026-09-01"}, True),
        ({"FDate": "2026-09-01"}, {"FDate": "2026-09-01"}, True),
        ({"FDate": "2026-09-01"}, {"FDate": "2026-09-01T00:00:00"}, True),  # as the ERP writes a day
        ({"FDate": "2026-09-01"}, {"FDate": "2026-09-02T00:00:00"}, False),
        ({"FDate": "2026-09-01"}, {"FDate": "2026-09-01T10:00:00"}, False),
        ({"FDate": "2026-09-01", "FCustomer": "C1"}, {"FDate": "2026-09-01", "FCustomer": "C2"}, False),
        ({"FCustomer": "C1"}, {}, False),
        ({"FCustomer": ""}, {}, True),
    ],
)
def test_the_head_is_compared_too(wants: dict[str, str], there: dict[str, str], same: bool) -> None:
    bill = replace(wanted("N1"), head=wants)
    found = BillContent(head={"FRef": "ref-N1", **there}, lines=content("ref-N1", *bill.lines).lines)
    assert same_content(FORM, bill, found) is same


def test_without_a_reference_nothing_proves_that_a_bill_is_ours() -> None:
    books = Books()
    other = books.put("N1", BillStatus.AUDITED, "", lines_of(7))
    bill = replace(wanted("N1", ours=True), reference="")
    assert run(Office(books).once([bill]))["N1"] == Verdict(Ending.CONFLICT, bill_id=other.id)
    assert books.bills == [other]


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("13", "13", True),
        ("13", "13.0000000000", True),
        ("13.50", "13.5", True),
        ("13", "6", False),
        ("13", "13.01", False),
        ("", "13", True),
        ("13", "", False),
        ("007", "7", False),
        ("L.1", "L.10", False),
    ],
)
def test_what_else_a_line_says_counts_where_we_say_it(ours: str, theirs: str, *, same: bool) -> None:
    line = Line("A", Decimal(1), Decimal(9), more=(ours,))
    bill = replace(wanted("N1"), lines=(line,))
    assert same_content(FORM, bill, content("ref-N1", replace(line, more=(theirs,)))) is same


def test_lines_of_the_same_goods_find_each_other_by_what_else_they_say() -> None:
    plain_line = Line("A", Decimal(1), Decimal(9), more=("",))
    taxed = replace(plain_line, more=("13",))
    bill = replace(wanted("N1"), lines=(plain_line, taxed))
    at_six = replace(plain_line, more=("6.00",))
    assert same_content(FORM, bill, content("ref-N1", replace(taxed, more=("13.00",)), at_six))
    assert not same_content(FORM, bill, content("ref-N1", at_six, at_six))


@pytest.mark.parametrize(("there", "same"), [("9.1195000000", True), ("9.12", False), ("", False)])
def test_a_number_in_the_head_may_be_told_with_more_zeroes(there: str, *, same: bool) -> None:
    bill = replace(wanted("N1"), head={"FRate": "9.1195"})
    found = content("ref-N1", *bill.lines)
    found = found.model_copy(update={"head": found.head | {"FRate": there}})
    assert same_content(FORM, bill, found) is same
