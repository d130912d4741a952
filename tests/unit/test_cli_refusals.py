"""What the API's problem documents come to on the command line."""

import ast
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aws_lambda_powertools.event_handler import Response

from domain.errors import DependencyUnavailable, NotFound, Overloaded, StaleRevision
from entrypoints.cli.refusals import PHRASES, refusal_lines
from entrypoints.http import problems
from tests.integration.command_line import ROOT

OF_REQUESTS = re.compile(
    r"[a-z]_[a-z]|Idempotency|If-Match|Retry-After|X-Request-Id|Bearer|openapi|PATCH|POST|PUT|"
    r"address|errors names|[Ss]end"
)
"""What only who writes requests knows."""


@pytest.mark.parametrize(
    "problem",
    [
        problems.invalid([]),
        problems.unauthorized(presented=True),
        problems.no_such_route(),
        problems.method_not_allowed(["GET"]),
        problems.still_running(1),
        problems.internal(),
        problems.of_not_found(NotFound("campaign", "none")),
        problems.of_stale_revision(StaleRevision("campaign", 2)),
        problems.of_overload(Overloaded(timedelta(seconds=2))),
        problems.of_dependency_fault(DependencyUnavailable("Nobody"), reads=True),
        problems.of_dependency_fault(DependencyUnavailable("Nobody"), reads=False),
        problems.of_dependency_fault(DependencyUnavailable("Nobody"), reads=False, keyed=True),
    ],
    ids=lambda problem: json.loads(problem.body)["type"].rpartition(":")[2],
)
def test_no_problem_speaks_of_requests(problem: Response[str]) -> None:
    """Nobody at the command line writes any."""
    for line in refusal_lines(json.loads(problem.body or ""), {"--revision"}):
        assert not OF_REQUESTS.search(line), line


def test_nobody_is_told_to_repeat_what_may_have_been_done() -> None:
    """The same command once more is another request: it would be done twice."""
    problem = problems.of_dependency_fault(
        DependencyUnavailable("Nobody answered"), reads=False, keyed=True
    )

    assert refusal_lines(json.loads(problem.body or ""), ()) == (
        "A service that Sentinel needs did not answer.",
        "Nobody answered. It may have been done all the same: look before you try again.",
    )


def test_no_phrase_of_the_server_has_changed_unnoticed() -> None:
    """What is told otherwise here is still told there, in these words."""
    told = list(_texts())

    for phrase in PHRASES:
        assert any(phrase in each for each in told), phrase


def _texts() -> Iterator[str]:
    """All those of the service."""
    for folder in ("domain", "entrypoints/http"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
