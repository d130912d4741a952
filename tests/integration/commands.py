"""The commands of the guide, as processes."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from adapters.aws.clients import AwsClients
from tests.integration.on_lambda import ACCOUNT, REGION

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Operator:
    """Somebody at the repository's root, with credentials of an account."""

    endpoint_url: str
    account: str = ACCOUNT
    region: str = REGION

    def run(self, command: str, *arguments: str, **environment: str) -> tuple[int, str]:
        """The exit status and the output of `python -m entrypoints.deployment.<command>`."""
        done = subprocess.run(  # noqa: S603  our own arguments
            [sys.executable, "-m", f"entrypoints.deployment.{command}", *arguments],
            cwd=ROOT,
            env={
                # Without AWS's own, which conftest.py took away; with those of package indexes.
                **os.environ,
                "AWS_ACCESS_KEY_ID": self.account,
                "AWS_SECRET_ACCESS_KEY": "emulated",
                "AWS_ENDPOINT_URL": self.endpoint_url,
                "AWS_REGION": self.region,
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def clients(self) -> AwsClients:
        """To look into the account."""
        return AwsClients(self.region, self.endpoint_url, self.account)
