"""Gathering: who travels together, who waits, and that each gets back their own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from activities.gathering import Gatherer


@dataclass
class Timer:
    delay: float
    ring: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Clock:
    """Timers ring when the test says so, and time passes when it says so."""

    timers: list[Timer] = field(default_factory=list)
    now: float = 100.0

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        self.timers.append(Timer(delay, callback))
        return self.timers[-1]

    @property
    def running(self) -> list[Timer]:
        return [timer for timer in self.timers if not timer.cancelled]

    async def ring(self) -> None:
        (timer,) = self.running
        timer.cancelled = True
        timer.ring()
        await settle()


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", clock.call_later)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", clock.time)
    return clock


async def settle() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


@dataclass
class Counter:
    """The vendor: answers `item * 10` once its door is open."""

    batches: list[list[int]] = field(default_factory=list)
    doors: list[asyncio.Event] = field(default_factory=list)
    closed: bool = False
    answer: Callable[[Sequence[int]], Sequence[int | Exception]] = lambda items: [item * 10 for item in items]

    async def run(self, items: Sequence[int]) -> Sequence[int | Exception]:
        door = asyncio.Event()
        self.batches.append(list(items))
        self.doors.append(door)
        if self.closed:
            await door.wait()
        return self.answer(items)

    def gatherer(self, *, most: int = 3, lanes: int = 1) -> Gatherer[int, int]:
        return Gatherer(self.run, linger=0.5, longest=10.0, most=most, lanes=lanes)


def ask(gatherer: Gatherer[int, int], *items: int) -> list[asyncio.Task[int]]:
    """Each item asks under its own name."""
    return [asyncio.ensure_future(gatherer.add(item, item)) for item in items]


async def test_the_first_waits_for_company_and_each_gets_its_own_answer(clock: Clock) -> None:
    counter = Counter()
    asked = ask(counter.gatherer(), 1, 2)
    await settle()
    assert counter.batches == [] and [timer.delay for timer in clock.running] == [0.5], "one timer, for the first"
    await clock.ring()
    assert await asyncio.gather(*asked) == [10, 20]
    assert counter.batches == [[1, 2]]


async def test_a_full_batch_leaves_at_once_and_the_rest_lingers(clock: Clock) -> None:
    counter = Counter(closed=True)
    asked = ask(counter.gatherer(lanes=5), 1, 2, 3, 4)
    await settle()
    assert counter.batches == [[1, 2, 3]]
    assert len(clock.running) == 1, "the first timer is off, the rest has its own"
    await clock.ring()
    assert counter.batches == [[1, 2, 3], [4]]
    for door in counter.doors:
        door.set()
    assert await asyncio.gather(*asked) == [10, 20, 30, 40]


async def test_what_comes_while_all_lanes_are_busy_fills_the_next_calls(clock: Clock) -> None:
    counter = Counter(closed=True)
    gatherer = counter.gatherer(most=2, lanes=2)
    asked = ask(gatherer, *range(1, 10))
    await settle()
    assert counter.batches == [[1, 2], [3, 4]], "as many calls as lanes, no more"
    assert clock.running == []
    clock.now += 1
    for answered in range(3):
        counter.doors[answered].set()
        await settle()
        if clock.running:
            assert [timer.delay for timer in clock.running] == [0.0], "it has lingered while the lanes were busy"
            await clock.ring()
        assert len(counter.batches) == 3 + answered, "a free lane takes the next without waiting again"
    assert counter.batches == [[1, 2], [3, 4], [5, 6], [7, 8], [9]]
    for door in counter.doors:
        door.set()
    assert await asyncio.gather(*asked) == [item * 10 for item in range(1, 10)]


async def test_who_is_announced_is_waited_for_and_completes_the_company(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer()
    for who in (1, 2):
        gatherer.announce(who)
    asked = ask(gatherer, 1)
    await settle()
    assert [timer.delay for timer in clock.running] == [10.0], "2 is still to come"
    clock.now += 3
    asked += ask(gatherer, 2)
    await settle()
    assert [timer.delay for timer in clock.running] == [0.0], "nobody else is, and the first has lingered"
    await clock.ring()
    assert await asyncio.gather(*asked) == [10, 20]
    assert counter.batches == [[1, 2]]


async def test_who_is_announced_and_never_comes_holds_nobody_up_for_longer_than_promised(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer()
    gatherer.announce(9)
    clock.now += 4
    asked = ask(gatherer, 1)
    await settle()
    assert [timer.delay for timer in clock.running] == [6.0], "the announcement is good for ten seconds"
    clock.now += 6
    await clock.ring()
    assert await asked[0] == 10
    asked = ask(gatherer, 2)
    await settle()
    assert [timer.delay for timer in clock.running] == [0.5], "by now it is forgotten"


async def test_announcing_again_and_again_delays_nobody_for_ever(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer()
    asked = ask(gatherer, 1)
    await settle()
    for who in range(20, 60):
        clock.now += 0.2
        gatherer.announce(who)
    asked += ask(gatherer, 2)
    await settle()
    assert [round(timer.delay, 6) for timer in clock.running] == [2.0], "eight of the ten seconds are over"


async def test_a_full_batch_waits_for_nobody(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer()
    gatherer.announce(4)
    asked = ask(gatherer, 1, 2, 3)
    assert await asyncio.gather(*asked) == [10, 20, 30]


async def test_an_idle_gatherer_lingers_again(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer()
    for item in (1, 2):
        asked = ask(gatherer, item)
        await settle()
        await clock.ring()
        assert await asked[0] == item * 10
    assert counter.batches == [[1], [2]] and [timer.delay for timer in clock.timers] == [0.5, 0.5]


async def test_who_gave_up_is_not_asked_for(clock: Clock) -> None:
    counter = Counter()
    asked = ask(counter.gatherer(), 1, 2)
    await settle()
    asked[0].cancel()
    await settle()
    await clock.ring()
    assert counter.batches == [[2]]
    assert await asked[1] == 20
    assert asked[0].cancelled()


async def test_nobody_left_to_ask_for(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer()
    (gone,) = ask(gatherer, 1)
    await settle()
    gone.cancel()
    await settle()
    await clock.ring()
    assert counter.batches == []
    asked = ask(gatherer, 2)
    await settle()
    await clock.ring()
    assert await asked[0] == 20, "and the next one is served"


async def test_who_gives_up_on_the_way_does_not_disturb_the_others(clock: Clock) -> None:
    counter = Counter(closed=True)
    asked = ask(counter.gatherer(), 1, 2, 3)
    await settle()
    asked[1].cancel()
    await settle()
    counter.doors[0].set()
    assert list(await asyncio.gather(asked[0], asked[2])) == [10, 30]
    assert asked[1].cancelled()


async def test_who_gives_up_on_the_way_does_not_hide_a_failure_from_the_others(clock: Clock) -> None:
    def fail(_: Sequence[int]) -> Sequence[int | Exception]:
        raise ConnectionError

    counter = Counter(closed=True, answer=fail)
    asked = ask(counter.gatherer(), 1, 2, 3)
    await settle()
    asked[0].cancel()
    await settle()
    counter.doors[0].set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(result) for result in results] == [asyncio.CancelledError, ConnectionError, ConnectionError]


async def test_an_exception_for_one_is_for_that_one(clock: Clock) -> None:
    trouble = ValueError("bad item")
    counter = Counter(answer=lambda items: [trouble if item == 2 else item * 10 for item in items])
    results = await asyncio.gather(*ask(counter.gatherer(), 1, 2, 3), return_exceptions=True)
    assert results == [10, trouble, 30]


async def test_an_exception_of_the_call_is_for_all_of_it_and_the_lane_is_free_again(clock: Clock) -> None:
    down = ConnectionError("down")

    def answer(items: Sequence[int]) -> Sequence[int | Exception]:
        if 1 in items:
            raise down
        return [item * 10 for item in items]

    counter = Counter(answer=answer)
    results = await asyncio.gather(*ask(counter.gatherer(), 1, 2, 3, 4, 5, 6), return_exceptions=True)
    assert results == [down, down, down, 40, 50, 60]


@pytest.mark.parametrize("answers", [[10], [10, 20, 30, 40]])
async def test_answers_that_do_not_fit_the_questions_leave_nobody_waiting(answers: list[int], clock: Clock) -> None:
    counter = Counter(answer=lambda _: answers)
    results = await asyncio.gather(*ask(counter.gatherer(), 1, 2, 3), return_exceptions=True)
    assert len(results) == 3 and results[0] == 10
    assert isinstance(results[-1], ValueError) or len(answers) > 3
