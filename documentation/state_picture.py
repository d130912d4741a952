"""The picture of a campaign's states, drawn from the table that the domain goes by.

    python -m documentation.state_picture

Writes docs/pictures/campaign-states.svg; a test tells when it is of an older table.
"""

from collections.abc import Iterator, Mapping
from math import copysign, hypot
from pathlib import Path
from types import MappingProxyType

from domain.campaign import FINAL_STATES, TRANSITIONS, CampaignState

PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "campaign-states.svg"

_PLACES: Mapping[CampaignState, tuple[float, float]] = MappingProxyType(
    {
        CampaignState.SCHEDULED: (120, 60),
        CampaignState.SENDING: (640, 60),
        CampaignState.SENT: (880, 60),
        CampaignState.PAUSED: (380, 160),
        CampaignState.EXPIRED: (120, 400),
        CampaignState.CANCELLED: (380, 400),
        CampaignState.FAILED: (640, 400),
    }
)
_HALF_WIDTH, _HALF_HEIGHT = 60, 20
_ASIDE = 9
"""How far the two arrows between two states keep from the line between them."""
_LABEL_AT = 0.45
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 970 450" role="img" font-family="sans-serif">
<title>The states of a campaign, and what leads from one to another</title>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" \
orient="auto"><path d="M0 0 8 4 0 8z" fill="#546e7a"/></marker></defs>
<rect width="970" height="450" rx="8" fill="#fff"/>"""


def picture() -> str:
    """As SVG. What leaves a state as it is, is not drawn. Raises KeyError for a state unplaced."""
    return "\n".join([_HEAD, *_arrows(), *_boxes(), "</svg>"]) + "\n"


def _boxes() -> Iterator[str]:
    for state in CampaignState:
        x, y = _PLACES[state]
        fill = "#eceff1" if state in FINAL_STATES else "#bbdefb"
        yield (
            f'<rect x="{x - _HALF_WIDTH}" y="{y - _HALF_HEIGHT}" width="{2 * _HALF_WIDTH}" '
            f'height="{2 * _HALF_HEIGHT}" rx="8" fill="{fill}" stroke="#37474f"/>'
            f'<text x="{x}" y="{y + 5}" font-size="16" text-anchor="middle">{state}</text>'
        )


def _arrows() -> Iterator[str]:
    for source, events in TRANSITIONS.items():
        leading: dict[CampaignState, list[str]] = {}
        for event, target in events.items():
            if target is not source:
                leading.setdefault(target, []).append(event)
        for target, names in leading.items():
            yield _arrow(source, target, ", ".join(names))


def _arrow(source: CampaignState, target: CampaignState, label: str) -> str:
    """From the middle of a box, which hides its beginning, to the edge of the other."""
    (x, y), (to_x, to_y) = _PLACES[source], _PLACES[target]
    length = hypot(to_x - x, to_y - y)
    along_x, along_y = (to_x - x) / length, (to_y - y) / length
    is_one_of_two = source in TRANSITIONS[target].values()
    aside_x, aside_y = (-along_y * _ASIDE, along_x * _ASIDE) if is_one_of_two else (0.0, 0.0)
    inside = min(
        (half + copysign(aside, aside * along)) / abs(along) if along else length
        for half, aside, along in (
            (_HALF_WIDTH, aside_x, along_x),
            (_HALF_HEIGHT, aside_y, along_y),
        )
    )
    x, y = x + aside_x, y + aside_y
    to_x, to_y = to_x + aside_x - along_x * inside, to_y + aside_y - along_y * inside
    label_x, label_y = x + (to_x - x) * _LABEL_AT, y + (to_y - y) * _LABEL_AT
    return (
        f'<path d="M{x:.0f} {y:.0f} {to_x:.0f} {to_y:.0f}" stroke="#546e7a" '
        'marker-end="url(#head)"/>'
        f'<text x="{label_x:.0f}" y="{label_y:.0f}" font-size="13" text-anchor="middle" '
        f'paint-order="stroke" stroke="#fff" stroke-width="5">{label}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
