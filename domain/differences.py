"""What can differ between source, ERP and journal, each by its name, in words for people (requirement O7)."""

from __future__ import annotations

from enum import StrEnum

from domain.documents import Frozen


class DifferenceKind(StrEnum):
    """One thing that is not as it should be, or that explains why it is not."""

    MISSING_IN_JOURNAL = "missing_in_journal"
    """The source has a document that we have never seen."""
    STALE_IN_JOURNAL = "stale_in_journal"
    """The source changed and we have not seen it."""
    STRANDED = "stranded"
    """The journal says it is under way, but no workflow carries it: somebody ended it."""
    MISSING_IN_ERP = "missing_in_erp"
    STILL_THERE = "still_there"
    """A bill of a document that must not have one: taken back at the source, or never due."""
    NOT_AUDITED = "not_audited"
    HEAD_DIFFERS = "head_differs"
    """The date, the customer, the currency or the reference; `field` says which."""
    QUANTITY_DIFFERS = "quantity_differs"
    AMOUNT_DIFFERS = "amount_differs"
    DUPLICATED = "duplicated"
    """A second bill that names the same source document under another number."""
    NOT_ORDERED = "not_ordered"
    """A bill for one of our customers that no source document asks for."""
    GONE_AT_SOURCE = "gone_at_source"
    """The bill of a document that the source no longer has, or no longer as shipped."""
    UNREADABLE = "unreadable"
    """The source document breaks its model, and nothing waits for its correction."""

    HELD = "held"
    UNDER_WAY = "under_way"
    BY_PERSON = "by_person"
    """A person skipped or cancelled this very version."""
    CORRECTED = "corrected"
    """A person corrected the content by hand; the bill is compared with that."""

    @property
    def is_explanation(self) -> bool:
        """It says why something differs; it is shown, but nothing is wrong with it."""
        return self in _EXPLANATIONS

    @property
    def can_be_mended(self) -> bool:
        """Whether going through the document again may put it right."""
        return self in _MENDABLE


_EXPLANATIONS = frozenset(
    (DifferenceKind.HELD, DifferenceKind.UNDER_WAY, DifferenceKind.BY_PERSON, DifferenceKind.CORRECTED)
)
_MENDABLE = frozenset(
    (
        DifferenceKind.MISSING_IN_JOURNAL,
        DifferenceKind.STALE_IN_JOURNAL,
        DifferenceKind.STRANDED,
        DifferenceKind.MISSING_IN_ERP,
        DifferenceKind.STILL_THERE,
        DifferenceKind.NOT_AUDITED,
        DifferenceKind.HEAD_DIFFERS,
        DifferenceKind.QUANTITY_DIFFERS,
        DifferenceKind.AMOUNT_DIFFERS,
    )
)
KIND_ZH = {
    DifferenceKind.MISSING_IN_JOURNAL: "日志缺失",
    DifferenceKind.STALE_IN_JOURNAL: "来源变更未取到",
    DifferenceKind.STRANDED: "流程已中断",
    DifferenceKind.MISSING_IN_ERP: "金蝶缺失",
    DifferenceKind.STILL_THERE: "来源已取消，单据仍在",
    DifferenceKind.NOT_AUDITED: "未审核",
    DifferenceKind.HEAD_DIFFERS: "表头不符",
    DifferenceKind.QUANTITY_DIFFERS: "数量不符",
    DifferenceKind.AMOUNT_DIFFERS: "金额不符",
    DifferenceKind.DUPLICATED: "重复单据",
    DifferenceKind.NOT_ORDERED: "无来源单据",
    DifferenceKind.GONE_AT_SOURCE: "来源已查不到",
    DifferenceKind.UNREADABLE: "来源单据有误",
    DifferenceKind.HELD: "等待处理",
    DifferenceKind.UNDER_WAY: "处理中",
    DifferenceKind.BY_PERSON: "人工决定",
    DifferenceKind.CORRECTED: "人工修正",
}


class Difference(Frozen):
    """One difference, or explanation, of one document or bill.

    Attributes:
        number: the document at the source; empty for a bill that no document asks for.
        reference: the number of the source that the bill carries, which for an order is the platform's.
        shop, warehouse, sku: in the source's words where it knows them, else in the ERP's.
        field: the key in the ERP that differs, where it is one of the head.
        expected: what the source says; `found` what the ERP has.
        zh, en: why, where there is more to say than the kind.
        mended: it was so; going through the document again has put it right.
    """

    kind: DifferenceKind
    number: str = ""
    bill_number: str = ""
    reference: str = ""
    shop: str = ""
    warehouse: str = ""
    sku: str = ""
    field: str = ""
    expected: str = ""
    found: str = ""
    zh: str = ""
    en: str = ""
    mended: bool = False

    @property
    def is_left(self) -> bool:
        """Something is wrong here, and nothing explains it."""
        return not self.mended and not self.kind.is_explanation
