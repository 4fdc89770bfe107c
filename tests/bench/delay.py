"""A loopback proxy that keeps every HTTP request back for a while, as a warehouse far away would.

Each request of a connection is passed on only when the delay is over; answers come back at once. Requests of several
connections wait side by side. It can count them.

    python -m tests.bench.delay PORT [--seconds 0.15] [--count FILE]      prints the port that it listens on
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from pathlib import Path

_HEAD_END = b"\r\n\r\n"


class Delay:
    """A proxy in front of a port of this machine.

    Args:
        port: Where requests go.
        seconds: How long each waits.
        count: A file that grows by a byte with every request; None counts nothing.
    """

    def __init__(self, port: int, seconds: float, count: Path | None = None) -> None:
        self.port, self.seconds, self.count = port, seconds, count

    async def serve(self) -> asyncio.Server:
        """Listen on a free port."""
        return await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=2**20)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self.port)
        back = asyncio.create_task(_copied(to_reader, writer))
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(_HEAD_END)
                body = await reader.readexactly(_length(head))
                self._counted()
                await asyncio.sleep(self.seconds)
                to_writer.write(head + body)
                await to_writer.drain()
        to_writer.close()
        await back

    def _counted(self) -> None:
        if self.count is not None:
            with self.count.open("ab") as file:
                file.write(b".")


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while block := await reader.read(2**16):
            writer.write(block)
            await writer.drain()
    writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
        if name == b"transfer-encoding":
            msg = "The proxy passes on requests with a Content-Length only."
            raise ValueError(msg)
    return 0


async def _main(port: int, seconds: float, count: Path | None) -> None:
    server = await Delay(port, seconds, count).serve()
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, default=0.15)
    parser.add_argument("--count", type=Path, help="a file that grows by a byte with every request")
    options = parser.parse_args()
    asyncio.run(_main(options.port, options.seconds, options.count))
