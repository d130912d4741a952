"""HTML as authors of mails write it: merge tags in it, and not always well-formed.

Read in one pass, in time that grows with its length, whatever is in it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

_OPENERS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_MARK, _MARK_END = "\ufdd0", "\ufdd1"
"""Noncharacters (Unicode, section 23.7): no text has them, and they are no white space."""
_MARKED = re.compile(f"{_MARK}([0-9]+){_MARK_END}")
_OPENER = re.compile(r"\{[{%#]")
_NAME = re.compile(r"[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(r"[^\s/>=]+")
_BETWEEN = re.compile(r"[\s/]+")
_SPACE = re.compile(r"\s+")
_UNQUOTED = re.compile(r"[^\s>]+")
_RAW = frozenset({"script", "style", "textarea", "title", "xmp", "iframe", "noembed"})
"""Elements whose content is no markup."""


@dataclass(frozen=True)
class Text:
    """Characters between tags, references resolved."""

    text: str


@dataclass(frozen=True)
class Tag:
    """A start tag, or an end tag with nothing but a name; all in small letters."""

    name: str
    attributes: Mapping[str, str]
    is_end: bool = False


@dataclass(frozen=True)
class Broken:
    """From here on nobody knows what is meant: `what` was begun and never ended."""

    what: str


Token = Text | Tag | Broken


@dataclass(frozen=True)
class Masked:
    """Text whose merge tags are each one mark, so that what is in them is not taken for HTML."""

    text: str
    tags: Sequence[str]

    @classmethod
    def of(cls, source: str) -> "Masked":
        """With every merge tag of `source` masked; one that does not end stays."""
        source = source.replace(_MARK, "").replace(_MARK_END, "")
        pieces: list[str] = []
        tags: list[str] = []
        done = 0
        while opener := _OPENER.search(source, done):
            end = _end_of_tag(source, opener.start())
            if end is None:
                break
            pieces += (source[done : opener.start()], f"{_MARK}{len(tags)}{_MARK_END}")
            tags.append(source[opener.start() : end])
            done = end
        return cls("".join((*pieces, source[done:])), tags)

    def restored(self, text: str) -> str:
        """`text`, made of this one's, with its merge tags; no others come about in it."""
        plain = re.sub(r"\{(?=[{%#])", "{ ", text)
        return _MARKED.sub(lambda mark: self.tags[int(mark[1])], plain)


def _end_of_tag(source: str, start: int) -> int | None:
    closer = _OPENERS[source[start : start + 2]]
    position = start + 2
    if closer == "#}":
        found = source.find(closer, position)
        return None if found < 0 else found + 2
    quote = ""
    while position < len(source):
        character = source[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif source.startswith(closer, position):
            return position + 2
        position += 1
    return None


def is_merged(text: str) -> bool:
    """Whether something is merged into masked text."""
    return _MARK in text


def tokens(source: str) -> Iterator[Token]:
    """Of masked HTML, in order; comments and declarations are left out."""
    position = 0
    while position < len(source):
        opening = source.find("<", position)
        if opening < 0:
            yield Text(unescape(source[position:]))
            return
        if opening > position:
            yield Text(unescape(source[position:opening]))
        if source.startswith("<!--", opening):
            position = _past(source, "-->", opening + 4)
        elif source.startswith(("<!", "<?"), opening):
            position = _past(source, ">", opening + 2)
        else:
            closing = source.startswith("</", opening)
            name = _NAME.match(source, opening + 1 + closing)
            if name is None:
                yield Text("<")
                position = opening + 1
                continue
            attributes, end = _attributes(source, name.end())
            if end is None:
                yield Broken("tag" if attributes is None else "quote")
                return
            tag = Tag(name[0].lower(), attributes or {}, closing)
            yield tag
            position = end
            if tag.name in _RAW and not closing:
                position = _end_of_raw(source, tag.name, end)


def _past(source: str, closer: str, position: int) -> int:
    found = source.find(closer, position)
    return len(source) if found < 0 else found + len(closer)


def _end_of_raw(source: str, name: str, position: int) -> int:
    found = re.compile(rf"</{name}", re.IGNORECASE).search(source, position)
    return len(source) if found is None else found.start()


def _attributes(source: str, position: int) -> tuple[dict[str, str] | None, int | None]:
    """Those of a tag, and where it ends.

    It does not end: None, and no attributes where the tag itself is open, some where a quote is.
    """
    found: dict[str, str] = {}
    while True:
        position = _past_all(_BETWEEN, source, position)
        if position >= len(source):
            return None, None
        if source[position] == ">":
            return found, position + 1
        start, position = position, _past_all(_ATTRIBUTE, source, position)
        if start == position:
            position += 1
            continue
        name, value = source[start:position].lower(), ""
        equals = _past_all(_SPACE, source, position)
        if source.startswith("=", equals):
            start = _past_all(_SPACE, source, equals + 1)
            quote = source[start : start + 1]
            if quote and quote in "'\"":
                end = source.find(quote, start + 1)
                if end < 0:
                    return found, None
                value, position = source[start + 1 : end], end + 1
            else:
                position = _past_all(_UNQUOTED, source, start)
                value = source[start:position]
        found.setdefault(name, unescape(value))


def _past_all(characters: re.Pattern[str], source: str, position: int) -> int:
    found = characters.match(source, position)
    return position if found is None else found.end()
