"""Routes of what people do with a campaign once it is there."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.campaign import CampaignState
from domain.identifiers import CampaignId
from domain.use_cases.resume_campaign import Resumed
from entrypoints.containers.lifecycle import Lifecycle
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.campaign_models import CampaignBody
from entrypoints.http.idempotency import earlier_try

_PROBLEMS = (*BODY_PROBLEMS, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class CampaignResumedBody(CampaignBody):
    """A campaign that goes on: `triggered` at once, or `auto_scheduler` at its time.

    False, with a `trigger_error`: it goes on without further doing as soon as that works.
    """

    triggered: bool | None = None
    auto_scheduler: bool | None = None
    trigger_error: str | None = None

    @classmethod
    def of_resumed(cls, resumed: Resumed) -> "CampaignResumedBody":
        """From the use case's answer."""
        arranged = resumed.trigger_error is None
        waits = resumed.campaign.state is CampaignState.SCHEDULED
        return cls(
            **CampaignBody.of(resumed.campaign).model_dump(),
            triggered=None if waits else arranged,
            auto_scheduler=arranged if waits else None,
            trigger_error=resumed.trigger_error,
        )


def lifecycle_routes(container: Lifecycle) -> APIGatewayHttpRouter:
    """Pause, resume, cancel."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/campaigns/<campaign_id>/pause",
        summary="Pause a campaign",
        description="It takes hold within one micro-batch of each worker; nobody is lost.",
        tags=["campaigns"],
        responses=described((HTTPStatus.OK, CampaignBody, "The campaign"), problems=_PROBLEMS),
    )
    def pause_campaign(campaign_id: str) -> Response[str]:
        paused = container.pause_campaign()(CampaignId(campaign_id), tried_at=earlier_try())
        return answer(CampaignBody.of(paused))

    @router.post(
        "/v1/campaigns/<campaign_id>/resume",
        summary="Resume a paused campaign",
        description=(
            "Its path is decided again: one that is due, or was started, goes on at once, another "
            "one waits for its time."
        ),
        tags=["campaigns"],
        responses=described(
            (HTTPStatus.ACCEPTED, CampaignResumedBody, "It goes on"), problems=_PROBLEMS
        ),
    )
    def resume_campaign(campaign_id: str) -> Response[str]:
        resumed = container.resume_campaign()(CampaignId(campaign_id), tried_at=earlier_try())
        return answer(CampaignResumedBody.of_resumed(resumed), HTTPStatus.ACCEPTED)

    @router.post(
        "/v1/campaigns/<campaign_id>/cancel",
        summary="Cancel a campaign",
        description="Who has no mail yet gets none. It cannot be undone.",
        tags=["campaigns"],
        responses=described((HTTPStatus.OK, CampaignBody, "The campaign"), problems=_PROBLEMS),
    )
    def cancel_campaign(campaign_id: str) -> Response[str]:
        cancelled = container.cancel_campaign()(CampaignId(campaign_id), tried_at=earlier_try())
        return answer(CampaignBody.of(cancelled))

    return router
