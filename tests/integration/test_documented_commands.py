"""Every command of the docs is run, or, where it is for AWS or takes minutes, there to be run."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session

from entrypoints.local.settings import LocalSettings
from entrypoints.settings import Settings
from tests.cli_commands import ALL as COMMANDS
from tests.integration.documented import PAGES, ROOT, SHOWN, blocks, name_of
from tests.integration.runner import SHORT_TIMES, Runner, running
from tests.integration.test_cli_transcript import PAGE as TRANSCRIPT
from tests.integration.transcript import shown_in
from tests.integration.waiting import PATIENCE, wait_for

ADDRESS = "http://127.0.0.1:8080"
MAKEFILE = (ROOT / "Makefile").read_text()
_ID = re.compile(r"\b(?P<kind>[a-z]{2,4})_(?:[0-9A-HJKMNP-TV-Z]{26}\b|…)")
_TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d(?P<utc>:\d\dZ)?(?![\d:])")
_AWS = re.compile(r"\baws (?P<service>[a-z0-9-]+) (?P<operation>[a-z0-9-]+)(?P<rest>[^|;)\n]*)")
_OF_AWS_ITSELF = frozenset({"query", "output", "region", "profile"})
_REFUSED_BY_CURL = 22


@dataclass
class Reader:
    """Somebody who types what a page says, and puts in what was answered before."""

    folder: Path
    environment: dict[str, str]
    ids: dict[str, str]
    kept: list[str] = field(default_factory=list)
    """What the shell knows from earlier commands."""

    def types(self, command: str) -> tuple[int, str]:
        """The exit status and all that it printed."""
        text = _TIME.sub(_ahead, command)
        text = _ID.sub(lambda found: self.ids.get(found["kind"], found[0]), text)
        text = text.replace(ADDRESS, self.environment["SENTINEL_URL"])
        done = subprocess.run(  # noqa: S603  the page's own command
            ["/bin/bash", "-c", "\n".join([*self.kept, text])],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            text=True,
            check=False,
        )
        if re.match(r"export |\w+\(\) \{", command):
            self.kept.append(text)
        self._learn(done.stdout)
        return done.returncode, done.stdout

    def _learn(self, printed: str) -> None:
        for found in _ID.finditer(printed):
            self.ids[found["kind"]] = found[0]
        upload = _document(printed).get("upload")
        if upload:
            self.environment["UPLOAD_URL"] = upload["url"]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """As docs/index.md has it started."""
    directory = tmp_path_factory.mktemp("documented-runner")
    with running(directory, BACKEND="memory", **SHORT_TIMES) as runner:
        yield runner


@pytest.fixture
def reader(runner: Runner, tmp_path: Path) -> Reader:
    """With a campaign that was sent, a key, and a file of contacts."""
    campaign = runner.client.post(
        "/v1/campaigns",
        json={"name": "Before", "template_id": "news-template", "segment_id": "vip-customers"},
    ).json()
    runner.sent(campaign["campaign_id"])
    recipient = runner.client.get(f"/v1/campaigns/{campaign['campaign_id']}/recipients").json()
    (tmp_path / "sentinel").symlink_to(ROOT / "sentinel")
    (tmp_path / "contacts.csv").write_text("E-Mail,Tarif\nann@example.com,gold\nnobody,gold\n")
    commands = tmp_path / "bin"
    commands.mkdir()
    # Its exit status tells whether it was refused.
    curl = commands / "curl"
    curl.write_text('#!/bin/sh\nPATH=${PATH#*:} exec curl -sS --fail-with-body "$@"\n')
    curl.chmod(0o755)
    return Reader(
        tmp_path,
        {
            "PATH": f"{commands}:{os.environ['PATH']}",
            "SENTINEL_URL": str(runner.client.base_url).rstrip("/"),
            "SENTINEL_KEY": "snt_local_none",
        },
        {"cmp": campaign["campaign_id"], "con": recipient["items"][0]["contact_id"]},
    )


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(each.is_run for each in blocks(page))],
    ids=name_of,
)
def test_the_commands_of_a_page_do_what_it_says(page: Path, reader: Reader) -> None:
    """Typed in their order, each is taken; where an answer is shown, such a one comes."""
    elsewhere = {each.command for each in shown_in(TRANSCRIPT.read_text())}
    of_page = blocks(page)
    for block, after in zip(of_page, [*of_page[1:], None], strict=True):
        if not block.is_run:
            continue
        shown = _document(after.text) if after is not None and after.language == "json" else {}
        for command in block.commands:
            if command not in elsewhere:
                _try(reader, command, shown)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_command_of_a_page_is_left_to_chance(page: Path) -> None:
    """Each fence says what it is: run, checked, a transcript that is compared, or no command."""
    for block in blocks(page):
        told = f"{name_of(page)}, ```{block.info}: {block.text[:80]}"
        if block.language == "console":
            assert page == TRANSCRIPT, told
        elif block.language == "sh":
            assert block.is_run or block.is_checked, told
        else:
            assert block.language in SHOWN, told
            assert not block.has_command, told
        if block.language == "python":
            compile(block.text, name_of(page), "exec")


CHECKED = [
    pytest.param(command, id=f"{name_of(page)}-{command.split('#')[0].strip()[:40]}")
    for page in PAGES
    for block in blocks(page)
    if block.is_checked
    for command in block.commands
]


@pytest.mark.parametrize("command", CHECKED)
def test_what_is_not_run_here_is_there_to_be_run(command: str) -> None:
    """Make has the target and knows its variables, AWS the operation and its options.

    The command line has the command and its options.
    """
    command = command.replace("\\\n", " ")
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        _check_make(words[1:])
    elif words[0] == "sentinel":
        _check_sentinel(words[1:])
    elif not words[0].startswith("export"):
        called = list(_AWS.finditer(command))
        assert called, f"Nobody knows whether this works: {command}"
        for each in called:
            _check_aws(each["service"], each["operation"], each["rest"])


def _try(reader: Reader, command: str, shown: dict[str, Any]) -> None:
    """Like the page's reader, who looks again where it is too early."""

    def answered() -> tuple[int, str] | None:
        code, printed = reader.types(command)
        return None if code and _document(printed).get("status") == 409 else (code, printed)

    code, printed = wait_for(answered, what=command)
    refused = shown.get("status")
    if isinstance(refused, int):
        assert code == _REFUSED_BY_CURL, f"{command}\n{printed}"
        assert _document(printed)["status"] == refused
    else:
        assert code == 0, f"{command}\n{printed}"
    assert shown.keys() <= _document(printed).keys(), printed


def _check_make(words: list[str]) -> None:
    variables = [word.partition("=")[0] for word in words if "=" in word]
    targets = [word for word in words if "=" not in word]
    for target in targets:
        assert re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE), target
    read = MAKEFILE + "".join(
        path.read_text()
        for folder in ("deployment", "local")
        for path in (ROOT / "entrypoints" / folder).rglob("*.py")
    )
    settings = {name.upper() for model in (Settings, LocalSettings) for name in model.model_fields}
    for variable in variables:
        assert variable in settings or re.search(rf"\b{variable}\b", read), (
            f"make {targets}: nobody reads {variable}"
        )


def _check_sentinel(words: list[str]) -> None:
    path = next(tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in COMMANDS)
    options = {option for each in COMMANDS[path].params for option in each.opts}
    for word in words:
        assert not word.startswith("-") or word in options, f"sentinel {words}: no {word}"


def _check_aws(service: str, operation: str, rest: str) -> None:
    model = get_session().get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, f"aws {service} {operation}"
    shape = model.operation_model(names[operation]).input_shape
    assert shape is not None, f"aws {service} {operation} takes nothing"
    members = {xform_name(name, "-") for name in shape.members} | _OF_AWS_ITSELF
    for option in re.findall(r"(?<=\s)--(?:no-)?([a-z-]+)", rest):
        assert option in members, f"aws {service} {operation} --{option}"


def _document(printed: str) -> dict[str, Any]:
    """The JSON object that it is, after what curl says of it; none if it is none."""
    try:
        found = json.loads(printed[max(printed.find("{"), 0) :])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ahead(moment: re.Match[str]) -> str:
    """A time to come instead of one that may be past; one that never was stays."""
    try:
        datetime.fromisoformat(moment[0])
    except ValueError:
        return moment[0]
    return f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%dT09:00}{moment['utc'] or ''}"
