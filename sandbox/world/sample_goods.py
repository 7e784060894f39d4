"""The made-up merchant of the sample day: its shops, warehouses and goods. No real shop, brand or person."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.jushuitan.documents import Receiver, Shop, Warehouse
from sandbox.world.feed import FeedShop, Goods, ShopId

NINGBO = Warehouse(2001, "宁波保税仓", is_main=True)
HANGZHOU = Warehouse(2002, "杭州成品仓")
WAREHOUSES = (NINGBO, HANGZHOU)


@dataclass(frozen=True, slots=True)
class SampleShop:
    """A shop.

    Attributes:
        per_usd: what one unit of a list price (USD) is in the shop's currency.
        tax_rate: percent, of the merchant's own country.
        duty: share of the sale that the buyer's country takes.
    """

    name: str
    site: str
    currency: str
    per_usd: Decimal
    tax_rate: Decimal = Decimal(0)
    duty: Decimal = Decimal(0)
    mapped: bool = True


US = SampleShop("Lanternfield US", "Amazon", "USD", Decimal(1))
DE = SampleShop("Lanternfield DE", "Amazon", "EUR", Decimal("0.86"), duty=Decimal("0.05"))
JP = SampleShop("灯野 日本店", "Rakuten", "JPY", Decimal(158))
UK = SampleShop("Lanternfield UK", "eBay", "GBP", Decimal("0.74"), duty=Decimal("0.04"))
CN = SampleShop("灯野旗舰店", "商家自有商城", "CNY", Decimal(7), tax_rate=Decimal(13))
UNMAPPED_SHOP = SampleShop("Lanternfield CA", "Shopify", "USD", Decimal(1), mapped=False)
ORDINARY_SHOPS = (US, DE, JP, UK, CN)
ALL_SHOPS = (*ORDINARY_SHOPS, UNMAPPED_SHOP)


@dataclass(frozen=True, slots=True)
class SampleGoods:
    """Goods and their list price in USD."""

    goods: Goods
    price: Decimal

    @property
    def sku_id(self) -> str:
        return self.goods.sku_id


TEAPOT = SampleGoods(Goods("LF-1001", "珐琅茶壶 Enamel teapot"), Decimal("24.90"))
TRAY = SampleGoods(Goods("LF-1002", "竹制托盘 Bamboo tray"), Decimal("12.50"))
NAPKIN = SampleGoods(Goods("LF-1003", "亚麻餐巾 Linen napkin"), Decimal("6.40"))
CANDLE = SampleGoods(Goods("LF-1004", "香薰蜡烛 Scented candle"), Decimal("9.80"))
BLANKET = SampleGoods(Goods("LF-1005", "羊毛盖毯 Wool blanket"), Decimal("45.00"))
LAMP = SampleGoods(Goods("LF-1006", "纸灯笼 Paper lantern"), Decimal("15.30"))
GREEN_TEA = SampleGoods(Goods("LF-2001", "明前绿茶 Spring green tea", batch_managed=True), Decimal("18.60"))
JASMINE_TEA = SampleGoods(Goods("LF-2002", "茉莉花茶 Jasmine tea", batch_managed=True), Decimal("14.20"))
BOOKMARK = SampleGoods(Goods("LF-9001", "赠品书签 Gift bookmark"), Decimal(0))
SCARCE = SampleGoods(Goods("LF-1007", "手工陶罐 Hand-made jar"), Decimal("32.00"))
UNMAPPED_GOODS = SampleGoods(Goods("LF-7001", "新品风铃 Wind chime (new)", mapped=False), Decimal("11.70"))
POSTAGE = SampleGoods(Goods("POSTAGE", "运费 Postage", service=True), Decimal("4.90"))
WRAPPING = SampleGoods(Goods("GIFT-WRAP", "礼品包装费 Gift wrapping", service=True), Decimal("2.50"))

ORDINARY_GOODS = (TEAPOT, TRAY, NAPKIN, CANDLE, BLANKET, LAMP)
ALL_GOODS = (
    *ORDINARY_GOODS,
    GREEN_TEA,
    JASMINE_TEA,
    BOOKMARK,
    SCARCE,
    UNMAPPED_GOODS,
    POSTAGE,
    WRAPPING,
)

RECEIVERS = (
    Receiver("收货人甲", "13000000001", "CN", "浙江省", "杭州市", "样例区", "样例路1号", "310000"),
    Receiver("Buyer One", "+1 000 0000001", "US", "Sample State", "Sampleton", "", "1 Sample Street", "00001"),
    Receiver("Buyer Two", "+49 000 000002", "DE", "", "Musterstadt", "", "Musterweg 2", "00002"),
    Receiver("受取人 三", "+81 00 0000 0003", "JP", "見本県", "見本市", "", "見本町3", "000-0003"),
)
"""Made-up people at made-up addresses."""


def feed_shop(shop: SampleShop, shop_id: ShopId) -> FeedShop:
    """The shop as the source and the ERP have it."""
    return FeedShop(Shop(shop_id(shop.name), shop.name, shop_site=shop.site), shop.tax_rate, shop.mapped)
