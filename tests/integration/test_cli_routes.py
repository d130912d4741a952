"""Everything that the API does is there on the command line, and what there is explains itself."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from entrypoints.cli.command import options_of
from entrypoints.cli.refusals import option_of
from tests.cli_commands import ALL
from tests.integration.command_line import ROOT, CommandLine
from tests.integration.forwarding_proxy import Asked, ForwardingProxy, forwarding

CAMPAIGN = ("--name", "Every route", "--template", "promo-template", "--segment", "vip-customers")
SERIES = (
    *("--name", "Weekly", "--cron", "0 9 * * 1", "--timezone", "Europe/Berlin"),
    *("--template", "newsletter-template", "--segment", "vip-customers"),
)
COMMANDS: Mapping[str, Sequence[str]] = {
    "GET /v1/campaigns": (
        "campaigns list --state sent --created-after {past} --created-before {then}",
        "campaigns list --template promo-template --segment vip-customers --path immediate",
        "campaigns list --category marketing",
    ),
    "POST /v1/campaigns": (
        "campaigns create {campaign} --at {later}Z --category marketing",
        "campaigns create {campaign} --at {later}Z --priority urgent --unknown hold",
        (
            "campaigns create {campaign} --at {later} --timezone Europe/Berlin "
            "--fold 0 --exclude all-active"
        ),
        ("campaigns create {campaign} --at {later} --timezone Europe/Berlin --local-time"),
        "campaigns create {campaign} --at {later}Z --approval",
        "campaigns create {campaign} --immediate-only",
    ),
    "POST /v1/campaigns/{campaign_id}/clone": (
        (
            "campaigns clone {cmp} --name Clone --template promo-template --segment vip-customers "
            "--exclude all-active --at {later} --timezone Europe/Berlin --fold 0 "
            "--category marketing --priority urgent --unknown hold --approval"
        ),
        ("campaigns clone {cmp} --at {later} --timezone Europe/Berlin --local-time --approval"),
        "campaigns clone {cmp} --now --immediate-only",
    ),
    "POST /v1/campaigns/{campaign_id}/approve": ("campaigns approve {awaiting}",),
    "GET /v1/campaigns/{campaign_id}": ("campaigns show {cmp}", "campaigns watch {sent}"),
    "PATCH /v1/campaigns/{campaign_id}": (
        "campaigns rename {cmp} Other",
        "campaigns prioritize {cmp} urgent",
        "campaigns move {cmp} --at {later} --timezone Europe/Berlin --fold 1",
        "campaigns move {cmp} --at {later} --timezone Europe/Berlin --local-time",
    ),
    "POST /v1/campaigns/{campaign_id}/pause": ("campaigns pause {cmp}",),
    "POST /v1/campaigns/{campaign_id}/resume": ("campaigns resume {cmp}",),
    "POST /v1/campaigns/{campaign_id}/cancel": ("campaigns cancel {cmp} --yes",),
    "GET /v1/campaigns/{campaign_id}/recipients": (
        "campaigns recipients {sent} --state sent --contact {con}",
    ),
    "POST /v1/campaigns/{campaign_id}/unknown": (
        "campaigns settle {sent} --give-up --contact {mailed}",
    ),
    "GET /v1/templates": ("templates list",),
    "POST /v1/templates": (
        (
            "templates create routes-template --name Routes --subject Hello --html {html} "
            "--text {html} --default name=you --from hello@example.com --reply-to hello@example.com"
        ),
    ),
    "GET /v1/templates/{template_id}": ("templates show promo-template --version 1",),
    "PUT /v1/templates/{template_id}": ("templates edit routes-template --subject Ahoy",),
    "GET /v1/templates/{template_id}/versions": ("templates versions routes-template",),
    "POST /v1/templates/{template_id}/preview": (
        "templates preview routes-template -f name=Ann --version 1",
        "templates preview routes-template --contact {con}",
    ),
    "POST /v1/templates/{template_id}/test-send": (
        "templates test-send routes-template --to me@example.com -f name=Ann --version 1",
        "templates test-send routes-template --to me@example.com --contact {con}",
    ),
    "GET /v1/segments": ("segments list",),
    "POST /v1/segments": (
        "segments create routes-segment --name Routes",
        "segments create --name Rule --rule {rule}",
    ),
    "POST /v1/segments/preview": ("segments preview --rule {rule}",),
    "GET /v1/segments/{segment_id}": ("segments show routes-segment",),
    "GET /v1/segments/{segment_id}/preview": ("segments preview vip-customers",),
    "GET /v1/segments/{segment_id}/members": ("segments members vip-customers",),
    "POST /v1/segments/{segment_id}/members": ("segments add routes-segment {con}",),
    "GET /v1/contacts": ("contacts list",),
    "POST /v1/contacts": (
        (
            "contacts put routes@example.com -f plan=gold --locale de --time-zone Europe/Vienna "
            "--consent-source fair --consent-at {past}"
        ),
        "contacts put routes@example.com --confirm --confirmation-template {asks}",
    ),
    "POST /v1/contacts/lookup": ("contacts find Routes@Example.com",),
    "GET /v1/contacts/{contact_id}": ("contacts show {con}",),
    "PATCH /v1/contacts/{contact_id}": (
        (
            "contacts edit {con} -f plan=gold --locale de-AT --time-zone Europe/Vienna "
            "--consent-source fair --consent-at {past}"
        ),
    ),
    "GET /v1/contacts/{contact_id}/deliveries": ("contacts deliveries {con}",),
    "GET /v1/contacts/{contact_id}/export": ("contacts export {con}",),
    "GET /v1/analytics/paths": ("analytics --since 2026-01-01 --until 2026-01-03 --period day",),
    "GET /v1/imports": ("imports list",),
    "POST /v1/imports": (
        (
            "import {csv} --column email=email --segment routes-segment --delimiter , "
            "--encoding utf-8 --consent-source fair --consent-at {past}"
        ),
    ),
    "GET /v1/imports/{import_id}": ("imports show {imp}", "imports watch {imp}"),
    "POST /v1/imports/{import_id}/start": (
        "import {csv} --dry-run",
        "imports start {again} --watch",
    ),
    "GET /v1/imports/{import_id}/refused": ("imports refused {imp}",),
    "POST /v1/imports/{import_id}/cancel": ("imports cancel {checked} --yes",),
    "GET /v1/exports": ("exports list",),
    "POST /v1/exports": (
        "export {out} --segment vip-customers --field plan --for-programs --force",
    ),
    "GET /v1/exports/{export_id}": ("exports show {exp}", "exports download {exp} {out} --force"),
    "POST /v1/exports/{export_id}/cancel": ("exports cancel {exp} --yes",),
    "GET /v1/suppressions": ("suppressions list",),
    "POST /v1/suppressions": (
        (
            "suppressions add routes-no@example.com --note Asked --scope all --reason unsubscribe "
            "--since {past}"
        ),
    ),
    "POST /v1/suppressions/lookup": ("suppressions find routes-no@example.com",),
    "DELETE /v1/suppressions/{suppression_id}": ("suppressions remove {sup} --yes",),
    "GET /v1/webhooks": ("webhooks list",),
    "POST /v1/webhooks": (
        "webhooks create http://127.0.0.1:9/a --event campaign.sent --description Ours",
    ),
    "GET /v1/webhooks/{webhook_id}": ("webhooks show {hook}",),
    "PATCH /v1/webhooks/{webhook_id}": (
        "webhooks edit {hook} --to http://127.0.0.1:9/b --event campaign.failed --description Its",
        "webhooks edit {hook} --disable",
        "webhooks edit {hook} --enable",
    ),
    "POST /v1/webhooks/{webhook_id}/rotate-secret": ("webhooks rotate-secret {hook} --yes",),
    "POST /v1/webhooks/{webhook_id}/test": ("webhooks test {hook}",),
    "GET /v1/webhooks/{webhook_id}/deliveries": ("webhooks deliveries {hook} --state failed",),
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": (
        "webhooks replay {hook} {told}",
    ),
    "POST /v1/webhooks/{webhook_id}/replay": (
        "webhooks replay {hook} --since {past} --until {past} --state failed",
    ),
    "DELETE /v1/webhooks/{webhook_id}": ("webhooks remove {hook} --yes",),
    "GET /v1/dead-letters": ("dead-letters list --source start --limit 5",),
    "POST /v1/dead-letters/replay": ("dead-letters replay --all --source start",),
    "POST /v1/dead-letters/{dead_letter_id}/replay": ("dead-letters replay none",),
    "DELETE /v1/dead-letters/{dead_letter_id}": ("dead-letters discard none --yes",),
    "GET /v1/series": ("series list",),
    "POST /v1/series": (
        (
            "series create {series} --exclude all-active --category marketing --unknown hold "
            "--priority urgent --catch-up none --ends-at {then} --max 3"
        ),
    ),
    "GET /v1/series/{series_id}": ("series show {ser}",),
    "PATCH /v1/series/{series_id}": (
        (
            "series edit {ser} {series} --exclude all-active --category marketing --unknown hold "
            "--priority urgent --catch-up none --ends-at {then} --max 3"
        ),
    ),
    "GET /v1/series/{series_id}/occurrences": ("series occurrences {ser} --limit 3",),
    "POST /v1/series/{series_id}/pause": ("series pause {ser}",),
    "POST /v1/series/{series_id}/resume": ("series resume {ser}",),
    "POST /v1/series/{series_id}/end": ("series end {ser} --yes",),
    "DELETE /v1/contacts/{contact_id}": ("contacts erase {con} --yes",),
}
"""In an order in which each finds what it is for."""
OTHER_ENDS = {
    # What is done already is not cancelled: a refusal by its state is an answer, too.
    "exports cancel": {0, 5},
    # A runner that is well gave nothing up: test_cli_dead_letters.py has one.
    "dead-letters replay": {0, 3},
    "dead-letters discard": {3},
}
"""What commands end with, but for 0."""
GONE_ON_WITH = {"cursor"}
"""What only a second request has."""
PARTS = {"consent": ("consent/source", "consent/at")}
"""What has an option for each of its own members."""
BESIDE_ROUTES = {("completion",), ("doctor",), ("move",)}
"""Commands that are for no route of their own."""


@pytest.fixture(scope="module")
def proxy(cli: CommandLine) -> Iterator[ForwardingProxy]:
    """What tells which routes were asked."""
    with forwarding(cli.url) as running:
        yield running


@pytest.fixture(scope="module")
def names(cli: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What the commands are for."""
    folder = tmp_path_factory.mktemp("routes")
    (folder / "page.html").write_text("<p>Hello {{ unsubscribe_url }} {{ postal_address }}</p>")
    (folder / "asks.html").write_text("<p>Is it you? {{ confirm_url }}</p>")
    asks = ("--name", "Asks", "--subject", "You?", "--html", str(folder / "asks.html"))
    (folder / "people.csv").write_text("email,plan\nroutes-csv@example.com,gold\nnobody,x\n")
    later = f"{datetime.now(UTC).date() + timedelta(days=180)}T09:00:00"
    at = ("--at", f"{later}Z")
    watched = cli.run("campaigns", "create", *CAMPAIGN, "--watch", "--json")
    csv = str(folder / "people.csv")
    out = str(folder / "out.csv")
    hook = cli.json("webhooks", "create", "http://127.0.0.1:9/hook")["webhook_id"]
    sent: str = json.loads(watched.out.splitlines()[0])["campaign_id"]
    (mailed,) = cli.json("campaigns", "recipients", sent, "--limit", "1")["items"]
    return {
        "campaign": " ".join(f"'{each}'" if " " in each else each for each in CAMPAIGN),
        "cmp": cli.json("campaigns", "create", *CAMPAIGN, *at)["campaign_id"],
        "awaiting": cli.json("campaigns", "create", *CAMPAIGN, *at, "--approval")["campaign_id"],
        "sent": sent,
        "mailed": mailed["contact_id"],
        "con": cli.json("contacts", "put", "routes-con@example.com")["contact_id"],
        "sup": cli.json("suppressions", "add", "routes-sup@example.com")["suppression_id"],
        "imp": cli.json("import", csv)["import_id"],
        "checked": cli.json("import", csv, "--dry-run")["import_id"],
        "again": cli.json("import", csv, "--dry-run")["import_id"],
        "exp": cli.json("export", out, "--segment", "vip-customers")["export_id"],
        "asks": cli.json("templates", "create", *asks)["template_id"],
        "hook": hook,
        "series": " ".join(f"'{each}'" for each in SERIES),
        "ser": cli.json("series", "create", *SERIES)["series_id"],
        "told": cli.json("webhooks", "test", hook)["delivery_id"],
        "past": "2026-01-01T00:00:00Z",
        "then": f"{later}Z",
        "later": later,
        "html": str(folder / "page.html"),
        "rule": """'{"field":"plan","op":"equals","value":"gold"}'""",
        "csv": csv,
        "out": out,
    }


def routes() -> set[str]:
    """Those of the interface, as it is checked in."""
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    return {
        f"{method.upper()} {path}"
        for path, item in paths.items()
        for method in item
        if path.startswith("/v1/")
    }


def test_every_route_has_a_command() -> None:
    """A new route is put on the command line, too."""
    assert routes() == set(COMMANDS)


@pytest.mark.parametrize("route", COMMANDS)
def test_a_route_is_reached_by_its_commands(
    proxy: ForwardingProxy, names: Mapping[str, str], route: str
) -> None:
    """They end well, and the server was asked just that, in all that it can be asked with."""
    said: set[str] = set()
    for command in COMMANDS[route]:
        proxy.asked.clear()
        done = CommandLine(proxy.url).run(*shlex.split(command.format_map(names)))

        assert done.code in OTHER_ENDS.get(" ".join(command.split()[:2]), {0}), done.err
        asked = [each for each in proxy.asked if _is(each, route)]
        assert asked, command
        said.update(*map(_said, asked))
    assert said - GONE_ON_WITH == _parameters(route) - GONE_ON_WITH


@pytest.mark.parametrize("route", COMMANDS)
def test_a_refusal_of_what_was_asked_with_names_the_option(route: str) -> None:
    """Whatever member the server finds wrong: nobody has typed its name."""
    commands = [ALL[tuple(row.split()[: _words(row)])] for row in COMMANDS[route]]
    for member in _parameters(route) - GONE_ON_WITH:
        for each in PARTS.get(member, (member,)):
            assert any(option_of(each, options_of(command)) for command in commands), each


def _said(asked: Asked) -> set[str]:
    """The names of what it asks with, in the query and in the body."""
    query = parse_qs(urlsplit(asked.path).query)
    return {*query, *(json.loads(asked.body) if asked.body else ())}


def _parameters(route: str) -> set[str]:
    """The names that it knows, in the query and in the body."""
    method, _, path = route.partition(" ")
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    operation = document["paths"][path][method.lower()]
    query = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
    body = operation.get("requestBody")
    if body is None:
        return query
    _, _, name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")
    return query | set(document["components"]["schemas"][name]["properties"])


def _is(asked: Asked, route: str) -> bool:
    method, _, path = route.partition(" ")
    pattern = re.sub(r"{\w+}", "[^/?]+", path)
    return asked.method == method and bool(re.fullmatch(rf"{pattern}(\?.*)?", asked.path))


def test_a_row_names_commands_that_there_are() -> None:
    """And the other way round: no command is without a row, but those that ask no route."""
    named = {tuple(row.split()[: _words(row)]) for rows in COMMANDS.values() for row in rows}
    leaves = {path for path, each in ALL.items() if not hasattr(each, "commands")}
    assert leaves - named == BESIDE_ROUTES
    assert named <= leaves


def _words(row: str) -> int:
    return 2 if tuple(row.split()[:2]) in ALL else 1
