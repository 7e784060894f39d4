"""Calls of Galaxy's services with a valid session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx

from connectors.galaxy.access import GalaxyAccess
from connectors.galaxy.envelope import GalaxyCode, Status, rows_of, written
from connectors.galaxy.session import Session
from connectors.http import Transport
from domain.faults import Fault

Answer = TypeVar("Answer")
_SERVICE = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."


class GalaxyCalls:
    """One connection's calls. Nothing is repeated, with one exception.

    A reply of the exact lost-session shape means that the call was not carried out (section 3.2); then the session is
    renewed once and the call repeated once, a write as well as a read.
    """

    def __init__(self, access: GalaxyAccess, transport: Transport, session: Session) -> None:
        self._access = access
        self._transport = transport
        self._session = session

    async def write(self, operation: str, form: str, data: Mapping[str, Any], **more: str) -> Status:
        """Call a writing operation; the answer tells what was done, bill by bill.

        Raises:
            Unsuccessful: nothing was done.
            Fault: the call as a whole failed, or its outcome is unknown.
        """
        body = {"formid": form, **more, "data": data}
        name = " ".join((form, operation, *more.values()))
        return await self._call(operation, name, body, written, keep_reply=True)

    async def query(self, form: str, data: Mapping[str, Any], *, keep_reply: bool) -> list[list[Any]]:
        """Call ExecuteBillQuery. The values come without keys, so a reply with personal data must not be kept."""
        name = f"{form} ExecuteBillQuery"
        return await self._call("ExecuteBillQuery", name, {"data": data}, rows_of, keep_reply=keep_reply)

    async def _call(
        self, operation: str, name: str, body: Mapping[str, Any], read: Callable[[bytes], Answer], *, keep_reply: bool
    ) -> Answer:
        try:
            return await self._once(operation, name, body, read, keep_reply=keep_reply)
        except Fault as fault:
            if fault.code != GalaxyCode.SESSION_LOST:
                raise
        return await self._once(operation, name, body, read, keep_reply=keep_reply)

    async def _once(
        self, operation: str, name: str, body: Mapping[str, Any], read: Callable[[bytes], Answer], *, keep_reply: bool
    ) -> Answer:
        url = self._access.service(_SERVICE + operation)
        ticket = await self._session.ticket(url)

        def judge(response: httpx.Response) -> Answer:
            self._session.remember(response)
            return read(response.content)

        try:
            return await self._transport.ask(
                "POST", name, url, json=body, headers=ticket.headers, judge=judge, keep_reply=keep_reply
            )
        except Fault as fault:
            if fault.code == GalaxyCode.SESSION_LOST:
                self._session.lost(ticket)
            raise
