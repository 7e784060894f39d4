"""What Temporal Web UI shows of a document in plain words: Chinese first, English below."""

from __future__ import annotations

from domain.documents import DocumentKey, DocumentState, Hold
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


def _next_step(key: DocumentKey, hold: Hold) -> str:
    who = ROLE_ZH[hold.owner]
    kind, _, rest = (hold.gap or "").partition(":")
    match kind:
        case "mapping":
            collection, _, code = rest.partition(":")
            return f"请{who}补录映射 `kingpost mappings set {collection} {code} 列=值 …`，补录后自动继续"
        case "order_line" | "receipt" | "rate":
            return f"等到后自动继续；也可由{who}处理后 `kingpost documents resume {key.number}`"
        case _:
            return f"请{who}处理，然后 `kingpost documents resume {key.number}`"
