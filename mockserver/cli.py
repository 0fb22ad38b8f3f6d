"""The command line: serve, routes, check, fixtures, report, version."""

import errno
import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

import click

from mockserver.collector import collector_paused
from mockserver.environment import read_environment
from mockserver.errors import OperatorError, SettingError, UnreachableError, UnreadableError
from mockserver.journal.redaction import printable_lines
from mockserver.settings import DEFAULT_SEED, OPTIONS, Option, Settings
from mockserver.version import __version__

if TYPE_CHECKING:
    from mockserver.app import Application
    from mockserver.client import Client, WorkspaceClient
    from mockserver.documents.spec import Document
    from mockserver.journal.conduct.run import RunReport
    from mockserver.serving.listeners import Listeners
    from mockserver.vendor import Vendor

# How many new containers there must be before the garbage collector runs. Rows live long and hold
# no reference cycles, so frequent runs only cost time: they took half of a request with 50,000
# leads.
_GARBAGE_THRESHOLD = 50_000

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What a write to a disk without room ends in."""

_DEFAULT_URL = "http://127.0.0.1:8080"

Command = Callable[..., None]


def _server_options(command: Command) -> Command:
    """Decorator: gives a command one option for each line of `OPTIONS`."""
    # `--help` shows the option that was added last first.
    for option in reversed(OPTIONS):
        add_option = click.option(
            option.flag,
            option.name,
            multiple=option.several is not None,
            type=click.Path() if option.several is not None else None,
            metavar=option.metavar,
            help=f"{option.help}  [env var: {option.variable}]  [default: {option.shown_default}]",
            **_bare(option),
        )
        command = add_option(command)
    return command


def _bare(option: Option) -> dict[str, Any]:
    """What click has to know of an option that means something without a value too."""
    if not option.bare:
        return {}
    return {"is_flag": False, "flag_value": option.bare}


_EXIT_CODES = """\b
Exit status:
  0    done, nothing found
  1    check: the file has problems; report: findings that --fail-on names
  2    a command, an option, a variable or a file is not usable
  3    the address cannot be listened on, or no server answers there
  130  interrupted"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(__version__, prog_name="mockserver", message="%(prog)s %(version)s")
def cli() -> None:
    """A local stand-in for the lead APIs of Sela, Octanist and NLPearl."""


@cli.command()
@_server_options
@click.option("--open", "in_browser", is_flag=True, help="Open the console in a browser.")
def serve(*, in_browser: bool, **options: Any) -> None:
    """Serve the three APIs until interrupted."""
    # A start makes next to no garbage. Looking for it would take a tenth of the time.
    with collector_paused():
        settings, warnings = _settings(options)
        # Imported here, as in each command: the others, and a bad option, need no server.
        from mockserver.app import Application
        from mockserver.serving.listeners import listen
        from mockserver.serving.server import server_of

        _configure_logging(settings)
        for line in warnings:
            logging.getLogger("mockserver").warning("%s", line)
        app = Application(settings)
        listeners = listen(settings)
        click.echo(_banner(app, listeners))
        request_log = app.log_requests(sys.stderr.write, colours=_has_colours())
        # What exists now lives as long as the server: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(_GARBAGE_THRESHOLD)
    if in_browser and settings.console:
        _open_soon(f"{listeners.url}/__admin/")
    server_of(app, listeners).run()
    if request_log is not None:
        request_log.flush()


def _open_soon(url: str) -> None:
    """Open the page beside the server, which listens already: the browser waits for its start."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _settings(flags: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """The settings that flags and environment say, and what to tell of the environment.

    Raises SettingError with a sentence for each mistake.
    """
    environment = read_environment(os.environ)
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    problems = environment.problems
    try:
        settings = Settings.read(environment.values | given)
    except SettingError as error:
        problems = [str(error), *problems]
    if problems:
        raise SettingError("\n".join(problems))
    return settings, environment.warnings()


def _has_colours() -> bool:
    """Whether stderr is a terminal, and nobody has asked for no colours (no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _configure_logging(settings: Settings) -> None:
    handler = logging.StreamHandler(sys.stderr)
    is_json = settings.log_format == "json"
    plain = logging.Formatter("%(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_JsonFormatter() if is_json else plain)
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
    # uvicorn's own lines about start and stop would repeat the banner.
    uvicorn_level = max(logging.WARNING, logging.getLogger().level)
    logging.getLogger("uvicorn.error").setLevel(uvicorn_level)


class _JsonFormatter(logging.Formatter):
    """A record of the log as one line of JSON, as the lines of requests are."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": "log",
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _banner(app: "Application", listeners: "Listeners") -> str:
    from mockserver.serving.listeners import everywhere

    url = listeners.url
    address = everywhere(listeners.plain[0])
    where = f"{address} (on this machine: {url})" if address else url
    lines = [f"mockserver {__version__} is listening on {where}"]
    if app.settings.console:
        lines.append(f"Console: {url}/__admin/")
    lines.append("")
    for site in app.sites:
        site_url = f"{url}/{site.vendor.name}"
        lines.append(f"{site.document.title}: {site_url}{site.document.base_path}")
        lines.append("  " + site.vendor.curl.format(url=site_url))
        lines.append("")
    control = app.control
    lines.append(f"{control.document.title}: {url}{control.document.base_path}")
    # A token that the operator gave is known to them and stays out of terminals and logs.
    if control.token is not None and not app.settings.admin_token:
        lines.append(f"  with the header Authorization: Bearer {control.token}")
    lines.append("")
    if app.settings.seed != DEFAULT_SEED:
        # It may be a random one: whoever reads it can give it again.
        lines += [f"Seed: {app.settings.seed}", ""]
    if listeners.path:
        lines += [f"Socket file: {listeners.path}", ""]
    if app.certificates is not None:
        lines += [*_tls_lines(app, listeners), ""]
    return "\n".join(lines)


def _tls_lines(app: "Application", listeners: "Listeners") -> list[str]:
    """Where TLS is spoken, and how a client comes to trust it."""
    from mockserver.trust import AUTHORITY_FILE, trust_lines

    lines = [
        f"TLS: {listeners.encrypted_url}",
        f"  as a proxy for https:// addresses of the vendors: HTTPS_PROXY={listeners.url}",
    ]
    if app.certificates is None or app.certificates.authority is None:
        return lines
    file = AUTHORITY_FILE
    if app.settings.tls_dir:
        file = os.path.abspath(os.path.join(app.settings.tls_dir, AUTHORITY_FILE))
        lines.append(f"  trust {file}")
    else:
        lines.append(f"  trust {file}: curl -o {file} {listeners.url}/__admin/{file}")
    return lines + [f"  {line}" for line in trust_lines(file)]


@cli.command()
def routes() -> None:
    """List every operation: method, path, name and how sure it is."""
    from mockserver.app import create_app

    app = create_app(fixtures="empty")
    for site in app.sites:
        _print_operations(site.document, f"/{site.vendor.name}, {site.document.host}")
    _print_operations(app.control.document, "/")


def _print_operations(document: "Document", place: str) -> None:
    click.echo(f"{document.title}  ({place})")
    for operation in document.operations:
        click.echo(
            f"  {operation.method:6} {operation.path:64} {operation.id:30} {operation.provenance}"
        )


@cli.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> None:
    """Check a fixture or an OpenAPI document; name file, line and place of each problem.

    FILE is a YAML file, a folder of fixtures, demo or empty. Several fixtures are checked together,
    each added to those before it, as `serve --fixtures` does; each document by itself. The exit
    status is 1 if there is a problem.
    """
    try:
        _check(files)
    except UnreadableError:
        raise
    except OperatorError as error:
        _complain(error)
        sys.exit(1)


def _check(files: tuple[str, ...]) -> None:
    """Print what was checked. Raises OperatorError naming every problem."""
    from mockserver.app import load_vendors
    from mockserver.fixtures import Fixture, fixture_file

    paths = [fixture_file(file) for file in files]
    vendors = load_vendors()
    documents = [path for path in paths if _is_document(path)]
    fixtures = [path for path in paths if path not in documents]
    problems = []
    for path in documents:
        problems += _problems_of(partial(_check_document, path, vendors))
    if fixtures:
        problems += _problems_of(partial(Fixture, fixtures, vendors, seed=1))
    if problems:
        raise OperatorError("\n".join(problems))
    for path in fixtures:
        click.echo(f"{path}: no problem")


def _problems_of(check: Callable[[], object]) -> list[str]:
    """What an OperatorError of the check says. Raises UnreadableError as it is."""
    try:
        check()
    except UnreadableError:
        raise
    except OperatorError as error:
        return [str(error)]
    return []


def _check_document(path: File, vendors: tuple["Vendor", ...]) -> None:
    from mockserver.documents.spec import load_document
    from mockserver.vendor import formats_of

    document = load_document(path, formats=formats_of(vendors))
    click.echo(f"{path}: {len(document.operations)} operations, no problem")


def _is_document(path: File) -> bool:
    """Whether the file is an OpenAPI document. One that is no YAML counts as a fixture."""
    from mockserver.documents.source import Source

    if path.is_dir():
        return False
    try:
        content = Source(path).content
    except UnreadableError:
        raise
    except OperatorError:
        return False
    return isinstance(content, dict) and "openapi" in content


@cli.command("fixtures")
@click.argument("name", required=False)
def print_fixture(name: str | None) -> None:
    """Print a fixture as one YAML document, to begin your own with.

    NAME is demo, empty, a YAML file or a folder of them. Without it, the names of the bundled ones
    are listed.
    """
    from mockserver.documents.fixture_files import FixtureFiles
    from mockserver.documents.yaml_text import yaml_text
    from mockserver.fixtures import BUNDLED, fixture_file

    if name is None:
        click.echo("\n".join(BUNDLED))
        return
    files = FixtureFiles(fixture_file(name))
    files.require()
    click.echo(yaml_text(files.content), nl=False)


def _report_option(name: str, help: str, **more: Any) -> Callable[[Command], Command]:
    return click.option(
        "--" + name.replace("_", "-"),
        name,
        envvar="MOCKSERVER_" + name.upper(),
        show_envvar=True,
        help=help,
        **{"metavar": "TEXT"} | more,
    )


@cli.command()
@_report_option(
    "url",
    f"URL of the running server.  [default: {_DEFAULT_URL}]",
    default=_DEFAULT_URL,
)
@_report_option("workspace", "Name of the workspace to report on.", default=None)
@click.option("--all", "every", is_flag=True, help="Report on all workspaces of the server.")
@_report_option(
    "format",
    "What to print.  [default: markdown]",
    default="markdown",
    metavar="[markdown|json]",
    type=click.Choice(["markdown", "json"]),
)
@_report_option(
    "fail_on",
    "Checks and levels, separated by commas: exit with status 1 if one of them was found.  "
    "[default: none]",
    default="",
)
@_report_option(
    "admin_token", "The server's admin token, if it has one.  [default: none]", default=None
)
def report(
    *,
    url: str,
    workspace: str | None,
    every: bool,
    format: str,
    fail_on: str,
    admin_token: str | None,
) -> None:
    """Print what a client did badly, from the journal of a running server."""
    from mockserver.client import Client, ControlError
    from mockserver.journal.conduct.run import failure_line

    slips = read_environment(os.environ).problems
    if slips:
        raise OperatorError("\n".join(slips))
    selected = _selected_checks(fail_on)
    try:
        client = Client(url, admin_token)
        if every:
            found, shown = _report_on_all(client, format)
        elif workspace is not None:
            found, shown = _report_on_one(client.workspace(workspace), format)
        else:
            raise OperatorError("name a --workspace (or MOCKSERVER_WORKSPACE), or say --all")
    except ControlError as error:
        # Without an answer there is no status.
        kind = OperatorError if error.status else UnreachableError
        raise kind(str(error)) from None
    except ValueError as error:
        raise OperatorError(str(error)) from None
    click.echo(shown)
    failing = found.failing(selected)
    if failing:
        click.echo(f"mockserver: {failure_line(failing)}", err=True)
        sys.exit(1)


def _report_on_one(workspace: "WorkspaceClient", format: str) -> tuple["RunReport", str]:
    """The report on a workspace, and what is printed of it."""
    from mockserver.journal.conduct.run import RunReport

    # For the exit status the findings are read as JSON, whatever is printed.
    content = workspace.report()
    report = RunReport("workspace")
    report.add(workspace.name, content)
    if format == "markdown":
        return report, printable_lines(workspace.report("markdown"))
    return report, json.dumps(content, indent=2, ensure_ascii=False)


def _report_on_all(client: "Client", format: str) -> tuple["RunReport", str]:
    """The report on all workspaces that had a request, and what is printed of it."""
    from mockserver.journal.conduct.run import RunReport

    report = RunReport("workspace", client.unclaimed())
    for row in client.workspaces():
        if row["requests"]:
            report.add(row["name"], client.workspace(row["name"]).report())
    if format == "markdown":
        return report, printable_lines(report.as_markdown())
    return report, json.dumps(report.as_json(), indent=2, ensure_ascii=False)


def _selected_checks(text: str) -> frozenset[str]:
    from mockserver.journal.conduct.checks import checks_in

    try:
        return checks_in(text)
    except OperatorError as error:
        raise OperatorError(f"--fail-on (or MOCKSERVER_FAIL_ON) names {error}") from None


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(f"mockserver {__version__}")


_MOST_SENTENCES = 20


def _complain(error: OperatorError) -> None:
    """Print the sentences of the error to stderr: the first ones, and how many more there are."""
    sentences = str(error).splitlines()
    more = len(sentences) - _MOST_SENTENCES
    text = "\n".join(sentences[:_MOST_SENTENCES])
    click.echo(f"mockserver: {printable_lines(text)}", err=True)
    if more > 0:
        problems = "problem" if more == 1 else "problems"
        click.echo(f"mockserver: {more} more {problems} like these", err=True)


def _usage(error: click.UsageError) -> str:
    """What is wrong with the command line, and where its help is, in one line."""
    command = error.ctx.command_path if error.ctx is not None else "mockserver"
    message = error.format_message()
    end = "" if message.endswith((".", "?", ")")) else "."
    return f"{message}{end} Try '{command} --help'."


def main() -> None:
    """Run the command line. A mistake is told in a sentence; `_EXIT_CODES` has the statuses."""
    try:
        # click's own mode would print the usage before each message.
        cli(prog_name="mockserver", standalone_mode=False)
    except click.UsageError as error:
        # click 8.2 raises an error of this name for a command without arguments; 8.1 prints the
        # help by itself.
        if type(error).__name__ == "NoArgsIsHelpError":
            click.echo(error.format_message())
            return
        click.echo(f"mockserver: {_usage(error)}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"mockserver: {error.format_message()}", err=True)
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except UnreachableError as error:
        _complain(error)
        sys.exit(3)
    except OperatorError as error:
        _complain(error)
        sys.exit(2)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        click.echo(f"mockserver: the output cannot be written: {error.strerror}", err=True)
        sys.exit(2)
