"""What a fresh tenant has: currencies, one organisation, units, bill types, stock statuses and the like."""

from __future__ import annotations

CURRENCIES = (
    ("PRE001", "CNY", "人民币"),
    ("PRE002", "HKD", "港币"),
    ("PRE003", "EUR", "欧元"),
    ("PRE004", "JPY", "日本日圆"),
    ("PRE005", "TWD", "新台币"),
    ("PRE006", "GBP", "英镑"),
    ("PRE007", "USD", "美元"),
)
DEFAULT_ORG = "100"
STOCK_STATUSES = ("可用", "待检", "冻结", "退回冻结", "在途", "收货冻结", "废品", "不良")

SMALL_LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "BD_UNIT": (("Pcs", "Pcs"), ("Box", "箱"), ("kg", "千克")),
    "BD_RateType": (("HLTX01_SYS", "固定汇率"), ("HLTX02_SYS", "即期汇率")),
    "BD_StockStatus": tuple((f"KCZT{i:02d}_SYS", name) for i, name in enumerate(STOCK_STATUSES, start=1)),
    "BD_ReturnType": (("THLX01_SYS", "退货"), ("THLX02_SYS", "退货补货")),
    "BD_TransferBizType": (
        ("InnerOrgTransfer", "组织内调拨"),
        ("OverOrgTransfer", "跨组织调拨"),
        ("OverOrgSal", "跨组织销售"),
    ),
    "BD_SETTLETYPE": (("JSFS01_SYS", "现金"), ("JSFS04_SYS", "电汇")),
    "BD_TaxRate": (("SL01_SYS", "13%增值税"),),
    "BD_MATERIALCATEGORY": (("CHLB01_SYS", "原材料"), ("CHLB05_SYS", "产成品")),
    "BD_KD100LogisticsCom": (("SF", "顺丰速运"), ("YTO", "圆通速递"), ("ZTO", "中通快递")),
    "BOS_ASSISTANTDATA_DETAIL": (("THYY01", "质量问题"), ("THYY02", "七天无理由")),
    "SEC_User": (("demo_user", "demo_user"),),
}

BILL_TYPES: dict[str, tuple[tuple[str, str], ...]] = {
    "SAL_SaleOrder": (("XSDD01_SYS", "标准销售订单"),),
    "SAL_DELIVERYNOTICE": (("FHTZD01_SYS", "标准发货通知单"),),
    "SAL_OUTSTOCK": (
        ("XSCKD01_SYS", "标准销售出库单"),
        ("XSCKD02_SYS", "寄售出库单"),
        ("XSCKD04_SYS", "分销购销出库单"),
        ("XSCKD05_SYS", "VMI出库单"),
        ("XSCKD06_SYS", "现销出库单"),
    ),
    "SAL_RETURNSTOCK": (("XSTHD01_SYS", "标准销售退货单"),),
    "AR_receivable": (("YSD01_SYS", "标准应收单"),),
    "STK_InStock": (("RKD01_SYS", "标准采购入库"),),
    "STK_MISCELLANEOUS": (("QTRKD01_SYS", "标准其他入库单"),),
    "STK_MisDelivery": (
        ("QTCKD01_SYS", "标准其他出库单"),
        ("QTCKD02_SYS", "资产出库"),
        ("QTCKD03_SYS", "VMI出库"),
        ("QTCKD04_SYS", "费用物料领用"),
        ("QTCKD05_SYS", "库存调整"),
    ),
    "STK_TransferDirect": (
        ("ZJDB01_SYS", "标准直接调拨单"),
        ("ZJDB02_SYS", "寄售直接调拨单"),
        ("ZJDB03_SYS", "委外直接调拨单"),
        ("ZJDB04_SYS", "分销调拨单"),
        ("ZJDB05_SYS", "VMI直接调拨单"),
    ),
}
