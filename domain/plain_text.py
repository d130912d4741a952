"""The text of a mail, made from its HTML: for authors who write only that."""

import re

from domain.markup import Broken, Masked, Tag, Text, tokens

_PARAGRAPHS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "dl", "fieldset", "figure", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p"),
        *("pre", "section", "table", "ul"),
    }
)
_LISTS = frozenset({"ol", "ul"})
_LINES = frozenset({"caption", "center", "dd", "div", "dt", "figcaption", "li", "tr"})
_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})
_UNSEEN = frozenset({"head", "noscript", "object", "script", "select", "style", "svg", "template"})
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_NOWHERE = ("#", "javascript:", "data:")
_INVISIBLE = re.compile("[\u00ad\u034f\u200b\u2007\u2060\ufeff]")
"""What preheaders are padded with."""
_DEEPEST = 5
"""Lists within lists are indented up to this."""
_WHITE = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n{3,}")


def plain_text_of(html: str) -> str:
    """Paragraphs, lists and the URLs of links, with the merge tags of `html`.

    What is hidden, or is no text, is left out. Empty where nothing is left.
    """
    masked = Masked.of(html)
    writer = _Writer()
    for token in tokens(masked.text):
        writer.take(token)
    text = "\n".join(line.rstrip(" \t") for line in writer.text().split("\n"))
    text = _BLANK_LINES.sub("\n\n", text).strip()
    return f"{masked.restored(text)}\n" if text else ""


class _Writer:
    """Takes tokens in order."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._breaks = 0
        self._space = False
        self._lists: list[int | None] = []
        self._link: tuple[str, int] | None = None
        self._preformatted = 0
        self._unseen, self._unseen_depth = "", 0

    def text(self) -> str:
        return "".join(self._pieces)

    def take(self, token: Text | Tag | Broken) -> None:
        match token:
            case Text(text) if not self._unseen:
                self._write(text)
            case Tag(name, _, is_end) if self._unseen:
                if name == self._unseen:
                    self._unseen_depth += -1 if is_end else 1
                    self._unseen = name if self._unseen_depth else ""
            case Tag(name, _, True):
                self._close(name)
            case Tag(name, attributes) if _is_unseen(name, attributes.get("style", "")):
                if name not in _VOID:
                    self._unseen, self._unseen_depth = name, 1
            case Tag():
                self._open(token)
            case _:
                pass

    def _open(self, tag: Tag) -> None:
        self._break_for(tag.name)
        match tag.name:
            case "br":
                # Each is a line of its own, unlike the edges of blocks.
                self._pieces.append("\n" * self._breaks)
                self._breaks = 1
            case "hr":
                self._write("---")
                self._break_for("hr")
            case "ol":
                self._lists.append(0)
            case "ul":
                self._lists.append(None)
            case "li":
                self._write_bullet()
            case "td" | "th":
                self._space = True
            case "pre":
                self._preformatted += 1
            case "img":
                self._write(tag.attributes.get("alt", ""))
            case "a":
                # None is within another: browsers end the first one, too.
                self._link = tag.attributes.get("href", "").strip(), len(self._pieces)
            case _:
                pass

    def _close(self, name: str) -> None:
        match name:
            case "a" if self._link:
                self._write_target(*self._link)
                self._link = None
            case "ol" | "ul" if self._lists:
                self._lists.pop()
            case "pre":
                self._preformatted = max(0, self._preformatted - 1)
            case _:
                pass
        self._break_for(name)

    def _break_for(self, name: str) -> None:
        """A blank line around paragraphs, and around a list unless it is within another."""
        if name in _PARAGRAPHS and not (name in _LISTS and self._lists):
            self._breaks = 2
        elif name in _PARAGRAPHS | _LINES:
            self._breaks = max(self._breaks, 1)

    def _write_bullet(self) -> None:
        depth = min(len(self._lists), _DEEPEST) - 1
        bullet = "-"
        if self._lists and self._lists[-1] is not None:
            self._lists[-1] += 1
            bullet = f"{self._lists[-1]}."
        self._emit(f"{'  ' * depth}{bullet}")
        self._space = True

    def _write_target(self, target: str, start: int) -> None:
        label = "".join(self._pieces[start:]).strip()
        url = target.removeprefix("mailto:")
        if not url or target.lower().startswith(_NOWHERE) or url == label:
            return
        self._space = bool(label) or self._space
        # As RFC 3986, appendix C, advises: what follows is not taken for a part of it.
        self._emit(f"<{url}>" if label else url)

    def _write(self, text: str) -> None:
        text = _INVISIBLE.sub("", text)
        if self._preformatted:
            self._emit(text)
            return
        words = _WHITE.sub(" ", text)
        if words.startswith(" "):
            self._space = True
        if words.strip():
            self._emit(words.strip())
            self._space = words.endswith(" ")

    def _emit(self, text: str) -> None:
        if self._breaks:
            self._pieces.append("\n" * self._breaks)
        elif self._space and self._pieces:
            self._pieces.append(" ")
        self._breaks, self._space = 0, False
        self._pieces.append(text)


def _is_unseen(name: str, style: str) -> bool:
    return name in _UNSEEN or _HIDDEN.search(style) is not None
