"""The steps of the product with papers instead of store and vendors, wrapped and named as the real ones are."""

from __future__ import annotations

from typing import Any

from temporalio import activity

from activities.api import (
    Amended,
    AmendStep,
    DecisionStep,
    DocumentSteps,
    FetchStep,
    HoldStep,
    IntakeStep,
    IntakeSteps,
    Polled,
    Posted,
    PostStep,
    RateStep,
    RateUsed,
    Recorded,
    Reversed,
    ReverseStep,
    Started,
    StartStep,
    StepDone,
)
from activities.retrying import Patience, rate_step, step
from domain.documents import DocumentKey, DocumentState
from tests.workflows.paper import Call, Paper


def _call(argument: Any) -> Call:
    info = activity.info()
    return Call(info.activity_type, argument, info.attempt, info.task_queue, info.is_local, info.started_time)


class ScriptedSteps(DocumentSteps):
    """Hands every step to the paper it is about; `patience` is the product's own."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.papers: dict[DocumentKey, Paper] = {}

    async def _take(self, key: DocumentKey, argument: Any) -> Any:
        return await self.papers[key].take(_call(argument))

    @activity.defn(name="find_rate")
    @rate_step
    async def find_rate(self, step: RateStep) -> RateUsed:
        return RateUsed.model_validate(await self._take(step.step.key, step))

    @activity.defn(name="post")
    @step
    async def post(self, step: PostStep) -> Posted:
        return Posted.model_validate(await self._take(step.key, step))

    @activity.defn(name="reverse")
    @step
    async def reverse(self, step: ReverseStep) -> Reversed:
        return Reversed.model_validate(await self._take(step.step.key, step))

    @activity.defn(name="hold")
    @step
    async def hold(self, step: HoldStep) -> Recorded:
        return Recorded.model_validate(await self._take(step.step.key, step))

    @activity.defn(name="decide")
    @step
    async def decide(self, step: DecisionStep) -> DocumentState:
        return DocumentState(await self._take(step.step.key, step))

    @activity.defn(name="amend")
    @step
    async def amend(self, step: AmendStep) -> Amended:
        return Amended.model_validate(await self._take(step.step.key, step))

    @activity.defn(name="fetch")
    @step
    async def fetch(self, step: FetchStep) -> StepDone:
        return StepDone.model_validate(await self._take(step.step.key, step))


class ScriptedIntake(IntakeSteps):
    """Answers by flow, in turn; an exception is raised. Keeps what was asked."""

    def __init__(self) -> None:
        self.patience = Patience()
        self.polls: dict[str, list[Polled | Exception]] = {}
        self.starts: dict[str, list[Started | Exception]] = {}
        self.calls: dict[str, list[Call]] = {}

    def _note(self, flow: str, argument: Any) -> None:
        self.calls.setdefault(flow, []).append(_call(argument))

    @activity.defn(name="poll")
    @step
    async def poll(self, step: IntakeStep) -> Polled:
        self._note(step.flow, step)
        answer = self.polls[step.flow].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @activity.defn(name="start_documents")
    @step
    async def start_documents(self, step: StartStep) -> Started:
        self._note(step.flow, step)
        answer = self.starts[step.flow].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
