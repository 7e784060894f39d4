"""Which failures of a whole batch are worth dividing it for, until the bill that is to blame stands alone."""

from __future__ import annotations

from connectors.bills import Blame
from connectors.galaxy.envelope import GalaxyCode
from domain.faults import Fault, FaultKind


def _one_may_be_to_blame(fault: Fault) -> bool:
    return fault.kind is FaultKind.INVALID or fault.code in (GalaxyCode.EXCEPTION, GalaxyCode.SERVER_EXCEPTION)


def _is_server_exception(fault: Fault) -> bool:
    return fault.code == GalaxyCode.SERVER_EXCEPTION


BLAME = Blame(_one_may_be_to_blame, _is_server_exception)
