"""A receiver of webhooks that answers 204. To a GET it says how many came, and whether in order."""

import asyncio
import sys


class Receiver:
    """What came so far."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if head.startswith(b"get"):
            is_in_order = self.numbers == sorted(set(self.numbers))
            body = b"%d %s" % (len(self.numbers), b"in order" if is_in_order else b"out of order")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        else:
            await reader.readexactly(int(field(head, b"content-length")))
            number = field(head, b"mockserver-delivery").partition(b".")[0]
            self.numbers.append(int(number))
            writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


def field(head: bytes, name: bytes) -> bytes:
    """The value of a header field."""
    return head.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]


async def main() -> None:
    """Listen on the port that the command names."""
    server = await asyncio.start_server(Receiver().receive, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
