"""Ids from the system's randomness."""

import secrets
import string

from ulid import ULID

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

_TOKEN_BYTES = 9
"""72 bits: twelve characters of base64, without padding."""
_SECRET_BYTES = 32
_FRACTION_BITS = 53
_KEY_ID_LETTERS = string.ascii_lowercase + string.digits
_KEY_ID_LENGTH = 8


class SystemIds:
    """Implements `domain.ports.ids.Ids`."""

    def campaign_id(self) -> CampaignId:
        """A campaign's id."""
        return CampaignId(f"cmp_{ULID()}")

    def template_id(self) -> TemplateId:
        """A template's id."""
        return TemplateId(f"tpl_{ULID()}")

    def segment_id(self) -> SegmentId:
        """A segment's id."""
        return SegmentId(f"seg_{ULID()}")

    def contact_id(self) -> ContactId:
        """A contact's id."""
        return ContactId(f"con_{ULID()}")

    def series_id(self) -> SeriesId:
        """A series's id."""
        return SeriesId(f"ser_{ULID()}")

    def import_id(self) -> JobId:
        """An import's id."""
        return JobId(f"imp_{ULID()}")

    def export_id(self) -> JobId:
        """An export's id."""
        return JobId(f"exp_{ULID()}")

    def webhook_id(self) -> WebhookId:
        """A webhook's id."""
        return WebhookId(f"whk_{ULID()}")

    def api_key_id(self) -> str:
        """An API key's public part."""
        return "".join(secrets.choice(_KEY_ID_LETTERS) for _ in range(_KEY_ID_LENGTH))

    def api_key_secret(self) -> str:
        """An API key's secret part."""
        return secrets.token_urlsafe(_SECRET_BYTES)

    def fraction(self) -> float:
        """As fine as a float can be."""
        return secrets.randbelow(1 << _FRACTION_BITS) / (1 << _FRACTION_BITS)

    def attempt_token(self) -> AttemptToken:
        """One claim's token."""
        return AttemptToken(secrets.token_urlsafe(_TOKEN_BYTES))

    def write_token(self) -> WriteToken:
        """One write's token."""
        return WriteToken(secrets.token_urlsafe(_TOKEN_BYTES))

    def lease_token(self) -> LeaseToken:
        """One lease's token."""
        return LeaseToken(secrets.token_urlsafe(_TOKEN_BYTES))
