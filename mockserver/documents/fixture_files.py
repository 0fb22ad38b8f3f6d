"""The YAML files of one fixture: a file, or all files of a folder together."""

from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path as File
from typing import Any

from mockserver.documents.resources import folder
from mockserver.documents.source import Source
from mockserver.errors import FixtureError, OperatorError, Path, Problem, UnreadableError
from mockserver.identity import know_phones, known_phones, phones_version

_SUFFIXES = (".yaml", ".yml")
_ACCOUNTS, _SETTINGS = "accounts", "settings"


class FixtureFiles:
    """One fixture, read from a file or from all files of a folder in the order of their names.

    `content` is what the files hold together: `accounts` add up, and each vendor's section, each
    setting and the clock stand in one file only. `is_whole` says whether all of them are YAML; what
    the others hold is not in `content`. `is_proven` says whether an earlier start has found nothing
    wrong with any of them, by the schemas of the vendors' sections. Files whose names begin with a
    dot do not count, nor do folders in the folder.
    """

    def __init__(self, path: File) -> None:
        """Read and join the files.

        Raises UnreadableError where one is not there or may not be read, and where the folder has
        none. `sentences` has what is wrong with them otherwise.
        """
        files = _files(path)
        self._order = {file: index for index, file in enumerate(files)}
        self._sources: list[Source] = []
        self._origins: dict[Path, tuple[Source, Path]] = {}
        self._conflicts: list[tuple[int, int, str]] = []
        self.content: Any = {}
        for file in files:
            self._read(file)
        self.is_whole = len(self._sources) == len(files)
        self.is_proven = self.is_whole and all(source.is_kept for source in self._sources)
        if len(files) == len(self._sources) == 1:
            self._origins[()] = (self._sources[0], ())
            self.content = _content(self._sources[0])
        else:
            self._join()

    def _read(self, file: File) -> None:
        """Parse the file, or remember why it cannot be parsed. Raises UnreadableError."""
        try:
            self._sources.append(_source(file))
        except UnreadableError:
            raise
        except OperatorError as error:
            self._conflicts.append((self._order[file], 0, str(error)))

    def _join(self) -> None:
        for source in self._sources:
            content = _content(source)
            if isinstance(content, dict):
                self._add(content, self.content, (), source)
            else:
                self._complain(source, (), "must hold an object, like every file of the folder")

    def _add(self, part: dict[str, Any], whole: dict[str, Any], path: Path, source: Source) -> None:
        """Add what one file says at that path to what the files before said there."""
        for name, value in part.items():
            here, there = (*path, name), whole.get(name)
            if name not in whole:
                whole[name] = _copy(value)
                self._origins[here] = (source, here)
            elif here == (_ACCOUNTS,) and isinstance(there, list) and isinstance(value, list):
                self._add_accounts(value, there, source)
            elif _joins(here) and isinstance(there, dict) and isinstance(value, dict):
                self._add(value, there, here, source)
            else:
                other, _ = self._origin_of(here)
                self._complain(source, here, f"stands in {other.file} too")

    def _add_accounts(self, accounts: list[Any], whole: list[Any], source: Source) -> None:
        known = list(whole)
        for index, account in enumerate(accounts):
            if account not in known:
                self._origins[(_ACCOUNTS, len(whole))] = (source, (_ACCOUNTS, index))
                whole.append(account)

    def _complain(self, source: Source, path: Path, message: str) -> None:
        at = (self._order[source.file], source.line(path))
        self._conflicts.append((*at, source.sentence(path, message)))

    def _origin_of(self, path: Path) -> tuple[Source, Path]:
        """The file that holds the value at that path of the content, and the path in the file."""
        for length in range(len(path), -1, -1):
            origin = self._origins.get(path[:length])
            if origin is not None:
                return origin[0], (*origin[1], *path[length:])
        return self._sources[0], path

    def keep(self) -> None:
        """Keep what the files hold, if they are this package's: nothing is wrong with them."""
        if self.is_proven:
            return
        for source in self._sources:
            if _is_bundled(source.file):
                phones = known_phones(_texts(source.content))
                source.keep({"version": phones_version(), "phones": phones})

    def require(self) -> None:
        """Raise FixtureError if there is anything wrong with the files."""
        sentences = self.sentences()
        if sentences:
            raise FixtureError("\n".join(sentences))

    def sentences(self, problems: Iterable[Problem] = ()) -> list[str]:
        """`file:line: path: what is wrong` for each problem, also between the files.

        They come in the order of the files and their lines. The paths of `problems` lead into
        `content`.
        """
        found = list(self._conflicts)
        for problem in problems:
            source, path = self._origin_of(problem.path)
            at = (self._order[source.file], source.line(path))
            found.append((*at, source.sentence(path, problem.message)))
        # Sentences of one line keep their order: only file and line are compared.
        found.sort(key=itemgetter(0, 1))
        return [sentence for *_, sentence in found]


def _files(path: File) -> list[File]:
    if not path.is_dir():
        return [path]
    files = [
        file
        for file in sorted(path.iterdir())
        if file.suffix in _SUFFIXES and not file.name.startswith(".") and not file.is_dir()
    ]
    if not files:
        raise UnreadableError(f"{path}: is a folder without a YAML file (*.yaml, *.yml)")
    return files


def _source(file: File) -> Source:
    """The file; if it is one of this package's, what `FixtureFiles.keep` kept of it."""
    kept = Source.kept(file) if _is_bundled(file) else None
    if kept is None or kept.notes["version"] != phones_version():
        return Source(file)
    know_phones(kept.notes["phones"])
    return kept


def _is_bundled(file: File) -> bool:
    return folder("fixtures") in file.parents


def _texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _content(source: Source) -> Any:
    """What the file holds; an empty file is an empty fixture."""
    return {} if source.content is None else source.content


def _joins(path: Path) -> bool:
    """Whether two files may both hold a part of the object at that path."""
    return path[0] == _SETTINGS and len(path) <= 2


def _copy(value: Any) -> Any:
    """The value with objects of its own: an alias in YAML is one object in two places."""
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return {name: _copy(part) for name, part in value.items()}
    return value
