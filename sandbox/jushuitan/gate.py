"""What every call must pass before it reaches its API: system fields, key, clock, signature, token, rights, limits.

The order of the checks is ours; the vendor does not document one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.signing import SIGN, signature
from sandbox.jushuitan.state import JushuitanState

Form = Mapping[str, str]
_SYSTEM_FIELDS = ("app_key", "access_token", "timestamp", "charset", "version", "biz", SIGN)


def admit(state: JushuitanState, form: Form, path: str, ip: str) -> None:
    """Let a business call in, or raise the Refusal it earns."""
    require(form, _SYSTEM_FIELDS)
    if form["charset"].casefold() != "utf-8" or form["version"] != "2":
        raise Refusal(Code.PARAMETER_WRONG, "charset必须为utf-8,version必须为2")
    check_signed(state, form)
    now = state.now()
    state.tokens.check(form["access_token"], now)
    config = state.config
    if config.allowed_ips is not None and ip not in config.allowed_ips:
        raise Refusal(Code.IP_NOT_ALLOWED, f"IP不在白名单内:{ip}")
    if config.permissions is not None and path not in config.permissions:
        raise Refusal(Code.NO_PERMISSION, f"没有接口权限:{path}")
    state.limits.count(form["app_key"] + form["access_token"], now)


def check_signed(state: JushuitanState, form: Form) -> None:
    """Key, clock and signature of a business or token call."""
    if form["app_key"] != state.config.app_key:
        raise Refusal(Code.BAD_SIGNATURE, "app_key不存在")
    check_clock(state, form["timestamp"])
    if signature(form, state.config.app_secret) != form[SIGN]:
        raise Refusal(Code.BAD_SIGNATURE, "无效签名")


def check_clock(state: JushuitanState, timestamp: str) -> None:
    """`timestamp` is Unix seconds, ten digits."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) == 10):
        raise Refusal(state.config.tolerance_code, "timestamp必须为10位时间戳")
    sent = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(state.now() - sent) > state.config.tolerance:
        raise Refusal(state.config.tolerance_code, "timestamp超出允许范围")


def require(form: Form, names: tuple[str, ...]) -> None:
    """Raises Refusal 130 naming the first field that is missing or empty."""
    for name in names:
        if not form.get(name):
            raise Refusal(Code.PARAMETER_MISSING, f"缺少必填参数:{name}")
