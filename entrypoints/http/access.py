"""Who is let in: every request but a few shows an API key with the scope that it needs."""

import logging
from dataclasses import dataclass
from http import HTTPMethod

from aws_lambda_powertools.event_handler import Response

from domain.access import Scope, presented_key
from domain.errors import DependencyFault
from domain.ports.api_keys import ApiKeys
from domain.ports.clock import Clock
from entrypoints.http import problems

logger = logging.getLogger(__name__)

_OPEN = frozenset(
    {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json"), ("GET", "/docs")}
)
"""Health, and what the interface is: the same for every deployment, as its source is."""
READERS_LINKS = ("/u/", "/c/")
"""What the paths of the links in mails begin with: to unsubscribe, to confirm an address."""
_READS = frozenset({HTTPMethod.GET, HTTPMethod.HEAD})
_SCOPES = {
    "analytics": (Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_READ),
    "campaigns": (Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE),
    "series": (Scope.CAMPAIGNS_READ, Scope.CAMPAIGNS_WRITE),
    "templates": (Scope.TEMPLATES_READ, Scope.TEMPLATES_WRITE),
    "segments": (Scope.AUDIENCE_READ, Scope.AUDIENCE_WRITE),
    "contacts": (Scope.AUDIENCE_READ, Scope.AUDIENCE_WRITE),
    "suppressions": (Scope.AUDIENCE_READ, Scope.AUDIENCE_WRITE),
    "webhooks": (Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE),
    "dead-letters": (Scope.OPERATIONS_READ, Scope.OPERATIONS_WRITE),
    # Reading one gives a URL to write its file.
    "imports": (Scope.AUDIENCE_WRITE, Scope.AUDIENCE_WRITE),
    "exports": (Scope.AUDIENCE_EXPORT, Scope.AUDIENCE_EXPORT),
}


def is_open(method: str, path: str) -> bool:
    """Whether nobody is asked for a key: health, and a reader's link, whose token is its own."""
    return (method, path) in _OPEN or path.startswith(READERS_LINKS)


def scopes_needed(method: str, path: str) -> tuple[Scope, ...]:  # noqa: PLR0911  one row a kind of path
    """What a key must be for, all of it; none where any key will do.

    A path that is spelled otherwise is served by no route: it needs a key, and finds nothing.
    """
    match path.split("/"):
        case ["", "v1", "campaigns", _, "recipients"]:
            # It tells addresses, as contacts do.
            return (Scope.CAMPAIGNS_READ, Scope.AUDIENCE_READ)
        case ["", "v1", "campaigns", _, "approve"]:
            # No key that writes approves what it wrote, unless it was issued for both.
            return (Scope.CAMPAIGNS_APPROVE,)
        case ["", "v1", "contacts" | "suppressions", "lookup"] | ["", "v1", "segments", "preview"]:
            # A POST for the sake of its body: an address belongs in no URL, a rule fits in none.
            return (Scope.AUDIENCE_READ,)
        case ["", "v1", "templates", _, "test-send"]:
            # It sends mail, which no key for templates alone is for, and may name a contact.
            return (Scope.TEMPLATES_READ, Scope.AUDIENCE_READ, Scope.CAMPAIGNS_WRITE)
        case ["", "v1", "templates", _, "preview"]:
            # A POST for the sake of its body, which may name a contact.
            return (Scope.TEMPLATES_READ, Scope.AUDIENCE_READ)
        case ["", "v1", "contacts", _, "deliveries" | "export"]:
            # They tell of campaigns.
            return (Scope.CAMPAIGNS_READ, Scope.AUDIENCE_READ)
        case ["", "v1", "imports", _, "refused"]:
            # It tells addresses, as contacts do.
            return (Scope.AUDIENCE_READ,)
        case ["", "metrics"]:
            return (Scope.OPERATIONS_READ,)
        case ["", "v1", part, *_] if part in _SCOPES:
            reading, writing = _SCOPES[part]
            return (reading if method in _READS else writing,)
    return ()


@dataclass(frozen=True)
class Admission:
    """Whether a request may go on: it may without a `refusal`, which is the answer.

    `key_id` names the key that was shown, where it is one that stands.
    """

    key_id: str | None = None
    refusal: Response[str] | None = None


class Access:
    """Looks at a request before anything else of it is looked at."""

    def __init__(self, api_keys: ApiKeys | None, clock: Clock) -> None:
        """Without keys everybody is let in: on the loopback interface."""
        self._api_keys = api_keys
        self._clock = clock

    def check(self, method: str, path: str, authorization: str | None) -> Admission:
        """`path` is the one that is routed: what is checked must be what is served."""
        if self._api_keys is None or is_open(method, path):
            return Admission()
        if authorization is None:
            return Admission(refusal=problems.unauthorized(presented=False))
        scheme, _, text = authorization.partition(" ")
        try:
            keys = self._api_keys.all()
        except DependencyFault as fault:
            logger.error("The API keys cannot be read: %s", fault)  # noqa: TRY400  foreseen
            return Admission(refusal=problems.of_dependency_fault(fault, reads=True))
        key = presented_key(keys, text.strip(), self._clock.now())
        if key is None or scheme.lower() != "bearer":
            return Admission(refusal=problems.unauthorized(presented=True))
        needed = scopes_needed(method, path)
        if not key.scopes.issuperset(needed):
            return Admission(key.key_id, problems.forbidden(needed))
        return Admission(key.key_id)
