"""What the server says, literally where the vendor document (section 9) has the text, else in its manner."""

from __future__ import annotations

SESSION_LOST = "会话信息已丢失，请重新登录"
NEGATIVE_STOCK = "更新库存时出现可以忽略的异常数据，是否继续？"
CALL_LIMIT = "WebAPI调用频率超过限制，请稍后再试"
REPEATED_PACKET = "请求数据重复，相同的数据包已经提交过"
BAD_LOGIN = "用户名或密码错误"
ACCOUNT_LOCKED = "密码连续输入错误次数过多，用户已被锁定，请联系系统管理员"
UNKNOWN_DATA_CENTRE = "当前尝试登录的数据中心无法获取到，请检查数据中心标识是否正确"
NOTHING_TO_CONVERT = "没有符合转换条件的数据，源单已全部下推或不满足条件"
NO_RULE = "没有找到可用的单据转换规则"
NO_SELECTION = "请指定单据的内码或编号"
NULL_REFERENCE = "未将对象引用设置到对象的实例。"


def duplicate_number(number: str) -> str:
    return f"违反字段唯一性要求：编码唯一。[{number}]在当前系统中已经被使用。"


def already_audited(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，单据已经审核！"


def cannot_submit(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，只有暂存、创建和重新审核的数据才允许提交"


def cannot_audit(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，只有审核中的数据才允许审核"


def cannot_unaudit(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，只有已审核的数据才允许反审核"


def cannot_withdraw(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，只有审核中的数据才允许撤销"


def cannot_delete(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，只有暂存、创建和重新审核的数据才允许删除"


def cannot_change(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，审核中或已审核的数据不允许修改"


def cannot_cancel(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，只有未审核的数据才允许作废"


def is_cancelled(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，已作废的数据不允许操作"


def has_downstream(number: str, form: str, below: str) -> str:
    return f"单据编号为“{number}”的{form}，存在关联的下游单据（{below}），不允许操作"


def period_closed(number: str, day: str) -> str:
    return f"单据编号为“{number}”的单据日期小于等于关账日期{day}，不允许操作"


def locked(user: str, form: str, number: str) -> str:
    return f"“{user}”使用业务单据：“{form}”业务操作-“[{number}-修改]”冲突，请稍候再使用。"


def required(caption: str) -> str:
    return f"字段“{caption}”是必填项"


def not_positive(caption: str) -> str:
    return f"字段“{caption}”必须大于0"


def too_long(caption: str, limit: int) -> str:
    return f"字段“{caption}”的长度超过最大长度{limit}"


def bad_value(caption: str, value: object) -> str:
    return f"字段“{caption}”的值“{value}”格式不正确"


def base_data_missing(caption: str, number: object) -> str:
    return f"字段“{caption}”的基础资料“{number}”不存在、未审核或已禁用"


def unknown_field(key: str) -> str:
    return f"元数据中标识为{key}的字段不存在"


def unknown_form(form: str) -> str:
    return f'标识为"{form}"的业务对象不存在'


def bad_filter(text: str) -> str:
    return f"当前查询串无法解析--{text}"


def no_permission(form: str, operation: str) -> str:
    return f"您没有“{form}”的“{operation}”权限，请联系系统管理员"


def user_not_allowed(app: str, user: str) -> str:
    return f"第三方应用：{app} 不允许用户{user} 登录，请联系系统管理员添加！"


def not_found(what: str) -> str:
    return f"数据不存在：{what}"


def audited_by_itself(number: str, form: str) -> str:
    return f"单据编号为“{number}”的{form}，审核成功！"


def lot_not_managed(material: str) -> str:
    return f"物料“{material}”未启用批号管理，不允许录入批号和日期"


def lot_unknown(lot: str, material: str) -> str:
    return f"物料“{material}”的批号“{lot}”不存在"


def link_broken(reason: str) -> str:
    return f"关联关系不正确：{reason}"


def link_exceeds(number: str, seq: int, open_quantity: object) -> str:
    return f"超出源单数量：源单“{number}”第{seq}行的可关联数量为{open_quantity}"


def limit_too_high(limit: int) -> str:
    return f"Limit不能超过{limit}"


def field_not_here(form: str, operation: str) -> str:
    return f"业务对象“{form}”不支持操作“{operation}”"
