"""The client certificate of a request as the proxy tells of it. Pure."""

import hashlib
import re
import ssl
from urllib.parse import unquote

_HEX = re.compile(r"[0-9a-f]{64}")


def fingerprint(text: str) -> str:
    """The SHA-256 of a certificate, 64 small hexadecimal digits; empty where `text` is neither such a fingerprint (with
    or without colons) nor a certificate in PEM, as it is or URL-escaped (nginx: $ssl_client_escaped_cert)."""
    plain = text.strip().replace(":", "").lower()
    if _HEX.fullmatch(plain):
        return plain
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(unquote(text).strip())).hexdigest()
    except ValueError:  # of the frame, or of its base64
        return ""
