"""The outbox: every mail that was accepted, for people and for scripts. Local only."""

from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel

from domain.errors import InvalidInput, NotFound
from domain.message import SentMail
from entrypoints.containers.core import Core
from entrypoints.http.answers import answer
from entrypoints.http.models import Utc
from entrypoints.http.paging import Cursor

_LIMIT = 1_000
_HTML = "text/html; charset=utf-8"
_STYLE = """<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;
padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem
.8rem .3rem 0;border-bottom:1px solid #ddd}iframe{width:100%;height:70vh;border:1px solid #ddd}
pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}</style>"""


class OutboxEntry(BaseModel):
    """One mail; `n` counts from 0, the newest."""

    n: int
    to: str
    subject: str
    campaign_id: str
    at: Utc


class OutboxMail(OutboxEntry):
    """One mail, whole."""

    headers: dict[str, str]
    text: str
    html: str


class OutboxList(BaseModel):
    """A page of mails, newest first."""

    items: list[OutboxEntry]
    next_cursor: str | None


def outbox_routes(container: Core) -> APIGatewayHttpRouter:
    """List, read: JSON, or a page for a browser."""
    router = APIGatewayHttpRouter()
    sender = container.settings().sender

    def wants_page() -> bool:
        return "text/html" in router.current_event.headers.get("accept", "")

    @router.get("/_local/outbox", include_in_schema=False)
    def list_outbox(
        limit: Annotated[int, Query(ge=1, le=_LIMIT)] = 100, cursor: Cursor = None
    ) -> Response[str]:
        outbox: Sequence[SentMail] = container.family.sent().outbox
        end = len(outbox) if cursor is None else _position(cursor, len(outbox))
        start = max(0, end - limit)
        items = [
            OutboxEntry(**_entry(len(outbox) - 1 - position, outbox[position]))
            for position in range(end - 1, start - 1, -1)
        ]
        page = OutboxList(items=items, next_cursor=str(start) if start else None)
        return _page(_list_page(page, len(outbox))) if wants_page() else answer(page)

    @router.get("/_local/outbox/<n>", include_in_schema=False)
    def read_mail(n: Annotated[int, Path(ge=0)]) -> Response[str]:
        outbox: Sequence[SentMail] = container.family.sent().outbox
        if n >= len(outbox):
            raise NotFound("mail", str(n))
        sent = outbox[-1 - n]
        mail = OutboxMail(
            **_entry(n, sent),
            headers={
                "From": sent.message.sender or sender,
                **({} if sent.message.reply_to is None else {"Reply-To": sent.message.reply_to}),
                "To": sent.message.to,
                "Subject": sent.message.subject,
                "X-Sentinel-Ref": sent.message.reference,
                **sent.message.list_headers,
            },
            text=sent.message.text,
            html=sent.message.html,
        )
        return _page(_mail_page(mail)) if wants_page() else answer(mail)

    return router


def _entry(n: int, sent: SentMail) -> dict[str, object]:
    return {
        "n": n,
        "to": sent.message.to,
        "subject": sent.message.subject,
        "campaign_id": sent.message.chunk.campaign_id,
        "at": sent.at,
    }


def _position(cursor: str, length: int) -> int:
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) > length:
        raise InvalidInput("cursor", "Not a cursor of this list; start without one.")
    return int(cursor)


def _page(html: str) -> Response[str]:
    return Response(status_code=HTTPStatus.OK, content_type=_HTML, body=html)


def _list_page(page: OutboxList, total: int) -> str:
    rows = "".join(
        f'<tr><td><a href="/_local/outbox/{item.n}">{escape(item.subject)}</a></td>'
        f"<td>{escape(item.to)}</td><td>{escape(item.campaign_id)}</td></tr>"
        for item in page.items
    )
    more = (
        f'<p><a href="/_local/outbox?cursor={page.next_cursor}">Older</a></p>'
        if page.next_cursor
        else ""
    )
    return (
        f"<!doctype html><title>Outbox</title>{_STYLE}<h1>Outbox: {total} mails</h1>"
        f"<table><tr><th>Subject</th><th>To</th><th>Campaign</th></tr>{rows}</table>{more}"
    )


def _mail_page(mail: OutboxMail) -> str:
    headers = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in mail.headers.items()
    )
    # In a sandbox: a template's script must not run on the API's own origin.
    return (
        f"<!doctype html><title>{escape(mail.subject)}</title>{_STYLE}"
        f'<p><a href="/_local/outbox">Outbox</a></p><table>{headers}</table>'
        f'<h2>HTML</h2><iframe sandbox srcdoc="{escape(mail.html)}"></iframe>'
        f"<h2>Text</h2><pre>{escape(mail.text)}</pre>"
    )
