"""The whole product on a stage: real Temporal server, real store, real worker; the vendors are the simulators.

Everything is looked at from outside: documents by the store, bills by the simulated ERP, the books by its audit.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

import settings as configuration
import worker
from activities.starting import WORKFLOW_QUEUE
from activities.waking import wake
from activities.workshop import Workshop
from demo.embedded import process
from domain import jsontext
from domain.documents import DocumentKey, DocumentState, HoldReason
from domain.journal import DocumentRecord, MappingRow
from flows.catalogue import Catalogue
from sandbox.faults import ANY_OPERATION, FaultName, FaultRule
from sandbox.galaxy.app import create_app as create_galaxy
from sandbox.jushuitan.app import create_app as create_jushuitan
from sandbox.jushuitan.config import JushuitanConfig
from sandbox.jushuitan.state import JushuitanState
from sandbox.rates.app import create_app as create_rates
from sandbox.world.world import World
from settings import Settings
from store.migrate import migrate
from store.store import Store
from tests.end_to_end.retail import Row, write_orders
from tests.end_to_end.simulators import serving
from workflows.intake import IntakeEnd, IntakeStart, IntakeWorkflow

OUTBOUND, RETURN = "sales_outbound", "sales_return"
FORMS = {OUTBOUND: "SAL_OUTSTOCK", RETURN: "SAL_RETURNSTOCK"}
_LOOK_AGAIN = 0.02
_LIMIT = 60.0
"""Seconds until a condition that does not come true fails the test."""
_REPO = Path(__file__).parents[2]

Sections = dict[str, dict[str, Any]]


def unlimited() -> JushuitanState:
    """A merchant's account without the vendor's call limits: tests are in a hurry."""
    return JushuitanState(JushuitanConfig(per_second=None, per_minute=None))


async def until[T](found: Callable[[], Awaitable[T | None]], what: str, *, limit: float = _LIMIT) -> T:
    """Look until something is found. Fails, saying what was awaited, when it never is."""
    try:
        async with asyncio.timeout(limit):
            while not (result := await found()):
                await asyncio.sleep(_LOOK_AGAIN)
            return result
    except TimeoutError:
        raise AssertionError(f"it never came true that {what}") from None
