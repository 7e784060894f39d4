"""The forms the simulator knows. A new form is one definition and its name here."""

from __future__ import annotations

from sandbox.galaxy.forms.base_data import BASE_DATA
from sandbox.galaxy.forms.finance import AR_RECEIVABLE
from sandbox.galaxy.forms.sales import SAL_DELIVERYNOTICE, SAL_OUTSTOCK, SAL_RETURNSTOCK, SAL_SALEORDER
from sandbox.galaxy.forms.stock import (
    STK_INSTOCK,
    STK_INVENTORY,
    STK_MISCELLANEOUS,
    STK_MISDELIVERY,
    STK_TRANSFERDIRECT,
)

FORMS = (
    SAL_SALEORDER,
    SAL_DELIVERYNOTICE,
    SAL_OUTSTOCK,
    SAL_RETURNSTOCK,
    AR_RECEIVABLE,
    STK_INSTOCK,
    STK_MISCELLANEOUS,
    STK_MISDELIVERY,
    STK_TRANSFERDIRECT,
    STK_INVENTORY,
    *BASE_DATA,
)
