"""What a person gets of a template."""

from collections.abc import Mapping
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.minijinja.renderer import MinijinjaRenderer
from domain.errors import InvalidInput
from domain.identifiers import ContactId
from domain.merge_fields import FieldValue
from domain.ports.renderer import Rendered, Unrenderable
from domain.recipient import Recipient
from domain.template import Content

ADDRESS = "ann.secret@example.com"


def rendered(
    subject: str = "News", html: str = "<p>News</p>", text: str = "News", **fields: FieldValue
) -> Rendered | Unrenderable:
    """For one person with these fields."""
    person = Recipient(ContactId("con_1"), ADDRESS, fields)
    (mail,) = MinijinjaRenderer().render(Content(subject, html, text), (person,))
    return mail


def why_not(
    subject: str = "News", html: str = "<p>News</p>", text: str = "News", **fields: FieldValue
) -> str:
    """The reason there is no mail."""
    mail = rendered(subject, html, text, **fields)
    assert isinstance(mail, Unrenderable)
    return mail.reason


def test_fields_and_address_are_merged() -> None:
    """A person's fields and address stand where the template names them, of every kind."""
    template = "{{ name }} {{ visits }} {{ score }} {{ email }}"
    mail = rendered(template, template, template, name="Ann", visits=3, score=0.5)
    merged = f"Ann 3 0.5 {ADDRESS}"
    assert mail == Rendered(merged, merged, merged)


def test_one_mail_for_each_in_order() -> None:
    """Each person gets their own values; one who cannot be rendered does not disturb the next."""
    content = Content("Hi {{ name }}", "<p>", "text")
    fields: tuple[Mapping[str, FieldValue], ...] = ({"name": "Ann"}, {}, {"name": "Cid"})
    people = [Recipient(ContactId("con"), "x@example.com", each) for each in fields]
    first, second, third = MinijinjaRenderer().render(content, people)
    assert first == Rendered("Hi Ann", "<p>", "text")
    assert isinstance(second, Unrenderable)
    assert third == Rendered("Hi Cid", "<p>", "text")


def test_another_template_is_not_mistaken_for_the_last() -> None:
    """A worker that turns from one campaign to another sends each its own content."""
    renderer = MinijinjaRenderer()
    person = (Recipient(ContactId("con"), "x@example.com", {}),)
    one, two = Content("One", "1", "1"), Content("Two", "2", "2")
    subjects = [renderer.render(content, person)[0] for content in (one, two, one)]
    assert subjects == [
        Rendered("One", "1", "1"),
        Rendered("Two", "2", "2"),
        Rendered("One", "1", "1"),
    ]


def test_html_is_escaped_and_the_rest_is_not() -> None:
    """A name with markup in it shows as it is written, in HTML as in subject and text."""
    name = "<b>Ann & 'Co' \"Ltd\"</b>"
    mail = rendered("{{ name }}", '<p title="{{ name }}">{{ name }}</p>', "{{ name }}", name=name)
    assert isinstance(mail, Rendered)
    assert mail.subject == name
    assert mail.text == name
    assert unescape(mail.html) == f'<p title="{name}">{name}</p>'
    assert mail.html.count("<") == mail.html.count(">") == 2
    assert mail.html.count('"') == 2


@pytest.mark.parametrize("part", ["subject", "text"])
def test_html_is_escaped_in_what_it_includes(part: str) -> None:
    """Markup in a person's name does not get into the HTML by way of another part."""
    mail = rendered(
        "{{ name }}", f"<title>{{% include '{part}' %}}</title>", "{{ name }}", name="<script>"
    )
    if isinstance(mail, Rendered):
        assert "<script>" not in mail.html


@pytest.mark.parametrize("part", ["subject", "html", "text"])
def test_a_missing_field_is_named(part: str) -> None:
    """Without a field that the template needs there is no mail; the reason names part and field."""
    reason = why_not(**{part: "Hello {{ first_name }}"})
    assert part in reason
    assert "first_name" in reason


def test_only_what_is_missing_is_named() -> None:
    """The reason does not send people looking for a field where the template calls a function."""
    reason = why_not(html="{% for n in range(2) %}{{ first_name }}{% endfor %}")
    assert "first_name" in reason
    assert "range" not in reason


def test_a_default_stands_in_for_a_missing_field() -> None:
    """The template's own default where somebody has no such field, their value where they have."""
    content = Content("Hi {{ name }}", "<p>{{ name }}", "{{ name }}", {"name": "<you>"})
    fields: tuple[Mapping[str, FieldValue], ...] = ({}, {"name": "Ann"})
    people = [Recipient(ContactId("con"), ADDRESS, each) for each in fields]
    assert list(MinijinjaRenderer().render(content, people)) == [
        Rendered("Hi <you>", "<p>&lt;you&gt;", "<you>"),
        Rendered("Hi Ann", "<p>Ann", "Ann"),
    ]


def test_a_default_is_for_its_own_field_only() -> None:
    """What else is missing still makes no mail."""
    content = Content("{{ name }} {{ town }}", "<p>", "text", {"name": "you"})
    (mail,) = MinijinjaRenderer().render(content, [Recipient(ContactId("con"), ADDRESS, {})])
    assert isinstance(mail, Unrenderable)
    assert "town" in mail.reason
    assert "name" not in mail.reason


def test_a_missing_field_may_have_a_default() -> None:
    """An author who provides for a missing field gets what was provided."""
    mail = rendered("{{ name|default('friend') }}", "{% if vip is defined %}VIP{% endif %}.")
    assert mail == Rendered("friend", ".", "News")


@pytest.mark.parametrize(
    "template",
    [
        "{{ {}[email] }}",
        "{{ email.nothing.at_all }}",
        "{{ missing[email] }}",
        "{{ email + 1 }}",
        "{{ email|int }}",
        "{{ email() }}",
        "{{ email.strip_it() }}",
        "{{ dict(**email) }}",
        "{% include email %}",
        "{% extends email %}",
        "{% for one, two in [email] %}{% endfor %}",
        "{{ name|nofilter }}",
    ],
)
def test_reasons_hold_no_personal_data(template: str) -> None:
    """Whatever goes wrong, the reason that is stored and shown quotes nothing of the person."""
    reason = why_not(html=template, name="Ann Secret")
    assert "secret" not in reason.lower()
    assert "html, line 1" in reason


@pytest.mark.parametrize(
    "template",
    [
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{% include 'html' %}",
        "{{ 'x' * 999999999999 }}",
        "{% set s = 'xxxxxxxx' %}" + "{% set s = s ~ s %}" * 60 + "{{ s|length }}",
        "{{ range(99999999)|list|length }}",
        "{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        (
            "{% set n = namespace(s='xxxx') %}{% for a in range(26) %}{% set n.s = n.s ~ n.s %}"
            "{% endfor %}"
        ),
    ],
)
def test_a_template_cannot_run_away(template: str) -> None:
    """A template that would take for ever, or all memory, is stopped and yields no mail."""
    assert why_not(html=template)


def test_a_mail_has_a_greatest_size() -> None:
    """A mail that comes out larger than a provider takes is not sent."""
    assert why_not(html="{% for a in range(100) %}" + "x" * 10_001 + "{% endfor %}")


def test_an_everyday_template_is_far_from_the_limits() -> None:
    """A newsletter with a table of some hundred rows is an ordinary mail."""
    rows = "{% for n in range(300) %}<tr><td>{{ n }}</td><td>{{ name }}</td></tr>{% endfor %}"
    mail = rendered(html=f"<table>{rows}</table>", name="Ann")
    assert isinstance(mail, Rendered)
    assert mail.html.count("<tr>") == 300


@pytest.mark.parametrize(
    "name",
    [
        "Ann\r\nBcc: bob@example.com",
        "Ann\nBcc: x",
        "Ann\rBcc: x",
        "Ann\x0bx",
        "Ann\u2028x",
        "Ann\x85x",
    ],
)
def test_no_header_is_injected_by_a_name(name: str) -> None:
    """A line break in a field cannot begin another header: it becomes a space of the subject."""
    mail = rendered("Hi {{ name }}!", name=name)
    assert isinstance(mail, Rendered)
    assert mail.subject == "Hi " + " ".join(name.split()) + "!"


@given(name=st.text())
def test_a_subject_is_one_line(name: str) -> None:
    """Whatever a field holds, a subject is one line without control characters, or no mail."""
    mail = rendered("Hi {{ name }}", name=name)
    if isinstance(mail, Rendered):
        assert len(mail.subject.splitlines()) == 1
        assert not any(ord(character) < 32 or ord(character) == 127 for character in mail.subject)


@pytest.mark.parametrize("name", ["\x00", "\x1b[2J", "\x7f"])
def test_control_characters_in_a_subject(name: str) -> None:
    """A subject with other control characters is not sent."""
    assert "subject" in why_not("Hi {{ name }}", name=name)


def test_an_empty_subject() -> None:
    """A subject that merges to nothing is not sent."""
    assert "subject" in why_not("{{ name }}", name="  ")


@pytest.mark.parametrize(
    "subject",
    [
        "Grüße aus 東京 🎉",
        "I ❤️ news",
        "👩\u200d💻 for developers",
        "🏳️\u200d🌈 Pride",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\U0001faea new emoji",
    ],
)
def test_a_subject_in_any_script(subject: str) -> None:
    """Joined emoji, joiners that a script needs, and characters newer than Python's tables go."""
    assert rendered(subject) == Rendered(subject, "<p>News</p>", "News")


@pytest.mark.parametrize(
    "name", ["loop", "self", "range", "template_name", "name", "true", "debug"]
)
def test_a_field_may_have_any_name(name: str) -> None:
    """No name that a contact's field may have breaks the mail."""
    assert isinstance(rendered("Hi {{ other }}", **{name: "x", "other": "y"}), Rendered)


@pytest.mark.parametrize("value", [10**100, float("nan"), float("inf"), True, "\ud800"])
def test_a_field_may_have_any_value(value: FieldValue) -> None:
    """No value that a contact's field may have breaks the mail."""
    assert isinstance(rendered("Hi {{ name }}", name=value), Rendered)


@pytest.mark.parametrize("part", ["subject", "html", "text"])
@pytest.mark.parametrize("source", ["{{", "{% if %}", "{{ name", "{% for x in %}", "{% nosuch %}"])
def test_a_template_that_does_not_compile(part: str, source: str) -> None:
    """A broken template is refused by the part that is broken."""
    parts = {"subject": "s", "html": "h", "text": "t", part: source}
    with pytest.raises(InvalidInput) as refusal:
        MinijinjaRenderer().variables(Content(parts["subject"], parts["html"], parts["text"]))
    assert refusal.value.field == part


@pytest.mark.parametrize(
    "source",
    ["{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}", "{% if 1 %}" * 9_000 + "{% endif %}" * 9_000],
)
def test_a_template_is_not_nested_without_end(source: str) -> None:
    """It is refused before it is kept."""
    with pytest.raises(InvalidInput) as refusal:
        MinijinjaRenderer().variables(Content("News", source, "News"))
    assert refusal.value.field == "html"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (Content("s", "h", "t"), set()),
        (Content("{{ a }}", "{{ b }}", "{{ c }}{{ email }}"), {"a", "b", "c", "email"}),
        (Content("s", "{% if a %}{{ b|upper }}{% endif %}", "{{ c.d }}"), {"a", "b", "c"}),
        (Content("s", "{% for a in b %}{{ a }}{% endfor %}", "{{ a }}"), {"a", "b"}),
        (Content("s", "{% set a = 'x' %}{{ a }}", "t"), set()),
        (Content("s", "{% if b %}{% set a = 'x' %}{% endif %}{{ a }}", "t"), {"a", "b"}),
        (Content("s", "{% set a = a|default('x') %}{{ a }}", "t"), {"a"}),
        (Content("s", "h", "{% set a = a %}{{ a }}"), {"a"}),
    ],
)
def test_variables(content: Content, names: set[str]) -> None:
    """The names that a template takes from a person, in all three parts, those it sets left out."""
    assert MinijinjaRenderer().variables(content) == names


@pytest.mark.parametrize(
    "source",
    [
        "{% set a = a|default('x') %}{{ a }}",
        "{% set a %}{{ a|upper }}{% endset %}{{ a }}",
        "{% set a, b = [b, a] %}{{ a }}",
        "{% set (a, b) = (b, a) %}{{ a }}",
        "{% set a = '%}' ~ a %}{{ a }}",
        "{% set a = 'x' if not vip else a %}{{ a }}",
        "{%- set a=a -%}{{a}}",
        "{% set b = a %}{% set a = b %}{{ a }}",
        "{{ a }}{% set a = 'x' %}{{ a }}",
        "{% if not vip %}{% set a = 'x' %}{% else %}{{ a }}{% endif %}",
        "{% if not vip %}{% set a = 'x' %}{% endif %}{{ a }}",
        "{% with a = a|upper %}{{ a }}{% endwith %}",
        "{% with b = 'x', a = b %}{{ a }}{% endwith %}",
        "{% for i in [1] %}{% set a = 'x' %}{% endfor %}{{ a }}",
        "{% for i in [] %}{% else %}{{ a }}{% endfor %}",
        "{% for a in [a] %}{{ a }}{% endfor %}",
        "{% macro m(a=a) %}{{ a }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{% set a = 'x' %}{{ a }}{% endmacro %}{{ m() }}{{ a }}",
        "{% filter upper %}{% set a = a %}{{ a }}{% endfilter %}",
        "{% set ns = namespace(x=a) %}{% set a = 1 %}{{ ns.x }}",
    ],
)
def test_the_variables_are_all_that_a_mail_needs(source: str) -> None:
    """A person's mail is the same whether all fields are at hand or only those it merges."""
    fields: dict[str, FieldValue] = {"a": "Ann", "b": "Bob", "vip": True}
    names = MinijinjaRenderer().variables(Content("News", source, "News"))
    everything = Recipient(ContactId("con"), ADDRESS, fields)
    needed = Recipient(
        ContactId("con"), ADDRESS, {name: fields[name] for name in names & fields.keys()}
    )
    content = Content("News", source, "News")
    whole, merged = MinijinjaRenderer().render(content, (everything, needed))
    assert isinstance(whole, Rendered)
    assert merged == whole
