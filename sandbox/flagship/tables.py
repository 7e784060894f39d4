"""The entities of section 15.1 with their fields (sections 15.2 to 15.11)."""

from __future__ import annotations

from sandbox.flagship.entities import Entity, Movement
from sandbox.flagship.fields import fields

_LIFE = " auditdate:time createtime:time modifytime:time comment"
_STOCK_HEAD = _LIFE + (
    " org:bos_org! biztime:date! bookdate:date billtype:bos_billtype biztype:bd_biztype invscheme:im_invscheme"
    " bizoperator:bos_user isredbill:flag billcretype settlecurrency:bd_currency exchangerate:num"
    " exratedate:date exratetable:bd_exratetable currency:bd_currency istax:flag paymode mainbillnumber"
)
_GOODS = (
    " linetype material:bd_material! unit:bd_measureunits! qty:num! baseqty:num lotnumber produceddate:date"
    " expirydate:date price:num priceandtax:num taxrateid:bd_taxrate taxrate:num taxamount:num amount:num"
    " amountandtax:num discounttype discountrate:num discountamount:num ispresent:flag entrycomment"
)
_SOURCES = (
    " mainbillentity mainbillid mainbillnumber mainbillentryid mainbillentryseq:num srcbillentity srcbillid"
    " srcbillnumber srcbillentryid srcbillentryseq:num srcsystem srcsysbillno srcsysbillid srcsysbillentryid"
)
_IN = (
    " warehouse:bd_warehouse location invtype:bd_invtype invstatus:bd_invstatus ownertype owner:@ownertype"
    " keepertype keeper:@keepertype"
)
_OUT = (
    " warehouse:bd_warehouse location outinvtype:bd_invtype outinvstatus:bd_invstatus outownertype"
    " outowner:@outownertype outkeepertype outkeeper:@outkeepertype"
)
_TRANSFER = (
    " warehouse:bd_warehouse location outwarehouse:bd_warehouse outlocation inlotnumber invtype:bd_invtype"
    " invstatus:bd_invstatus outinvtype:bd_invtype outinvstatus:bd_invstatus ownertype owner:@ownertype"
    " outownertype outowner:@outownertype keepertype keeper:@keepertype outkeepertype outkeeper:@outkeepertype"
    " transitownertype transitowner:@transitownertype remainreturnqty:num"
)
_BASE = "name enable createorg:bos_org createtime:time modifytime:time"


def _stock(
    name: str, title: str, head: str, lines: str, *movements: Movement, returns: frozenset[str] = frozenset()
) -> Entity:
    return Entity(
        name,
        "im",
        title,
        fields(_STOCK_HEAD + head),
        "billentry",
        fields(_GOODS + _SOURCES + lines),
        movements,
        day="bookdate",
        returns=returns,
    )


def _order(name: str, app: str, title: str, head: str, lines: str) -> Entity:
    return Entity(name, app, title, fields(_LIFE + head), "billentry", fields(_GOODS + _SOURCES + lines))


def _base(name: str, title: str, more: str = "") -> Entity:
    return Entity(name, "basedata", title, fields(f"{_BASE} {more}"), is_base=True)


_OUTGOING = Movement(-1, status="outinvstatus", type="outinvtype")
_LEAVING = Movement(-1, warehouse="outwarehouse", status="outinvstatus", type="outinvtype")
_INCOMING = Movement(+1)
_CUSTOMER = " customer:bd_customer! bizorg:bos_org bizdept operatorgroup inorg:bos_org settletype reccondition"
_SALE = (
    " returnqty:num returntype qualitytype actualprice:num entrysettleorg:bos_org settlecustomer:bd_customer"
    " payingcustomer:bd_customer reccustomer:bd_customer"
)
_ORDER_HEAD = " org:bos_org! billtype:bos_billtype biztype:bd_biztype settlecurrency:bd_currency exchangerate:num"
_SUPPLIER = " supplier:bd_supplier! bizorg:bos_org bizdept"
_TRANSFER_HEAD = " transtype transit inorg:bos_org outorg:bos_org settlescurrency:bd_currency"
_DELIVERY = (
    " deliverydate:date warehouse:bd_warehouse stockorg:bos_org entrysettleorg:bos_org ownertype owner:@ownertype"
)

ENTITIES: tuple[Entity, ...] = (
    _order(
        "sm_salorder",
        "sm",
        "销售订单",
        _ORDER_HEAD + " customer:bd_customer! bizdate:date! orderstatus totalamount:num dept operator paymode"
        " settleorg:bos_org exratetable cancelstatus changestatus billsource",
        _DELIVERY + " remark deliqty:num invqty:num backqty:num undeliqty:num uninvqty:num",
    ),
    _order(
        "sm_delivernotice",
        "sm",
        "发货通知单",
        _ORDER_HEAD + " customer:bd_customer! bizdate:date!",
        _DELIVERY,
    ),
    _order(
        "pm_purorderbill",
        "pm",
        "采购订单",
        _ORDER_HEAD + " supplier:bd_supplier! biztime:date!",
        " deliverdate:date entrysettleorg:bos_org warehouse:bd_warehouse",
    ),
    _stock("im_saloutbill", "销售出库单", _CUSTOMER, _SALE + _OUT, _OUTGOING, returns=frozenset({"2101"})),
    _stock("im_purinbill", "采购入库单", _SUPPLIER, " returnqty:num" + _IN, _INCOMING, returns=frozenset({"1101"})),
    _stock("im_purreceivebill", "收料通知单", _SUPPLIER, " returnqty:num" + _IN),
    _stock("im_transapply", "调拨申请单", _TRANSFER_HEAD, _TRANSFER),
    _stock("im_transdirbill", "直接调拨单", _TRANSFER_HEAD, _TRANSFER, _LEAVING, Movement(+1, org="inorg")),
    _stock("im_transoutbill", "分步调出单", _TRANSFER_HEAD, _TRANSFER, _LEAVING),
    _stock("im_transinbill", "分步调入单", _TRANSFER_HEAD, _TRANSFER, _INCOMING),
    _stock("im_otherinbill", "其他入库单", " bizorg:bos_org bizdept", _IN, _INCOMING),
    _stock("im_otheroutbill", "其他出库单", " bizorg:bos_org bizdept", _OUT, _OUTGOING),
    _stock("im_surplusbill", "盘盈单", "", _IN + " acctqty:num", _INCOMING),
    _stock("im_deficitbill", "盘亏单", "", _OUT + " acctqty:num", _OUTGOING),
    _stock("im_invcountbill", "盘点表", "", _IN + " acctqty:num gainqty:num lossqty:num"),
    Entity(
        "cal_costadjustbill",
        "cal",
        "成本调整单",
        fields(
            _LIFE + " org:bos_org! costaccount biztype bizdate:date! bookdate:date period currency:bd_currency"
            " createtype difftype billsrctype custsupplier:@cstype cstype remark"
        ),
        "entry",
        fields(
            "material:bd_material! warehouse:bd_warehouse location lotnumber adjustamt:num! baseunit:bd_measureunits"
            " ownertype owner:@ownertype queuetype signnum:num invbillnum invbillid invbillentryid invbizentityobject"
            " accounttype"
        ),
        day="bookdate",
    ),
    Entity(
        "ar_finarbill",
        "ar",
        "财务应收单",
        fields(
            _LIFE + " org:bos_org! bizdate:date! bookdate:date duedate:date salesorg:bos_org recorg:bos_org"
            " billtype:bos_billtype asstacttype asstact:@asstacttype! currency:bd_currency!"
            " basecurrency:bd_currency exchangerate:num quotation amount:num tax:num recamount:num paymode"
            " settlementtype sourcebilltype sourcebillno isincludetax:flag remark"
        ),
        "entry",
        fields(
            "e_material:bd_material e_materialname e_spectype e_measureunit:bd_measureunits e_quantity:num"
            " e_unitprice:num e_taxunitprice:num e_taxrate:num e_tax:num e_amount:num e_recamount:num e_discountmode"
            " e_discountamount:num e_srcentryid corebillentryid e_corebillno"
        ),
        day="bookdate",
    ),
    Entity(
        "cas_recbill",
        "cas",
        "收款单",
        fields(
            _LIFE + " org:bos_org! openorg:bos_org bizdate:date! payertype payer:@payertype payername actrecamt:num!"
            " localamt:num currency:bd_currency! exratetable:bd_exratetable exchangerate:num settletype"
            " settletnumber accountbank paymentmode txt_description sourcebilltype sourcebillnumber fee:num"
        ),
        "entry",
        fields(
            "e_receivableamt:num e_receivablelocamt:num e_actamt:num e_localamt:num e_discountamt:num"
            " e_unsettledamt:num e_corebilltype e_corebillno e_corebillentryseq:num e_fee:num e_remark"
        ),
        day="bizdate",
    ),
    Entity(
        "gl_voucher",
        "gl",
        "凭证",
        fields(
            _LIFE + " org:bos_org! book period vouchertype bookeddate:date! bizdate:date description attachments:num"
            " sourcetype ispost:flag"
        ),
        "entries",
        fields(
            "account:bd_accountview! edescription entrydc currency:bd_currency localexchangerate:num debitori:num"
            " creditori:num debitlocal:num creditlocal:num quantity:num price:num measureunit:bd_measureunits"
            " assgrp:object"
        ),
        day="bookeddate",
    ),
    _base("bos_org", "业务单元"),
    _base("bos_user", "人员"),
    _base("bos_billtype", "单据类型"),
    _base("bd_biztype", "业务类型"),
    _base("im_invscheme", "库存事务"),
    _base("bd_invtype", "库存类型"),
    _base("bd_invstatus", "库存状态"),
    _base("bd_currency", "币别"),
    _base("bd_taxrate", "税率", "taxrate:num"),
    _base("bd_accountview", "科目"),
    _base("bd_exratetable", "汇率表"),
    _base("bd_measureunits", "计量单位"),
    _base("bd_materialgroup", "物料分组"),
    _base(
        "bd_material",
        "物料",
        "modelnum baseunit:bd_measureunits group:bd_materialgroup materialtype helpcode barcode brand hscode ename"
        " declaredprice:num grossweight:num netweight:num withbattery:flag enablelot:flag",
    ),
    _base("bd_customer", "客户", "societycreditcode linkman bizpartner_phone"),
    _base("bd_supplier", "供应商", "alias_name societycreditcode linkman bizpartner_phone"),
    _base("bd_warehouse", "仓库", "address isopenlocation:flag group"),
    _base(
        "bd_exrate_tree",
        "汇率",
        "exratetable:bd_exratetable orgcur:bd_currency cur:bd_currency effectdate:date expirydate:date excval:num"
        " convertmode exctype foreignexc datasource",
    ),
)
