"""Check an AWS account before and after a deployment: `make preflight SENDER=news@example.com`."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from email.utils import getaddresses
from ipaddress import IPv4Address
from textwrap import fill

from domain.account import Account, Caller, Unread
from domain.address import normalise_address
from domain.errors import DependencyFault, InvalidInput
from entrypoints.deployment.finding import DEFAULT_STACK, Finding, Level, Wanted, unread
from entrypoints.deployment.rule_findings import Outside, rule_findings
from entrypoints.deployment.sending_findings import sender_findings, sending_findings
from entrypoints.deployment.stack_findings import concurrency_findings, stack_findings

_WIDTH = 100
_DNS_PORT = 53
_INDENT = " " * 6
_COMMAND = re.compile("`[^`]*`")
_HELD_SPACE = "\0"
_NOBODY = """\
Nothing was checked. Give credentials of the account by AWS_PROFILE, or AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, and the region by --region or AWS_REGION; where they have expired, renew them
(aws sso login). What they must allow is in docs/preflight.md."""


def findings(account: Account, wanted: Wanted, outside: Outside) -> Sequence[Finding]:
    """All of them: the worst first, else in the order of the questions."""
    found = [
        *_caller_findings(account.caller),
        *sending_findings(account, wanted),
        *(each for sender in account.senders for each in sender_findings(sender, account.stack)),
        *rule_findings(account, outside),
        *concurrency_findings(account, wanted),
        *stack_findings(account, wanted),
    ]
    worst_first = list(Level)
    return sorted(found, key=lambda each: worst_first.index(each.level))


def _caller_findings(caller: Caller | Unread) -> Iterator[Finding]:
    if isinstance(caller, Unread):
        yield unread("account", caller)
        return
    yield Finding(Level.OK, "account", f"{caller.account} in {caller.region}, as {caller.arn}")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Print the findings; returns 1 where one is FAIL, 2 where nothing could be asked."""
    from entrypoints.containers import deployment  # noqa: PLC0415  --help runs without boto3

    options = _parser().parse_args(arguments)
    wanted = Wanted(
        senders=tuple(dict.fromkeys(options.sender)),
        stack=options.stack,
        send_rate=options.send_rate,
        worker_concurrency=options.concurrency,
        start_concurrency=options.start_concurrency,
        start_queue_concurrency=options.start_queue_concurrency,
        direct_starts_a_second=options.direct_starts_a_second,
        direct_starts_burst=options.direct_starts_burst,
    )
    try:
        region = options.region or environment.get("AWS_REGION") or deployment.configured_region()
        if region is None:
            return _nothing_asked("No region is set.")
        account = deployment.read_account(region, wanted.senders, wanted.stack)
        outside = Outside(deployment.dns(options.name_server), deployment.web())
    except DependencyFault as error:
        return _nothing_asked(f"{error}.")
    found = findings(account, wanted, outside)
    _say(_as_json(found) if options.json else _as_table(found))
    if account.is_closed:
        return _nothing_asked("Every question was denied.")
    return 1 if any(each.level is Level.FAIL for each in found) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m entrypoints.deployment.preflight",
        description="Check an AWS account before and after a deployment. Nothing is changed.",
        epilog="Exit status: 0 nothing fails, 1 something does, 2 nothing could be asked.",
    )
    add = parser.add_argument
    add(
        "--sender",
        type=_address,
        action="append",
        required=True,
        help="address to send from, as news@example.com; once for each",
    )
    add("--stack", default=DEFAULT_STACK, help="name of the stack (%(default)s)")
    add("--region", help="region to ask (AWS_REGION, or the profile's)")
    deployed = "(the stack's; without one template.yaml's default)"
    add("--send-rate", type=_at_least(0), help=f"mails a second: SendRate {deployed}")
    add("--concurrency", type=_at_least(2), help=f"workers at once: WorkerConcurrency {deployed}")
    add(
        "--start-concurrency",
        type=_at_least(0),
        help=f"reserved for starts: StartConcurrency {deployed}",
    )
    add(
        "--start-queue-concurrency",
        type=_at_least(2),
        help=f"batches of queued starts at once: StartQueueConcurrency {deployed}",
    )
    add(
        "--direct-starts-a-second",
        type=_at_least(1),
        help=f"starts the direct way: DirectStartsASecond {deployed}",
    )
    add(
        "--direct-starts-burst",
        type=_at_least(1),
        help=f"as many of them at once: DirectStartsBurst {deployed}",
    )
    add(
        "--name-server",
        type=_server,
        help="IP address of the name server to ask, as 192.0.2.1 or 192.0.2.1:5353 (the machine's)",
    )
    add("--json", action="store_true", help="print JSON")
    return parser


def _address(text: str) -> str:
    try:
        ((_, address),) = getaddresses([text])
        return normalise_address(address)
    except (InvalidInput, ValueError):
        raise argparse.ArgumentTypeError(
            "write it as news@example.com or News <news@example.com>"
        ) from None


def _server(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    try:
        return str(IPv4Address(host)), int(port or _DNS_PORT)
    except ValueError:
        raise argparse.ArgumentTypeError("write it as 192.0.2.1 or 192.0.2.1:5353") from None


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"write it as a whole number, at least {least}")
        return int(text)

    return number


def _as_table(found: Sequence[Finding]) -> str:
    width = max(len(each.subject) for each in found)
    lines = []
    for each in found:
        lines.append(f"{each.level:<4}  {each.subject:<{width}}  {each.found}")
        if each.remedy:
            lines.append(_wrapped(each.remedy))
    return "\n".join(lines)


def _wrapped(remedy: str) -> str:
    """In lines, but a command in one, so that it can be pasted."""
    unbroken = _COMMAND.sub(lambda command: command[0].replace(" ", _HELD_SPACE), remedy)
    lines = fill(
        unbroken,
        _WIDTH,
        initial_indent=f"{_INDENT}→ ",
        subsequent_indent=f"{_INDENT}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_HELD_SPACE, " ")


def _as_json(found: Sequence[Finding]) -> str:
    return json.dumps({"schema": 1, "findings": [asdict(each) for each in found]}, indent=2)


def _nothing_asked(reason: str) -> int:
    sys.stderr.write(f"{reason}\n{_NOBODY}\n")
    return 2


def _say(text: str) -> None:
    # Nobody may be reading, as in `make preflight | head`: no other exit status for that.
    with suppress(BrokenPipeError):
        print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
