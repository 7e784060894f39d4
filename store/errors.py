"""What can go wrong in the store, as types to decide on. No message ever carries a password, a token or a body."""

from __future__ import annotations


class StoreError(Exception):
    """Base of everything the store raises on purpose."""


class UnknownDocument(StoreError, LookupError):
    """A journal entry names a document that intake never stored, or that retention has removed."""


class NotRecorded(StoreError):
    """The database could not take the write; nothing of this call was stored. Repeating it is safe."""


class SchemaBehind(StoreError):
    """The database lacks tables this code needs: `store.migrate.migrate` has not run yet."""


class TokenKeyMissing(StoreError):
    """A token was to be kept or read, and no secret key is configured."""


class TokenUnreadable(StoreError):
    """A stored token cannot be decrypted: it was written under another secret key, or was tampered with."""
