"""What can go wrong in the store, as types to decide on. No message ever carries a password, a token or a body."""

from __future__ import annotations


class StoreError(Exception):
    """Base of everything the store raises on purpose."""


class UnknownDocument(StoreError, LookupError):
    """A journal entry names a document that intake never stored, or that retention has removed."""


class Overtaken(StoreError):
    """A change was to be made only while a document stood as it was read, and somebody has moved it on since.

    Nothing of this call was stored. Read it again and decide afresh.
    """


class NotRecorded(StoreError):
    """The database could not take the write; nothing of this call was stored. Repeating it is safe."""


class SchemaBehind(StoreError):
    """The database lacks tables this code needs: `store.migrate.migrate` has not run yet."""


class TokenKeyMissing(StoreError):
    """A token was to be kept or read, and no secret key is configured."""


class TokenUnreadable(StoreError):
    """A stored token cannot be decrypted: it was written under another secret key, or was tampered with."""
