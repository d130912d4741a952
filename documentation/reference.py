"""The API's reference: a page of what docs/openapi.json describes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Document = Mapping[str, Any]

_SCHEMA = "#/components/schemas/"
_HEAD = """\
# API reference

Every route, as [openapi.json](openapi.json) describes it for programs.
A running Sentinel shows the same at `/docs`.
"""


def reference_page(openapi: str) -> str:
    """Markdown: each operation with its parameters, body and answers, then each body's members."""
    document: Document = json.loads(openapi)
    return "\n".join([_HEAD, *_operations(document), *_bodies(document)]) + "\n"


def anchor_of(schema: str) -> str:
    """Where a body is described."""
    return f"body-{schema.lower()}"


def _operations(document: Document) -> Iterator[str]:
    by_tag: dict[str, list[tuple[str, str, Document]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    for tag, operations in sorted(by_tag.items()):
        yield f"## {tag.capitalize()}\n"
        for method, path, operation in operations:
            yield from _operation(document, method, path, operation)


def _operation(document: Document, method: str, path: str, operation: Document) -> Iterator[str]:
    yield f"### {operation['summary']} {{ #{operation['operationId']} }}\n"
    yield f"`{method} {path}`\n"
    yield f"{operation.get('description', '')}\n"
    if parameters := operation.get("parameters"):
        yield from _table(
            ("parameter", "in", "", ""),
            [
                (
                    f"`{each['name']}`" + (", required" if each.get("required") else ""),
                    each["in"],
                    _kind(each["schema"]),
                    _told(each),
                )
                for each in parameters
            ],
        )
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"Body, `{kind}`: {_kind(content['schema'])}\n"
        yield from _examples(document, content)
    yield from _table(
        ("answer", "", "body", "headers"),
        [
            (
                status,
                answer["description"],
                ", ".join(_content(*each) for each in answer.get("content", {}).items()),
                ", ".join(f"`{name}`" for name in answer.get("headers", {})),
            )
            for status, answer in operation["responses"].items()
        ],
    )


def _content(media_type: str, content: Document) -> str:
    return _kind(content["schema"]) if "$ref" in content["schema"] else f"`{media_type}`"


def _examples(document: Document, content: Document) -> Iterator[str]:
    """Those of the body itself, else those of its schema."""
    named = [each["value"] for each in content.get("examples", {}).values()]
    schema = _resolved(document, content["schema"])
    for example in named or schema.get("examples", ()):
        yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n"


def _bodies(document: Document) -> Iterator[str]:
    yield "## Bodies\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"### {name} {{ #{anchor_of(name)} }}\n"
        yield f"{schema.get('description', '')}\n"
        if "enum" in schema:
            yield f"One of {_values(schema['enum'])}.\n"
        required = schema.get("required", ())
        if members := schema.get("properties"):
            yield from _table(
                ("member", "", ""),
                [
                    (
                        f"`{member}`" + (", required" if member in required else ""),
                        _kind(described),
                        _told(described),
                    )
                    for member, described in members.items()
                ],
            )


def _resolved(document: Document, schema: Document) -> Document:
    name = schema.get("$ref", "").removeprefix(_SCHEMA)
    found: Document = document["components"]["schemas"][name] if name else schema
    return found


def _kind(schema: Document) -> str:
    """What a value is, with a link where that is described."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_SCHEMA)
        return f"[{name}](#{anchor_of(name)})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_kind(each) for each in schema[several])
    if "const" in schema:
        return _values([schema["const"]])
    if "enum" in schema:
        return f"one of {_values(schema['enum'])}"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    kind = schema.get("format") or schema.get("type") or "anything"
    return f"{kind}{_bounds(schema)}"


def _bounds(schema: Document) -> str:
    for lowest, highest in (("minimum", "maximum"), ("minLength", "maxLength")):
        bounds = [f"{schema[each]:g}" if each in schema else "" for each in (lowest, highest)]
        if any(bounds):
            return f" ({'…'.join(bounds)}{' characters' if 'Length' in lowest else ''})"
    return ""


def _told(described: Document) -> str:
    told: str = described.get("description", "")
    schema = described.get("schema", described)
    if schema.get("default") is not None:
        told += f" Default: {_values([schema['default']])}."
    if examples := schema.get("examples"):
        told += f" Such as {_values(examples)}."
    return told.strip()


def _values(values: Sequence[Any]) -> str:
    return ", ".join(f"`{json.dumps(each, ensure_ascii=False)}`" for each in values)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    for row in rows:
        yield _row(row)
    yield ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", r"\|").split()) for cell in cells) + " |"
