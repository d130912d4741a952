"""Explain, replay and discard dead letters: `make dead-letters REPLAY=all`."""

import argparse
import os
import sys
from collections.abc import Sequence

from domain.dead_letter import Advice, DeadLetter, ExplainedDeadLetter
from domain.errors import DependencyFault, NotFound
from domain.use_cases.discard_dead_letter import DiscardDeadLetter
from domain.use_cases.replay_dead_letters import ReplayDeadLetters
from entrypoints.containers.deployment import (
    DeadLetterAdministration,
    dead_letter_administration,
)
from entrypoints.deployment.settings import StageSettings
from entrypoints.settings import InvalidSettingsError, read_environment

_ALL = "all"


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        name = read_environment(StageSettings, os.environ).name
        administration = dead_letter_administration(os.environ, name)
        match options.command:
            case "replay":
                return _replay(administration, options.message_id)
            case "discard":
                letter = DiscardDeadLetter(dead_letters=administration.dead_letters)(
                    options.message_id
                )
                _say(f"Discarded: {_title(letter)}")
                return 0
        return _list(administration, name)
    except NotFound as error:
        _say(f"{error} It is dealt with, or hidden while somebody looks: try again in 30 s.")
        return 2
    except (InvalidSettingsError, DependencyFault) as error:
        _say(str(error))
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dead_letters",
        description=__doc__,
        epilog="Exit status: 0 none is left to deal with, 1 there are some, 2 nobody could tell.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="print all, with why and what to do; they stay")
    replay = commands.add_parser("replay", help="have the work done after all")
    replay.add_argument("message_id", help=f"its id, or {_ALL}")
    discard = commands.add_parser("discard", help="throw one away")
    discard.add_argument("message_id", help="its id")
    return parser


def _list(administration: DeadLetterAdministration, name: str) -> int:
    explained = administration.explain()
    if not explained:
        _say(f"No dead letters: nothing of {name} was given up.")
        return 0
    for each in explained:
        _say(_entry(each))
    advised = [each.explanation.advice for each in explained]
    counts = ", ".join(f"{advised.count(advice)} to {advice}" for advice in Advice)
    _say(f"Dead letters: {counts}.")
    _say("Mend the cause, then: make dead-letters REPLAY=<id or all>, or DISCARD=<id>")
    return 1


def _entry(each: ExplainedDeadLetter) -> str:
    letter, explanation = each.letter, each.explanation
    return (
        f"{_title(letter)}\n"
        f"    sent     {letter.first_sent_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"receives {letter.receives}, looks included\n"
        f"    why      {letter.reason}\n"
        f"    {explanation.advice:<8} {explanation.text}\n"
    )


def _replay(administration: DeadLetterAdministration, message_id: str) -> int:
    replay = ReplayDeadLetters(dead_letters=administration.dead_letters)
    replays = replay(None if message_id == _ALL else message_id)
    for each in replays:
        done = "Replayed" if each.fault is None else "Left"
        why = "" if each.fault is None else f" ({each.fault})"
        _say(f"{done}: {_title(each.letter)}{why}")
    if not replays:
        _say("No dead letters: nothing to replay.")
    return 1 if any(each.fault for each in replays) else 0


def _title(letter: DeadLetter) -> str:
    return f"{letter.message_id}  {letter.source:<8}  {letter.subject}"


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main())
