"""Answers on the wire: envelopes, refusals, and the faults that look like an answer of the vendor."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.faults import FaultName, FaultRule
from sandbox.http import JsonText, fail_before, html_page
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.state import JushuitanState, PagingFault

_PAGING = frozenset(code.value for code in PagingFault)


class EnvelopeText(Response):
    """An answer whose JSON text is ready."""

    media_type = "application/json;charset=UTF-8"


def refused(refusal: Refusal) -> Response:
    """A business error: HTTP 200 with a code in the body."""
    return JsonText({"code": refusal.code, "msg": refusal.message, "issuccess": False, "data": None})


async def form_of(request: Request) -> dict[str, str]:
    """Form fields of the body; a body that is no form has none."""
    text = (await request.body()).decode("utf-8", errors="replace")
    return dict(parse_qsl(text, keep_blank_values=True))


async def suffer(state: JushuitanState, fault: FaultRule | None) -> Response | None:
    """The answer a fault forces on a call before it has any effect; None when the call goes ahead."""
    match fault.kind if fault is not None else None:
        case FaultName.THROTTLE:
            return refused(Refusal(_code(fault, Code.PER_SECOND), "接口调用超过频率限制"))
        case FaultName.EXPIRE:
            state.tokens.cut_short(state.now())
        case FaultName.NO_PERMISSION:
            return refused(Refusal(_code(fault, Code.NO_PERMISSION), "没有接口权限"))
        case FaultName.SERVER_EXCEPTION:
            return refused(Refusal(_code(fault, Code.AUTHORISE_AGAIN), "系统内部错误"))
        case FaultName.LOCKED | FaultName.PARTLY_LOCKED | FaultName.BREAK_OFF:
            return html_page(502, "502 Bad Gateway")
        case FaultName.VENDOR if fault is not None and fault.code not in _PAGING:
            return refused(Refusal(_code(fault, Code.BUSINESS_REFUSED), fault.message or "业务处理失败"))
    return await fail_before(fault)


def _code(fault: FaultRule | None, usual: Code) -> int:
    return int(fault.code) if fault is not None and fault.code is not None else int(usual)
