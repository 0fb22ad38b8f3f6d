"""Puts the viewer of the API reference, which a package of the build brings, into the wheel."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "drf_spectacular_sidecar"
FOLDER = "static/drf_spectacular_sidecar/swagger-ui-dist"
FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-bundle.js.LICENSE.txt", "LICENSE")


class ViewerHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own hooks do so
    """Adds the viewer's files to those of the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files. An editable installation needs none: it finds the package itself."""
        if version == "editable":
            return
        spec = find_spec(PACKAGE)  # found, not imported: it would want Django
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(
                "drf-spectacular-sidecar is missing: it brings the viewer of the API reference "
                "into the wheel. Install it with: pip install --no-deps drf-spectacular-sidecar"
            )
        viewer = Path(spec.submodule_search_locations[0]) / FOLDER
        for name in FILES:
            build_data["force_include"][str(viewer / name)] = f"mockserver/_resources/viewer/{name}"
