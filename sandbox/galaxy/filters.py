"""FilterString: the SQL-like text or the array of conditions, parsed into a tree (section 7.11).

Both forms become the same tokens and go through the same parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.galaxy import texts
from sandbox.galaxy.replies import MsgCode, Refusal

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>[Nn]?'(?:[^']|'')*')
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<operator><>|!=|>=|<=|=|>|<)
      | (?P<mark>[(),])
      | (?P<word>[^\W\d][\w.]*)
    )""",
    re.VERBOSE,
)
_COMPARES = {"67": "=", "=": "=", "<>": "<>", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<="}
_LOGIC = {"0": "and", "1": "or", "and": "and", "or": "or"}
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; `operator` is ``= <> > >= < <= like in null``, `values` what is on its right."""

    key: str
    operator: str
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold (and)."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts holds (or)."""

    parts: tuple[Node, ...]


Node = Condition | Not | Both | Either


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    value: Any


def parse(raw: Any) -> Node | None:
    """The tree of a filter; None for an empty one.

    Raises:
        Refusal: MsgCode 8 with the text that cannot be understood.
    """
    if raw is None or raw == "" or raw == []:
        return None
    tokens = list(_tokens_of_text(raw) if isinstance(raw, str) else _tokens_of_array(raw))
    if not tokens:
        return None
    parser = _Parser(tokens, raw)
    node = parser.either(0)
    parser.end()
    return node


def conjuncts(node: Node | None) -> tuple[Node, ...]:
    """The parts that all have to hold."""
    if node is None:
        return ()
    if isinstance(node, Both):
        return tuple(each for part in node.parts for each in conjuncts(part))
    return (node,)


def _bad(raw: Any) -> Refusal:
    return Refusal(texts.bad_filter(str(raw)), field=None, code=MsgCode.PARAMETER)


def _tokens_of_text(text: str) -> Iterator[_Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _bad(text)
        position = match.end()
        kind = match.lastgroup or ""
        value: Any = match[kind]
        if kind == "string":
            value = value[value.index("'") + 1 : -1].replace("''", "'")
        elif kind == "number":
            value = Decimal(value)
        elif kind == "operator":
            value = "<>" if value == "!=" else value
        yield _Token(kind, value)


def _tokens_of_array(conditions: Any) -> Iterator[_Token]:
    if not isinstance(conditions, list):
        raise _bad(conditions)
    for i, raw in enumerate(conditions):
        if not isinstance(raw, dict):
            raise _bad(conditions)
        condition = {key.casefold(): value for key, value in raw.items()}
        yield from _marks(condition.get("left"), "(", conditions)
        yield _Token("word", str(condition.get("fieldname") or ""))
        yield from _comparison(condition, conditions)
        yield from _marks(condition.get("right"), ")", conditions)
        if i < len(conditions) - 1:
            logic = _LOGIC.get(str(condition.get("logic", "0") or "0").casefold())
            if logic is None:
                raise _bad(conditions)
            yield _Token("word", logic)


def _marks(raw: Any, mark: str, whole: Any) -> Iterator[_Token]:
    for each in str(raw or "").replace(" ", ""):
        if each != mark:
            raise _bad(whole)
        yield _Token("mark", mark)


def _comparison(condition: dict[str, Any], whole: Any) -> Iterator[_Token]:
    compare, value = str(condition.get("compare", "")).strip().casefold(), condition.get("value")
    if compare in _COMPARES:
        yield _Token("operator", _COMPARES[compare])
        yield _literal(value)
    elif compare == "like":
        yield _Token("word", "like")
        yield _literal(value)
    elif compare in ("in", "not in"):
        values = value if isinstance(value, list) else [part.strip(" '()") for part in str(value or "").split(",")]
        yield from (_Token("word", word) for word in compare.split())
        yield _Token("mark", "(")
        for i, each in enumerate(values):
            if i:
                yield _Token("mark", ",")
            yield _literal(each)
        yield _Token("mark", ")")
    elif compare in ("is null", "is not null"):
        yield from (_Token("word", word) for word in compare.split())
    else:
        raise _bad(whole)


def _literal(value: Any) -> _Token:
    if isinstance(value, bool):
        return _Token("number", Decimal(int(value)))
    if isinstance(value, (int, Decimal)):
        return _Token("number", Decimal(value))
    return _Token("string", "" if value is None else str(value))


class _Parser:
    """Recursive descent: or, and, not, brackets, comparison."""

    def __init__(self, tokens: list[_Token], raw: Any) -> None:
        self._tokens = tokens
        self._raw = raw
        self._at = 0

    def either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self._word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise _bad(self._raw)

    def _both(self, depth: int) -> Node:
        parts = [self._single(depth)]
        while self._word("and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise _bad(self._raw)
        if self._word("not"):
            return Not(self._single(depth + 1))
        if self._mark("("):
            node = self.either(depth + 1)
            self._expect_mark(")")
            return node
        return self._condition()

    def _condition(self) -> Node:
        left = self._next()
        if left.kind == "number":
            return self._constant(left)
        if left.kind != "word" or not left.value:
            raise _bad(self._raw)
        if self._word("is"):
            negated = self._word("not")
            if not self._word("null"):
                raise _bad(self._raw)
            found: Node = Condition(left.value, "null")
            return Not(found) if negated else found
        negated = self._word("not")
        if self._word("in"):
            found = Condition(left.value, "in", self._values())
        elif self._word("like"):
            found = Condition(left.value, "like", (self._value(),))
        elif not negated:
            operator = self._next()
            if operator.kind != "operator":
                raise _bad(self._raw)
            return Condition(left.value, operator.value, (self._value(),))
        else:
            raise _bad(self._raw)
        return Not(found) if negated else found

    def _constant(self, left: _Token) -> Node:
        """``1=1``, which clients begin their filters with."""
        operator = self._next()
        if operator.kind != "operator" or operator.value not in ("=", "<>"):
            raise _bad(self._raw)
        holds = (left.value == self._value()) == (operator.value == "=")
        return Both(()) if holds else Either(())

    def _values(self) -> tuple[Any, ...]:
        self._expect_mark("(")
        values = [self._value()]
        while self._mark(","):
            values.append(self._value())
        self._expect_mark(")")
        return tuple(values)

    def _value(self) -> Any:
        token = self._next()
        if token.kind not in ("string", "number"):
            raise _bad(self._raw)
        return token.value

    def _next(self) -> _Token:
        if self._at == len(self._tokens):
            raise _bad(self._raw)
        self._at += 1
        return self._tokens[self._at - 1]

    def _word(self, word: str) -> bool:
        return self._take("word", word)

    def _mark(self, mark: str) -> bool:
        return self._take("mark", mark)

    def _take(self, kind: str, value: str) -> bool:
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == kind and str(token.value).casefold() == value:
                self._at += 1
                return True
        return False

    def _expect_mark(self, mark: str) -> None:
        if not self._mark(mark):
            raise _bad(self._raw)
