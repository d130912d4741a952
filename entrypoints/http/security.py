"""What OpenAPI says of API keys: the scheme, who needs one, and the answers without."""

from http import HTTPStatus
from typing import Any

from entrypoints.http.access import is_open, scopes_needed
from entrypoints.http.problems import described_problem

_SCHEME = "apiKey"


def with_security(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, an OpenAPI document, with security for each operation as it is enforced."""
    schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes[_SCHEME] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key. The local runner asks for none.",
    }
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            _secure(operation, method.upper(), path)
    return schema


def _secure(operation: dict[str, Any], method: str, path: str) -> None:
    if is_open(method, path):
        operation["security"] = []
        return
    operation["security"] = [{_SCHEME: []}]
    scopes = " and ".join(f"`{each}`" for each in scopes_needed(method, path))
    said = [operation.get("description"), f"The API key's scope: {scopes}." if scopes else None]
    operation["description"] = " ".join(text for text in said if text)
    for status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        operation["responses"][str(status.value)] = described_problem(status)
