"""The five shapes a request may have, and one way to read them all (section 5)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from domain.jsontext import loads
from sandbox.galaxy.replies import ServerException

WITH_FORM = ("formid", "data")
WITH_OPERATION = ("formid", "opnumber", "data")
DATA_ONLY = ("data",)

POSITIONS = {
    "excuteoperation": WITH_OPERATION,
    "executeoperation": WITH_OPERATION,
    "executebillquery": DATA_ONLY,
    "billquery": DATA_ONLY,
    "querybusinessinfo": DATA_ONLY,
    "switchorg": DATA_ONLY,
    "queryasyncresult": ("queryinfo",),
    "validateuser": ("acctid", "username", "password", "lcid"),
    "loginbyappsecret": ("acctid", "username", "appid", "appsecret", "lcid"),
    "loginbysign": ("acctid", "username", "appid", "timestamp", "sign", "lcid"),
    "loginbysimplepassport": ("passport", "lcid"),
    "logout": (),
}
"""What the positional parameters of an operation are; all others take form id and data."""


def read_parameters(operation: str, content_type: str, body: bytes) -> dict[str, Any]:
    """The parameters of a call by folded name.

    Raises:
        ServerException: the body cannot be understood.
    """
    if content_type.startswith("application/x-www-form-urlencoded"):
        named: Any = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    else:
        named = _json(body.decode("utf-8", "replace").lstrip("\ufeff")) if body.strip() else {}
    if not isinstance(named, dict):
        raise ServerException("请求参数格式不正确")
    folded = fold(named)
    positional = folded.get("parameters")
    if positional is None:
        return folded
    values = _json(positional) if isinstance(positional, str) else positional
    if not isinstance(values, list):
        raise ServerException("请求参数格式不正确")
    return dict(zip(POSITIONS.get(operation.casefold(), WITH_FORM), values, strict=False))


def read_data(raw: Any) -> dict[str, Any]:
    """The `data` parameter, an object or a string that holds one, its names folded.

    Raises:
        ServerException: it is neither.
    """
    data = _json(raw) if isinstance(raw, str) else raw
    if not isinstance(data, dict):
        raise ServerException("data参数格式不正确")
    return fold(data)


def fold(names: dict[str, Any]) -> dict[str, Any]:
    return {key.casefold(): value for key, value in names.items()}


def _json(text: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise ServerException(f"JSON解析失败：{error}") from error
