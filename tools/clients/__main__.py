"""Generates clients from the OpenAPI documents, and uses them.

`python -m tools.clients` starts the server, lets each generator of `GENERATORS` make clients of the
documents that the server has for generators, builds these, and runs a program that uses them. Names
of generators as arguments choose some. A generator is skipped, with the reason, where the machine
lacks its language or the generator cannot be installed.

Everything is made below `build/clients`.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx

from mockserver import MockServer

SOURCES = Path(__file__).parent
FOLDER = SOURCES.parent.parent / "build" / "clients"
DOCUMENTS = ("sela", "octanist", "nlpearl", "control")

_JAR = "openapi-generator-cli-7.25.0.jar"
_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_ONLY_CODE = "modelDocs=false,apiDocs=false,modelTests=false,apiTests=false"


class Generator(NamedTuple):
    """A generator of clients."""

    name: str
    programs: tuple[str, ...]
    """What the machine must have."""

    install: Callable[[Path], None]
    """Installs the generator into a folder, or finds it there."""

    use: Callable[[Path, str], None]
    """Generates and builds in that folder, and uses the clients with the server at that URL."""


def run(folder: Path, *command: str | Path) -> None:
    """Run a program in a folder. Raises CalledProcessError where it fails; only then it prints."""
    # openapi-python-client starts ruff, which is installed beside it.
    path = os.pathsep.join((str(folder / "venv" / "bin"), os.environ["PATH"]))
    subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        # Go writes the sums of what `go.mod` names by itself.
        env=os.environ | {"PATH": path, "GOFLAGS": "-mod=mod"},
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )


def copy_sources(name: str, folder: Path) -> None:
    """Put this language's files, and the documents, into the folder."""
    shutil.copytree(SOURCES / name, folder, dirs_exist_ok=True)
    shutil.copytree(FOLDER / "documents", folder, dirs_exist_ok=True)


def install_typescript(folder: Path) -> None:
    """Install openapi-typescript, openapi-fetch and the compiler."""
    copy_sources("typescript", folder)
    run(folder, "npm", "install", "--ignore-scripts", "--no-package-lock")


def use_typescript(folder: Path, url: str) -> None:
    """Generate types, check the program against them, and run it."""
    for name in DOCUMENTS:
        output = ("--output", f"{name}.ts")
        command = ("npx", "openapi-typescript", f"{name}.json", "--default-non-nullable=false")
        run(folder, *command, *output)
    run(folder, "npx", "tsc")
    run(folder, "node", "use.js", url)


def install_python(folder: Path) -> None:
    """Install what both generators for Python need."""
    copy_sources("python", folder)
    if not (folder / "venv").exists():
        venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run(folder, python, "-m", "pip", "install", "--requirement", "requirements.txt")


def use_python(folder: Path, url: str) -> None:
    """Generate with openapi-python-client, and run the program."""
    binaries = folder / "venv" / "bin"
    for name in DOCUMENTS:
        options = ("--meta", "none", "--overwrite", "--output-path", name, "--fail-on-warning")
        client = binaries / "openapi-python-client"
        run(folder, client, "generate", "--path", f"{name}.json", *options)
    run(folder, binaries / "python", "use_openapi_python_client.py", url)


def install_jar(folder: Path) -> None:
    """Install openapi-generator."""
    artifact = "org.openapitools:openapi-generator-cli:7.25.0"
    if not (folder / _JAR).exists():
        folder.mkdir(parents=True, exist_ok=True)
        output = ("-DoutputDirectory=.", f"-Dartifact={artifact}")
        run(folder, "mvn", "--batch-mode", f"{_DEPENDENCY}:copy", *output)


def generate_with_jar(folder: Path, language: str, name: str, *options: str) -> None:
    """Generate one client with openapi-generator."""
    outputs = ("--input-spec", f"{name}.json", "--output", f"generated/{name}")
    kinds = ("--global-property", f"models,apis,supportingFiles,{_ONLY_CODE}")
    command = ("java", "-jar", _JAR, "generate", "--generator-name", language)
    run(folder, *command, *outputs, *kinds, *options)


def install_python_by_jar(folder: Path) -> None:
    """Install openapi-generator, and what its clients for Python need."""
    install_jar(folder)
    install_python(folder)


def use_python_by_jar(folder: Path, url: str) -> None:
    """Generate for Python with openapi-generator, and run the program."""
    shutil.rmtree(folder / "generated", ignore_errors=True)
    for name in DOCUMENTS:
        generate_with_jar(folder, "python", name, "--package-name", name)
        shutil.copytree(folder / "generated" / name / name, folder / name, dirs_exist_ok=True)
    run(folder, folder / "venv" / "bin" / "python", "use_openapi_generator.py", url)


def install_java(folder: Path) -> None:
    """Install openapi-generator, and what its clients for Java need."""
    copy_sources("java", folder)
    install_jar(folder)
    if not (folder / "libraries").exists():
        output = "-DoutputDirectory=libraries"
        run(folder, "mvn", "--batch-mode", f"{_DEPENDENCY}:copy-dependencies", output)


def use_java(folder: Path, url: str) -> None:
    """Generate for Java with openapi-generator, compile, and run the program."""
    shutil.rmtree(folder / "generated", ignore_errors=True)
    for name in DOCUMENTS:
        names = (
            *("--library", "native", "--invoker-package", name),
            *("--api-package", f"{name}.api", "--model-package", f"{name}.model"),
            *("--additional-properties", "useSingleRequestParameter=true"),
        )
        generate_with_jar(folder, "java", name, *names)
    sources = sorted((folder / "generated").glob("*/src/main/java/**/*.java"))
    run(folder, "javac", "-nowarn", "-d", "classes", "-cp", "libraries/*", *sources, "Use.java")
    run(folder, "java", "-cp", "classes:libraries/*", "Use", url)


def install_go(folder: Path) -> None:
    """Install oapi-codegen, as `go.mod` names it."""
    copy_sources("go", folder)
    run(folder, "go", "mod", "download")


def use_go(folder: Path, url: str) -> None:
    """Generate with oapi-codegen, compile, and run the program."""
    run(folder, "go", "build", "-o", "oapi-codegen", f"{_OAPI_CODEGEN}")
    for name in DOCUMENTS:
        (folder / name).mkdir(exist_ok=True)
        options = ("-config", "oapi-codegen.yaml", "-package", name, "-o", f"{name}/{name}.go")
        run(folder, "./oapi-codegen", *options, f"{name}.json")
    run(folder, "go", "run", ".", url)


_OAPI_CODEGEN = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"

GENERATORS = (
    Generator("openapi-typescript", ("node", "npm", "npx"), install_typescript, use_typescript),
    Generator("openapi-python-client", (), install_python, use_python),
    Generator("oapi-codegen", ("go",), install_go, use_go),
    Generator("openapi-generator-java", ("javac", "java", "mvn"), install_java, use_java),
    Generator(
        "openapi-generator-python", ("java", "mvn"), install_python_by_jar, use_python_by_jar
    ),
)


def save_documents(url: str) -> None:
    """Store each document as the server has it for generators."""
    folder = FOLDER / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    for name in DOCUMENTS:
        answer = httpx.get(f"{url}/__admin/documents/{name}.json", params={"for": "generators"})
        answer.raise_for_status()
        (folder / f"{name}.json").write_bytes(answer.content)


def reason_to_skip(generator: Generator) -> str | None:
    """Why the generator cannot be had here, after it is installed if it can."""
    for program in generator.programs:
        if shutil.which(program) is None:
            return f"this machine has no {program}"
    try:
        generator.install(FOLDER / generator.name)
    except subprocess.CalledProcessError as error:
        last = error.stdout.decode(errors="replace").strip().splitlines()[-1:]
        return f"it cannot be installed: {' '.join(last)}"
    return None


def tried(generator: Generator, url: str) -> str:
    """What came of the generator in a sentence; one that failed starts with `failed`."""
    reason = reason_to_skip(generator)
    if reason is not None:
        return f"skipped, {reason}"
    try:
        generator.use(FOLDER / generator.name, url)
    except subprocess.CalledProcessError as error:
        output = error.stdout.decode(errors="replace")
        return f"failed: {' '.join(map(str, error.cmd[:4]))}\n{output[-4000:]}"
    return "the clients of all documents create, read, update, list and read refusals"


def main(names: list[str]) -> int:
    """Try the generators of these names, or all. Returns the exit code."""
    unknown = set(names) - {generator.name for generator in GENERATORS}
    if unknown:
        known = ", ".join(generator.name for generator in GENERATORS)
        sys.stderr.write(f"No such generator: {', '.join(sorted(unknown))}. There are {known}.\n")
        return 2
    failed = 0
    with MockServer() as server:
        save_documents(server.url)
        for generator in GENERATORS:
            if names and generator.name not in names:
                continue
            result = tried(generator, server.url)
            failed += result.startswith("failed")
            sys.stdout.write(f"{generator.name}: {result}\n")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
