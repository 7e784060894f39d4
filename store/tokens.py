"""Renewable access of the connections, encrypted with a key that only the configuration knows.

Each connection has a key of its own, derived from the secret key and its name: a token copied to another connection's
row is unreadable there.
"""

from __future__ import annotations

import base64
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr
from sqlalchemy import select

from store.engine import Database
from store.errors import TokenKeyMissing, TokenUnreadable
from store.tables import tokens


class Sealer:
    """Encrypts and decrypts under a secret key (a passphrase of any length; it should be a long random one)."""

    def __init__(self, secret_key: SecretStr | None) -> None:
        self._secret_key = secret_key.get_secret_value() if secret_key else ""

    def seal(self, connection: str, text: str) -> str:
        """Raises `TokenKeyMissing`."""
        return self._fernet(connection).encrypt(text.encode()).decode("ascii")

    def unseal(self, connection: str, sealed: str) -> str:
        """Raises `TokenKeyMissing`, `TokenUnreadable`."""
        try:
            return self._fernet(connection).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise TokenUnreadable(
                f"the token of {connection} was written under another secret key; log the connection in again"
            ) from None

    def check(self, connection: str) -> None:
        """Raises `TokenKeyMissing`."""
        if not self._secret_key:
            raise TokenKeyMissing(f"the token of {connection} is kept encrypted only: configure a secret key first")

    def _fernet(self, connection: str) -> Fernet:
        self.check(connection)
        derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"kingpost token " + connection.encode())
        return Fernet(base64.urlsafe_b64encode(derive.derive(self._secret_key.encode())))


async def find(db: Database, sealer: Sealer, connection_name: str) -> str | None:
    """See `Store.token`."""
    sealer.check(connection_name)  # before a token is fetched from the vendor that could then not be kept
    statement = select(tokens.c.sealed).where(tokens.c.connection == connection_name)
    async with db.reading() as connection:
        sealed = await connection.scalar(statement)
    return None if sealed is None else sealer.unseal(connection_name, sealed)


async def put(db: Database, sealer: Sealer, connection_name: str, text: str, now: datetime) -> None:
    """See `Store.put_token`."""
    sealed = sealer.seal(connection_name, text)
    insert = db.insert(tokens).values(connection=connection_name, sealed=sealed, changed_at=now)
    values = {"sealed": insert.excluded.sealed, "changed_at": insert.excluded.changed_at}
    async with db.writing() as connection:
        await connection.execute(insert.on_conflict_do_update(index_elements=["connection"], set_=values))
