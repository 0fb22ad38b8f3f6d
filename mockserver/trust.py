"""How clients come to use a server as their proxy and to trust it: by their environment alone."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mockserver.errors import MockserverError

AUTHORITY_FILE = "authority.pem"
"""The certificate of the authority: what clients have to trust."""
_STORE_FILE = "authority.p12"
_PASSWORD = "mockserver"  # noqa: S105  # Java wants one, for a file without a secret
_HERE = ("localhost", "127.0.0.1", "::1")
_HERE_FOR_JAVA = "localhost|127.*|[::1]"


def trust_lines(file: str) -> list[str]:
    """A line for each language: how its clients trust the authority in a file."""
    store = "-keystore trust.p12 -storetype PKCS12 -storepass changeit"
    options = "-Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit"
    return [
        f"curl:   curl --cacert {file}",
        f"Python: REQUESTS_CA_BUNDLE={file} SSL_CERT_FILE={file}",
        f"Node:   NODE_EXTRA_CA_CERTS={file}",
        f"Java:   keytool -importcert -noprompt -alias mockserver -file {file} {store}",
        f"        JAVA_TOOL_OPTIONS='{options}'",
        f"Go:     SSL_CERT_FILE={file} (on Linux)",
        f".NET:   SSL_CERT_FILE={file} (on Linux)",
    ]


def client_environment(proxy: str, authority: bytes, folder: Path) -> dict[str, str]:
    """The variables with which unmodified clients reach the vendors' addresses at a proxy.

    `proxy` is the URL of a server's plain port, `authority` the certificate to trust, in PEM. The
    folder gets the files that the variables name.

    Raises MockserverError without the library that writes Java's file.
    """
    file = folder / AUTHORITY_FILE
    file.write_bytes(authority)
    store = folder / _STORE_FILE
    store.write_bytes(_java_store(authority))
    variables = {"NODE_USE_ENV_PROXY": "1", "JAVA_TOOL_OPTIONS": _java_options(proxy, store)}
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        variables[name] = variables[name.lower()] = proxy
    variables["NO_PROXY"] = variables["no_proxy"] = ",".join(_HERE)
    for name in _CERTIFICATE_VARIABLES:
        variables[name] = str(file)
    return variables


_CERTIFICATE_VARIABLES = (
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
)


def _java_options(proxy: str, store: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Java reads no variables for a proxy: its options go into a variable of their own."""
    address = urlsplit(proxy)
    properties = {
        "http.proxyHost": address.hostname,
        "http.proxyPort": address.port,
        "https.proxyHost": address.hostname,
        "https.proxyPort": address.port,
        "http.nonProxyHosts": _HERE_FOR_JAVA,
        "javax.net.ssl.trustStore": store,
        "javax.net.ssl.trustStoreType": "PKCS12",
        "javax.net.ssl.trustStorePassword": _PASSWORD,
    }
    options = [_java_option(name, str(value)) for name, value in properties.items()]
    given = environment.get("JAVA_TOOL_OPTIONS")
    return " ".join([given, *options] if given else options)


def _java_option(name: str, value: str) -> str:
    option = f"-D{name}={value}"
    return f'"{option}"' if " " in value else option


def _java_store(authority: bytes) -> bytes:
    """The certificate in a file that Java can read: it reads no PEM."""
    try:
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
        from cryptography.x509 import load_pem_x509_certificate
    except ImportError:
        raise MockserverError(
            "the environment of clients needs certificates: install lead-mockserver[tls]"
        ) from None
    certificate = pkcs12.PKCS12Certificate(load_pem_x509_certificate(authority), b"mockserver")
    encryption = BestAvailableEncryption(_PASSWORD.encode())
    return pkcs12.serialize_java_truststore([certificate], encryption)
