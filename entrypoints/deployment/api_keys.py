"""Issue, list and revoke the API's keys: `make api-key SCOPES="campaigns:write"`."""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from domain.access import Scope
from domain.errors import DependencyFault, InvalidInput, NotFound
from domain.use_cases.issue_api_key import IssueApiKey
from domain.use_cases.revoke_api_key import RevokeApiKey
from entrypoints.containers.administration import ApiKeyAdministration
from entrypoints.containers.deployment import api_key_administration
from entrypoints.containers.one_file import api_keys_of
from entrypoints.deployment.settings import StageSettings
from entrypoints.settings import InvalidSettingsError, Settings, read_environment

_MOST_DAYS = 3_650


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        administration = _administration(os.environ)
        match options.command:
            case "issue":
                _issue(administration, options)
            case "revoke":
                RevokeApiKey(api_keys=administration.api_keys)(options.key_id)
                _say(f"{options.key_id} lets nobody in any more, in a minute at the latest.")
            case _:
                _list(administration)
    except (InvalidSettingsError, InvalidInput, NotFound, DependencyFault) as error:
        _say(str(error))
        return 2
    return 0


def _administration(environment: Mapping[str, str]) -> ApiKeyAdministration:
    """On AWS, or with BACKEND=sqlite in a file. Raises InvalidSettingsError, DependencyFault."""
    if environment.get("BACKEND") == "sqlite":
        return api_keys_of(Settings.from_environment(environment).database)
    return api_key_administration(environment, read_environment(StageSettings, environment).name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="api_keys", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    issue = commands.add_parser("issue", help="print a new key; the others stay good")
    issue.add_argument("scopes", nargs="*", type=_scope, metavar="SCOPE", help=", ".join(Scope))
    issue.add_argument("--expires-days", type=_days, help="good for so many days; for ever without")
    commands.add_parser("list", help="print all keys, without their secrets")
    revoke = commands.add_parser("revoke", help="let nobody in with a key any more")
    revoke.add_argument("key_id")
    return parser


def _scope(text: str) -> Scope:
    if text not in set(Scope):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(Scope)}")
    return Scope(text)


def _days(text: str) -> timedelta:
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= _MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days, 1 to {_MOST_DAYS}")
    return timedelta(days=int(text))


def _issue(administration: ApiKeyAdministration, options: argparse.Namespace) -> None:
    lifetime = options.expires_days
    expires_at = None if lifetime is None else administration.clock.now() + lifetime
    issue = IssueApiKey(
        api_keys=administration.api_keys, clock=administration.clock, ids=administration.ids
    )
    key, text = issue(options.scopes, expires_at)
    _say(f"{text}\n\nKeep it where secrets are kept: it is not shown again, and only its hash is")
    _say(f"stored. Its id is {key.key_id}. It is good in a minute at the latest:")
    _say('  curl -H "Authorization: Bearer $SENTINEL_KEY" $SENTINEL_URL/openapi.json')


def _list(administration: ApiKeyAdministration) -> None:
    now = administration.clock.now()
    keys = administration.api_keys.all()
    for key in keys:
        end = f"{key.expires_at:%Y-%m-%d}" if key.expires_at else "never"
        expired = " (expired)" if key.has_expired(now) else ""
        scopes = " ".join(sorted(key.scopes))
        _say(f"{key.key_id}  since {key.created_at:%Y-%m-%d}, until {end}{expired}  {scopes}")
    if not keys:
        _say("None: nobody is let in.")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main())
