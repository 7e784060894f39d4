"""Business parameters of a call: the JSON of `biz`, read as leniently as the vendor does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from domain.jsontext import loads
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.config import ZONE

E = TypeVar("E", bound=StrEnum)

_TRUE = ("true", "1")
_FALSE = ("false", "0")


def parse(text: str) -> Any:
    """The tree of `biz`. Raises Refusal 140 when it is not JSON."""
    try:
        return loads(text)
    except ValueError as error:
        raise Refusal(Code.PARAMETER_WRONG, "biz不是合法的JSON") from error


class Fields:
    """A JSON object with typed access; what is null or empty counts as not given. All raise Refusal 140."""

    def __init__(self, tree: object, where: str = "biz") -> None:
        if not isinstance(tree, Mapping):
            raise Refusal(Code.PARAMETER_WRONG, f"{where}必须为JSON对象")
        self.tree: Mapping[str, Any] = tree
        self.where = where

    def given(self, name: str) -> bool:
        return self.tree.get(name) not in (None, "", [])

    def text(self, name: str, default: str = "") -> str:
        value = self.tree.get(name)
        if value is None or value == "":
            return default
        if isinstance(value, (list, dict)):
            raise self._wrong(name, "文本")
        return str(value)

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        value = self.text(name)
        if not value:
            if default is None:
                raise Refusal(Code.PARAMETER_MISSING, f"{self.where}.{name}不能为空")
            return default
        try:
            number = Decimal(value)
        except InvalidOperation as error:
            raise self._wrong(name, "数字") from error
        if not number.is_finite():
            raise self._wrong(name, "数字")
        return number

    def integer(self, name: str, default: int | None = None) -> int:
        number = self.number(name, None if default is None else Decimal(default))
        if number != number.to_integral_value():
            raise self._wrong(name, "整数")
        return int(number)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.text(name).casefold()
        if not value:
            return default
        if value not in _TRUE + _FALSE:
            raise self._wrong(name, "布尔值")
        return value in _TRUE

    def time(self, name: str, default: datetime | None = None) -> datetime:
        """`yyyy-MM-dd HH:mm:ss`, Asia/Shanghai."""
        value = self.text(name)
        if not value and default is not None:
            return default
        try:
            return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE)
        except ValueError as error:
            raise self._wrong(name, "yyyy-MM-dd HH:mm:ss") from error

    def day(self, name: str) -> date | None:
        """`yyyy-MM-dd`, with or without a time after it; None when it is not given."""
        value = self.text(name)
        try:
            return date.fromisoformat(value[:10]) if value else None
        except ValueError as error:
            raise self._wrong(name, "yyyy-MM-dd") from error

    def choice(self, name: str, default: E) -> E:
        """One of the values of the enumeration that `default` belongs to."""
        value = self.text(name, default.value)
        try:
            return type(default)(value)
        except ValueError as error:
            raise self._wrong(name, "|".join(type(default))) from error

    def array(self, name: str, limit: int | None = None) -> list[Any]:
        value = self.tree.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "数组")
        if limit is not None and len(value) > limit:
            raise Refusal(Code.PARAMETER_WRONG, f"{self.where}.{name}最多{limit}个")
        return value

    def objects(self, name: str, limit: int | None = None) -> list[Fields]:
        rows = self.array(name, limit)
        return [Fields(row, f"{self.where}.{name}[{index}]") for index, row in enumerate(rows)]

    def _wrong(self, name: str, expected: str) -> Refusal:
        return Refusal(Code.PARAMETER_WRONG, f"{self.where}.{name}应为{expected}")


def rows_of(tree: object, limit: int) -> list[Fields]:
    """The objects of a `biz` that is an array. Raises Refusal 130 (empty) or 140 (no array, too long)."""
    if not isinstance(tree, list):
        raise Refusal(Code.PARAMETER_WRONG, "biz必须为JSON数组")
    if not tree:
        raise Refusal(Code.PARAMETER_MISSING, "biz不能为空")
    if len(tree) > limit:
        raise Refusal(Code.PARAMETER_WRONG, f"biz最多{limit}个")
    return [Fields(row, f"biz[{index}]") for index, row in enumerate(tree)]
