"""What a page's form sends, in either encoding."""

from email.message import Message
from email.parser import Parser
from urllib.parse import parse_qs

from aws_lambda_powertools.utilities.data_classes.common import BaseProxyEvent

_MULTIPART = "multipart/form-data"
_MAX_FORM_FIELDS = 10


def form_fields(event: BaseProxyEvent) -> dict[str, str]:
    """By name; none where it cannot be read."""
    return _fields(event.headers.get("content-type", ""), event.decoded_body or "")


def _fields(content_type: str, body: str) -> dict[str, str]:
    if content_type.strip().lower().startswith(_MULTIPART):
        return _multipart_fields(content_type, body)
    try:
        fields = parse_qs(body, max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:
        return {}
    return {name: values[0].strip() for name, values in fields.items()}


def _multipart_fields(content_type: str, body: str) -> dict[str, str]:
    """RFC 7578: like a mail in parts, each named by its Content-Disposition."""
    form = Parser().parsestr(f"Content-Type: {content_type.strip()}\n\n{body}")
    if not form.is_multipart():
        return {}
    parts = [part for part in form.get_payload() if isinstance(part, Message)]
    return {
        str(part.get_param("name", "", header="content-disposition")): str(
            part.get_payload()
        ).strip()
        for part in parts[:_MAX_FORM_FIELDS]
    }
