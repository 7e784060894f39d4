"""What is reconciled every night, and when."""

from __future__ import annotations

from datetime import time, timedelta

from temporalio.client import (
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
)
from temporalio.common import Priority

from activities.starting import WORKFLOW_QUEUE
from activities.workshop import Workshop
from domain.conversions import SHANGHAI
from domain.documents import Urgency
from workflows.nightly import NightlyStart, NightlyWorkflow, Subject

NIGHTLY = "reconcile"
"""Id of the schedule, and of its workflow."""


def subject_of(workshop: Workshop, flow: str, connection: str) -> Subject:
    """A flow at a source connection, as a reconciliation takes it."""
    route = workshop.routes[connection]
    return Subject(
        flow=flow,
        connection=connection,
        erp=route.erp,
        source_queue=route.queues.source,
        erp_queue=route.queues.erp,
        title=workshop.catalogue[flow].flow.title.zh,
    )


def nightly_schedule(workshop: Workshop, at: time) -> Schedule:
    """Every flow at every source connection that has its stream, at that time of the day in China."""
    subjects = tuple(
        subject_of(workshop, scheme.flow.flow, connection)
        for scheme in workshop.catalogue
        if scheme.form.date
        for connection in workshop.connections_of(scheme.flow.source.stream)
    )
    return Schedule(
        action=ScheduleActionStartWorkflow(
            NightlyWorkflow.run,
            NightlyStart(subjects=subjects),
            id=NIGHTLY,
            task_queue=WORKFLOW_QUEUE,
            static_summary="每夜对账",
            priority=Priority(priority_key=Urgency.BACKFILL.value),
        ),
        spec=ScheduleSpec(
            calendars=[ScheduleCalendarSpec(hour=[ScheduleRange(at.hour)], minute=[ScheduleRange(at.minute)])],
            time_zone_name=SHANGHAI.key,
        ),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)),
    )
