"""Creating a template."""

import pytest

from domain.errors import AlreadyExists, InvalidInput
from domain.template import Content
from domain.use_cases.create_template import CreateTemplate
from tests.unit.sentinel import GREETING, NOW, Sentinel


@pytest.fixture
def create_template(sentinel: Sentinel) -> CreateTemplate:
    """The use case."""
    return CreateTemplate(
        templates=sentinel.templates,
        renderer=sentinel.renderer,
        clock=sentinel.clock,
        ids=sentinel.ids,
    )


def test_under_a_name(sentinel: Sentinel, create_template: CreateTemplate) -> None:
    """A template may be given its id, and is found under it."""
    template = create_template("Promotion", GREETING, "promo-template")
    assert template.template_id == "promo-template"
    assert template.created_at == NOW
    assert sentinel.templates.get(template.template_id) == template


def test_under_an_id_of_its_own(sentinel: Sentinel, create_template: CreateTemplate) -> None:
    """Without a name a template gets an id, another one each."""
    one, two = create_template("One", GREETING), create_template("Two", GREETING)
    assert one.template_id != two.template_id
    assert one.template_id.startswith("tpl_")
    assert sentinel.templates.get(two.template_id) == two


def test_a_name_that_is_taken(sentinel: Sentinel, create_template: CreateTemplate) -> None:
    """A second template under one name is refused, the first one stays."""
    first = create_template("One", GREETING, "promo-template")
    with pytest.raises(AlreadyExists):
        create_template("Two", Content("Other", "Other", "Other"), "promo-template")
    assert sentinel.templates.get(first.template_id) == first


@pytest.mark.parametrize(
    "template_id", ["", "-promo", "promo template", "a/b", "a" * 65, "é", "a\n"]
)
def test_a_name_that_is_none(
    sentinel: Sentinel, create_template: CreateTemplate, template_id: str
) -> None:
    """What cannot stand in an address bar is no id; nothing is created."""
    with pytest.raises(InvalidInput) as refusal:
        create_template("Promotion", GREETING, template_id)
    assert refusal.value.field == "template_id"
    assert sentinel.templates.page(10, None).templates == ()


def test_content_that_does_not_compile(sentinel: Sentinel, create_template: CreateTemplate) -> None:
    """A broken template is refused by the part that is broken; nothing is created."""
    with pytest.raises(InvalidInput) as refusal:
        create_template("Promotion", Content("Hi", "{% if %}", "Hi"))
    assert refusal.value.field == "html"
    assert sentinel.templates.page(10, None).templates == ()
