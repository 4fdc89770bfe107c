"""A service account of the sandbox: its key, as Google Cloud hands it out, and the check of what it signs.

The key is made when it is first asked for, with `cryptography`, and kept in memory only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from functools import cached_property
from typing import Any, Final

EMAIL: Final = "reader@snowcast-sandbox.example"
_KEY_BITS: Final = 2_048
_SHA256_PREFIX: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_AUDIENCE: Final = "https://oauth2.googleapis.com/token"  # what Google's library writes whatever the token endpoint
_LONGEST_LIFE: Final = 3_600
_SLACK: Final = 60


class ServiceAccount:
    """A key pair and the address that it belongs to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def as_file(self, token_url: str) -> dict[str, Any]:
        """Return the key file: what a client needs to ask `token_url` for a token."""
        return {
            "type": "service_account",
            "project_id": "snowcast-sandbox",
            "private_key_id": hashlib.sha256(self._key[0].encode()).hexdigest()[:40],
            "private_key": self._key[0],
            "client_email": EMAIL,
            "client_id": "100000000000000000001",
            "token_uri": token_url,
        }

    def accepts(self, assertion: str, token_url: str) -> bool:
        """Whether a JWT is signed with the key, for this token endpoint, and in force."""
        head, _, signature = assertion.rpartition(".")
        try:
            claims = json.loads(_decode(head.partition(".")[2]))
            is_in_force = (
                claims["iat"] - _SLACK <= time.time() < claims["exp"] <= claims["iat"] + _LONGEST_LIFE + _SLACK
            )
            is_for_us = claims["iss"] == EMAIL and claims["aud"] in (token_url, _AUDIENCE) and bool(claims["scope"])
            return is_in_force and is_for_us and self._verify(head.encode(), _decode(signature))
        except (ValueError, KeyError, TypeError):
            return False

    def _verify(self, message: bytes, signature: bytes) -> bool:
        """Verify RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2), which Google's libraries sign with."""
        _, modulus, exponent = self._key
        size = (modulus.bit_length() + 7) // 8
        digest = _SHA256_PREFIX + hashlib.sha256(message).digest()
        expected = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
        found = pow(int.from_bytes(signature), exponent, modulus).to_bytes(size)
        return len(signature) == size and secrets.compare_digest(found, expected)

    @property
    def _key(self) -> tuple[str, int, int]:
        with self._lock:
            return self._made

    @cached_property
    def _made(self) -> tuple[str, int, int]:
        """The private key as PEM, the modulus and the public exponent."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        numbers = key.public_key().public_numbers()
        return pem.decode(), numbers.n, numbers.e


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
