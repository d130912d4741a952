"""Print the interface as OpenAPI: `make openapi`."""

import json
import sys

from entrypoints.containers import Family, build
from entrypoints.http.api import Api
from entrypoints.http.routes import all_routes
from entrypoints.settings import Settings


def openapi_text() -> str:
    """What docs/openapi.json holds."""
    container = build(Family.MEMORY, Settings())
    schema = json.loads(Api(container, all_routes(container)).openapi())
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(openapi_text())
