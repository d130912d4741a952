"""The text that is made of a mail's HTML."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plain_text import plain_text_of


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div>\n<div>Two</div>", "One\nTwo"),
        ("One<br>Two<br/><br>Three", "One\nTwo\n\nThree"),
        ("  A\n <b>b</b>old &amp; <i>c</i>  ", "A bold & c"),
        ("<h1>News</h1>Body", "News\n\nBody"),
        ("<ul><li>One</li><li>Two</ul>", "- One\n- Two"),
        ("<ol><li>One<ul><li>In</li></ul></li><li>Two</li></ol>", "1. One\n  - In\n2. Two"),
        ("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>", "A B\nC"),
        ('<a href="https://x.eu/a?b&amp;c">Go</a>.', "Go <https://x.eu/a?b&c>."),
        ('<a href="https://x.eu">https://x.eu</a>', "https://x.eu"),
        ('<a href="https://x.eu"><img src="a" alt="Shop"></a>', "Shop <https://x.eu>"),
        ('<a href="https://x.eu"><img src="a"></a>', "https://x.eu"),
        ('<a href="mailto:a@x.eu">Write</a>', "Write <a@x.eu>"),
        ('<a href="#">Top</a> <a href="javascript:x()">Run</a> <a>None</a>', "Top Run None"),
        ("<head><title>T</title></head><style>p{}</style><script>a<b</script>Body", "Body"),
        ("<!-- <p>no</p> --><!DOCTYPE html>Body<!--[if mso]>x<![endif]-->", "Body"),
        ('<div style="DISPLAY: none">Preheader<div>in</div></div>Body', "Body"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("A<hr>B", "A\n\n---\n\nB"),
        ("1 < 2 <p", "1 < 2"),
        ("\u200c\u200bA\u00ad", "\u200cA"),
        ("", ""),
        ("<p> &nbsp; </p>", ""),
    ],
)
def test_what_people_read(html: str, text: str) -> None:
    """Paragraphs, lines, lists, links and what images say; nothing that is not shown."""
    assert plain_text_of(html).rstrip("\n") == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hi {{ name|default('you <b>') }}</p>", "Hi {{ name|default('you <b>') }}"),
        (
            '<a href="{{ url|default("https://x.eu") }}">Go</a>',
            'Go <{{ url|default("https://x.eu") }}>',
        ),
        ("{% if a < b %}<p>A</p>{% endif %}", "{% if a < b %}\n\nA\n\n{% endif %}"),
        ("<p {% if vip %}class='x'{% endif %}>A</p>", "A"),
        ("<style>{% if x %}a{% endif %}</style>A{# note > #}", "A{# note > #}"),
        ("{{ '}}' }}", "{{ '}}' }}"),
        ("<p>&#123;&#123; name }}</p>", "{ { name }}"),
    ],
)
def test_merge_tags_stay_as_they_are(html: str, text: str) -> None:
    """Where they are read; what only looks like one does not become one."""
    assert plain_text_of(html).rstrip("\n") == text


_HTML = st.lists(
    st.sampled_from(
        [
            *("<p>", "</p>", "<b", ">", "<a href='", "'", '"', "<ul>", "<li>", "</ul>", "<!--"),
            *("-->", "{{", "}}", "{%", "%}", "{#", "#}", "x", " ", "\n", "&amp;", "&", "<pre>"),
            *(
                "<style>",
                "</style>",
                "<div style='display:none'>",
                "</div>",
                "\ufdd0",
                "\ufdd1",
                "0",
            ),
        ]
    ),
    max_size=40,
).map("".join)


@given(_HTML)
def test_anything_has_a_text(html: str) -> None:
    """However broken: no mark of ours and no tag that was read is left in it."""
    text = plain_text_of(html)

    assert "\ufdd0" not in text
    assert text == "" or (text.endswith("\n") and text.strip())
    assert not re.search(r"\n{3}", text) or "<pre>" in html or "{" in html


@pytest.mark.parametrize(
    "piece",
    ["<!--", '<a href="', "{{", "{{'", "<style>", "<a b=", "<ul><li>", "<a>x", "</a", "&", "<!"],
)
def test_the_longest_takes_no_longer_than_its_length(piece: str) -> None:
    """Whatever is begun a hundred thousand times and never ended: it comes to an end itself."""
    assert len(plain_text_of(piece * (100_000 // len(piece)))) < 1_000_000
