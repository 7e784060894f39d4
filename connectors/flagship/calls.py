"""Calls of a tenant's APIs with a token that works."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from connectors.flagship.access import FlagshipAccess
from connectors.flagship.envelope import FlagshipCode, data_of
from connectors.flagship.session import Session
from connectors.http import Transport
from domain import jsontext
from domain.faults import Fault


class FlagshipCalls:
    """One connection's calls. Nothing is repeated, with one exception.

    An answer that our token is not good (401) means that the call was not carried out; then the token is renewed once
    and the call repeated once, a write as well as a read.
    """

    def __init__(self, access: FlagshipAccess, transport: Transport, session: Session) -> None:
        self._access = access
        self._transport = transport
        self._session = session

    async def post(
        self, name: str, path: str, tree: Mapping[str, Any], *, once_only: bool = False
    ) -> Mapping[str, Any]:
        """Call an API; its `data`.

        Args:
            name: for the journal, e.g. ``im_saloutbill save``.
            once_only: the server shall refuse the same call when it comes again within the duplicate window.

        Raises:
            Failed: nothing was done, as far as the answer tells.
            Fault: the call as a whole failed, or its outcome is unknown.
        """
        body = jsontext.dumps(tree).encode()
        try:
            return await self._once(name, path, body, once_only=once_only)
        except Fault as fault:
            if fault.code != FlagshipCode.TOKEN_LOST:
                raise
        return await self._once(name, path, body, once_only=once_only)

    async def _once(self, name: str, path: str, body: bytes, *, once_only: bool) -> Mapping[str, Any]:
        ticket = await self._session.ticket(body)
        headers = {"Content-Type": "application/json", **ticket.headers}
        if once_only and self._access.duplicate_window:
            # The content is part of the key: a corrected bill is no repetition (section 10).
            headers["Idempotency-Key"] = sha256(path.encode() + body).hexdigest()
            headers["Idempotency-Timeout"] = str(self._access.duplicate_window)
        try:
            return await self._transport.ask(
                "POST", name, self._access.api(path), content=body, headers=headers, judge=data_of
            )
        except Fault as fault:
            if fault.code == FlagshipCode.TOKEN_LOST:
                self._session.lost(ticket)
            raise
