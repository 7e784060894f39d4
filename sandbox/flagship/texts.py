"""What the tenant says: in the vendor's manner, since only the codes are documented. Nobody may decide on these."""

from __future__ import annotations

NO_API = "Cannot found OpenAPI(or disabled)"
UNAUTHENTICATED = "access_token已过期或无效"
FORBIDDEN = "第三方应用没有该API的调用权限"
METHOD = "请求方法不支持"
MEDIA_TYPE = "Content-Type不支持"
UNPARSABLE = "请求体无法解析"
RATE = "API调用频率超过限制，请稍后再试"
REPEATED = "重复请求"
NO_DATA = "参数data不能为空"
NO_PARAMS = "参数params不能为空"
NO_PAGE_SIZE = "参数pageSize不能为空"
NOT_FOUND = "没有找到符合条件的数据"
INTERNAL = "系统内部错误"
GATEWAY_UNKNOWN = "网关未识别的应用身份"
APP_UNKNOWN = "第三方应用不存在、未启用或不属于该数据中心"
APP_LOCKED = "AccessToken密钥错误次数过多，请180秒后再试"
NOT_PROXY = "用户不在第三方应用的代理用户列表中"
NO_USER = "用户不存在或已禁用"
NONCE_USED = "nonce已被使用"
CLOCK = "timestamp超出有效时间范围"
TOKEN_INVALID = "token无效或已过期"
VOUCHER_UNBALANCED = "凭证借贷不平衡"
NEGATIVE_QUANTITY = "数量为负数时业务类型必须是退货类"
TOO_MANY_ENTRIES = "启用属性触发时，单据分录不能超过200行"


def missing_parameter(name: str) -> str:
    return f"参数{name}不能为空"


def wrong_secret(attempt: int, allowed: int) -> str:
    return f"AccessToken密钥错误（{attempt}/{allowed}）"


def volume(limit: int) -> str:
    return f"请求数据量超过限制：{limit}"


def required(title: str, key: str, seq: int) -> str:
    return f"请填写“{title}”" + (f"第{seq}行" if seq else "") + f"的“{key}”"


def bad_value(key: str, value: object) -> str:
    return f"“{key}”的值“{value}”格式不正确"


def no_base_data(key: str, number: object) -> str:
    return f"“{key}”引用的基础资料“{number}”不存在或不可用"


def duplicate(number: str) -> str:
    return f"编码“{number}”已存在"


def no_record(number: str) -> str:
    return f"“{number}”不存在"


def no_line(line_id: str) -> str:
    return f"分录“{line_id}”不存在"


def wrong_state(number: str, operation: str) -> str:
    return f"“{number}”的单据状态不允许{operation}"


def has_downstream(number: str, below: str) -> str:
    return f"“{number}”已存在下游单据“{below}”，不允许操作"


def period_closed(number: str, until: str) -> str:
    return f"“{number}”的记账日期在已关账期间（{until}）内"


def stock_short(material: str, warehouse: str, quantity: object) -> str:
    return f"物料“{material}”在仓库“{warehouse}”的即时库存不足，结余为{quantity}"


def locked(number: str, user: str) -> str:
    return f"“{number}”正被用户“{user}”编辑，网络互斥申请失败"


def over_returned(number: str, seq: int, left: object) -> str:
    return f"超出源单“{number}”第{seq}行的可退数量{left}"
