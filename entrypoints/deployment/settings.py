"""What a deployment is told: the parameters of template.yaml, read from the environment."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from domain.address import normalise_address
from domain.errors import InvalidInput
from entrypoints.settings import (
    ConfirmationTemplate,
    DirectStarts,
    PostalAddress,
    PublicUrl,
    Sender,
    Senders,
    SoftBounceLimit,
    Stage,
)

LogRetentionDays = Annotated[
    Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
    BeforeValidator(int),
]
"""What CloudWatch Logs takes."""


def _address(text: str) -> str:
    """Raises ValueError."""
    try:
        return normalise_address(text)
    except InvalidInput as error:
        raise ValueError(error.detail.removesuffix(".")) from None


def _addresses(text: str) -> str:
    """Raises ValueError."""
    return ",".join(_address(each) for each in text.split(","))


def _https(url: str) -> str:
    """Raises ValueError."""
    if not url.startswith("https://"):
        raise ValueError("https: mail programs call no other link (RFC 8058)")
    return url


Address = Annotated[str, AfterValidator(_address)]


class StageSettings(BaseModel):
    """Which deployment a command is about."""

    model_config = ConfigDict(frozen=True)

    stage: Stage = "prod"
    """A stage other than prod has everything apart, under a name of its own."""

    @property
    def name(self) -> str:
        """What its stack, and all in it, is named after."""
        return "sentinel" if self.stage == "prod" else f"sentinel-{self.stage}"


class DeploymentSettings(StageSettings):
    """Each field is read from the variable of its name in upper case, as in `make deploy SENDER=…`.

    What is not set is as template.yaml has it.
    """

    sender: Sender
    """The From header: an address, or a name and an address."""
    postal_address: PostalAddress | None = None
    """Where the sender can be found; no marketing campaign without it."""
    confirmation_template: ConfirmationTemplate | None = None
    """The id of the template that asks people to confirm their address; without, a plain mail."""
    public_url: Annotated[PublicUrl, AfterValidator(_https)] | None = None
    """What the links in mails begin with, where the API has a domain of its own."""
    senders: Senders = ()
    """Other From headers that templates may name, separated by commas."""
    architecture: Literal["arm64", "x86_64"] = "arm64"
    send_rate: Annotated[int, Field(ge=0, le=100_000)] | None = None
    worker_concurrency: Annotated[int, Field(ge=2, le=1_000)] | None = None
    worker_memory: Annotated[int, Field(ge=256, le=3_008)] | None = None
    start_concurrency: Annotated[int, Field(ge=0, le=1_000)] | None = None
    start_queue_concurrency: Annotated[int, Field(ge=2, le=1_000)] | None = None
    direct_starts_a_second: DirectStarts | None = None
    direct_starts_burst: DirectStarts | None = None
    key_direct_starts_a_second: DirectStarts | None = None
    key_direct_starts_burst: DirectStarts | None = None
    log_retention_days: LogRetentionDays | None = None
    max_lateness_seconds: Annotated[int, Field(ge=60, le=21_600)] | None = None
    quota_pause_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None
    settling_window_seconds: Annotated[int, Field(ge=1, le=604_800)] | None = None
    throttle_rate: Annotated[int, Field(ge=1)] | None = None
    throttle_burst: Annotated[int, Field(ge=1)] | None = None
    soft_bounce_limit: SoftBounceLimit | None = None
    require_approval: bool | None = None
    """Whether every campaign awaits approval."""
    unknown_held_seconds: Annotated[int, Field(ge=3_600, le=518_400)] | None = None
    stalled_seconds: Annotated[int, Field(ge=300, le=86_400)] | None = None
    alarm_address: Address | None = None
    sandbox_recipients: Annotated[str, AfterValidator(_addresses)] | None = None
    """In SES's sandbox: the verified addresses that mails may go to, separated by commas."""
    ses_bulk: bool | None = None
    delivery_events: bool | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None

    @property
    def recipients(self) -> list[str]:
        """`sandbox_recipients`, one by one."""
        return self.sandbox_recipients.split(",") if self.sandbox_recipients else []

    @property
    def parameters(self) -> dict[str, str]:
        """Those of the template that were given."""
        given = self.model_dump(
            exclude_none=True, exclude={"sender", "senders", "sandbox_recipients"}
        )
        if self.senders:
            given["senders"] = ", ".join(self.senders)
        return {_parameter_name(name): _text(value) for name, value in given.items()}


def _parameter_name(field: str) -> str:
    return "".join(word.capitalize() for word in field.split("_"))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
