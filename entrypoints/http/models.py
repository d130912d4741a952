"""What request and response bodies are made of."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from domain.errors import InvalidInput
from domain.names import MAX_NAME_CHARACTERS

_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`; a fraction, where there is one, in milliseconds."""
    moment = moment.astimezone(UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


Utc = Annotated[
    datetime,
    PlainSerializer(utc_text),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


def _written_moment(value: object) -> object:
    if not isinstance(value, str) or not _DATE_TIME.fullmatch(value):
        raise PydanticCustomError("moment", "It must be an RFC 3339 date-time with an offset")
    return value


Moment = Annotated[
    AwareDatetime,
    # Text in JSON: strict mode would ask for the value itself.
    Field(strict=False, examples=["2026-11-19T09:00:00Z"]),
    BeforeValidator(_written_moment),
]
_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def moment_of(name: str, text: str | None) -> datetime | None:
    """What a parameter of that name says. Raises InvalidInput."""
    if text is None:
        return None
    try:
        return _MOMENT.validate_python(text)
    except ValidationError as error:
        raise InvalidInput(
            name, "It must be an RFC 3339 date-time with an offset, as 2026-11-19T09:00:00Z."
        ) from error


Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARACTERS)]
Reference = Annotated[str, Field(min_length=1, max_length=64)]

WrittenTime = Annotated[
    str | None,
    Field(
        max_length=64,
        description=(
            "RFC 3339 with offset, or a local time with `timezone`; with `local_time` always that. "
            "Now if null."
        ),
        examples=["2026-11-19T09:00:00Z"],
    ),
]
Timezone = Annotated[
    str | None,
    Field(
        max_length=64,
        description="IANA name for a local time; with `local_time` for contacts who have none.",
        examples=["Europe/Berlin"],
    ),
]
Fold = Annotated[
    int | None,
    Field(
        ge=0,
        le=1,
        description="Which of two moments, when clocks go back: 0 the earlier, 1 the later.",
    ),
]


def shown_by(*examples: dict[str, Any], min_properties: int = 0) -> ConfigDict:
    """What OpenAPI shows of a body: what is taken, or answered, as it stands."""
    schema: dict[str, Any] = {"examples": [*examples]}
    if min_properties:
        schema["minProperties"] = min_properties
    return ConfigDict(json_schema_extra=schema)


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """The first one that is shown of it, to be part of another."""
    shown: Any = model.model_config["json_schema_extra"]
    example: dict[str, Any] = shown["examples"][0]
    return example


class Request(BaseModel):
    """Unknown fields are refused, types are not guessed; built by the first request of its kind."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Answer(BaseModel):
    """Written once; built by the first request that is answered with it."""

    model_config = ConfigDict(frozen=True, defer_build=True)
