"""Ids and randomness."""

from typing import Protocol

from domain.identifiers import (
    AttemptToken,
    CampaignId,
    ContactId,
    JobId,
    LeaseToken,
    SegmentId,
    SeriesId,
    TemplateId,
    WebhookId,
    WriteToken,
)


class Ids(Protocol):
    """The only source of randomness in the domain.

    Each call gives a value never given before, by any process. Ids are prefixed ULIDs
    (github.com/ulid/spec): those made later sort later, to the millisecond.
    """

    def campaign_id(self) -> CampaignId:
        """`cmp_` and a ULID."""
        ...

    def template_id(self) -> TemplateId:
        """`tpl_` and a ULID."""
        ...

    def segment_id(self) -> SegmentId:
        """`seg_` and a ULID."""
        ...

    def contact_id(self) -> ContactId:
        """`con_` and a ULID."""
        ...

    def series_id(self) -> SeriesId:
        """`ser_` and a ULID."""
        ...

    def import_id(self) -> JobId:
        """`imp_` and a ULID."""
        ...

    def export_id(self) -> JobId:
        """`exp_` and a ULID."""
        ...

    def webhook_id(self) -> WebhookId:
        """`whk_` and a ULID."""
        ...

    def api_key_id(self) -> str:
        """8 lower-case letters and digits."""
        ...

    def api_key_secret(self) -> str:
        """256 random bits: 43 characters of base64url."""
        ...

    def fraction(self) -> float:
        """From 0 to below 1, each as likely: what spreads retries."""
        ...

    def attempt_token(self) -> AttemptToken:
        """At least 64 random bits, short."""
        ...

    def write_token(self) -> WriteToken:
        """At least 64 random bits, short."""
        ...

    def lease_token(self) -> LeaseToken:
        """At least 64 random bits, short."""
        ...
