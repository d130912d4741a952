"""A finding: what was found of an account, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.account import Account, Stack, Unread

DEFAULT_STACK = "sentinel"
_NOT_STANDING = ("CREATE_FAILED", "CREATE_IN_PROGRESS", "DELETE_", "REVIEW_", "ROLLBACK_")
"""How the states of a stack begin that is not yet, or no longer, whole."""


class Level(StrEnum):
    """How bad a finding is: FAIL stops mails or the deployment, WARN may."""

    FAIL = "FAIL"
    WARN = "WARN"
    OK = "OK"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of `subject`, and what to do about it; empty where there is nothing to do."""

    level: Level
    subject: str
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the account is to be good for.

    A number that is None is the one that the stack was deployed with, or where there is no stack,
    the default of template.yaml.
    """

    senders: tuple[str, ...]
    stack: str = DEFAULT_STACK
    send_rate: int | None = None
    worker_concurrency: int | None = None
    start_concurrency: int | None = None
    start_queue_concurrency: int | None = None
    direct_starts_a_second: int | None = None
    direct_starts_burst: int | None = None


def unread(subject: str, found: Unread) -> Finding:
    """What could not be read, and how it can be."""
    remedy = (
        f"Grant {found.permission} to whoever runs this."
        if found.is_denied
        else f"Run it again; where it stays so, try {found.permission} by hand."
    )
    return Finding(Level.WARN, subject, f"cannot be read ({found.reason})", remedy)


def quota_request(service: str, code: str, value: int) -> str:
    """The command that asks AWS for a higher quota."""
    return (
        f"`aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value {value}`"
    )


def wanted_number(asked: int | None, account: Account, parameter: str, default: int) -> int:
    """`asked`, or what the stack was deployed with, or `default`."""
    if asked is not None:
        return asked
    if not isinstance(account.stack, Stack):
        return default
    deployed = account.stack.parameters.get(parameter, "")
    return int(deployed) if deployed.isdecimal() else default


def has_functions(stack: Stack) -> bool:
    """Whether it stands, and with functions: for the local runner it is deployed without."""
    stands = not stack.status.startswith(_NOT_STANDING)
    return stands and stack.parameters.get("Functions") != "none"
