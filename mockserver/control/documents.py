"""The handlers for what clients need to know of this server: documents, and whom to trust."""

from collections.abc import Mapping
from typing import Any

from mockserver.call import Call
from mockserver.control.api import Control, operation
from mockserver.documents.generators import for_generators
from mockserver.documents.spec import Document
from mockserver.errors import Refusal
from mockserver.vendor import Reply

_CONTROL = "control"
_YAML = ((b"content-type", b"application/yaml"),)
_PEM = ((b"content-type", b"application/x-pem-file"),)
_ENDINGS = ("", ".json", ".yaml")


@operation
def get_document(call: Call, server: Control) -> Reply:
    """The document of a vendor's API or of the control API, with this server's address in it."""
    given = call.path_parameters["name"]
    name, dot, format = given.partition(".")
    documents = _documents(server)
    if name not in documents or dot + format not in _ENDINGS:
        known = ", ".join(sorted(documents))
        text = f"There is no document {given!r}; there are {known}, each as .json and .yaml."
        raise Refusal("not_found", text)
    content: dict[str, Any] = documents[name].source.content
    if call.query.get("for") == "generators":
        content = for_generators(content)
    content = content | {"servers": [{"url": _address(call, server, name)}]}
    if format != "yaml":
        return Reply(content)
    # Imported here: only a request for YAML needs it.
    from mockserver.documents.yaml_text import yaml_text

    return Reply(yaml_text(content).encode(), 200, _YAML)


@operation
def get_authority(call: Call, server: Control) -> Reply:
    """The certificate of the authority that clients have to trust."""
    if server.authority is None:
        text = "This server has no authority of its own: it runs without --tls, or with --tls-cert."
        raise Refusal("not_found", text)
    return Reply(server.authority, 200, _PEM)


def _documents(server: Control) -> Mapping[str, Document]:
    documents = {name: site.document for name, site in server.sites.items()}
    return documents | {_CONTROL: server.document}


def _address(call: Call, server: Control, name: str) -> str:
    urls = server.base_urls(call)
    if name in urls:
        return urls[name]
    origin = call.request.url.removesuffix(call.request.path)
    return origin + server.document.base_path
