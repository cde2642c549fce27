"""Whether a callback comes from Paypost and is what it sent (RFC 9421 and RFC 9530, as docs/security.md tells).

Needs Python 3.9 or later and the package `cryptography`. May be copied.

    verify_callback(method, url, headers, body, key_set, now)

`url` is the URL as Paypost called it (behind a proxy the public one), `headers` has names in lower case, `body` are the bytes as
they came, and `key_set` is what /.well-known/jwks.json gave. Returns None when all is well, else why it is refused.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COVERED = ["@method", "@target-uri", "content-type", "content-digest"]
OLDEST_SECONDS = 300


def verify_callback(method, url, headers, body, key_set, now=None):
    said = re.fullmatch(r"paypost=(\(([^)]*)\);.*)", headers.get("signature-input", ""))
    signature = re.fullmatch(r"paypost=:([A-Za-z0-9+/=]+):", headers.get("signature", ""))
    if not said or not signature:
        return "there is no signature named paypost"
    parameters, names = said.groups()
    components = re.findall(r'"([^"]+)"', names)
    if components != COVERED:
        return "the signature does not cover what it must"
    if ';tag="paypost-callback"' not in parameters or ';alg="ed25519"' not in parameters:
        return "the signature is for something else"
    created = re.search(r";created=([0-9]+)", parameters)
    if not created or abs((now or time.time()) - int(created.group(1))) > OLDEST_SECONDS:
        return "the signature is too old, or a clock is wrong"
    key_id = re.search(r';keyid="([^"]+)"', parameters)
    key = next((key for key in key_set["keys"] if key_id and key["kid"] == key_id.group(1)), None)
    if key is None:
        return "the key is not in the server's key set"
    values = [method, url, headers.get("content-type", ""), headers.get("content-digest", "")]
    lines = [f'"{name}": {value}' for name, value in zip(components, values)]
    base = "\n".join([*lines, f'"@signature-params": {parameters}'])
    public_key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4)))
    try:
        public_key.verify(base64.b64decode(signature.group(1)), base.encode())
    except InvalidSignature:
        return "the signature is wrong"
    digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
    if not hmac.compare_digest(digest, headers.get("content-digest", "")):
        return "the body was changed"
    return None


if __name__ == "__main__":
    # Reads {"method", "url", "headers", "body", "keySet", "now"} from standard input, for trials.
    given = json.load(sys.stdin)
    refusal = verify_callback(
        given["method"], given["url"], given["headers"], given["body"].encode(), given["keySet"], given.get("now")
    )
    print(refusal or "verified")
    sys.exit(1 if refusal else 0)
