"""Generates clients from the OpenAPI documents, and uses them.

`python -m tools.clients` starts the server, lets each generator make clients of the documents that
the server has for generators, builds these, and runs a program that creates, reads, updates and
lists with them and reads refusals. Names of generators as arguments choose some.

Everything is made below `build/clients`.
"""

import sys

import httpx

from mockserver import MockServer
from tools.clients.generators import DOCUMENTS, FOLDER, GENERATORS
from tools.programs import main


def save_documents(url: str) -> None:
    """Store each document as the server has it for generators."""
    folder = FOLDER / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    for name in DOCUMENTS:
        answer = httpx.get(f"{url}/__admin/documents/{name}.json", params={"for": "generators"})
        answer.raise_for_status()
        (folder / f"{name}.json").write_bytes(answer.content)


if __name__ == "__main__":
    with MockServer() as server:
        save_documents(server.url)
        sys.exit(main(GENERATORS, FOLDER, sys.argv[1:], server.url))
