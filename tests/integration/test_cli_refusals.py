"""What a server refuses is told by what was typed: nobody at the command line knows its fields."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.errors import StaleRevision
from entrypoints.http import problems
from tests.integration.command_line import CommandLine
from tests.integration.forwarding_proxy import Refusal, forwarding
from tests.integration.waiting import PATIENCE

TO_COME = f"{datetime.now(UTC).date() + timedelta(days=180)}T09:00"
"""One that has passed is refused before any server is asked."""
CAMPAIGN = ("--name", "Sale", "--template", "promo-template", "--segment", "vip-customers")
RULE = '{"any": [{"field": "plan", "op": "is", "value": "gold"}]}'
INVALID = ["The request is not valid.", "Nothing was changed. Mend this, and try again:"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            ("campaigns", "create", *CAMPAIGN, "--at", TO_COME),
            (
                "--at: No UTC offset; write it as 2026-11-19T09:00:00Z or "
                "2026-11-19T10:00:00+01:00, or name a zone in --timezone."
            ),
        ),
        (
            ("campaigns", "create", *CAMPAIGN, "--timezone", "Europe/Berlin"),
            "--timezone: It needs a --at; add one, or leave it out.",
        ),
        (
            (
                *("campaigns", "create", *CAMPAIGN),
                *("--at", f"{TO_COME}:00Z", "--fold", "1"),
            ),
            "--fold: It belongs to a local --at with a --timezone; leave it out.",
        ),
        (
            ("campaigns", "create", *CAMPAIGN, "--at", TO_COME, "--local-time"),
            (
                "--timezone: With --local-time it is needed, for those who have none; such as "
                "Europe/Berlin."
            ),
        ),
        (
            ("campaigns", "create", *CAMPAIGN, "--exclude", "all-active", "--exclude", "fold"),
            "--exclude, number 2: No segment 'fold'; create it first.",
        ),
        (
            ("campaigns", "create", *CAMPAIGN[:2], "--template", "none", *CAMPAIGN[4:]),
            "--template: No template 'none'; create it first.",
        ),
        (
            ("segments", "create", "a b", "--name", "A"),
            "SEGMENT: Letters, digits, - and _, at most 64, a letter or digit first.",
        ),
        (
            (
                "segments",
                "create",
                "--name",
                "A",
                "--rule",
                '{"any":[{"field":"x","op":"is","value":1}]}',
            ),
            "--rule /any/0/op: It must be one of equals,",
        ),
        (
            ("contacts", "put", "ann@example.com", "--field", "a/b=c"),
            "--field a/b: A field name is a letter,",
        ),
        (
            ("contacts", "put", "nobody"),
            "ADDRESS: Not an e-mail address; write it as name@example.com.",
        ),
        (
            ("contacts", "put", "ann@example.com", "--confirmation-template", "promo-template"),
            "A --confirmation-template needs --confirm.",
        ),
    ],
)
def test_what_is_wrong_is_named_as_it_was_typed(
    cli: CommandLine, command: tuple[str, ...], told: str
) -> None:
    """Options and arguments, for the fields of the API; what is in quotes stays as it is."""
    done = cli.run(*command)

    assert done.code == 1
    assert done.err.splitlines()[:2] == INVALID
    assert done.err.splitlines()[2].startswith(told)


def test_what_is_to_be_done_is_said_by_commands(cli: CommandLine) -> None:
    """Where the server speaks of requests."""
    shown = cli.run("campaigns", "show", "none")
    created = httpx.post(f"{cli.url}/v1/imports", json={}, timeout=PATIENCE).raise_for_status()
    started = cli.run("imports", "start", created.json()["import_id"])

    assert shown.err.splitlines() == ["No such campaign.", "Check the id."]
    assert started.err.splitlines() == [
        *INVALID,
        "IMPORT: No file yet; upload it by `sentinel import FILE --into IMPORT` first.",
    ]


def test_who_edits_a_template_is_sent_to_no_option_that_is_not_there(cli: CommandLine) -> None:
    """It has no --revision: it looks for itself."""
    problem = problems.of_stale_revision(StaleRevision("template", 2))
    with forwarding(cli.url) as proxy:
        proxy.to_refuse = 1
        proxy.refusal = Refusal(problem.status_code, {}, problem.body or "")
        done = CommandLine(proxy.url).run("templates", "edit", "promo-template", "--subject", "A")

    assert done.code == 5
    assert done.err.splitlines() == [
        "It was changed since you read it.",
        "It is at revision 2 by now, and nothing was changed. Look at it again, and decide again.",
    ]
