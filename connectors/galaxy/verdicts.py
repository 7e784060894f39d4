"""Which bill of a call got which answer: replies name places in the request, sometimes numbers, sometimes neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.bills import Verdicts
from connectors.galaxy.envelope import GalaxyCode, Status, fault, most_telling, translate
from domain.faults import Fault, FaultKind


def same_number(number: str) -> str:
    """What the server compares numbers by: neither case nor blanks at the end tell two apart."""
    return number.rstrip().casefold()


@dataclass(frozen=True, slots=True)
class Attribution:
    """A reply sorted by bill.

    Attributes:
        done: numbers that succeeded and met no problem.
        refused: the fault of each number that has a problem of its own.
        silent: numbers the reply says nothing about, in the order of the request.
        general: what is said about no bill in particular, if anything.
    """

    done: frozenset[str]
    refused: Mapping[str, Fault]
    silent: tuple[str, ...]
    general: Fault | None

    def told(self) -> Verdicts:
        """The verdicts on the bills the reply names."""
        return {**dict.fromkeys(self.done), **self.refused}


def attribute(status: Status, numbers: Sequence[str]) -> Attribution:
    """Sort the reply to a call about `numbers`, given in the order of the request."""
    by_number = {same_number(number): number for number in numbers}

    def number_at(index: int | None) -> str | None:
        return numbers[index] if index is not None and 0 <= index < len(numbers) else None

    problems: dict[str, list[Fault]] = {}
    general: list[Fault] = []
    for problem in status.problems:
        number = number_at(problem.index)
        (general if number is None else problems.setdefault(number, [])).append(translate(problem, status.code))
    done = {by_number.get(same_number(one.number)) or number_at(one.index) for one in status.done}
    refused = {number: most_telling(faults) for number, faults in problems.items()}
    return Attribution(
        done=frozenset(number for number in done if number is not None and number not in refused),
        refused=refused,
        silent=tuple(number for number in numbers if number not in done and number not in refused),
        general=most_telling(general) if general else None,
    )


def unanswered(number: str) -> Fault:
    """Nothing is known of the bill but that it is not where it should be; asking again tells."""
    return fault(FaultKind.TRANSIENT, GalaxyCode.UNANSWERED, f"no answer for {number}")
