"""What would end a line, in every text that the interface takes: refused, or proven harmless.

A mail's header, a header of an answer and a line of a log are all ended by one character. The doors
are those of the OpenAPI document: one that is added is gone through, too.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_string
from typing import Any
from urllib.parse import quote

import pytest

from domain.unicode_text import is_one_line
from tests.unit.furnished import (
    DOCUMENT,
    Furnished,
    JsonObject,
    body_schema,
    examples_of,
    operations,
)
from tests.unit.test_http_gateway import JSON_TYPE, Answer

LINE_ENDS = ("\r", "\n", "\r\n", "\u2028")
NO_TEXT = ("\0", "\ud800")
HOSTILE = (*LINE_ENDS, *NO_TEXT)
INJECTED = "X-Injected: 1"

Steps = tuple[str | int, ...]
Place = tuple[str, str, JsonObject, Steps]

LINES_ALLOWED = frozenset(
    {
        ("/v1/templates", "html"),
        ("/v1/templates", "text"),
        ("/v1/templates", "defaults"),
        ("/v1/templates", "fields"),
        ("/v1/contacts", "fields"),
        ("/v1/suppressions", "note"),
    }
)
"""Of which resource which member may be of more than one line."""


def texts(value: Any, steps: Steps = ()) -> Iterator[Steps]:  # noqa: ANN401  a JSON value
    """Where there is text in a document; of objects without a fixed shape the names, too."""
    if isinstance(value, str):
        yield steps
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from texts(each, (*steps, index))
    if isinstance(value, dict):
        for name, each in value.items():
            yield from texts(each, (*steps, name))


def with_text(value: Any, steps: Sequence[Any], hostile: str) -> Any:  # noqa: ANN401  a JSON value
    """The document with `hostile` within that text."""
    if not steps:
        return f"{value[:1]}{hostile}{INJECTED}{value[1:]}"
    changed = list(value) if isinstance(value, list) else dict(value)
    step, *rest = steps
    changed[step] = with_text(value[step], rest, hostile)
    return changed


def with_name(body: JsonObject, hostile: str) -> Iterator[tuple[Steps, JsonObject]]:
    """The document with `hostile` within a name of each object in it, itself included."""
    for steps in ((), *(each[:-1] for each in texts(body) if isinstance(each[-1], str))):
        changed = json.loads(json.dumps(body))
        place = changed
        for step in steps:
            place = place[step]
        name = next(iter(place), "")
        place[f"{name}{hostile}{INJECTED}"] = place.pop(name, "x")
        yield steps, changed


PLACES: list[Place] = [
    (method, path, example, steps)
    for method, path, operation in operations()
    for example in examples_of(operation)
    for steps in texts(example)
]


def may_have_lines(path: str, steps: Steps) -> bool:
    """Whether a text is not for one line."""
    is_compared = steps[0] == "rule" and "value" in steps
    return is_compared or ("/".join(path.split("/")[:3]), steps[0]) in LINES_ALLOWED


def pointer_of(steps: Steps) -> str:
    """RFC 6901."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def check_answer(answer: Answer) -> None:
    """No defect; no header of it ends early."""
    assert answer.status < 500, answer
    for name, value in answer.headers.items():
        assert is_one_line(name), answer
        assert is_one_line(value), answer
        assert "injected" not in name.lower()


def check_names(api: Furnished) -> None:
    """What people call things stays on its line, in every list."""
    for kind in ("campaigns", "templates", "segments"):
        for item in api.get(f"/v1/{kind}").json["items"]:
            assert is_one_line(item["name"]), item


def check_mails(api: Furnished) -> None:
    """What was sent, and what would be, has no header that it should not have."""
    for template in api.get("/v1/templates").json["items"]:
        fields = {"name": "Ann", "confirm_url": "https://mail.example.com/c/token"}
        path = f"/v1/templates/{quote(template['template_id'])}/preview"
        preview = api.post(path, {"fields": fields}).json
        check_mail(preview["subject"], preview["from"], preview["reply_to"], preview["text"])
    for sent in api.container.family.mailer().outbox:
        message = sent.message
        check_mail(message.subject, message.sender, message.reply_to, message.text, message.to)


def check_mail(
    subject: str, sender: str | None, reply_to: str | None, text: str, to: str = "a@example.com"
) -> None:
    """Another reader, the standard library's, finds in it what was put there."""
    headers = {"From": sender, "Reply-To": reply_to, "To": to, "Subject": subject}
    written = [(name, value) for name, value in headers.items() if value is not None]
    lines = "".join(f"{name}: {value}\r\n" for name, value in written)
    assert message_from_string(f"{lines}\r\n{text}").items() == written


def bodies_of(place: Place) -> Iterator[tuple[str, JsonObject]]:
    """With each of what would end a line."""
    _, _, example, steps = place
    for hostile in HOSTILE:
        yield hostile, with_text(example, steps, hostile)


@pytest.fixture(scope="module")
def api() -> Furnished:
    """As it was before each use of it."""
    return Furnished()


@pytest.mark.parametrize(
    "place", PLACES, ids=[f"{method} {path} {pointer_of(s)}" for method, path, _, s in PLACES]
)
def test_no_text_of_a_body_ends_a_line(api: Furnished, place: Place) -> None:
    """422 that points at it; where text may have lines, every header that comes of it has one."""
    method, path, _, steps = place
    api.restore()
    for hostile, body in bodies_of(place):
        answer = api.call(
            method, api.path_of(path), json.dumps(api.own(body)), content_type=JSON_TYPE
        )
        check_answer(answer)
        if hostile in LINE_ENDS and may_have_lines(path, steps):
            continue
        assert answer.status == 422, (hostile, answer)
        pointers = [error["pointer"] for error in answer.problem["errors"]]
        assert any(pointer_of(steps).startswith(each) for each in pointers), (hostile, pointers)
    check_names(api)
    check_mails(api)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_name_in_a_body_ends_a_line(api: Furnished, hostile: str) -> None:
    """422, wherever an object has a name of its sender's choice."""
    for method, path, operation in operations():
        for example in examples_of(operation):
            api.restore()
            for steps, body in with_name(example, hostile):
                answer = api.call(
                    method, api.path_of(path), json.dumps(api.own(body)), content_type=JSON_TYPE
                )
                check_answer(answer)
                if steps == ("columns",):
                    continue  # a file's header, which may have lines
                assert answer.status == 422, (path, steps, answer)


def parameters(kind: str) -> list[tuple[str, str, Mapping[str, Any], str]]:
    """Of that kind: where each is, and its name."""
    return [
        (method, path, operation, parameter["name"])
        for method, path, operation in operations()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == kind
    ]


def sent_example(api: Furnished, operation: Mapping[str, Any]) -> dict[str, Any]:
    """The first body that is shown, as `call` takes it."""
    examples: Sequence[JsonObject] = examples_of(operation)
    return {
        "body": json.dumps(api.own(examples[0])) if examples else None,
        "content_type": JSON_TYPE,
    }


def test_no_step_of_a_path_ends_a_line(api: Furnished) -> None:
    """404 or the like, decoded or not: there is nothing of that id."""
    api.restore()
    for method, path, operation, name in parameters("path"):
        for hostile in HOSTILE:
            written = f"x{hostile}{INJECTED}"
            encoded = quote(written, errors="surrogatepass")
            for step in (written, encoded, api.ids[name] + written, api.ids[name] + hostile):
                answer = api.call(
                    method,
                    api.path_of(path.replace(f"{{{name}}}", step)),
                    **sent_example(api, operation),
                )
                check_answer(answer)
                assert answer.status >= 400, (method, path, step, answer)


def test_no_query_ends_a_line(api: Furnished) -> None:
    """422 that names the parameter."""
    api.restore()
    for method, path, operation, name in parameters("query"):
        for hostile in HOSTILE:
            value = quote(f"x{hostile}{INJECTED}", errors="surrogatepass")
            answer = api.call(
                method, api.path_of(path), query=f"{name}={value}", **sent_example(api, operation)
            )
            check_answer(answer)
            assert answer.refuses(f"/{name}"), (path, name, answer)


def test_no_header_of_a_request_ends_a_line(api: Furnished) -> None:
    """Refused: an ETag or a key of that form was never given or taken."""
    for method, path, operation, name in parameters("header"):
        api.restore()
        for hostile in HOSTILE:
            for value in (f'"1"{hostile}{INJECTED}: "1"', f'"1", "2"{hostile}', f"k{hostile}"):
                answer = api.call(
                    method,
                    api.path_of(path),
                    headers={name.lower(): value},
                    **sent_example(api, operation),
                )
                check_answer(answer)
                assert answer.status in {412, 422}, (path, name, value, answer)


def test_every_member_of_a_body_is_shown_by_an_example() -> None:
    """What no example has, nothing above goes through."""
    for method, path, operation in operations():
        schema = body_schema(operation)
        if schema is None:
            continue
        shown = {name for example in examples_of(operation) for name in example}
        assert shown >= schema["properties"].keys(), (method, path)


def test_every_parameter_of_a_path_has_something_that_it_names(api: Furnished) -> None:
    """What no thing stands for, nothing above goes through."""
    for method, path, _ in operations():
        assert "{" not in api.path_of(path), (method, path)


def test_every_example_is_taken(api: Furnished) -> None:
    """As it stands in the description."""
    assert DOCUMENT["paths"]
    for method, path, operation in operations():
        for example in examples_of(operation):
            api.restore()
            answer = api.call(
                method, api.path_of(path), json.dumps(api.own(example)), content_type=JSON_TYPE
            )
            assert answer.status < 300, (method, path, example, answer)
