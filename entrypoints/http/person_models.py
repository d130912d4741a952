"""Bodies of the routes that find a person everywhere: history, export, erasure."""

from typing import Literal

from domain.campaign import CampaignState
from domain.identifiers import ContactId
from domain.recipient import RecipientFlag, RecipientState
from domain.use_cases.delivery_walk import Delivery
from domain.use_cases.export_contact import ContactExport
from entrypoints.http.audience_models import ConfirmationBody, ConsentBody, SoftBouncesBody
from entrypoints.http.models import Answer, example_of, shown_by
from entrypoints.http.suppression_models import SuppressionBody


class DeliveryBody(Answer):
    """A mail of one person: of which campaign, and how far."""

    model_config = shown_by(
        {
            "campaign_id": "cmp_01M889FD1DR9BPG5C28WTPF9HV",
            "campaign_name": "Weekly Newsletter",
            "campaign_state": "sent",
            "state": "sent",
            "reason": None,
            "message_id": "0102019a-6a1f4b6e",
            "flags": ["delivered"],
        },
    )

    campaign_id: str
    campaign_name: str
    campaign_state: CampaignState
    state: RecipientState
    reason: str | None
    message_id: str | None
    flags: list[RecipientFlag]

    @classmethod
    def of(cls, delivery: Delivery) -> "DeliveryBody":
        """From an entry of a chunk."""
        return cls(**_told(delivery))


class DeliveryListBody(Answer):
    """A page, newest campaign first. With a `next_cursor` there may be more, however few these."""

    model_config = shown_by(
        {"items": [example_of(DeliveryBody)], "next_cursor": None},
    )

    items: list[DeliveryBody]
    next_cursor: str | None


class ExportedDeliveryBody(DeliveryBody):
    """With what the mail was made of."""

    model_config = shown_by(
        {
            **example_of(DeliveryBody),
            "email": "ann.bell@example.com",
            "fields": {"name": "Ann"},
        },
    )

    email: str
    fields: dict[str, str | int | float | bool]

    @classmethod
    def of(cls, delivery: Delivery) -> "ExportedDeliveryBody":
        """From an entry of a chunk."""
        recipient = delivery.recipient
        return cls(**_told(delivery), email=recipient.address, fields=dict(recipient.fields))


class ContactExportBody(Answer):
    """Everything that is held about a person; of the mails a page."""

    model_config = shown_by(
        {
            "contact_id": "con_01M889FD1DR9BPG5C28WTPF9HV",
            "email": "ann.bell@example.com",
            "fields": {"name": "Ann", "plan": "gold"},
            "locale": "en-GB",
            "time_zone": "Europe/London",
            "consent": example_of(ConsentBody),
            "confirmation": None,
            "soft_bounces": example_of(SoftBouncesBody),
            "suppression": None,
            "segment_ids": ["vip-customers"],
            "deliveries": [example_of(ExportedDeliveryBody)],
            "next_cursor": None,
        },
    )

    contact_id: str
    email: str
    fields: dict[str, str | int | float | bool]
    locale: str | None
    time_zone: str | None
    consent: ConsentBody | None
    confirmation: ConfirmationBody | None
    soft_bounces: SoftBouncesBody
    suppression: SuppressionBody | None
    segment_ids: list[str]
    deliveries: list[ExportedDeliveryBody]
    next_cursor: str | None

    @classmethod
    def of(cls, export: ContactExport) -> "ContactExportBody":
        """From the use case's answer."""
        contact, consent = export.contact, export.contact.consent
        return cls(
            contact_id=contact.contact_id,
            email=contact.address,
            fields=dict(contact.fields),
            locale=contact.locale,
            time_zone=contact.time_zone,
            consent=None if consent is None else ConsentBody(source=consent.source, at=consent.at),
            confirmation=ConfirmationBody.of(contact.confirmation),
            soft_bounces=SoftBouncesBody.of(contact.soft_bounces),
            suppression=(
                None if export.suppression is None else SuppressionBody.of(export.suppression)
            ),
            segment_ids=list(export.segment_ids),
            deliveries=[ExportedDeliveryBody.of(each) for each in export.deliveries.deliveries],
            next_cursor=export.deliveries.cursor,
        )


class ErasureBody(Answer):
    """An erasure that is not done yet: nothing new is made of the person, and the rest goes on."""

    model_config = shown_by(
        {"contact_id": "con_01M889FD1DR9BPG5C28WTPF9HV", "state": "erasing"},
    )

    contact_id: str
    state: Literal["erasing"]

    @classmethod
    def of(cls, contact_id: ContactId) -> "ErasureBody":
        """Under way."""
        return cls(contact_id=contact_id, state="erasing")


def _told(delivery: Delivery) -> dict[str, object]:
    progress = delivery.progress
    return {
        "campaign_id": delivery.campaign.campaign_id,
        "campaign_name": delivery.campaign.name,
        "campaign_state": delivery.campaign.state,
        "state": progress.state,
        "reason": progress.reason,
        "message_id": progress.message_id,
        "flags": sorted(progress.flags),
    }
