"""Markdown, as the document has it."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; columns named with a colon at the end hold text, the others align right."""
    names = [name.removesuffix(":") for name in header]
    rules = ["---" if name.endswith(":") else "---:" for name in header]
    lines = [names, rules, *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Thousands apart, one decimal where it is not whole."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
