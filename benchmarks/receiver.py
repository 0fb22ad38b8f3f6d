"""A receiver of webhooks that answers 204. To a GET it says how many came, and whether in order."""

import asyncio
import sys

count = 0
last = 0
is_in_order = True


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request, and close."""
    global count, last, is_in_order
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if head.startswith(b"get"):
        body = b"%d %s" % (count, b"in order" if is_in_order else b"out of order")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    else:
        await reader.readexactly(int(field(head, b"content-length")))
        number = int(field(head, b"mockserver-delivery").partition(b".")[0])
        is_in_order = is_in_order and number > last
        count, last = count + 1, number
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    await writer.drain()
    writer.close()


def field(head: bytes, name: bytes) -> bytes:
    """The value of a header field."""
    return head.partition(b"\r\n" + name + b": ")[2].partition(b"\r\n")[0]


async def main() -> None:
    """Listen on the port that the command names."""
    server = await asyncio.start_server(receive, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
