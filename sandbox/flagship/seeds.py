"""What a fresh tenant has: organisation 100, currencies, units, bill and business types, rates (sections 15.3 ff.)."""

from __future__ import annotations

ORGANISATION = "100"
SMALL_LISTS: dict[str, tuple[tuple[str, str], ...]] = {
    "bos_org": ((ORGANISATION, "演示公司"),),
    "bos_user": (("openapi", "接口用户"),),
    "bd_currency": (
        ("CNY", "人民币"),
        ("USD", "美元"),
        ("EUR", "欧元"),
        ("GBP", "英镑"),
        ("JPY", "日元"),
        ("HKD", "港币"),
        ("TWD", "新台币"),
    ),
    "bd_measureunits": (("Pcs", "件"), ("Box", "箱"), ("kg", "千克")),
    "bd_materialgroup": (("FG", "产成品"), ("RM", "原材料")),
    "bd_exratetable": (("01", "基准汇率表"),),
    "bd_invtype": (("110", "普通"),),
    "bd_invstatus": (("110", "可用"), ("111", "待检"), ("112", "冻结"), ("113", "不良")),
    "bd_biztype": (
        ("110", "物料类采购"),
        ("1101", "物料类采购退货"),
        ("210", "物料类销售"),
        ("2101", "物料类销售退货"),
        ("310", "调拨"),
        ("350", "其他入库"),
        ("355", "其他出库"),
    ),
    "im_invscheme": (
        ("110", "普通采购入库"),
        ("1101", "普通采购退货"),
        ("210", "普通销售出库"),
        ("2101", "普通销售退货"),
        ("310", "普通调拨"),
        ("350", "其他入库"),
        ("355", "其他出库"),
    ),
    "bos_billtype": (
        ("sm_SalesOrder_STD_BT_S", "标准销售订单"),
        ("im_SalOutBill_STD_BT_S", "标准销售出库单"),
        ("im_PurInBill_STD_BT_S", "标准采购入库单"),
        ("pm_PurOrderBill_STD_BT_S", "标准采购订单"),
        ("im_TransDirBill_STD_BT_S", "标准直接调拨单"),
        ("im_OtherInBill_STD_BT_S", "标准其他入库单"),
        ("im_OtherOutBill_STD_BT_S", "标准其他出库单"),
    ),
    "bd_accountview": (("1002", "银行存款"), ("1122", "应收账款"), ("6001", "主营业务收入"), ("6603", "汇兑损益")),
}
TAX_RATES = (("V0", "免税", "0"), ("V9", "9%增值税", "9"), ("V13", "13%增值税", "13"))
MIDDLE_RATES = (("USD", "7.1000"), ("EUR", "8.3000"))
"""Rates on file in CNY, valid from the beginning of the year: FX_001 人民币中间价, foreignexc 2 中间."""
RATES_FROM, RATES_UNTIL = "2026-01-01", "2099-12-31"
