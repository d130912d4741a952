"""Routes of what people do with a campaign once it is there."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.campaign import Campaign
from domain.identifiers import CampaignId
from entrypoints.containers.lifecycle import Lifecycle
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.campaign_models import CampaignBody
from entrypoints.http.idempotency import API_KEY_ID, earlier_try
from entrypoints.http.lifecycle_models import CampaignEditBody, CampaignTriggeredBody
from entrypoints.http.revisions import IfMatch, revision_tag, revisions_of, tagged

_PROBLEMS = (
    *BODY_PROBLEMS,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.PRECONDITION_FAILED,
)


def lifecycle_routes(container: Lifecycle) -> APIGatewayHttpRouter:
    """Edit, approve, pause, resume, cancel."""
    router = APIGatewayHttpRouter()

    def told(
        campaign: Campaign, body: CampaignBody, status: HTTPStatus = HTTPStatus.OK
    ) -> Response[str]:
        return answer(body, status, etag=revision_tag(campaign.revision))

    @router.patch(
        "/v1/campaigns/<campaign_id>",
        summary="Rename a campaign, or move its schedule",
        description=(
            "With another time its path is decided again, as on creation; null is now. It can be "
            "moved until a start has claimed it, and stays paused if it is. Its priority can be "
            "changed until it has ended (409). It can be renamed in any state."
        ),
        tags=["campaigns"],
        responses=tagged(
            described(
                (HTTPStatus.OK, CampaignTriggeredBody, "The campaign"),
                (HTTPStatus.ACCEPTED, CampaignTriggeredBody, "It was moved, and goes out at once"),
                problems=_PROBLEMS,
            )
        ),
    )
    def edit_campaign(
        campaign_id: str, body: CampaignEditBody, if_match: IfMatch = None
    ) -> Response[str]:
        edited = container.edit_campaign()(
            CampaignId(campaign_id),
            body.edit(),
            revisions=revisions_of(if_match),
            key_id=router.context.get(API_KEY_ID),
        )
        return told(
            edited.campaign,
            CampaignTriggeredBody.of_edited(edited),
            HTTPStatus.ACCEPTED if edited.goes_out else HTTPStatus.OK,
        )

    @router.post(
        "/v1/campaigns/<campaign_id>/approve",
        summary="Approve a campaign",
        description=(
            "It goes out: at once, or at its time if that is to come, with the template as it is "
            "now. Send If-Match with the ETag of what you looked at. One whose time has long "
            "passed is to be moved first (409); one that is moved later awaits approval again."
        ),
        tags=["campaigns"],
        responses=tagged(
            described(
                (HTTPStatus.ACCEPTED, CampaignTriggeredBody, "It goes on"), problems=_PROBLEMS
            )
        ),
    )
    def approve_campaign(campaign_id: str, if_match: IfMatch = None) -> Response[str]:
        approved = container.approve_campaign()(
            CampaignId(campaign_id),
            router.context.get(API_KEY_ID),
            revisions=revisions_of(if_match),
            tried_at=earlier_try(),
        )
        return told(
            approved.campaign, CampaignTriggeredBody.of_resumed(approved), HTTPStatus.ACCEPTED
        )

    @router.post(
        "/v1/campaigns/<campaign_id>/pause",
        summary="Pause a campaign",
        description="It takes hold within one micro-batch of each worker; nobody is lost.",
        tags=["campaigns"],
        responses=tagged(
            described((HTTPStatus.OK, CampaignBody, "The campaign"), problems=_PROBLEMS)
        ),
    )
    def pause_campaign(campaign_id: str, if_match: IfMatch = None) -> Response[str]:
        paused = container.pause_campaign()(
            CampaignId(campaign_id), revisions=revisions_of(if_match), tried_at=earlier_try()
        )
        return told(paused, CampaignBody.of(paused))

    @router.post(
        "/v1/campaigns/<campaign_id>/resume",
        summary="Resume a paused campaign",
        description=(
            "Its path is decided again: one that is due, or was started, goes on at once, another "
            "one waits for its time."
        ),
        tags=["campaigns"],
        responses=tagged(
            described(
                (HTTPStatus.ACCEPTED, CampaignTriggeredBody, "It goes on"), problems=_PROBLEMS
            )
        ),
    )
    def resume_campaign(campaign_id: str, if_match: IfMatch = None) -> Response[str]:
        resumed = container.resume_campaign()(
            CampaignId(campaign_id),
            revisions=revisions_of(if_match),
            tried_at=earlier_try(),
            key_id=router.context.get(API_KEY_ID),
        )
        return told(
            resumed.campaign, CampaignTriggeredBody.of_resumed(resumed), HTTPStatus.ACCEPTED
        )

    @router.post(
        "/v1/campaigns/<campaign_id>/cancel",
        summary="Cancel a campaign",
        description="Who has no mail yet gets none. It cannot be undone.",
        tags=["campaigns"],
        responses=tagged(
            described((HTTPStatus.OK, CampaignBody, "The campaign"), problems=_PROBLEMS)
        ),
    )
    def cancel_campaign(campaign_id: str, if_match: IfMatch = None) -> Response[str]:
        cancelled = container.cancel_campaign()(
            CampaignId(campaign_id), revisions=revisions_of(if_match), tried_at=earlier_try()
        )
        return told(cancelled, CampaignBody.of(cancelled))

    return router
