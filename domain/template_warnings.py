"""What an author should know of a mail, though it may be sent all the same."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.confirmation import CONFIRM_URL, SENDER
from domain.footer import POSTAL_ADDRESS, UNSUBSCRIBE_URL
from domain.markup import Broken, Masked, Tag, Text, is_merged, tokens
from domain.template import Content

CLIPPED_BYTES = 102 * 1024
"""Gmail shows no more of a mail's HTML."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|%\}")
_UNSAFE = frozenset({"javascript:", "vbscript:", "data:"})
_MOST = 20
"""Warnings of one kind that are told."""


class WarningKind(StrEnum):
    """What is worth a look."""

    NO_UNSUBSCRIBE_LINK = "no_unsubscribe_link"
    NO_POSTAL_ADDRESS = "no_postal_address"
    CLIPPED = "clipped"
    EMPTY_LINK = "empty_link"
    UNSAFE_LINK = "unsafe_link"
    RELATIVE_LINK = "relative_link"
    BROKEN_MARKUP = "broken_markup"
    LEFT_OVER_BRACES = "left_over_braces"
    UNKNOWN_VARIABLE = "unknown_variable"
    NO_ALTERNATIVE_TEXT = "no_alternative_text"


@dataclass(frozen=True)
class TemplateWarning:
    """`part` is `subject`, `html` or `text`; None where it concerns all of them."""

    kind: WarningKind
    part: str | None
    detail: str


def warnings_of(
    content: Content, variables: Collection[str], seen: Collection[str] | None
) -> tuple[TemplateWarning, ...]:
    """Of a template that merges `variables`; `seen` are the fields of some contacts, if any are."""
    return (
        # Who is asked to confirm an address is on no list yet.
        *(() if CONFIRM_URL in variables else _without_footer(content)),
        *_of_html(content.html),
        *_left_over(content),
        *_unknown(content, variables, seen),
    )


def warnings_of_mail(html: str) -> tuple[TemplateWarning, ...]:
    """Of HTML as one person gets it: what only shows once it is rendered."""
    return tuple(_of_html(html))


def _without_footer(content: Content) -> Iterator[TemplateWarning]:
    """What a marketing mail owes its reader; another kind may do without."""
    for part, source in (("html", content.html), ("text", content.text)):
        if not any(UNSUBSCRIBE_URL in tag for tag in Masked.of(source).tags):
            yield TemplateWarning(
                WarningKind.NO_UNSUBSCRIBE_LINK,
                part,
                f"No link to unsubscribe by: put {{{{ {UNSUBSCRIBE_URL} }}}} where it belongs.",
            )
    bodies = f"{content.html}{content.text}"
    if not any(POSTAL_ADDRESS in tag for tag in Masked.of(bodies).tags):
        yield TemplateWarning(
            WarningKind.NO_POSTAL_ADDRESS,
            None,
            f"Nobody sees who sends it: put {{{{ {POSTAL_ADDRESS} }}}} where it belongs.",
        )


def _of_html(html: str) -> Iterator[TemplateWarning]:
    size = len(html.encode())
    if size > CLIPPED_BYTES:
        yield TemplateWarning(
            WarningKind.CLIPPED, "html", f"{size} bytes: Gmail clips it after {CLIPPED_BYTES}."
        )
    masked = Masked.of(html)
    told: dict[tuple[WarningKind, str], TemplateWarning] = {}
    for token in tokens(masked.text):
        for warning in _of_token(token, masked):
            told.setdefault((warning.kind, warning.detail), warning)
        if len(told) >= _MOST:
            break
    yield from told.values()


def _of_token(token: Tag | Text | Broken, masked: Masked) -> Iterator[TemplateWarning]:
    match token:
        case Broken(what):
            yield _warning(WarningKind.BROKEN_MARKUP, f"A {what} is opened and never closed.")
        case Tag(name, attributes, False):
            if any(set("\"'<") & set(each) for each in attributes) or any(
                "<" in value and "=" in value for value in attributes.values()
            ):
                yield _warning(
                    WarningKind.BROKEN_MARKUP, f"A quote in a tag <{_shown(name)}> is not closed."
                )
            elif name == "a" and "href" in attributes:
                yield from _of_link(attributes["href"], masked)
            elif name == "img" and "alt" not in attributes:
                yield _warning(
                    WarningKind.NO_ALTERNATIVE_TEXT,
                    'An image without alt: say what it shows, or alt="" where it is decoration.',
                )
        case _:
            pass


def _of_link(href: str, masked: Masked) -> Iterator[TemplateWarning]:
    target = "".join(character for character in href if character > " ")
    scheme = _SCHEME.match(target)
    shown = _shown(masked.restored(href.strip()))
    if target in {"", "#"}:
        yield _warning(WarningKind.EMPTY_LINK, "A link leads nowhere.")
    elif scheme and scheme[0].lower() in _UNSAFE:
        yield _warning(
            WarningKind.UNSAFE_LINK, f"No mail program follows a link to {scheme[0].lower()}"
        )
    elif scheme is None and not is_merged(target[:1]) and not target.startswith("#"):
        yield _warning(
            WarningKind.RELATIVE_LINK, f"A mail has no address of its own: {shown} needs https://."
        )


def _left_over(content: Content) -> Iterator[TemplateWarning]:
    for part in ("subject", "html", "text"):
        if _LEFT_OVER.search(Masked.of(getattr(content, part)).text):
            yield TemplateWarning(
                WarningKind.LEFT_OVER_BRACES,
                part,
                "Braces of a merge tag that is none: they are sent as they stand.",
            )


def _unknown(
    content: Content, variables: Collection[str], seen: Collection[str] | None
) -> Iterator[TemplateWarning]:
    if seen is None:
        return
    known = {*seen, *content.defaults, "email", UNSUBSCRIBE_URL, POSTAL_ADDRESS}
    if CONFIRM_URL in variables:
        known |= {CONFIRM_URL, SENDER}
    for name in sorted(set(variables) - known)[:_MOST]:
        yield TemplateWarning(
            WarningKind.UNKNOWN_VARIABLE,
            None,
            f"{_shown(name)} is no field of the contacts looked at: who lacks it gets no mail. "
            "Give it a default.",
        )


def _warning(kind: WarningKind, detail: str) -> TemplateWarning:
    return TemplateWarning(kind, "html", detail)


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"  # noqa: PLR2004  enough to find it by
