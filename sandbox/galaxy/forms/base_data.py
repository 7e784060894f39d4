"""Base data (section 12.22), from materials down to the small lists bills point to."""

from __future__ import annotations

from sandbox.galaxy.forms.fields import base_head, currency, day, flag, number, org, ref, text, texts, unit
from sandbox.galaxy.metadata import Entity, Field, Form, FormKind, Level


def _base(form: str, caption: str, pk: str, *fields: Field, number_key: str = "FNumber") -> Form:
    """Base data of nothing but a head."""
    return Form(
        id=form,
        caption=caption,
        kind=FormKind.BASE,
        pk=pk,
        number=number_key,
        prefix=form,
        entities=(base_head(form, caption, *fields),),
    )


BD_MATERIAL = Form(
    id="BD_MATERIAL",
    caption="物料",
    kind=FormKind.BASE,
    pk="FMATERIALID",
    number="FNumber",
    prefix="CH",
    entities=(
        base_head(
            "BD_MATERIAL",
            "物料",
            text("FSpecification", "规格型号"),
            text("FBARCODE", "条码", indexed=True),
            text("FMnemonicCode", "助记码"),
            ref("FMaterialGroup", "物料分组", "BOS_ASSISTANTDATA_DETAIL"),
        ),
        Entity(
            "SubHeadEntity",
            "基本",
            Level.SUBHEAD,
            (
                text("FErpClsID", "物料属性", default="1"),
                ref("FCategoryID", "存货类别", "BD_MATERIALCATEGORY"),
                ref("FTaxRateId", "默认税率", "BD_TaxRate"),
                unit("FBaseUnitId", "基本单位"),
                number("FGROSSWEIGHT", "毛重"),
                number("FNETWEIGHT", "净重"),
            ),
            orm="MaterialBase",
        ),
        Entity(
            "SubHeadEntity1",
            "库存",
            Level.SUBHEAD,
            (
                unit("FStoreUnitID", "库存单位"),
                flag("FIsBatchManage", "启用批号管理"),
                flag("FIsKFPeriod", "启用保质期管理"),
                number("FExpPeriod", "保质期"),
            ),
            orm="MaterialStock",
        ),
    ),
)

BD_RATE = Form(
    id="BD_Rate",
    caption="汇率",
    kind=FormKind.BASE,
    pk="FRateID",
    number="FNumber",
    prefix="HL",
    entities=(
        base_head(
            "BD_Rate",
            "汇率",
            ref("FRATETYPEID", "汇率类型", "BD_RateType", required=True),
            currency("FCyForID", "原币", required=True, indexed=True),
            currency("FCyToID", "目标币", required=True),
            number("FExchangeRate", "直接汇率", required=True),
            number("FReverseExRate", "间接汇率"),
            day("FBegDate", "生效日期", required=True),
            day("FEndDate", "失效日期", required=True),
        ),
    ),
)

BD_BATCHMAINFILE = Form(
    id="BD_BatchMainFile",
    caption="批号主档",
    kind=FormKind.QUERY_ONLY,
    pk="FLOTID",
    number="FNumber",
    prefix="",
    entities=(
        base_head(
            "BD_BatchMainFile",
            "批号主档",
            ref("FMaterialId", "物料", "BD_MATERIAL", indexed=True),
            text("FBizType", "业务类型"),
            day("FProduceDate", "生产日期"),
            day("FExpiryDate", "有效期至"),
        ),
    ),
)

BASE_DATA = (
    BD_MATERIAL,
    BD_RATE,
    BD_BATCHMAINFILE,
    _base(
        "BD_Customer",
        "客户",
        "FCUSTID",
        *texts("FShortName", "FCOUNTRY", "FADDRESS"),
        currency("FTRADINGCURRID", "结算币别"),
        text("FCustTypeId", "客户类别"),
    ),
    _base("BD_Supplier", "供应商", "FSupplierId", *texts("FShortName")),
    _base(
        "BD_STOCK",
        "仓库",
        "FStockId",
        text("FStockProperty", "仓库属性", default="1"),
        text("FStockStatusType", "库存状态类型", default="0,1,2,3,4,5,6,7,8"),
        ref("FDefStockStatusId", "默认库存状态", "BD_StockStatus"),
        flag("FAllowMinusQty", "允许负库存"),
        flag("FAllowLock", "允许锁库", default=True),
        flag("FIsOpenLocation", "启用仓位管理"),
        text("FTHIRDSTOCKNO", "第三方仓库编码"),
    ),
    _base("BD_Currency", "币别", "FCURRENCYID", text("FCODE", "币别代码", indexed=True)),
    _base("ORG_Organizations", "组织机构", "FOrgID", org("FParentID", "上级组织")),
    _base("BD_UNIT", "计量单位", "FUNITID", number("FPrecision", "精度")),
    _base("BD_RateType", "汇率类型", "FRATETYPEID"),
    _base("BD_StockStatus", "库存状态", "FStockStatusId"),
    _base("BD_ReturnType", "退货类型", "FID"),
    _base("BD_TransferBizType", "跨组织业务类型", "FID"),
    _base("BD_Department", "部门", "FDEPTID"),
    _base("BD_Empinfo", "员工", "FID"),
    _base("BD_SETTLETYPE", "结算方式", "FID"),
    _base("BD_TaxRate", "税率", "FID", number("FTaxRate", "税率")),
    _base("BD_MATERIALCATEGORY", "存货类别", "FCATEGORYID"),
    _base("BD_KD100LogisticsCom", "物流公司", "FID", number_key="FCODE"),
    _base("BOS_BillType", "单据类型", "FBILLTYPEID", text("FBillFormID", "业务对象")),
    _base("BOS_ASSISTANTDATA_DETAIL", "辅助资料", "FEntryID"),
    _base("SEC_User", "用户", "FUserID"),
)
