"""Bodies of the routes of dead letters."""

from typing import Annotated

from pydantic import Field

from domain.dead_letter import Advice, DeadLetter, DeadLetterSource, ExplainedDeadLetter
from domain.use_cases.explain_dead_letters import FirstDeadLetters
from domain.use_cases.replay_dead_letters import REPLAYED_AT_ONCE, FirstReplays
from entrypoints.http.models import Answer, Request, Utc, example_of, shown_by


class DeadLetterBody(Answer):
    """A message that was given up. Nobody is named in it, whomever its work is about."""

    model_config = shown_by(
        {
            "dead_letter_id": "b5d9f9c8-6a1f-4b6e-9a57-2f7b1c0a4f11",
            "source": "send",
            "subject": "cmp_01M889FD1DR9BPG5C28WTPF9HV, range 0, chunk 3",
            "reason": "received 5 times",
            "first_sent_at": "2026-11-26T08:00:05Z",
            "receives": 1,
        },
    )

    dead_letter_id: str
    source: Annotated[DeadLetterSource, Field(description="What gave it up.")]
    subject: Annotated[
        str,
        Field(
            description="What it is about, in a few words.",
            examples=["cmp_01M889FD1DR9BPG5C28WTPF9HV, range 0, chunk 3"],
        ),
    ]
    reason: Annotated[str, Field(description="Why it was given up, as far as it tells.")]
    first_sent_at: Utc
    receives: Annotated[int, Field(description="How often it was received, looks included.")]

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterBody":
        """From the message."""
        return cls(**_told(letter))


class ExplainedDeadLetterBody(DeadLetterBody):
    """A dead letter, with what the records say of its work by now."""

    model_config = shown_by(
        {
            **example_of(DeadLetterBody),
            "advice": "replay",
            "explanation": "2 of 50 are not finished",
        },
    )

    advice: Annotated[Advice, Field(description="What to do with it.")]
    explanation: Annotated[str, Field(description="Why that: where its work is by now.")]

    @classmethod
    def explained(cls, each: ExplainedDeadLetter) -> "ExplainedDeadLetterBody":
        """From the use case's answer."""
        return cls(
            **_told(each.letter),
            advice=each.explanation.advice,
            explanation=each.explanation.text,
        )


class DeadLetterListBody(Answer):
    """The first ones. There is no page after: a queue cannot be read from some place on."""

    model_config = shown_by(
        {"items": [example_of(ExplainedDeadLetterBody)], "waiting": 1},
    )

    items: list[ExplainedDeadLetterBody]
    waiting: Annotated[
        int,
        Field(
            description=(
                "How many there are, these among them. More are shown once these are dealt with, "
                "or by `source`."
            )
        ),
    ]

    @classmethod
    def of(cls, first: FirstDeadLetters) -> "DeadLetterListBody":
        """From the use case's answer."""
        return cls(
            items=[ExplainedDeadLetterBody.explained(each) for each in first.explained],
            waiting=first.waiting,
        )


class DeadLetterReplayBody(Request):
    """Which of them."""

    model_config = shown_by({}, {"source": "send"})

    source: Annotated[
        DeadLetterSource | None,
        Field(
            # A name in JSON: strict mode would ask for the enum itself.
            strict=False,
            description="Only those that it gave up; null is all.",
        ),
    ] = None


class ReplayedDeadLetterBody(DeadLetterBody):
    """A dead letter that is gone, or stays for its `fault`."""

    model_config = shown_by({**example_of(DeadLetterBody), "fault": None})

    fault: Annotated[str | None, Field(description="Why it stays; null where it is gone.")]


class ReplayedListBody(Answer):
    """What became of some of them; ask again as long as some are `left`, and some are gone."""

    model_config = shown_by({"items": [example_of(ReplayedDeadLetterBody)], "left": 0})

    items: Annotated[
        list[ReplayedDeadLetterBody], Field(description=f"At most {REPLAYED_AT_ONCE} a request.")
    ]
    left: Annotated[
        int,
        Field(description="How many are still there. Those that are not Sentinel's do not count."),
    ]

    @classmethod
    def of(cls, first: FirstReplays) -> "ReplayedListBody":
        """From the use case's answer."""
        return cls(
            items=[
                ReplayedDeadLetterBody.model_validate({**_told(each.letter), "fault": each.fault})
                for each in first.replays
            ],
            left=first.left,
        )


def _told(letter: DeadLetter) -> dict[str, object]:
    return {
        "dead_letter_id": letter.message_id,
        "source": letter.source,
        "subject": letter.subject,
        "reason": letter.reason,
        "first_sent_at": letter.first_sent_at,
        "receives": letter.receives,
    }
