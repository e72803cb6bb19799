"""Node ids in the stations' address space."""

from asyncua import ua


def node_id(path: str, namespace: int) -> ua.NodeId:
    """The variable at a path like COAT-1/Telemetry/Speed; `namespace` is the server's index of NAMESPACE_URI."""
    return ua.NodeId.from_string(f"ns={namespace};s={path}")
