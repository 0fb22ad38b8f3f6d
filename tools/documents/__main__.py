"""Holds the OpenAPI documents to validators, and all YAML files to readers of other languages.

`python -m tools.documents` lets openapi-spec-validator, redocly and spectral judge the documents
with their default rules, but for the exceptions that `redocly.yaml`, `.redocly.lint-ignore.yaml`
and `.spectral.yaml` name with their reasons; a warning fails. js-yaml, SnakeYAML and go-yaml read
each document and fixture, and have to read what PyYAML reads. Names as arguments choose some.

Everything is made below `build/documents`.
"""

import json
import re
import shutil
import sys
from pathlib import Path

import yaml

from tools.programs import (
    BUILD,
    ROOT,
    Failed,
    Trial,
    fetch,
    main,
    make_environment,
    npm_install,
    run,
)
from tools.yaml_style import files

SOURCES = Path(__file__).parent
FOLDER = BUILD / "documents"
JAVASCRIPT = FOLDER / "javascript"  # of three trials
DOCUMENTS = sorted(ROOT.glob("openapi/*.yaml"))

_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def install_python(folder: Path) -> None:
    """Install the validator in Python."""
    make_environment(folder, "--requirement", str(SOURCES / "python" / "requirements.txt"))


def validate(folder: Path, _: str) -> None:
    """Hold the documents to openapi-spec-validator."""
    run(ROOT, folder / "venv" / "bin" / "openapi-spec-validator", *DOCUMENTS)


def install_javascript(_: Path) -> None:
    """Install the linters and the reader in JavaScript."""
    shutil.copytree(SOURCES / "javascript", JAVASCRIPT, dirs_exist_ok=True)
    npm_install(JAVASCRIPT)


def lint_with_redocly(*_: object) -> None:
    """Hold the documents to redocly, which has no option to fail at a warning."""
    output = run(ROOT, JAVASCRIPT / "node_modules" / ".bin" / "redocly", "lint", *DOCUMENTS)
    if re.search(r"\d+ warning", output):
        raise Failed("redocly warns", output)


def lint_with_spectral(*_: object) -> None:
    """Hold the documents to spectral."""
    spectral = JAVASCRIPT / "node_modules" / ".bin" / "spectral"
    run(ROOT, spectral, "lint", "--fail-severity=warn", *DOCUMENTS)


def read_with_javascript(*_: object) -> None:
    """Read all files with js-yaml."""
    compare(run(JAVASCRIPT, "node", "read.js", *files()))


def install_java(folder: Path) -> None:
    """Install SnakeYAML."""
    shutil.copytree(SOURCES / "java", folder, dirs_exist_ok=True)
    fetch(folder, "mvn", "--batch-mode", "-U", _COPY, "-DoutputDirectory=libraries")


def read_with_java(folder: Path, _: str) -> None:
    """Read all files with SnakeYAML."""
    compare(run(folder, "java", "-cp", "libraries/*", "Read.java", *files()))


def install_go(folder: Path) -> None:
    """Install go-yaml."""
    shutil.copytree(SOURCES / "go", folder, dirs_exist_ok=True)
    fetch(folder, "go", "build", "-o", "read")


def read_with_go(folder: Path, _: str) -> None:
    """Read all files with go-yaml."""
    compare(run(folder, "./read", *files()))


def compare(output: str) -> None:
    """Hold a line of JSON for each file against what PyYAML reads there. Raises Failed."""
    lines = output.splitlines()
    for file, line in zip(files(), lines, strict=True):
        if json.loads(line) != yaml.load(file.read_text("utf-8"), yaml.SafeLoader):
            raise Failed(f"{file.relative_to(ROOT)} is read otherwise than by PyYAML")


TRIALS = (
    Trial("openapi-spec-validator", (), install_python, validate),
    Trial("redocly", ("node", "npm"), install_javascript, lint_with_redocly),
    Trial("spectral", ("node", "npm"), install_javascript, lint_with_spectral),
    Trial("js-yaml", ("node", "npm"), install_javascript, read_with_javascript),
    Trial("snakeyaml", ("java", "mvn"), install_java, read_with_java),
    Trial("go-yaml", ("go",), install_go, read_with_go),
)


if __name__ == "__main__":
    sys.exit(main(TRIALS, FOLDER, sys.argv[1:]))
