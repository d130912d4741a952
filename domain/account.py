"""The account that Sentinel sends and runs in, as it was found: nothing here is Sentinel's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.address import normalise_address
from domain.errors import InvalidInput
from domain.sending_identities import address_of, from_headers


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read: `permission` is what reading it takes, `reason` why not."""

    permission: str
    reason: str
    is_denied: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked, and where."""

    account: str
    arn: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the mail provider lets the account do. A negative daily quota is none at all."""

    has_production_access: bool
    is_enabled: bool
    enforcement: str
    """HEALTHY, PROBATION or SHUTDOWN."""
    max_rate: float
    """Mails a second."""
    max_a_day: float
    sent_last_day: float


@dataclass(frozen=True, slots=True)
class Reputation:
    """Shares of the account's mails as the provider last told them; None before it did."""

    bounces: float | None
    complaints: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """An address or a domain that the account has, or is about to have, for its own."""

    name: str
    is_verified: bool
    signs: bool
    """Whether signing with DKIM is switched on."""
    dkim: str
    """SUCCESS, where the provider has found the keys in the DNS."""
    key_bits: int | None = None
    """Of the key that it signs with, where the provider made it."""
    mail_from: str | None = None
    """A return-path domain of its own."""
    mail_from_status: str | None = None
    rejects_without_mail_from: bool = False


@dataclass(frozen=True, slots=True)
class Sender:
    """An address to send from, and those identities that cover it, the closest first."""

    address: str
    identities: tuple[Identity, ...] | Unread


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many functions may run at once: in all, and of those that reserved none."""

    limit: int
    unreserved: int


@dataclass(frozen=True, slots=True)
class TrustCondition:
    """One condition of a trust: `key` in lower case, any of `values` meets it."""

    operator: str
    key: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Trust:
    """One statement of who may take on a role: these services, under these conditions."""

    services: frozenset[str]
    conditions: tuple[TrustCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role, and everyone it trusts."""

    name: str
    trusts: tuple[Trust, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackContents:
    """What a stack is made of, by logical id. A role that is gone is None."""

    roles: Mapping[str, Role | Unread | None]
    schedule_groups: Mapping[str, str]
    reserved: int | Unread
    """The concurrency that its functions reserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A deployed stack."""

    name: str
    status: str
    parameters: Mapping[str, str]
    contents: StackContents | Unread
    outputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def senders(self) -> tuple[str, ...]:
        """The addresses that it sends from, normalised."""
        return tuple(
            dict.fromkeys(
                address
                for parameter in ("Sender", "Senders")
                for address in _addresses(self.parameters.get(parameter, ""))
            )
        )

    @property
    def public_url(self) -> str:
        """What the links in its mails begin with."""
        return self.parameters.get("PublicUrl") or self.outputs.get("ApiUrl", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that was found. No stack of the name is None."""

    caller: Caller | Unread
    sending: Sending | Unread
    reputation: Reputation | Unread
    senders: tuple[Sender, ...]
    concurrency: Concurrency | Unread
    stack: Stack | Unread | None

    @property
    def is_closed(self) -> bool:
        """Whether nothing at all could be read."""
        asked = (
            self.caller,
            self.sending,
            self.reputation,
            self.concurrency,
            self.stack,
            *(sender.identities for sender in self.senders),
        )
        return all(isinstance(each, Unread) for each in asked)


def _addresses(headers: str) -> tuple[str, ...]:
    """None where they are not as a deployment checks them."""
    try:
        return tuple(normalise_address(address_of(each)) for each in from_headers(headers))
    except InvalidInput:
        return ()
