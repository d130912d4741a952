"""Sentinel on an emulator with the demo's people, as like itself from run to run as can be."""

import base64
import itertools
import random
from itertools import cycle, islice
from typing import Any

from adapters.aws.clients import AwsClients
from domain.contact import ContactDraft
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
from domain.ports.ids import Ids
from domain.use_cases.add_members import MAX_MEMBERS
from domain.use_cases.create_campaign import CampaignRequest
from entrypoints.containers import emulator
from entrypoints.containers.core import Core
from entrypoints.local.demo.load import load_demo
from entrypoints.local.demo.people import demo_contacts
from entrypoints.local.demo.templates import content_of
from entrypoints.local.emulator import ROOT
from entrypoints.settings import Settings

RECIPIENTS = 1_000
HASH_KEY = "of-no-use-but-for-the-benchmarks-0000"
SENDER = "Sentinel <hello@example.com>"
POSTAL_ADDRESS = "14 Tanners Yard, Harrowick HW1 4LL"
IMMEDIATE = CampaignRequest(
    name="Benchmark",
    template_id=TemplateId("promo-template"),
    segment_id=SegmentId("vip-customers"),
)
"""For the demo's thousand gold customers."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH_MILLISECONDS = 1_763_424_000_000


class SeededIds:
    """Implements `domain.ports.ids.Ids` by ids of the right shape, the same in every run.

    They are compressed within records, and so their letters bear on what a record costs.
    """

    def __init__(self) -> None:
        """From the first one."""
        self._rng = random.Random(0)  # noqa: S311  not secrets
        # Families draw tokens of their own on the way; the people are the same ones in each.
        self._people = random.Random(1)  # noqa: S311  not secrets

    def campaign_id(self) -> CampaignId:
        """A campaign's id."""
        return CampaignId(f"cmp_{self._ulid()}")

    def template_id(self) -> TemplateId:
        """A template's id."""
        return TemplateId(f"tpl_{self._ulid()}")

    def segment_id(self) -> SegmentId:
        """A segment's id."""
        return SegmentId(f"seg_{self._ulid()}")

    def series_id(self) -> SeriesId:
        """A series's id."""
        return SeriesId(f"ser_{self._ulid()}")

    def import_id(self) -> JobId:
        """An import's id."""
        return JobId(f"imp_{self._ulid()}")

    def export_id(self) -> JobId:
        """An export's id."""
        return JobId(f"exp_{self._ulid()}")

    def webhook_id(self) -> WebhookId:
        """A webhook's id."""
        return WebhookId(f"whk_{self._ulid()}")

    def contact_id(self) -> ContactId:
        """A contact's id."""
        return ContactId(f"con_{self._ulid(self._people)}")

    def fraction(self) -> float:
        """As each run draws it."""
        return self._rng.random()

    def api_key_id(self) -> str:
        """Made for nobody here."""
        return "".join(self._rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8))

    def api_key_secret(self) -> str:
        """Likewise."""
        return base64.urlsafe_b64encode(self._rng.randbytes(32)).decode().rstrip("=")

    def attempt_token(self) -> AttemptToken:
        """One claim's token."""
        return AttemptToken(self._token())

    def write_token(self) -> WriteToken:
        """One write's token."""
        return WriteToken(self._token())

    def lease_token(self) -> LeaseToken:
        """One lease's token."""
        return LeaseToken(self._token())

    def _ulid(self, rng: random.Random | None = None) -> str:
        # Ten characters of the time, sixteen of chance.
        return "01KA9VBM00" + "".join((rng or self._rng).choices(_CROCKFORD, k=16))

    def _token(self) -> str:
        return base64.urlsafe_b64encode(self._rng.randbytes(9)).decode()


def deploy(endpoint: str, account: str, *, ses_bulk: bool) -> Settings:
    """Deploy the stack into an account of its own on the emulator."""
    settings = Settings(
        aws_endpoint_url=endpoint,
        emulator_access_key=account,
        address_hash_key=HASH_KEY,
        start_campaign_lambda_arn=f"arn:aws:lambda:us-east-1:{account}:function:start",
        eventbridge_role_arn=f"arn:aws:iam::{account}:role/scheduler",
        sender=SENDER,
        postal_address=POSTAL_ADDRESS,
        public_url="http://127.0.0.1:8080",
        send_rate=500,
        ses_bulk=ses_bulk,
    )
    return emulator.deploy(settings, (ROOT / "template.yaml").read_text())


def container(settings: Settings, ids: Ids) -> Core:
    """One process of Sentinel on what was deployed."""
    return Core(settings=settings, family=emulator.Adapters(settings=settings, ids=ids))


def load(core: Core) -> None:
    """The demo's templates, people and segments."""
    load_demo(
        core.create_template(), core.create_segment(), core.put_contacts(), core.family.segments()
    )


def load_few(core: Core) -> None:
    """As much of the demo as one campaign needs, its segment with the first ten people only."""
    template_id = str(IMMEDIATE.template_id)
    core.create_template()("Flash sale", content_of(template_id), template_id)
    core.create_segment()("Ten people", str(IMMEDIATE.segment_id))
    contacts = core.put_contacts()(demo_contacts()[:10])
    core.add_members()(IMMEDIATE.segment_id, [each.contact_id for each in contacts])


def load_people(core: Core, recipients: int) -> None:
    """The demo's people, again and again under other addresses, all in one segment."""
    template_id = str(IMMEDIATE.template_id)
    core.create_template()("Flash sale", content_of(template_id), template_id)
    core.create_segment()("Everybody", str(IMMEDIATE.segment_id))
    people = demo_contacts()
    drafts = (
        ContactDraft(f"{number}.{person.address}", person.fields)
        for number, person in enumerate(islice(cycle(people), recipients))
    )
    put, segments = core.put_contacts(), core.family.segments()
    while some := list(islice(drafts, MAX_MEMBERS)):
        contacts = put(some)
        segments.add_members(IMMEDIATE.segment_id, [each.contact_id for each in contacts])


def give_real_message_ids(clients: AwsClients) -> None:
    """Replace the emulator's ids in answers by such as SES gives, the same in every run.

    They are kept with every recipient; the emulator's are shorter and make records too cheap.
    """
    rng = random.Random(0)  # noqa: S311  not secrets
    numbers = itertools.count()

    def message_id() -> str:
        # "Query Responses and Amazon SES": a time in milliseconds, a UUID, six digits.
        digits = f"{rng.getrandbits(128):032x}"
        uuid = "-".join(
            digits[start:end] for start, end in itertools.pairwise((0, 8, 12, 16, 20, 32))
        )
        return f"{_EPOCH_MILLISECONDS + next(numbers):016x}-{uuid}-000000"

    def replace(parsed: dict[str, Any], **_: object) -> None:  # Any: boto3's answer
        answers: list[dict[str, Any]] = parsed.get("BulkEmailEntryResults", [parsed])
        for answer in answers:
            answer["MessageId"] = message_id()

    clients.session.events.register("after-call.sesv2.SendEmail", replace)
    clients.session.events.register("after-call.sesv2.SendBulkEmail", replace)
