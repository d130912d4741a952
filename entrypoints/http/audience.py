"""Routes of contacts and segments."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from domain.contact import Contact
from domain.contact_status import ContactStatus
from domain.errors import NotFound
from domain.identifiers import ContactId, SegmentId, TemplateId
from domain.rule import read_rule
from domain.segment import Segment
from entrypoints.containers.serving import Serving
from entrypoints.http.answers import BODY_PROBLEMS, answer, described
from entrypoints.http.audience_models import (
    ContactBody,
    ContactEditBody,
    ContactListBody,
    ContactLookupBody,
    ContactRequestBody,
    MembersRequestBody,
    PutContactBody,
    RulePreviewBody,
    SegmentBody,
    SegmentListBody,
    SegmentPreviewBody,
    SegmentRequestBody,
)
from entrypoints.http.idempotency import current_record
from entrypoints.http.paging import Cursor, Limit
from entrypoints.http.revisions import IfMatch, revision_tag, revisions_of, tagged


def contact_routes(container: Serving) -> APIGatewayHttpRouter:
    """Put, list, look up, read, change."""
    router = APIGatewayHttpRouter()

    def told(contact: Contact, status: ContactStatus) -> Response[str]:
        return answer(ContactBody.of(contact, status), etag=revision_tag(contact.revision))

    @router.post(
        "/v1/contacts",
        summary="Create a contact, or give the one with this address new fields",
        description=(
            "With `confirm` it is asked by mail whose address it is, at most once in a while; "
            "until that is answered nothing else is mailed to who was no contact before."
        ),
        tags=["contacts"],
        responses=tagged(
            described((HTTPStatus.CREATED, PutContactBody, "The contact"), problems=BODY_PROBLEMS)
        ),
    )
    def put_contact(body: ContactRequestBody) -> Response[str]:
        put: ContactBody
        if body.confirm:
            named = body.confirmation_template_id
            signed_up = container.sign_up()(
                body.draft(), None if named is None else TemplateId(named)
            )
            contact, put = signed_up.contact, PutContactBody.of_signed_up(signed_up)
        else:
            (stored,) = container.put_contacts()([body.draft()])
            contact, status = container.read_contact()(stored.contact_id)
            put = ContactBody.of(contact, status)
        return answer(
            put,
            HTTPStatus.CREATED,
            location=f"/v1/contacts/{contact.contact_id}",
            etag=revision_tag(contact.revision),
        )

    @router.get(
        "/v1/contacts",
        summary="List contacts",
        description="In an order of their own, which no change of a contact moves.",
        tags=["contacts"],
        responses=described((HTTPStatus.OK, ContactListBody, "A page")),
    )
    def list_contacts(limit: Limit = 50, cursor: Cursor = None) -> Response[str]:
        page = container.list_contacts()(limit, cursor)
        return answer(
            ContactListBody(
                items=[ContactBody.of(*each) for each in page.contacts], next_cursor=page.cursor
            )
        )

    @router.post(
        "/v1/contacts/lookup",
        summary="Find a contact by its address",
        description="In the body, since addresses of requests are logged on their way.",
        tags=["contacts"],
        responses=tagged(
            described(
                (HTTPStatus.OK, ContactBody, "The contact"),
                problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND),
            )
        ),
    )
    def look_up_contact(body: ContactLookupBody) -> Response[str]:
        return told(*container.look_up_contact()(body.email))

    @router.get(
        "/v1/contacts/<contact_id>",
        summary="Read a contact",
        tags=["contacts"],
        responses=tagged(
            described((HTTPStatus.OK, ContactBody, "The contact"), problems=(HTTPStatus.NOT_FOUND,))
        ),
    )
    def read_contact(contact_id: str) -> Response[str]:
        return told(*container.read_contact()(ContactId(contact_id)))

    @router.patch(
        "/v1/contacts/<contact_id>",
        summary="Change what is known of a person",
        description="The address stays: another one is another contact.",
        tags=["contacts"],
        responses=tagged(
            described(
                (HTTPStatus.OK, ContactBody, "The contact"),
                problems=(
                    *BODY_PROBLEMS,
                    HTTPStatus.NOT_FOUND,
                    HTTPStatus.CONFLICT,
                    HTTPStatus.PRECONDITION_FAILED,
                ),
            )
        ),
    )
    def edit_contact(
        contact_id: str, body: ContactEditBody, if_match: IfMatch = None
    ) -> Response[str]:
        return told(
            *container.edit_contact()(ContactId(contact_id), body.edit(), revisions_of(if_match))
        )

    return router


def segment_routes(container: Serving) -> APIGatewayHttpRouter:
    """Create, list, preview, read, add members, list them."""
    router = APIGatewayHttpRouter()

    @router.post(
        "/v1/segments",
        summary="Create a segment",
        description=(
            "Without a rule it is a static one, and contacts are put into it. A rule is checked, "
            "and never changes."
        ),
        tags=["segments"],
        responses=described(
            (HTTPStatus.CREATED, SegmentBody, "The segment"),
            problems=(*BODY_PROBLEMS, HTTPStatus.CONFLICT),
        ),
    )
    def create_segment(body: SegmentRequestBody) -> Response[str]:
        segment = container.create_segment()(
            body.name,
            body.segment_id,
            current_record(),
            None if body.rule is None else read_rule(body.rule),
        )
        return answer(
            SegmentBody.of(segment),
            HTTPStatus.CREATED,
            location=f"/v1/segments/{segment.segment_id}",
        )

    @router.get(
        "/v1/segments",
        summary="List segments by id",
        tags=["segments"],
        responses=described(
            (HTTPStatus.OK, SegmentListBody, "A page"),
        ),
    )
    def list_segments(limit: Limit = 50, cursor: Cursor = None) -> Response[str]:
        page = container.family.segments().page(limit, cursor)
        return answer(
            SegmentListBody(
                items=[SegmentBody.of(each) for each in page.segments], next_cursor=page.cursor
            )
        )

    @router.get(
        "/v1/segments/<segment_id>",
        summary="Read a segment",
        tags=["segments"],
        responses=described(
            (HTTPStatus.OK, SegmentBody, "The segment"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def read_segment(segment_id: str) -> Response[str]:
        return answer(SegmentBody.of(_segment(segment_id)))

    @router.post(
        "/v1/segments/preview",
        summary="Try a rule",
        description=(
            "How many contacts fit now, and some of them. A large audience is not gone through "
            "whole: then there are at least so many."
        ),
        tags=["segments"],
        responses=described(
            (HTTPStatus.OK, SegmentPreviewBody, "Who fits"), problems=BODY_PROBLEMS
        ),
    )
    def preview_rule(body: RulePreviewBody) -> Response[str]:
        return answer(SegmentPreviewBody.of(container.preview_segment()(read_rule(body.rule))))

    @router.get(
        "/v1/segments/<segment_id>/preview",
        summary="Preview a segment",
        description="How many contacts are in it now, or at least so many, and some of them.",
        tags=["segments"],
        responses=described(
            (HTTPStatus.OK, SegmentPreviewBody, "Who is in it"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def preview_segment(segment_id: str) -> Response[str]:
        return answer(SegmentPreviewBody.of(container.preview_segment()(SegmentId(segment_id))))

    @router.get(
        "/v1/segments/<segment_id>/members",
        summary="List who is in a segment",
        description=(
            "As of now. Only so many contacts are gone through for one page of a segment with a "
            "rule: it may hold few or none and still have a next_cursor."
        ),
        tags=["segments"],
        responses=described(
            (HTTPStatus.OK, ContactListBody, "A page"), problems=(HTTPStatus.NOT_FOUND,)
        ),
    )
    def list_members(segment_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response[str]:
        page = container.list_members()(SegmentId(segment_id), limit, cursor)
        return answer(
            ContactListBody(
                items=[ContactBody.of(*each) for each in page.contacts], next_cursor=page.cursor
            )
        )

    @router.post(
        "/v1/segments/<segment_id>/members",
        summary="Put contacts into a segment",
        description="Who is in it already stays once.",
        tags=["segments"],
        responses=described(
            (HTTPStatus.OK, SegmentBody, "The segment"),
            problems=(*BODY_PROBLEMS, HTTPStatus.NOT_FOUND),
        ),
    )
    def add_members(segment_id: str, body: MembersRequestBody) -> Response[str]:
        container.add_members()(
            SegmentId(segment_id), [ContactId(each) for each in body.contact_ids]
        )
        return answer(SegmentBody.of(_segment(segment_id)))

    def _segment(segment_id: str) -> Segment:
        segment: Segment | None = container.family.segments().get(SegmentId(segment_id))
        if segment is None:
            raise NotFound("segment", segment_id)
        return segment

    return router
