"""The interface against its own description, by schemathesis: it answers as it says it does.

Sent are requests that the description allows and such that it does not, the same at every run; some
hundred for each route (MAX_EXAMPLES) with `-m prove`.
"""

import os
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response

from entrypoints.http.access import is_open
from entrypoints.local.server import LocalServer
from tests.unit.furnished import DOCUMENT, Furnished, operations

FURNISHED = Furnished()
HEADERS = {"Authorization": f"Bearer {FURNISHED.close()}"}
FEW = 6
MANY = int(os.environ.get("MAX_EXAMPLES", "200"))
"""Requests of either kind for each route."""
PATIENCE = 600
"""In seconds: a machine that is busy elsewhere is no defect."""
NOT_HERE = [
    positive_data_acceptance,  # a schema cannot say which template there is
    ignored_auth,  # test_http_access.py goes through that
]


Operation = APIOperation[Any, Any, Any, Any]


def is_open_to_all(operation: Operation) -> bool:
    """Whatever a link in a mail was given on its way, its page opens: no request is wrong."""
    return is_open(operation.method.upper(), operation.path)


def is_sent_whole(case: Case[Any], response: Response) -> bool:
    """A list of nothing adds nothing to a query: what is wrong with it is not sent then."""
    url = response.request.url or ""
    sent = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return sent.keys() >= (case.query or {}).keys()


schema = schemathesis.openapi.from_dict(
    dict(DOCUMENT), config=SchemathesisConfig.from_dict({"request-timeout": PATIENCE})
)
schema.app = LocalServer(FURNISHED.api)
OPERATIONS = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]

KINDS = [
    pytest.param(operation, mode, id=f"{operation.label}-{mode.value}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or not is_open_to_all(operation)
]


def test_every_route_is_gone_through() -> None:
    """None is left out for a description that cannot be read."""
    assert len(OPERATIONS) == len(list(operations()))


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.prove)])
@pytest.mark.parametrize(("operation", "mode"), KINDS)
def test_answers_are_as_described(
    operation: Operation, mode: GenerationMode, examples: int
) -> None:
    """No defect, no status or type that is not told of, no body that does not fit its schema."""

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Case[Any]) -> None:
        FURNISHED.restore()
        if mode is GenerationMode.POSITIVE:
            for name in case.path_parameters or ():
                case.path_parameters[name] = FURNISHED.ids[name]
        response = case.call(headers=HEADERS)
        unsent = [] if is_sent_whole(case, response) else [negative_data_rejection]
        case.validate_response(response, headers=HEADERS, excluded_checks=[*NOT_HERE, *unsent])

    answers()
