"""What authors are told of a template that can be sent."""

import pytest

from domain.template import Content
from domain.template_warnings import TemplateWarning, WarningKind, warnings_of, warnings_of_mail

LINK = '<a href="{{ unsubscribe_url }}">Unsubscribe</a> {{ postal_address }}'


def kinds(
    html: str = LINK, text: str = "{{ unsubscribe_url }}", subject: str = "Hi"
) -> list[tuple[WarningKind, str | None]]:
    """What is told, of which part."""
    return [(each.kind, each.part) for each in warnings_of(Content(subject, html, text), (), None)]


def test_a_template_without_fault() -> None:
    """Nothing is told."""
    html = f'<p>Hi <a href="https://x.eu?a&amp;b">x</a> <img src="x" alt=""></p><a name="x">{LINK}'
    assert kinds(html) == []


def test_nowhere_to_unsubscribe() -> None:
    """Told of each part: people read the one or the other. Nor is told who sends it."""
    assert kinds(html="unsubscribe_url", text="x") == [
        (WarningKind.NO_UNSUBSCRIBE_LINK, "html"),
        (WarningKind.NO_UNSUBSCRIBE_LINK, "text"),
        (WarningKind.NO_POSTAL_ADDRESS, None),
    ]


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ('<a href="">x</a>', WarningKind.EMPTY_LINK),
        ("<a href>x</a>", WarningKind.EMPTY_LINK),
        ('<a href=" # ">x</a>', WarningKind.EMPTY_LINK),
        ('<a href="javascript:go()">x</a>', WarningKind.UNSAFE_LINK),
        ('<a href=" Java&#10;Script:go()">x</a>', WarningKind.UNSAFE_LINK),
        ('<a href="data:text/html,x">x</a>', WarningKind.UNSAFE_LINK),
        ('<a href="www.example.com">x</a>', WarningKind.RELATIVE_LINK),
        ('<a href="/offers">x</a>', WarningKind.RELATIVE_LINK),
        ("<a href=/offers>x</a>", WarningKind.RELATIVE_LINK),
        ('<a href="https://x.eu>x</a> <a href="https://y.eu">y</a>', WarningKind.BROKEN_MARKUP),
        ('<a href="https://x.eu>x</a>', WarningKind.BROKEN_MARKUP),
        ("<p class='x'", WarningKind.BROKEN_MARKUP),
        ("{ {name}}", WarningKind.LEFT_OVER_BRACES),
        ("{name}}", WarningKind.LEFT_OVER_BRACES),
        ("<img src='x'>", WarningKind.NO_ALTERNATIVE_TEXT),
    ],
)
def test_what_is_wrong_with_the_html(html: str, kind: WarningKind) -> None:
    """Each is told by its kind."""
    assert kinds(f"{LINK}{html}") == [(kind, "html")]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="{{ url }}/x">x</a>',
        '<a href="mailto:a@x.eu">x</a> <a href="TEL:+49">y</a> <a href="#part">z</a>',
        '<p title="a > b">x</p><p title="{{ a|default("<b>") }}">y</p>',
        "1 < 2",
        "<!-- <a href=''> -->",
        "{% raw %}{{ x }}{% endraw %}",
    ],
)
def test_what_is_as_it_should_be(html: str) -> None:
    """No false alarm."""
    assert kinds(f"{LINK}{html}") == []


def test_the_same_is_told_once_and_not_too_much() -> None:
    """A template with the same fault in every line has one warning; none has hundreds."""
    assert len(kinds(LINK + '<a href="">x</a>' * 100)) == 1
    assert len(kinds(LINK + "".join(f'<a href="/{n}">x</a>' for n in range(500)))) < 30


def test_left_over_braces_in_every_part() -> None:
    """A subject with them is seen first."""
    assert kinds(subject="Hi name}}", text="{{ unsubscribe_url }} %}") == [
        (WarningKind.LEFT_OVER_BRACES, "subject"),
        (WarningKind.LEFT_OVER_BRACES, "text"),
    ]


def test_variables_that_no_contact_has() -> None:
    """Neither those with a default nor those that every mail has; nothing without contacts."""
    content = Content("Hi", LINK, "{{ unsubscribe_url }}", {"town": "Ulm"})
    names = ("email", "name", "postal_address", "street", "town", "unsubscribe_url")

    (warning,) = warnings_of(content, names, {"name"})

    assert (warning.kind, warning.part) == (WarningKind.UNKNOWN_VARIABLE, None)
    assert "street" in warning.detail
    assert warnings_of(content, names, None) == ()


def test_a_mail_that_asks_to_confirm_owes_no_way_out() -> None:
    """Who gets it is on no list yet; what it merges is known."""
    content = Content("Hi", "<p>{{ confirm_url }} {{ sender }}", "{{ confirm_url }}")

    assert warnings_of(content, ("confirm_url", "sender"), {"name"}) == ()
    (warning,) = warnings_of(Content("Hi", LINK, LINK), ("sender",), {"name"})
    assert "sender" in warning.detail


def test_what_gmail_clips() -> None:
    """Only past its limit, in bytes."""
    assert warnings_of_mail("é" * 52_224) == ()
    assert [each.kind for each in warnings_of_mail("é" * 52_225)] == [WarningKind.CLIPPED]


def test_a_warning_repeats_little_of_a_template() -> None:
    """A link as long as a page is cut."""
    (warning,) = warnings_of_mail(f'<a href="/{"x" * 5_000}">x</a>')
    assert isinstance(warning, TemplateWarning)
    assert len(warning.detail) < 200
