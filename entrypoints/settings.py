"""Every setting, read from the environment and validated in this one place."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from domain.address import normalise_address
from domain.admission import StartLimit, StartLimits
from domain.delivery_policy import DeliveryPolicy
from domain.errors import InvalidInput
from domain.fan_out import PARALLEL_STARTS, SPLIT_ABOVE
from domain.footer import Footer
from domain.priority import Priority
from domain.sending_identities import SendingIdentities, from_header, from_headers
from domain.soft_bounces import MOST_KEPT


class InvalidSettingsError(Exception):
    """The environment is wrong; the text names each variable and what it should be."""


_STAGE = re.compile(r"[a-z][a-z0-9-]{0,20}")
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,255}(?:/[A-Za-z0-9._~-]{1,64}){0,4}")
_MAX_POSTAL_ADDRESS = 300
_SENDER = "write it as name@example.com or Name <name@example.com>"


def _sender(text: str) -> str:
    """The From header as it is sent. Raises ValueError."""
    try:
        return from_header(text)
    except InvalidInput:
        raise ValueError(_SENDER) from None


def _return_path(text: str) -> str:
    """An address without a name. Raises ValueError."""
    try:
        address = normalise_address(text)
    except InvalidInput:
        address = ""
    if not address.rpartition("@")[0].isascii() or not address:
        # Each mail of a campaign would fail for it, and for good.
        raise ValueError("write it as bounces@example.com, in ASCII before the @")
    return text.strip()


def _stage(text: str) -> str:
    """Raises ValueError."""
    if not _STAGE.fullmatch(text):
        raise ValueError("small letters, digits and -, a letter first, at most 21")
    return text


def _senders(text: object) -> object:
    """One by one. Raises ValueError."""
    if not isinstance(text, str):
        return text
    try:
        return tuple(from_headers(text))
    except InvalidInput:
        raise ValueError(_SENDER) from None


Sender = Annotated[str, AfterValidator(_sender)]
Senders = Annotated[tuple[str, ...], BeforeValidator(_senders)]
ReturnPath = Annotated[str, AfterValidator(_return_path)]
Stage = Annotated[str, AfterValidator(_stage)]


def _public_url(text: str) -> str:
    """Without a slash at its end. Raises ValueError."""
    url = text.rstrip("/")
    if not _PUBLIC_URL.fullmatch(url):
        raise ValueError("write it as https://mail.example.com, without a query")
    return url


def _postal_address(text: str) -> str:
    """Raises ValueError."""
    if len(text) > _MAX_POSTAL_ADDRESS or not text.isprintable():
        raise ValueError(f"one line, at most {_MAX_POSTAL_ADDRESS} characters")
    return text.strip()


PublicUrl = Annotated[str, AfterValidator(_public_url)]
PostalAddress = Annotated[str, AfterValidator(_postal_address)]
SoftBounceLimit = Annotated[int, Field(ge=0, le=MOST_KEPT)]
DirectStarts = Annotated[int, Field(ge=1, le=1_000)]
ConfirmationTemplate = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,63})?$")]


class Settings(BaseModel):
    """What Sentinel runs by. Each field is read from the variable of its name in upper case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sender: Sender = ""
    """The From header: an address, or a name and an address."""
    senders: Senders = ()
    """Other From headers that a template may name, or have answers sent to; as SENDER, with commas
    between them."""
    public_url: PublicUrl = ""
    """Where the API is reached from outside: what the links in mails begin with."""
    local_url: PublicUrl = "http://127.0.0.1:8080"
    """Where the local runner is reached: what the URLs of its own files begin with."""
    postal_address: PostalAddress = ""
    """Where the sender can be found; marketing mail says so."""
    confirmation_template: ConfirmationTemplate = ""
    """The template of the mail that asks to confirm an address; a plain one if none is named."""
    require_approval: bool = False
    """Whether every campaign awaits approval, as with `"approval": "required"`."""
    soft_bounce_limit: SoftBounceLimit = 5
    """So many mails in a row that came back for a passing reason, over a week at least, suppress
    the address; 0 is never."""
    send_rate: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Messages a second, over all workers; 0 is what the account allows, SES's MaxSendRate."""
    address_hash_key: SecretStr = SecretStr("")
    """Secret under which addresses are hashed, at least 32 characters; never change it."""
    address_hash_key_secret_arn: str = ""
    """Where AWS Secrets Manager has it, instead."""
    horizon_days: Annotated[int, Field(ge=1, le=3_660)] = 366
    """How far ahead a campaign may be scheduled."""
    series_min_interval_seconds: Annotated[int, Field(ge=60, le=86_400)] = 900
    """How soon after each other the campaigns of a series may come."""
    max_lateness_seconds: Annotated[int, Field(ge=60, le=86_400)] = 21_600
    """A campaign whose first start comes later than this expires."""
    fan_out_lease_seconds: Annotated[int, Field(ge=1, le=900)] = 60
    """A starter that writes nothing for so long has lost its range."""
    send_lease_seconds: Annotated[int, Field(ge=3, le=900)] = 60
    """A worker that has not recorded an attempt for so long has lost its chunk."""
    ses_timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 18
    """The longest that one call to SES takes; two of them, less than `send_lease_seconds`."""
    check_interval_seconds: Annotated[int, Field(ge=1, le=3_600)] = 50
    """How soon the reconciler looks at a campaign again; less than its own interval."""
    chunk_check_interval_seconds: Annotated[int, Field(ge=1, le=3_600)] = 300
    """How soon it takes a chunk for abandoned; more than a redelivery takes."""
    retry_delay_seconds: Annotated[int, Field(ge=1, le=300)] = 5
    """At most so long before a mail that was certainly not sent is tried again; then it doubles."""
    longest_retry_delay_seconds: Annotated[int, Field(ge=1, le=900)] = 300
    """Up to this; SQS delays a message by no more than 900."""
    quota_pause_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    """How long a campaign without quota is paused before somebody looks whether there is some."""
    settling_window_seconds: Annotated[int, Field(ge=1, le=604_800)] = 3_600
    """How long the provider's events are waited for before a mail of unknown outcome is re-sent."""
    webhooks_to_private_addresses: bool = False
    """Lets webhooks go anywhere, by http, too; never where others may create them."""
    direct_starts_a_second: DirectStarts = 10
    """So many immediate campaigns are started the direct way in the long run; others queue."""
    direct_starts_burst: DirectStarts = 20
    """So many of them at once."""
    key_direct_starts_a_second: DirectStarts = 5
    """The same of what one API key asks for."""
    key_direct_starts_burst: DirectStarts = 10
    fan_out_ranges: Annotated[int, Field(ge=1, le=64)] = 1
    """Into how many ranges a segment is divided from the beginning."""
    fan_out_split_above: Annotated[int, Field(ge=0, le=1_000_000_000)] = SPLIT_ABOVE
    """A segment with more members left than about this is split, and fanned out in parallel."""
    fan_out_parallel: Annotated[int, Field(ge=1, le=1_000)] = PARALLEL_STARTS
    """So many starts are at one campaign at once."""
    log_level: Annotated[str, Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    stage: Stage = "prod"
    """A dimension of every metric."""
    require_api_keys: bool = False
    """Whether requests need a key where AWS is not there to say so; on AWS they always do."""
    database: Path = Path("sentinel.db")
    """The file, where everything is kept in one."""
    prometheus_multiproc_dir: Path = Path("sentinel.db.metrics")
    """Where each process keeps its counts (prometheus_client, "Multiprocess Mode")."""
    smtp_url: SecretStr = SecretStr("")
    """The mail server, with a password if it asks for one."""
    smtp_connections: Annotated[int, Field(ge=2, le=200)] = 20
    """To the mail server, at most at once, of each process; half of them are of each priority."""
    smtp_timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 30
    """The longest that one batch takes; less than `send_lease_seconds`."""
    return_path: ReturnPath = ""
    """Where mails that cannot be delivered come back to; the sender's address if empty."""
    dkim_domain: str = ""
    """Signs mails for this domain, by the next two: all three or none."""
    dkim_selector: str = ""
    dkim_key_file: str = ""
    """An RSA key, as PEM."""

    aws_region: str = "us-east-1"
    aws_endpoint_url: str | None = None
    """An emulator's; not set on AWS."""
    emulator_access_key: str | None = None
    """Sent to an emulator; on AWS credentials are found as every SDK does."""
    deployment_name: str = ""
    """What the names of its queues begin with."""
    table_name: str = ""
    files_bucket: str = ""
    """Where the files of imports and exports are."""
    send_queue_url: str = ""
    urgent_send_queue_url: str = ""
    start_queue_url: str = ""
    provider_events_queue_url: str = ""
    schedule_group: str = ""
    start_campaign_lambda_arn: str = ""
    run_job_lambda_arn: str = ""
    api_keys_secret_arn: str = ""
    """Where AWS Secrets Manager has the hashes of the API's keys."""
    eventbridge_role_arn: str = ""
    schedule_dead_letter_arn: str | None = None
    configuration_set: str = ""
    """Named with each mail, so that SES tells what became of it; empty: SES is not asked to."""
    ses_bulk: bool = True
    """Fifty mails a call; false for an emulator that does not render bulk calls."""

    @field_validator("address_hash_key")
    @classmethod
    def _address_hash_key(cls, key: SecretStr) -> SecretStr:
        if 0 < len(key.get_secret_value()) < 32:  # noqa: PLR2004  as documented above
            raise ValueError("at least 32 characters, from a secret store")
        return key

    @model_validator(mode="after")
    def _lease_outlasts_a_send(self) -> "Settings":
        shortest = 2 * self.ses_timeout_seconds + 1
        if self.send_lease_seconds < shortest:
            raise ValueError(
                f"SEND_LEASE_SECONDS, SES_TIMEOUT_SECONDS: a lease of {self.send_lease_seconds}"
                f" does not outlast two calls of {self.ses_timeout_seconds}; make the lease at"
                f" least {shortest}, or the calls shorter"
            )
        return self

    @model_validator(mode="after")
    def _lease_outlasts_a_batch(self) -> "Settings":
        if self.smtp_url and self.smtp_timeout_seconds >= self.send_lease_seconds:
            raise ValueError(
                f"SEND_LEASE_SECONDS, SMTP_TIMEOUT_SECONDS: a lease of {self.send_lease_seconds}"
                f" does not outlast a batch of {self.smtp_timeout_seconds}; make the lease longer,"
                " or the batch shorter"
            )
        return self

    @model_validator(mode="after")
    def _dkim_is_whole(self) -> "Settings":
        given = [self.dkim_domain, self.dkim_selector, self.dkim_key_file]
        if any(given) and not all(given):
            raise ValueError(
                "DKIM_DOMAIN, DKIM_SELECTOR, DKIM_KEY_FILE: give all three, or none of them"
            )
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Raises InvalidSettingsError."""
        return read_environment(cls, environment)

    def require(self, *names: str) -> "Settings":
        """These settings, where each of `names` is given. Raises InvalidSettingsError."""
        missing = [f"{name.upper()}: not set." for name in names if not getattr(self, name)]
        if missing:
            raise InvalidSettingsError("\n".join(missing))
        return self

    @property
    def send_queue_urls(self) -> Mapping[Priority, str]:
        """Of each priority."""
        return {
            Priority.URGENT: self.urgent_send_queue_url,
            Priority.NORMAL: self.send_queue_url,
        }

    @property
    def hash_key(self) -> bytes:
        """The address hash key as bytes. Raises InvalidSettingsError when it is not set."""
        key = self.address_hash_key.get_secret_value()
        if not key:
            raise InvalidSettingsError("ADDRESS_HASH_KEY: not set; give it 32 random characters.")
        return key.encode()

    @property
    def identities(self) -> SendingIdentities:
        """`sender` and `senders`."""
        headers = (self.sender, *self.senders)
        return SendingIdentities(tuple(dict.fromkeys(each for each in headers if each)))

    @property
    def horizon(self) -> timedelta:
        """`horizon_days`."""
        return timedelta(days=self.horizon_days)

    @property
    def series_min_interval(self) -> timedelta:
        """`series_min_interval_seconds`."""
        return timedelta(seconds=self.series_min_interval_seconds)

    @property
    def start_limits(self) -> StartLimits:
        """What goes the direct way."""
        return StartLimits(
            account=StartLimit(self.direct_starts_a_second, self.direct_starts_burst),
            key=StartLimit(self.key_direct_starts_a_second, self.key_direct_starts_burst),
        )

    @property
    def max_lateness(self) -> timedelta:
        """`max_lateness_seconds`."""
        return timedelta(seconds=self.max_lateness_seconds)

    @property
    def footer(self) -> Footer:
        """What every mail may merge."""
        return Footer(public_url=self.public_url, postal_address=self.postal_address)

    @property
    def policy(self) -> DeliveryPolicy:
        """The times that delivery runs by."""
        return DeliveryPolicy(
            max_lateness=self.max_lateness,
            fan_out_lease=timedelta(seconds=self.fan_out_lease_seconds),
            send_lease=timedelta(seconds=self.send_lease_seconds),
            check_interval=timedelta(seconds=self.check_interval_seconds),
            chunk_check_interval=timedelta(seconds=self.chunk_check_interval_seconds),
            retry_delay=timedelta(seconds=self.retry_delay_seconds),
            longest_retry_delay=timedelta(seconds=self.longest_retry_delay_seconds),
            quota_pause=timedelta(seconds=self.quota_pause_seconds),
            settling_window=timedelta(seconds=self.settling_window_seconds),
        )

    @property
    def ses_timeout(self) -> timedelta:
        """`ses_timeout_seconds`."""
        return timedelta(seconds=self.ses_timeout_seconds)


Model = TypeVar("Model", bound=BaseModel)


def read_environment(model: type[Model], environment: Mapping[str, str]) -> Model:
    """`model` from variables named as its fields in upper case; an empty one counts as not set.

    Raises InvalidSettingsError naming every variable at fault.
    """
    values = {
        name: environment[name.upper()]
        for name in model.model_fields
        if environment.get(name.upper())
    }
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [
            # What is wrong between two of them names both itself.
            "".join(f"{str(name).upper()}: " for name in fault["loc"][:1])
            + f"{fault['msg'].removeprefix('Value error, ')}."
            for fault in error.errors()
        ]
        raise InvalidSettingsError("\n".join(faults)) from None
