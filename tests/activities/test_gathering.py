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
    return [asyncio.ensure_future(gatherer.add(item)) for item in items]


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
    assert [timer.delay for timer in clock.running] == [10.0], "the first timer is off, the rest has its own"
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
            assert [timer.delay for timer in clock.running] == [9.0], "only the last batch is not full"
            await clock.ring()
        assert len(counter.batches) == 3 + answered, "a free lane takes the next full batch without waiting"
    assert counter.batches == [[1, 2], [3, 4], [5, 6], [7, 8], [9]]
    for door in counter.doors:
        door.set()
    assert await asyncio.gather(*asked) == [item * 10 for item in range(1, 10)]


async def _stream(gatherer: Gatherer[int, int], clock: Clock, items: range, gap: float) -> list[asyncio.Task[int]]:
    """They come one by one, each so many seconds after the last."""
    asked = []
    for item in items:
        asked += ask(gatherer, item)
        await settle()
        clock.now += gap
    return asked


async def test_in_a_thick_stream_the_next_is_waited_for(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer(most=100)
    asked = await _stream(gatherer, clock, range(20), 0.25)
    assert counter.batches == [], "twenty in five seconds: another one is sure to come"
    assert [timer.delay for timer in clock.running] == [8 * 10 / 20], "eight times the mean gap after the last one"
    await clock.ring()
    assert await asyncio.gather(*asked) == [item * 10 for item in range(20)]


async def test_in_a_thick_stream_nobody_waits_longer_than_promised(clock: Clock) -> None:
    counter = Counter()
    await _stream(counter.gatherer(most=1000), clock, range(99), 0.1)
    assert counter.batches == []
    assert [round(timer.delay, 6) for timer in clock.running] == [0.2], "the first has waited for 9.8 seconds"


async def test_a_thin_stream_waits_for_chance_only(clock: Clock) -> None:
    counter = Counter()
    await _stream(counter.gatherer(most=100), clock, range(3), 0.1)
    assert [round(timer.delay, 6) for timer in clock.running] == [0.3], "half a second after the first"


async def test_a_stream_that_has_dried_up_is_forgotten(clock: Clock) -> None:
    counter = Counter()
    gatherer = counter.gatherer(most=20)
    await asyncio.gather(*await _stream(gatherer, clock, range(20), 0.25))
    clock.now += 11
    ask(gatherer, 99)
    await settle()
    assert [timer.delay for timer in clock.running] == [0.5]


async def test_while_a_batch_is_under_way_the_next_fills_up(clock: Clock) -> None:
    counter = Counter(closed=True)
    gatherer = counter.gatherer(lanes=2)
    first = ask(gatherer, 1)
    await settle()
    await clock.ring()
    asked = ask(gatherer, 2)
    await settle()
    assert counter.batches == [[1]]
    assert [timer.delay for timer in clock.running] == [10.0], (
        "the second lane is for a full batch, or a first that hangs"
    )
    clock.now += 3
    counter.doors[0].set()
    await settle()
    assert [timer.delay for timer in clock.running] == [0.0], "the way is free, and it has lingered"
    await clock.ring()
    counter.doors[1].set()
    assert await asyncio.gather(*first, *asked) == [10, 20]
    assert counter.batches == [[1], [2]]


async def test_a_full_batch_takes_the_second_lane(clock: Clock) -> None:
    counter = Counter(closed=True)
    gatherer = counter.gatherer(lanes=2)
    ask(gatherer, 1)
    await settle()
    await clock.ring()
    ask(gatherer, 2, 3, 4)
    await settle()
    assert counter.batches == [[1], [2, 3, 4]]


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
