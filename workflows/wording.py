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
            f"**下一步**：请{ROLE_ZH[hold.owner]}处理，然后 `kingpost documents resume {key.number}`"
            + (f"；补齐 `{hold.gap}` 后会自动继续" if hold.gap else ""),
        ]
    return "\n\n".join(lines)
