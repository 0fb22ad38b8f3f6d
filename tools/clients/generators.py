"""The generators of clients: how each is installed, and how its clients are built and used."""

import shutil
from pathlib import Path

from tools.programs import BUILD, Trial, fetch, make_environment, npm_install, run

SOURCES = Path(__file__).parent
FOLDER = BUILD / "clients"
DOCUMENTS = ("sela", "octanist", "nlpearl", "control")

_JAR = "openapi-generator-cli-7.25.0.jar"
_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_ONLY_CODE = "modelDocs=false,apiDocs=false,modelTests=false,apiTests=false"


def copy_sources(name: str, folder: Path) -> None:
    """Put this language's files, and the documents, into the folder."""
    shutil.copytree(SOURCES / name, folder, dirs_exist_ok=True)
    shutil.copytree(FOLDER / "documents", folder, dirs_exist_ok=True)


def install_typescript(folder: Path) -> None:
    """Install openapi-typescript, openapi-fetch and the compiler."""
    copy_sources("typescript", folder)
    npm_install(folder)


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
    make_environment(folder, "--requirement", "requirements.txt")


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
        output = ("-DoutputDirectory=.", f"-Dartifact={artifact}")
        fetch(folder, "mvn", "--batch-mode", "-U", f"{_DEPENDENCY}:copy", *output)


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
        fetch(folder, "mvn", "--batch-mode", "-U", f"{_DEPENDENCY}:copy-dependencies", output)


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
    fetch(folder, "go", "mod", "download")
    fetch(folder, "go", "build", "-o", "oapi-codegen", _OAPI_CODEGEN)


def use_go(folder: Path, url: str) -> None:
    """Generate with oapi-codegen, compile, and run the program."""
    for name in DOCUMENTS:
        (folder / name).mkdir(exist_ok=True)
        options = ("-config", "oapi-codegen.yaml", "-package", name, "-o", f"{name}/{name}.go")
        run(folder, "./oapi-codegen", *options, f"{name}.json")
    run(folder, "go", "run", ".", url)


_OAPI_CODEGEN = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"

GENERATORS = (
    Trial("openapi-typescript", ("node", "npm", "npx"), install_typescript, use_typescript),
    Trial("openapi-python-client", (), install_python, use_python),
    Trial("oapi-codegen", ("go",), install_go, use_go),
    Trial("openapi-generator-java", ("javac", "java", "mvn"), install_java, use_java),
    Trial("openapi-generator-python", ("java", "mvn"), install_python_by_jar, use_python_by_jar),
)
