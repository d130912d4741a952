"""Deploy Sentinel to AWS, or update it: `make deploy SENDER=news@example.com`."""

import os
import subprocess
import sys

from domain.access import Scope
from domain.errors import DependencyFault
from entrypoints.containers.deployment import deployment
from entrypoints.deployment import package
from entrypoints.deployment.settings import DeploymentSettings
from entrypoints.settings import InvalidSettingsError, read_environment


def main() -> int:
    """Build the package, deploy the stack and say what to do next; returns the exit status."""
    try:
        settings = read_environment(DeploymentSettings, os.environ)
        target = deployment(os.environ, settings.name)
        _say(f"Building the package for {settings.architecture}…")
        path = package.build(settings.architecture, package.DIST)
        _say(f"Deploying the stack {settings.name} in {target.clients.region}; minutes at first…")
        outputs = target.deploy(
            (package.ROOT / "template.yaml").read_text(),
            path.read_bytes(),
            settings.sender,
            {
                **settings.parameters,
                "PythonRuntime": f"python{package.PYTHON_VERSION}",
            },
            [*settings.senders, *settings.recipients],
        )
    except subprocess.CalledProcessError:
        _say("Not deployed. The package could not be built; what is wrong is said above.")
        return 2
    except (InvalidSettingsError, DependencyFault) as error:
        _say(f"Not deployed. {error}")
        return 2
    stage = "" if settings.stage == "prod" else f"STAGE={settings.stage} "
    _say(_DEPLOYED.format(url=outputs["ApiUrl"], stage=stage, scopes=" ".join(Scope)))
    return 0


_DEPLOYED = """
Sentinel serves on {url}

Is all well?              make preflight {stage}SENDER=…   and   curl {url}/readyz
Next, a key for the API:  make api-key {stage}SCOPES="{scopes}"
How it goes on:           docs/deployment.md
"""


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a command's own output


if __name__ == "__main__":
    sys.exit(main())
