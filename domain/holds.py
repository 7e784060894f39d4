"""Holds in words for people: what is missing, whose turn it is, and which gap frees the document when it is closed."""

from __future__ import annotations

from collections.abc import Mapping

from domain.documents import Hold, HoldReason, OwnerRole
from domain.faults import Fault, FaultKind
from domain.keys import connection_gap, mapping_gap, reach_gap

STOCK_SHORT = "stock_short"
"""Fault code of every ERP connector for: not enough stock."""

_OWNERS = {
    HoldReason.SOURCE_INVALID: OwnerRole.OPERATIONS,
    HoldReason.MAPPING_MISSING: OwnerRole.MASTER_DATA,
    HoldReason.RATE_UNAVAILABLE: OwnerRole.FINANCE,
    HoldReason.OUTBOUND_NOT_POSTED: OwnerRole.OPERATIONS,
    HoldReason.GOODS_NOT_RECEIVED: OwnerRole.OPERATIONS,
    HoldReason.STOCK_SHORT: OwnerRole.PURCHASING,
    HoldReason.ERP_REFUSED: OwnerRole.FINANCE,
    HoldReason.BILL_CONFLICT: OwnerRole.FINANCE,
    HoldReason.REVERSAL_REFUSED: OwnerRole.FINANCE,
    HoldReason.SYSTEM_UNREACHABLE: OwnerRole.INTEGRATION,
    HoldReason.CREDENTIALS_REFUSED: OwnerRole.INTEGRATION,
    HoldReason.DEFECT: OwnerRole.INTEGRATION,
}

ROLE_ZH = {
    OwnerRole.MASTER_DATA: "主数据管理员",
    OwnerRole.PURCHASING: "采购",
    OwnerRole.FINANCE: "财务",
    OwnerRole.OPERATIONS: "运营",
    OwnerRole.INTEGRATION: "集成工程师",
}
REASON_ZH = {
    HoldReason.SOURCE_INVALID: "来源单据有误",
    HoldReason.MAPPING_MISSING: "缺少映射",
    HoldReason.RATE_UNAVAILABLE: "取不到汇率",
    HoldReason.OUTBOUND_NOT_POSTED: "原出库单尚未过账",
    HoldReason.GOODS_NOT_RECEIVED: "退货尚未入库",
    HoldReason.STOCK_SHORT: "库存不足",
    HoldReason.ERP_REFUSED: "金蝶拒绝",
    HoldReason.BILL_CONFLICT: "单号已被占用",
    HoldReason.REVERSAL_REFUSED: "反审核或删除被拒绝",
    HoldReason.SYSTEM_UNREACHABLE: "系统连不上",
    HoldReason.CREDENTIALS_REFUSED: "授权失效",
    HoldReason.DEFECT: "程序异常",
}
_COLLECTION_ZH = {"shop": "店铺", "sku": "商品", "warehouse": "仓库", "currency": "币别"}


def make(
    reason: HoldReason,
    zh: str,
    en: str,
    *,
    owners: Mapping[HoldReason, OwnerRole] | None = None,
    gap: str | None = None,
    code: str | None = None,
    field: str | None = None,
) -> Hold:
    """A hold with the owner the flow names for the reason, or the usual one."""
    owner = (owners or {}).get(reason) or _OWNERS[reason]
    return Hold(reason=reason, zh=zh, en=en, owner=owner, gap=gap, code=code, field=field)


def mapping_missing(
    gaps: list[tuple[str, str]], owners: Mapping[HoldReason, OwnerRole] | None = None, *, target: str = ""
) -> Hold:
    """Rows missing in mapping tables, (collection, key) each; the first one is the gap that is waited for."""
    first_collection, first_key = gaps[0]
    zh = "、".join(f"{_COLLECTION_ZH.get(c, c)}“{k}”" for c, k in gaps[:5])
    en = ", ".join(f"{c} {k!r}" for c, k in gaps[:5])
    more = len(gaps) - 5
    return make(
        HoldReason.MAPPING_MISSING,
        f"映射表中没有{zh}{f' 等 {len(gaps)} 项' if more > 0 else ''}，补录后自动继续。",
        f"No mapping for {en}{f' and {more} more' if more > 0 else ''}; add it and the document goes on by itself.",
        owners=owners,
        gap=mapping_gap(first_collection, first_key),
        field=target or None,
    )


def source_invalid(field: str, expected: str, got: str, owners: Mapping[HoldReason, OwnerRole] | None = None) -> Hold:
    """The source document breaks its model; nothing has been written."""
    return make(
        HoldReason.SOURCE_INVALID,
        f"来源单据字段 {field} 有误：应为 {expected}，实际为 {got}。请在来源系统更正，或修正后重试。",
        f"Source field {field}: expected {expected}, got {got}. Correct it at the source, or amend and retry.",
        owners=owners,
        field=field,
    )


def refused(fault: Fault, owners: Mapping[HoldReason, OwnerRole] | None = None) -> Hold:
    """The ERP's business no, in its own words."""
    reason = HoldReason.STOCK_SHORT if fault.code == STOCK_SHORT else HoldReason.ERP_REFUSED
    zh, en = (
        ("金蝶库存不足", "Not enough stock in Kingdee")
        if reason is HoldReason.STOCK_SHORT
        else ("金蝶拒绝", "Kingdee refuses")
    )
    where_zh = f"（字段 {fault.field}）" if fault.field else ""
    where_en = f" (field {fault.field})" if fault.field else ""
    return make(
        reason,
        f"{zh}{where_zh}：{fault.message}",
        f"{en}{where_en}: {fault.message}",
        owners=owners,
        code=fault.code,
        field=fault.field,
    )


def conflict(number: str, owners: Mapping[HoldReason, OwnerRole] | None = None) -> Hold:
    """A bill of that number with other content is there and is not ours."""
    return make(
        HoldReason.BILL_CONFLICT,
        f"金蝶中已有单号 {number} 的单据，内容与来源不一致且不是本系统所建，请核对后处理。",
        f"Kingdee already has a bill {number} with other content that we did not make; check it and decide.",
        owners=owners,
    )


def reversal_refused(number: str, fault: Fault, owners: Mapping[HoldReason, OwnerRole] | None = None) -> Hold:
    """Un-audit or delete was refused, e.g. since downstream bills exist or the period is closed (L3)."""
    return make(
        HoldReason.REVERSAL_REFUSED,
        f"单据 {number} 无法反审核或删除，金蝶答复：{fault.message}",
        f"Bill {number} cannot be un-audited or deleted, Kingdee says: {fault.message}",
        owners=owners,
        code=fault.code,
        field=fault.field,
    )


def outbound_not_posted(
    reason: HoldReason, lines: list[str], gap: str | None, owners: Mapping[HoldReason, OwnerRole] | None = None
) -> Hold:
    """A return whose outbound bill entry is not in the ERP. `lines`: the sub-order numbers looked for."""
    named = [line for line in lines if line]
    if not named:
        zh, en = (
            "退货单没有指明原订单明细，无法关联出库单。",
            "The return names no order line, so no outbound bill can be found.",
        )
    else:
        zh = f"原订单明细 {'、'.join(named[:5])} 的出库单尚未过账，过账后自动继续。"
        en = f"The outbound of order line {', '.join(named[:5])} is not posted yet; the return goes on by itself then."
    return make(reason, zh, en, owners=owners, gap=gap if named else None)


def unreachable(system: str, code: str, message: str, queue: str | None = None) -> Hold:
    """All tries ended in network trouble or in the vendor's passing errors.

    Args:
        queue: the system's task queue; the next document it takes shows that it is back, and frees this one.
    """
    zh, en = (
        ("系统恢复后自动继续，也可人工重试", "It goes on when the system is back; or resume it")
        if queue
        else ("恢复后请重试", "Resume when it is back")
    )
    return make(
        HoldReason.SYSTEM_UNREACHABLE,
        f"{system} 多次尝试仍未成功（{code}）：{message}。{zh}。",
        f"{system} could not be reached after several tries ({code}): {message}. {en}.",
        code=code,
        gap=reach_gap(queue) if queue else None,
    )


def credentials(system: str, code: str, message: str) -> Hold:
    """The vendor does not let us do this, whatever the document."""
    return make(
        HoldReason.CREDENTIALS_REFUSED,
        f"{system} 不接受授权（{code}）：{message}。请更新授权后重试。",
        f"{system} refuses our credentials ({code}): {message}. Renew them, then resume.",
        code=code,
    )


def connection_paused(connection: str, code: str, message: str) -> Hold:
    """The vendor does not accept who we are; nobody calls the connection until it does again."""
    return make(
        HoldReason.CREDENTIALS_REFUSED,
        f"连接 {connection} 的授权被拒绝（{code}）：{message}。连接已暂停，授权更新后自动继续。",
        f"Connection {connection} refuses our credentials ({code}): {message}. It is paused; the document goes on by "
        "itself once they are renewed.",
        gap=connection_gap(connection),
        code=code,
    )


def rate_gap(currency: str, day: str) -> str:
    """Gap key of a rate that could not be had."""
    return f"rate:{currency}:{day}"


def rate_unavailable(currency: str, day: str, message: str) -> Hold:
    """No source, official or backup, had the rate, now and after the waits (requirement F04)."""
    return make(
        HoldReason.RATE_UNAVAILABLE,
        f"取不到 {day} 的 {currency} 中间价（{message}），恢复后请重试。",
        f"No central parity of {currency} for {day} ({message}); resume when a source is back.",
        gap=rate_gap(currency, day),
    )


def of_fault(
    kind: FaultKind, system: str, code: str, message: str, connection: str | None = None, *, queue: str | None = None
) -> Hold:
    """The hold that a fault of a whole call ends in once its tries are used up.

    A whole call that is refused is about who we are and what we may do, not about this document.

    Args:
        connection: the connection that is paused for it, if it is.
        queue: the system's task queue, where others may show that it is back.
    """
    if connection is not None:
        return connection_paused(connection, code, message)
    if kind in (FaultKind.EXPIRED, FaultKind.REFUSED):
        return credentials(system, code, message)
    return unreachable(system, code, message, queue)


def defect(step: str, kind: str) -> Hold:
    """Our own code failed. The kind of the error is named; its text may hold data and stays in the log."""
    return make(
        HoldReason.DEFECT,
        f"步骤 {step} 出现程序异常（{kind}），单据未丢失，请工程师查看日志后重试。",
        f"Step {step} failed in our own code ({kind}); nothing is lost, see the log and resume.",
        code=kind,
    )
