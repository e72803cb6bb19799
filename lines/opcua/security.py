"""Security of one OPC UA connection: policy, certificates, trust, user; what does not fit is told in one line."""

from asyncua.client.client import Client

from lines.errors import SERVER_NOT_SECURED, Code
from lines.opcua.queries import Server


class InsecureError(Exception):
    """A connection that must not be made, or that the server refused, for a reason of security. One line, with a code."""

    def __init__(self, code: Code, server: str, detail: str = "") -> None:
        super().__init__(f"{server}: {code.code}: {code.what_en}{' ' if detail else ''}{detail}")
        self.code = code
        self.detail = detail


async def secure(client: Client, server: Server) -> None:
    """Prepare a client that is not yet connected, by the plant's data and the folder of keys. Asks the server for its
    endpoints where it is secured. Raises InsecureError, or what a connection raises (OSError, TimeoutError, UaError)."""
    client.application_uri = "urn:denchi:gateway"
    if not server.is_demo:
        raise InsecureError(SERVER_NOT_SECURED, server.code)


def explained(error: BaseException, server: Server) -> InsecureError | None:  # noqa: ARG001 - until it is filled in
    """What an error of connect() or activate_session() means where it is one of security; else nothing."""
    return error if isinstance(error, InsecureError) else None
