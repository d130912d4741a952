"""The rules that Gmail and Yahoo hold senders to, as far as the DNS shows them.

SPF (RFC 7208) says who may send with a return path in a domain, DMARC (RFC 7489) what to do with a
mail whose From header no signature and no return path stands for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError

MAX_SPF_LOOKUPS = 10
"""What a receiver looks up for one record, at most (RFC 7208, section 4.6.4)."""
COMPLAINTS_WATCHED, COMPLAINTS_REFUSED = 0.001, 0.003
"""Shares of mails reported as spam: stay below the one, and never reach the other.

Google, "Email sender guidelines"."""

_SPF_TERM = re.compile(
    r"(?P<qualifier>[-+?~]?)(?P<name>[a-z][a-z0-9._-]*)(?:(?P<mark>[:=/])(?P<value>\S*))?",
    re.IGNORECASE | re.ASCII,
)
_LOOKING_UP = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_WITH_VALUE = frozenset({"include", "exists", "ip4", "ip6"})
_MECHANISMS = frozenset({"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"})
_DMARC_TAG = re.compile(r"\s*([a-z]+)\s*=\s*(.*?)\s*", re.IGNORECASE | re.ASCII | re.DOTALL)
_POLICIES = frozenset({"none", "quarantine", "reject"})
_DMARC_VALUES = {
    "p": _POLICIES,
    "sp": _POLICIES,
    "adkim": frozenset({"r", "s"}),
    "aspf": frozenset({"r", "s"}),
}
_PROVIDERS = frozenset(
    {
        *("gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "rocketmail.com"),
        *("myyahoo.com", "aol.com"),
    }
)
_REGIONAL_YAHOO = re.compile(r"yahoo\.(?:[a-z]{2}|com?\.[a-z]{2})")
_FEWEST_LABELS = 2


@dataclass(frozen=True)
class Broken:
    """Records that receivers do not take, and why."""

    reason: str


@dataclass(frozen=True)
class Spf:
    """Whom a domain lets send: the domains it includes, and what is said of everybody else."""

    includes: frozenset[str]
    others: str | None
    """`-`, `~`, `?` or `+`; None where nothing is said of them."""


@dataclass(frozen=True)
class Dmarc:
    """What is asked of receivers. Strict alignment takes the same domain, relaxed a related one."""

    policy: str
    subdomain_policy: str
    is_strict_dkim: bool = False
    is_strict_spf: bool = False


def read_spf(texts: Sequence[str]) -> Spf | Broken | None:
    """Of the TXT records of a domain; None where none is SPF's."""
    records = [text for text in texts if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]
    if not records:
        return None
    if len(records) > 1:
        return Broken(f"there are {len(records)} SPF records; receivers take none of them")
    includes: set[str] = set()
    others: str | None = None
    lookups = 0
    for text in records[0].split()[1:]:
        term = _SPF_TERM.fullmatch(text)
        name = "" if term is None else term["name"].lower()
        if term is None or not _is_spf_term(term, name):
            return Broken(f"{text[:100]!r} is no term of SPF; receivers take none of the record")
        lookups += name in _LOOKING_UP
        if name == "include":
            includes.add(term["value"].lower().removesuffix("."))
        if name == "all" and others is None:
            others = term["qualifier"] or "+"
    if lookups > MAX_SPF_LOOKUPS:
        return Broken(f"it takes {lookups} look-ups, and receivers make {MAX_SPF_LOOKUPS}")
    return Spf(frozenset(includes), others)


def _is_spf_term(term: re.Match[str], name: str) -> bool:
    mark, value = term["mark"], term["value"]
    if mark == "=":
        # A modifier; those that nobody knows are passed over.
        return not term["qualifier"] and bool(value or name not in {"redirect", "exp"})
    if name not in _MECHANISMS or (mark == ":" and not value):
        return False
    if name in _WITH_VALUE and mark != ":":
        return False
    if name == "all":
        return mark is None
    return name not in {"ip4", "ip6"} or _is_network(name, value)


def _is_network(name: str, value: str) -> bool:
    try:
        if name == "ip4":
            IPv4Network(value, strict=False)
        else:
            IPv6Network(value, strict=False)
    except (AddressValueError, NetmaskValueError):
        return False
    return True


def read_dmarc(texts: Sequence[str]) -> Dmarc | Broken | None:
    """Of the TXT records of `_dmarc` below a domain; None where none is DMARC's."""
    records = [text for text in texts if re.match(r"\s*v\s*=\s*DMARC1\s*(?:;|$)", text)]
    if not records:
        return None
    if len(records) > 1:
        return Broken(f"there are {len(records)} DMARC records; receivers take none of them")
    tags = _tags(records[0])
    if isinstance(tags, Broken):
        return tags
    policy = tags.get("p", "").lower()
    return Dmarc(
        policy=policy,
        subdomain_policy=tags.get("sp", policy).lower(),
        is_strict_dkim=tags.get("adkim", "r").lower() == "s",
        is_strict_spf=tags.get("aspf", "r").lower() == "s",
    )


def _tags(record: str) -> dict[str, str] | Broken:
    tags: dict[str, str] = {}
    for text in filter(str.strip, record.split(";")):
        tag = _DMARC_TAG.fullmatch(text)
        if tag is None:
            return Broken(f"{text.strip()[:100]!r} is no tag of DMARC")
        if tag[1].lower() in tags:
            return Broken(f"{tag[1].lower()} is said twice")
        tags[tag[1].lower()] = tag[2]
    if "p" not in tags:
        return Broken("it has no p: none, quarantine or reject")
    for name, known in _DMARC_VALUES.items():
        if name in tags and tags[name].lower() not in known:
            return Broken(f"{name}={tags[name][:100]} is none of {', '.join(sorted(known))}")
    return tags


def where_dmarc_is(domain: str) -> Iterator[str]:
    """Where the policy of a domain is looked for: below it, then below each domain above.

    A receiver goes straight to the organisational domain, which only the list of public suffixes
    tells; of a domain and those above it, that is the one with a record in all but odd cases.
    """
    labels = domain.split(".")
    for start in range(len(labels) - _FEWEST_LABELS + 1):
        yield f"_dmarc.{'.'.join(labels[start:])}"


def aligns(authenticated: str, from_domain: str, *, strict: bool) -> bool:
    """Whether a domain that passed SPF or DKIM stands for that of the From header.

    Relaxed, they have to be of one organisation, by their last two labels: where those are a public
    suffix (co.uk) SES sees to it, which lets a domain sign for itself and what is below it only.
    """
    if strict:
        return authenticated == from_domain
    return authenticated.split(".")[-_FEWEST_LABELS:] == from_domain.split(".")[-_FEWEST_LABELS:]


def is_mailbox_providers(domain: str) -> bool:
    """Whether it is where Gmail or Yahoo have people's mailboxes: nobody else may send from it."""
    return domain in _PROVIDERS or _REGIONAL_YAHOO.fullmatch(domain) is not None
