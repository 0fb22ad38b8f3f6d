"""`make differential`: sends many requests to the framework and to this server, and compares."""

import argparse
import base64
import json
import subprocess

from tests.differential.comparing import Example, Framework, Mock, Seen, Tally, theirs
from tests.differential.requests import FAMILIES, drawn, shown


class OtherEnvironment:
    """The framework in an environment of its own, by its interpreter."""

    def __init__(self, python: str) -> None:
        self._process = subprocess.Popen(
            [python, "-m", "tests.differential.framework"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def answer(
        self, method: str, target: str, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the framework answers there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps([method, target, headers, base64.b64encode(body).decode()])
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        status, sent, content = json.loads(self._process.stdout.readline())
        pairs = [(name, value) for name, value in sent]
        return status, pairs, base64.b64decode(content)


def main() -> None:
    """Compare, and print what came of it."""
    parser = argparse.ArgumentParser(prog="make differential", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--family", choices=FAMILIES, help="only requests of this family")
    parser.add_argument("--version", default="django-5.2", help="the setting framework_version")
    parser.add_argument("--python", help="an interpreter whose environment has that framework")
    parser.add_argument("--examples", type=int, default=1000, help="kinds of difference to print")
    options = parser.parse_args()
    framework = _framework(options.python)
    mock = Mock(framework_version=options.version)
    tally = Tally()
    for request in drawn(options.seed, options.requests, options.family):
        tally.add(request, mock.answer(request), theirs(framework, request))
    _print(tally, options.examples)


def _framework(python: str | None) -> Framework:
    if python is not None:
        return OtherEnvironment(python)
    from tests.differential.framework import Framework

    return Framework()


def _print(tally: Tally, examples: int) -> None:
    most = sorted(tally.counts, key=tally.counts.__getitem__, reverse=True)
    for key in reversed(most[:examples]):
        print(f"{tally.counts[key]} x {key[0]}: {key[1]}")
        _print_example(tally.examples[key])
    for family in FAMILIES:
        count = tally.agreeing.get(family, 0) + tally.differing.get(family, 0)
        print(f"{family:16} {tally.share(family):7.2%} of {count}")
    print(f"{'all':16} {tally.share():7.2%}")
    for choice, count in tally.chosen.items():
        print(f"left out, by choice: {choice}: {count}")


def _print_example(example: Example) -> None:
    print("    " + shown(example.request))
    for name, seen in (("framework", example.other), ("this server", example.ours)):
        print(f"    {name}: {_line(seen)}")


def _line(seen: Seen) -> str:
    text = seen.body.decode("utf-8", "replace")
    headers = {name: value for name, value in seen.headers.items() if name in _TELLING}
    return f"{seen.status} {headers} {text[:400]!r}"


_TELLING = ("content-type", "allow", "vary", "www-authenticate", "location")


if __name__ == "__main__":
    main()
