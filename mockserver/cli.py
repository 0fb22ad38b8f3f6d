"""The command line: serve, routes, check, report, version."""

import gc
import json
import logging
import sys
from collections.abc import Callable
from typing import Any

import click

from mockserver.errors import OperatorError
from mockserver.journal.redaction import printable_lines
from mockserver.settings import OPTIONS, Settings
from mockserver.version import __version__

_GARBAGE_THRESHOLD = 50_000
"""New containers before the collector looks.

Rows live long and hold no cycles, so looking often only costs time.
"""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(OPTIONS):
        words = f"{option.help}  [default: {option.default}]"
        command = click.option(
            option.flag,
            option.name,
            envvar=option.variable,
            show_envvar=True,
            metavar="TEXT",
            help=words,
        )(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """A local stand-in for the lead APIs of Sela, Octanist and NLPearl."""


@cli.command()
@_options
def serve(**options: Any) -> None:
    """Serve the three APIs until interrupted."""
    gc.set_threshold(_GARBAGE_THRESHOLD)
    from mockserver.app import Application
    from mockserver.serving.server import bind, url_of, uvicorn_server

    settings = Settings.read(options)
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    logging.getLogger("uvicorn.error").setLevel(max(logging.WARNING, logging.getLogger().level))
    app = Application(settings)
    try:
        listener = bind(settings.host, settings.port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "that is no host name"
        raise OperatorError(
            f"--host {settings.host}, --port {settings.port}: cannot listen there: {reason}"
        ) from None
    click.echo(_banner(app, url_of(listener)))
    gc.freeze()
    uvicorn_server(app, app.take).run(sockets=[listener])


def _banner(app: Any, url: str) -> str:
    lines = [f"mockserver {__version__} is listening on {url}", ""]
    for site in app.sites:
        lines += [
            f"{site.document.title}: {url}/{site.vendor.name}",
            "  " + site.vendor.curl.format(url=f"{url}/{site.vendor.name}"),
            "",
        ]
    lines.append(f"{app.control.document.title}: {url}{app.control.document.base_path}")
    if app.control.token is not None and not app.settings.admin_token:
        lines.append(f"  with the header Authorization: Bearer {app.control.token}")
    return "\n".join([*lines, ""])


@cli.command()
def routes() -> None:
    """List every operation: method, path, name and how sure it is."""
    from mockserver.app import create_app

    app = create_app(fixtures="empty")
    for api, where in (
        *((site, f"/{site.vendor.name}, {site.document.host}") for site in app.sites),
        (app.control, "/"),
    ):
        click.echo(f"{api.document.title}  ({where})")
        for operation in api.document.operations:
            click.echo(
                f"  {operation.method:6} {operation.path:64} {operation.id:30} "
                f"{operation.provenance}"
            )


@cli.command()
@click.argument("file")
def check(file: str) -> None:
    """Check a fixture or an OpenAPI document: each problem with file, line and where.

    FILE is a YAML file, a folder of fixtures, demo or empty.
    """
    from mockserver.app import load_vendors
    from mockserver.documents.source import Source
    from mockserver.documents.spec import load_document
    from mockserver.fixtures import Fixture, fixture_file
    from mockserver.vendor import formats_of

    path = fixture_file(file)
    content = None if path.is_dir() else Source(path).content
    if isinstance(content, dict) and "openapi" in content:
        document = load_document(path, formats=formats_of(load_vendors()))
        click.echo(f"{path}: {len(document.operations)} operations, no problem")
    else:
        Fixture(path, load_vendors(), seed=1)
        click.echo(f"{path}: no problem")


def _report_option(
    name: str, words: str, **more: Any
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    flag, variable = "--" + name.replace("_", "-"), "MOCKSERVER_" + name.upper()
    return click.option(
        flag, name, envvar=variable, show_envvar=True, metavar="TEXT", help=words, **more
    )


@cli.command()
@_report_option(
    "url", "The running server.  [default: http://127.0.0.1:8080]", default="http://127.0.0.1:8080"
)
@_report_option("workspace", "Whose journal is read.", required=True)
@_report_option(
    "format",
    "markdown or json.  [default: markdown]",
    default="markdown",
    type=click.Choice(["markdown", "json"]),
)
@_report_option(
    "fail_on", "Checks and levels, by commas: status 1 where one of them was found.", default=""
)
@_report_option("admin_token", "The server's admin token, where it has one.", default=None)
def report(url: str, workspace: str, format: str, fail_on: str, admin_token: str | None) -> None:
    """Print what a client did badly, read from the journal of a running server."""
    from mockserver.client import Client, ControlError

    chosen = _chosen(fail_on)
    try:
        client = Client(url, admin_token).workspace(workspace)
        found = client.report()
        click.echo(
            printable_lines(client.report("markdown"))
            if format == "markdown"
            else json.dumps(found, indent=2, ensure_ascii=False)
        )
    except (ControlError, ValueError) as error:
        raise OperatorError(str(error)) from None
    failing = [
        finding for finding in found["findings"] if chosen & {finding["check"], finding["level"]}
    ]
    if failing:
        names = ", ".join(dict.fromkeys(finding["check"] for finding in failing))
        click.echo(
            f"mockserver: {len(failing)} of the findings may not be there: {names}", err=True
        )
        sys.exit(1)


def _chosen(text: str) -> frozenset[str]:
    from mockserver.journal.conduct.checks import chosen

    try:
        return chosen({name.strip() for name in text.split(",")} - {""})
    except OperatorError as error:
        raise OperatorError(f"--fail-on (or MOCKSERVER_FAIL_ON) names {error}") from None


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(f"mockserver {__version__}")


def main() -> None:
    """Run the command line. An operator's mistake ends it with one sentence and status 2."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        click.echo(f"mockserver: {error.format_message()}", err=True)
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except OperatorError as error:
        click.echo(f"mockserver: {printable_lines(str(error))}", err=True)
        sys.exit(2)
