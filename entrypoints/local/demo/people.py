"""The people of the demo: invented, of many languages, the same on every machine."""

import random
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from pathlib import Path
from typing import TypeVar

from domain.contact import ContactDraft

CONTACTS = 3_000
SEED = 20_251_118
GOLD = "Gold"

_DOMAIN = "example.com"
"""Reserved by RFC 2606: mail that slips out reaches nobody."""

_FAVOURITES = (
    "beech rolling pin",
    "bread knife",
    "carbon-steel wok",
    "cast-iron pan",
    "copper kettle",
    "linen apron",
    "olive-wood spoon",
    "pepper mill",
    "pestle and mortar",
    "salt cellar",
)
_LOCAL_PARTS = (
    "{given}.{family}",
    "{given}.{family}",
    "{given}.{family}",
    "{given}{family}",
    "{given}_{family}",
    "{initial}.{family}",
    "{family}.{given}",
    "{given}.{family}{year}",
)
_BIRTH_YEARS = (50, 100)
_SILVER_POINTS = 500
_GOLD_POINTS = 2_000
_MOST_POINTS = 9_800

_OWN_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "þ": "th", "ł": "l"}
)
"""Letters that are no letter with an accent, so that Unicode does not take them apart."""

_Item = TypeVar("_Item")


class _Standing(Enum):
    """What became of a customer."""

    GOLD = auto()
    ACTIVE = auto()
    LAPSED = auto()


_STANDINGS = tuple(_Standing)
"""They take turns, so that each is a third."""


@dataclass(frozen=True, slots=True)
class _Names:
    """Given and family names that go together."""

    given: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Culture:
    """How people who share a language are called, and where they live."""

    language: str
    cities: tuple[str, ...]
    names: tuple[_Names, ...]
    full_name: str
    spelling: Mapping[int, str]


def demo_contacts(seed: int = SEED) -> Sequence[ContactDraft]:
    """`CONTACTS` contacts, each with an address of its own and all the fields.

    A third are gold customers, a third have ordered lately without being gold, a third have not.
    The same seed gives the same contacts, byte for byte.
    """
    # Invented people, not secrets. Only random() is promised to give the same numbers in every
    # version of Python; choice() and shuffle() are not.
    rng = random.Random(seed)  # noqa: S311
    cultures = _cultures()
    taken: set[str] = set()
    return tuple(_contact(rng, number, cultures, taken) for number in range(CONTACTS))


def is_vip(contact: ContactDraft) -> bool:
    """Whether this is a gold customer."""
    return contact.fields["tier"] == GOLD


def is_active(contact: ContactDraft) -> bool:
    """Whether this customer has ordered lately; every gold one has."""
    return contact.fields["active"] is True


def _contact(
    rng: random.Random, number: int, cultures: Sequence[_Culture], taken: set[str]
) -> ContactDraft:
    culture = _pick(rng, cultures)
    names = _pick(rng, culture.names)
    first_name, given = _spelled(_pick(rng, names.given), culture)
    last_name, family = _spelled(_pick(rng, names.family), culture)
    standing = _STANDINGS[number % len(_STANDINGS)]
    points = _points(rng, standing)
    local_part = _pick(rng, _LOCAL_PARTS).format(
        given=given, family=family, initial=given[0], year=_between(rng, *_BIRTH_YEARS)
    )
    local_part = next(each for each in _numbered(local_part) if each not in taken)
    taken.add(local_part)
    return ContactDraft.of(
        f"{local_part}@{_DOMAIN}",
        {
            "first_name": first_name,
            "last_name": last_name,
            "full_name": culture.full_name.format(given=first_name, family=last_name),
            "city": _pick(rng, culture.cities),
            "language": culture.language,
            "favourite": _pick(rng, _FAVOURITES),
            "tier": _tier(points),
            "points": points,
            "active": standing is not _Standing.LAPSED,
        },
    )


def _points(rng: random.Random, standing: _Standing) -> int:
    # Products, not powers: pow() is the C library's, and those differ in the last bit.
    share = rng.random()
    match standing:
        case _Standing.GOLD:  # most have just reached it, a few are far beyond
            return _GOLD_POINTS + int((_MOST_POINTS - _GOLD_POINTS) * share * share * share)
        case _Standing.ACTIVE:
            return int(_GOLD_POINTS * share)
        case _Standing.LAPSED:  # few who had many points left
            return int(_GOLD_POINTS * share * share)


def _tier(points: int) -> str:
    if points >= _GOLD_POINTS:
        return GOLD
    return "Silver" if points >= _SILVER_POINTS else "Blue"


def _pick(rng: random.Random, items: Sequence[_Item]) -> _Item:
    return items[_between(rng, 0, len(items))]


def _between(rng: random.Random, lower: int, upper: int) -> int:
    """From `lower` to before `upper`."""
    return lower + int(rng.random() * (upper - lower))


def _numbered(local_part: str) -> Iterator[str]:
    """The local part, then what a provider offers to whoever comes later."""
    yield local_part
    for number in count(2):
        yield f"{local_part}{number}"


def _spelled(name: str, culture: _Culture) -> tuple[str, str]:
    """A name of people.toml, and how it is spelled in an address."""
    name, _, spelling = name.partition(" = ")
    lowered = (spelling or name).lower().translate(culture.spelling).translate(_OWN_LETTERS)
    return name, re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", lowered))


def _cultures() -> tuple[_Culture, ...]:
    text = Path(__file__).with_name("people.toml").read_text(encoding="utf-8")
    return tuple(
        _Culture(
            language=culture["language"],
            cities=tuple(culture["cities"]),
            names=tuple(
                _Names(tuple(names["given"]), tuple(names["family"])) for names in culture["names"]
            ),
            full_name=culture.get("full_name", "{given} {family}"),
            spelling=str.maketrans(culture.get("spelling", {})),
        )
        for culture in tomllib.loads(text)["culture"]
    )
