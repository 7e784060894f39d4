"""What Temporal Web UI shows of a document or a connection in plain words: Chinese first, English below."""

from __future__ import annotations

from datetime import datetime

from domain.connections import Pause
from domain.conversions import SHANGHAI
from domain.documents import DocumentKey, DocumentState, Hold, OwnerRole
from domain.holds import REASON_ZH, ROLE_ZH

STATE_ZH = {
    DocumentState.RECEIVED: "已接收",
    DocumentState.RUNNING: "处理中",
    DocumentState.HELD: "等待处理",
    DocumentState.POSTED: "已过账",
    DocumentState.SKIPPED: "已跳过",
    DocumentState.REVERSED: "已冲回",
}


def details(key: DocumentKey, state: DocumentState, hold: Hold | None) -> str:
    """Markdown for the current details of a document's workflow."""
    lines = [f"**{STATE_ZH[state]}** · {state.value}"]
    if hold is not None:
        lines += [
            f"**原因**：{REASON_ZH[hold.reason]}（`{hold.reason.value}`）",
            hold.zh,
            hold.en,
            f"**下一步**：{_next_step(key, hold)}",
        ]
    return "\n\n".join(lines)


def connection_paused(pause: Pause, next_probe: datetime | None) -> str:
    """Markdown for the current details of a connection that is paused."""
    name, refusal = pause.connection, pause.refusal
    if next_probe is None:
        probe = "供应商会累计失败次数，因此不自动探测。", "The vendor counts refused tries, so nobody asks by itself."
    else:
        at = _moment(next_probe)
        probe = f"下次自动探测：{at}。", f"Asked again by itself at {at}."
    return "\n\n".join(
        [
            f"**连接已暂停** · paused since {_moment(pause.since)}",
            f"**原因**：{refusal.message}（`{refusal.code}`）",
            f"**下一步**：请{ROLE_ZH[OwnerRole.INTEGRATION]}更新授权，然后执行 `kingpost connections renew {name}`；"
            f"等待的单据会自动继续。{probe[0]}",
            f"Renew the credentials, then run `kingpost connections renew {name}`; documents that wait go on by "
            f"themselves. {probe[1]}",
        ]
    )


def connection_open(pause: Pause, at: datetime, *, woken: int | None) -> str:
    """Markdown for the current details of a connection that accepts us again. `woken`: None while they are woken."""
    told = (
        "正在唤醒等待的单据 / waking who waits" if woken is None else f"已唤醒 {woken} 张单据 / {woken} documents woken"
    )
    return f"**连接已恢复** · accepted again {_moment(at)}\n\n暂停自 {_moment(pause.since)}；{told}"


def _moment(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%m-%d %H:%M:%S")


def _next_step(key: DocumentKey, hold: Hold) -> str:
    who = ROLE_ZH[hold.owner]
    kind, _, rest = (hold.gap or "").partition(":")
    match kind:
        case "mapping":
            collection, _, code = rest.partition(":")
            return f"请{who}补录映射 `kingpost mappings set {collection} {code} 列=值 …`，补录后自动继续"
        case "connection":
            return f"请{who}更新授权，恢复后自动继续；更新后可执行 `kingpost connections renew {rest}`"
        case "order_line" | "receipt" | "rate":
            return f"等到后自动继续；也可由{who}处理后 `kingpost documents resume {key.number}`"
        case _:
            return f"请{who}处理，然后 `kingpost documents resume {key.number}`"
