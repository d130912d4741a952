"""The command that issues keys of the API: what it is told wrong."""

import pytest

from entrypoints.deployment.api_keys import main


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["issue", "campaigns:own"], "campaigns:read"),
        (["issue", "campaigns:read", "audience"], "audience:write"),
        (["issue", "campaigns:read", "--expires-days", "0"], "1 to 3650"),
        (["issue", "campaigns:read", "--expires-days", "-1"], "1 to 3650"),
        (["issue", "campaigns:read", "--expires-days", "99999999999"], "1 to 3650"),
        (["issue", "campaigns:read", "--expires-days", "soon"], "1 to 3650"),
        (["revoke"], "key_id"),
    ],
)
def test_a_command_that_makes_no_sense(
    arguments: list[str], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what would, before anybody is asked for anything."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert remedy in capsys.readouterr().err
