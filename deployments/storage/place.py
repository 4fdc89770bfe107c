"""Addresses of places that hold objects, as Snowflake's stages spell them.

`s3://bucket/prefix`, `azure://account.blob.core.windows.net/container/prefix`, and `file:///folder`, which only this
machine can read. `abfs://container@account.dfs.core.windows.net/prefix` is taken for the second. None holds a
credential.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
_AZURE = re.compile(
    r"azure://(?P<account>[a-z0-9]{3,24})\.blob\.core\.windows\.net/(?P<bucket>[a-z0-9-]{3,63})(?:/(?P<prefix>.*))?"
)
_ABFS = re.compile(
    r"abfss?://(?P<bucket>[a-z0-9-]{3,63})(?:@(?P<account>[a-z0-9]{3,24})\.(?:dfs|blob)\.core\.windows\.net)?"
    r"(?:/(?P<prefix>.*))?"
)
_FILE = re.compile(r"file://(?P<prefix>/.*)")
# Only what needs no quoting anywhere: not in SQL, not in a URL, not as a pattern.
_PREFIX = re.compile(r"(?:[A-Za-z0-9_.=-]+/)*[A-Za-z0-9_.=-]*")
_ACCOUNT_OF_CONNECTION = re.compile(r"(?:^|;)AccountName=([a-z0-9]{3,24})(?:;|$)")


@dataclass(frozen=True)
class Place:
    """Where objects lie.

    Args:
        kind: s3, azure or file.
        bucket: Bucket or container; empty for a folder.
        prefix: Path in it, without slashes at its ends; of a folder its absolute path without the first slash.
        account: Storage account of Azure.
    """

    kind: str
    bucket: str
    prefix: str
    account: str = ""

    @classmethod
    def parse(cls, url: str) -> Place:
        """Read a place's address.

        Raises:
            ValueError: It is none, or names what would need quoting; the text follows "is" or "must".
        """
        for kind, pattern in (("s3", _S3), ("azure", _AZURE), ("azure", _ABFS), ("file", _FILE)):
            if match := pattern.fullmatch(url):
                parts = {name: value or "" for name, value in match.groupdict().items()}
                prefix = parts["prefix"].strip("/")
                if not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")):
                    raise ValueError("may have letters, digits and _ . = - in the names of its folders")
                account = parts.get("account") or (_default_account() if kind == "azure" else "")
                if kind == "azure" and not account:
                    raise ValueError("must name its account: azure://<account>.blob.core.windows.net/<container>/…")
                return cls(kind, parts.get("bucket", ""), prefix, account)
        raise ValueError(
            "must be s3://bucket/prefix, azure://account.blob.core.windows.net/container/prefix, "
            "abfs://container@account.dfs.core.windows.net/prefix or file:///folder"
        )

    @property
    def url(self) -> str:
        """The address as a stage's URL, with a slash at its end."""
        start = {"s3": f"s3://{self.bucket}/", "file": "file:///"}.get(
            self.kind, f"azure://{self.account}.blob.core.windows.net/{self.bucket}/"
        )
        return start + (f"{self.prefix}/" if self.prefix else "")

    def within(self, path: str) -> str:
        """Return the key of an object below this place, inside its bucket."""
        return f"{self.prefix}/{path}" if self.prefix else path


def _default_account() -> str:
    if found := _ACCOUNT_OF_CONNECTION.search(os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")):
        return found[1]
    return os.environ.get("AZURE_STORAGE_ACCOUNT_NAME", "")
