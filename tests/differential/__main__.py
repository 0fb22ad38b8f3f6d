"""`make differential`: sends many requests to the framework and to this server, and compares."""

import argparse
import sys

from tests.differential.comparing import Mock, Tally, theirs
from tests.differential.environment import OtherEnvironment
from tests.differential.requests import FAMILIES, drawn


def main() -> None:
    """Compare, and print what came of it."""
    parser = argparse.ArgumentParser(prog="make differential", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--family", choices=FAMILIES, help="only requests of this family")
    parser.add_argument("--version", default="django-5.2", help="the setting framework_version")
    parser.add_argument(
        "--python",
        default=sys.executable,
        help="an interpreter whose environment has that framework",
    )
    options = parser.parse_args()
    framework = OtherEnvironment(options.python)
    mock = Mock(framework_version=options.version)
    tally = Tally()
    for request in drawn(options.seed, options.requests, options.family):
        tally.add(request, mock.answer(request), theirs(framework, request))
    framework.close()
    _print(tally)


def _print(tally: Tally) -> None:
    for line in tally.lines():
        print(line)
    for family in FAMILIES:
        count = tally.agreeing.get(family, 0) + tally.differing.get(family, 0)
        print(f"{family:16} {tally.share(family):7.2%} of {count}")
    print(f"{'all':16} {tally.share():7.2%}")
    for choice, count in tally.chosen.items():
        print(f"left out, by choice: {choice}: {count}")


if __name__ == "__main__":
    main()
