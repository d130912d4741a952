"""`sentinel templates`: write them, look at them, and send a test."""

from pathlib import Path
from typing import Annotated, Any

import typer

from entrypoints.cli.command import Session, command, group
from entrypoints.cli.exits import ExitCode
from entrypoints.cli.listing import Cursor, Everything, Limit, Pages, limit_of, show_list
from entrypoints.cli.options import Fields, TemplateId, fields_of, given, text_of, wrong
from entrypoints.cli.output import Cell

templates = group("Write templates, look at them as people would, and send a test.")

_TEMPLATE = "/v1/templates/{}"
_VERSIONS_PAGE = 50
_SUMMARY: dict[str, Cell] = {
    "Template": "template_id",
    "Name": "name",
    "Version": "version",
    "Subject": "subject",
    "Updated": "updated_at",
}
_WHOLE: dict[str, Cell] = {
    **_SUMMARY,
    "Created": "created_at",
    "From": "from",
    "Reply to": "reply_to",
    "Defaults": "defaults",
    "Merges": "variables",
}

Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What it is called.")]
Subject = Annotated[
    str | None, typer.Option("--subject", metavar="TEXT", help="The subject, with merge tags.")
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="The file with the HTML; - is standard input."),
]
Plain = Annotated[
    Path | None,
    typer.Option(
        "--text", metavar="FILE", help="The file with the text; it is made from the HTML without."
    ),
]
Defaults = Annotated[
    list[str] | None,
    typer.Option(
        "--default",
        metavar="NAME=VALUE",
        help="What is merged for who has no field of that name; may be repeated.",
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", metavar="ADDRESS", help="Who it is from: one of the senders."),
]
ReplyTo = Annotated[
    str | None,
    typer.Option("--reply-to", metavar="ADDRESS", help="Where answers go: one of the senders."),
]
Version = Annotated[
    int | None,
    typer.Option(
        "--version", min=1, metavar="NUMBER", help="A version before; the current one without."
    ),
]
AsContact = Annotated[
    str | None,
    typer.Option("--contact", metavar="CONTACT", help="As this contact would get it."),
]


@command(templates, "create")
def create(
    session: Session,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What it is called.")],
    subject: Annotated[
        str, typer.Option("--subject", metavar="TEXT", help="The subject, with merge tags.")
    ],
    html: Annotated[
        Path,
        typer.Option("--html", metavar="FILE", help="The file with the HTML; - is standard input."),
    ],
    template: Annotated[
        str | None,
        typer.Argument(metavar="TEMPLATE", help="The id that it is to have; one is made without."),
    ] = None,
    text: Plain = None,
    default: Defaults = None,
    sender: From = None,
    reply_to: ReplyTo = None,
) -> None:
    """Create a template."""
    body = {
        **given(template_id=template, name=name, subject=subject, html=text_of(html)),
        **_content(text, default, sender, reply_to),
    }
    _show(session, session.connection.post("/v1/templates", body=body).body)


@command(templates, "edit")
def edit(
    session: Session,
    template: TemplateId,
    name: Name = None,
    subject: Subject = None,
    html: Html = None,
    text: Plain = None,
    keep_text: Annotated[
        bool,
        typer.Option("--keep-text", help="Keep the text, though there is other HTML."),
    ] = False,
    default: Defaults = None,
    sender: From = None,
    reply_to: ReplyTo = None,
) -> None:
    """Edit a template: what is not given stays.

    The text is made anew from other HTML, unless it is given or to be kept; defaults that are
    given take the place of all. Whoever edited it meanwhile is not overwritten.
    """
    now = session.connection.get(_TEMPLATE, template).body
    body = {name: now[name] for name in ("name", "subject", "html", "defaults", "from", "reply_to")}
    if html is None or keep_text:
        body["text"] = now["text"]
    body.update(given(name=name, subject=subject))
    if html is not None:
        body["html"] = text_of(html)
    body.update(_content(text, default, sender, reply_to))
    answer = session.connection.put(_TEMPLATE, template, body=body, if_match=now["version"])
    _show(session, answer.body)


@command(templates, "show")
def show(session: Session, template: TemplateId, version: Version = None) -> None:
    """Show a template with its HTML and its text."""
    body = session.connection.get(_TEMPLATE, template, version=version).body
    session.output.document(body, _WHOLE)
    if not session.output.as_json:
        for part in ("html", "text"):
            session.output.line("")
            session.output.line(f"--- {part} ---")
            session.output.text(body[part])


@command(templates, "list")
def list_templates(
    session: Session, limit: Limit = 50, everything: Everything = False, cursor: Cursor = None
) -> None:
    """List templates by id."""
    pages = Pages(
        session, "/v1/templates", limit=limit_of(limit, everything=everything), cursor=cursor
    )
    show_list(session, pages, _SUMMARY, "There are no templates.")


@command(templates, "versions")
def versions(
    session: Session,
    template: TemplateId,
    limit: Limit = 50,
    everything: Everything = False,
    cursor: Cursor = None,
) -> None:
    """List the versions of a template, the newest first."""
    pages = Pages(
        session,
        "/v1/templates/{}/versions",
        template,
        limit=limit_of(limit, everything=everything),
        cursor=cursor,
        page=_VERSIONS_PAGE,
    )
    show_list(session, pages, _SUMMARY)


@command(templates, "preview")
def preview(
    session: Session,
    template: TemplateId,
    contact: AsContact = None,
    field: Fields = None,
    version: Version = None,
    html_to: Annotated[
        Path | None,
        typer.Option("--html-to", metavar="FILE", help="Write the HTML into this file, too."),
    ] = None,
) -> None:
    """Show a template as somebody would get it.

    That is a contact, or somebody with fields of your own. Nothing is sent.
    """
    answer = session.connection.post(
        "/v1/templates/{}/preview", template, body=_for_whom(contact, field, version)
    ).body
    if html_to is not None:
        _write(html_to, answer["html"])
    session.output.document(
        answer,
        {"Version": "version", "From": "from", "Reply to": "reply_to", "Subject": "subject"},
    )
    if not session.output.as_json:
        session.output.line("")
        session.output.text(answer["text"])
        _warn(session, answer)


@command(templates, "test-send")
def send_test(
    session: Session,
    template: TemplateId,
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="ADDRESS", help="Who gets it: one to five addresses."),
    ],
    contact: AsContact = None,
    field: Fields = None,
    version: Version = None,
) -> ExitCode | None:
    """Send a template to a few people who want to see it arrive.

    It is no campaign, and is counted nowhere. The exit status is 7 where a mail was not accepted.
    """
    body = {"to": to, **_for_whom(contact, field, version)}
    answer = session.connection.post("/v1/templates/{}/test-send", template, body=body).body
    if session.output.as_json:
        session.output.json(answer)
    else:
        rows = [
            {"to": address, **result} for address, result in zip(to, answer["results"], strict=True)
        ]
        session.output.table(
            rows,
            {"To": "to", "Outcome": "outcome", "Reason": "reason", "Message": "message_id"},
        )
    accepted = all(each["outcome"] == "accepted" for each in answer["results"])
    return None if accepted else ExitCode.FAILED


def _content(
    text: Path | None, default: list[str] | None, sender: str | None, reply_to: str | None
) -> dict[str, Any]:
    content = given(text=None if text is None else text_of(text), reply_to=reply_to)
    if default:
        content["defaults"] = fields_of(default, "--default")
    if sender is not None:
        content["from"] = sender
    return content


def _for_whom(contact: str | None, field: list[str] | None, version: int | None) -> dict[str, Any]:
    if contact is not None and field:
        raise wrong("--contact, --field", "Say one of the two.")
    return given(contact_id=contact, fields=fields_of(field) if field else None, version=version)


def _show(session: Session, body: dict[str, Any]) -> None:
    session.output.document(body, _WHOLE)
    if not session.output.as_json:
        _warn(session, body)


def _warn(session: Session, body: dict[str, Any]) -> None:
    for warning in body["warnings"]:
        part = f"{warning['part']}: " if warning["part"] else ""
        session.output.say(f"Worth a look: {part}{warning['detail']}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise wrong("--html-to", f"{path}: {error.strerror}.") from None
