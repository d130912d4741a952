"""One-time schedules in EventBridge Scheduler."""

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.aws.clients import AwsClients
from adapters.aws.faults import translated
from adapters.aws.start_event import start_to_event
from domain.errors import DependencyRefused
from domain.identifiers import CampaignId
from domain.schedule import Schedule
from domain.start import StartRequest, Trigger

if TYPE_CHECKING:
    from types_boto3_scheduler.type_defs import GetScheduleOutputTypeDef

_SHORTEST_EVENT_AGE = timedelta(seconds=60)
_LONGEST_EVENT_AGE = timedelta(hours=24)
_ATTEMPTS = 3
_DESCRIPTION = re.compile(r"schedule (\d+) of ")


class EventBridgeScheduler:
    """Implements `domain.ports.scheduler.Scheduler` in one schedule group.

    A schedule is named after its campaign; its version stands in the description and, with the
    id, in the client token.
    """

    def __init__(  # noqa: PLR0913  what a schedule needs
        self,
        clients: AwsClients,
        *,
        group: str,
        target_arn: str,
        role_arn: str,
        dead_letter_arn: str | None,
        max_lateness: timedelta,
    ) -> None:
        """`target_arn` is start-campaign's, `role_arn` the role that invokes it.

        An invocation that fails is repeated for `max_lateness` and then goes to
        `dead_letter_arn`.
        """
        self._clients = clients
        self._group = group
        self._target: dict[str, Any] = {
            "Arn": target_arn,
            "RoleArn": role_arn,
            "RetryPolicy": {
                "MaximumEventAgeInSeconds": int(
                    min(max(max_lateness, _SHORTEST_EVENT_AGE), _LONGEST_EVENT_AGE).total_seconds()
                )
            },
        }
        if dead_letter_arn is not None:
            self._target["DeadLetterConfig"] = {"Arn": dead_letter_arn}

    def put(self, schedule: Schedule) -> None:
        """CreateSchedule; a conflict is read back and, if it is older, updated."""
        request = self._request(schedule)
        scheduler = self._clients.scheduler
        for _ in range(_ATTEMPTS):
            with translated("Scheduler CreateSchedule"):
                try:
                    scheduler.create_schedule(**request)
                except scheduler.exceptions.ConflictException:
                    pass
                else:
                    return
            current = self.get(schedule.campaign_id)
            if current is not None and current.version >= schedule.version:
                return
            with translated("Scheduler UpdateSchedule"):
                try:
                    scheduler.update_schedule(**request)
                except scheduler.exceptions.ResourceNotFoundException:
                    # It fired or was deleted in between: create it again.
                    continue
            return
        raise DependencyRefused("Scheduler: the schedule kept changing.")

    def get(self, campaign_id: CampaignId) -> Schedule | None:
        """GetSchedule."""
        scheduler = self._clients.scheduler
        with translated("Scheduler GetSchedule"):
            try:
                answer = scheduler.get_schedule(GroupName=self._group, Name=campaign_id)
            except scheduler.exceptions.ResourceNotFoundException:
                return None
            return _schedule_of(campaign_id, answer)

    def delete(self, campaign_id: CampaignId) -> None:
        """DeleteSchedule."""
        scheduler = self._clients.scheduler
        with translated("Scheduler DeleteSchedule"):
            try:
                scheduler.delete_schedule(GroupName=self._group, Name=campaign_id)
            except scheduler.exceptions.ResourceNotFoundException:
                return

    def _request(self, schedule: Schedule) -> dict[str, Any]:
        # Scheduler takes whole seconds, and a start must not come early.
        at = schedule.at.astimezone(UTC) + timedelta(microseconds=999_999)
        start = StartRequest(schedule.campaign_id, Trigger.SCHEDULE)
        return {
            "GroupName": self._group,
            "Name": schedule.campaign_id,
            "ClientToken": f"{schedule.campaign_id}-{schedule.version}",
            "Description": f"schedule {schedule.version} of {schedule.campaign_id}",
            "ScheduleExpression": f"at({at:%Y-%m-%dT%H:%M:%S})",
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {**self._target, "Input": start_to_event(start)},
        }


def _schedule_of(campaign_id: CampaignId, answer: "GetScheduleOutputTypeDef") -> Schedule:
    described = _DESCRIPTION.match(answer.get("Description", ""))
    expression = answer["ScheduleExpression"]
    at = datetime.fromisoformat(expression.removeprefix("at(").removesuffix(")"))
    return Schedule(campaign_id, int(described[1]) if described else 0, at.replace(tzinfo=UTC))
