#!/usr/bin/env python3
"""What a host sends to others and hears from them takes its time: every connection is redirected to here, and passed on later.

    slow_links.py PORT MILLISECONDS        runs on that host; Hosts.delay() redirects to PORT what does not carry _MARK

For machines whose kernel has no netem. A connection to a port where nobody listens is taken and ended a moment later: that a
process is gone is not told by a refusal then, as between sites with a gateway in between."""

import asyncio
import socket
import struct
import sys

MARK = 7  # of what leaves from here: not to be redirected again
_ORIGINAL_DESTINATION = 80  # SO_ORIGINAL_DST
_PIECE = 64 << 10
_PIECES_UNDER_WAY = 4096


def _destination(taken: socket.socket) -> tuple[str, int]:
    port, address = struct.unpack("!2xH4s8x", taken.getsockopt(socket.SOL_IP, _ORIGINAL_DESTINATION, 16))
    return socket.inet_ntoa(address), port


async def _connect(to: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    out = socket.socket()
    out.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, MARK)
    out.setblocking(False)
    await asyncio.get_running_loop().sock_connect(out, to)
    return await asyncio.open_connection(sock=out)


async def _pass_on(source: asyncio.StreamReader, to: asyncio.StreamWriter, delay: float) -> None:
    """Each piece `delay` after it came, however many are under way; the end as well."""
    clock = asyncio.get_running_loop().time
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PIECES_UNDER_WAY)

    async def take() -> None:
        data = b"begin"
        while data:
            try:
                data = await source.read(_PIECE)
            except OSError:
                data = b""
            await under_way.put((clock() + delay, data))

    taking = asyncio.create_task(take())
    try:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - clock())
            if not data:
                break
            to.write(data)
            await to.drain()
    except OSError:
        pass
    finally:
        taking.cancel()
        to.close()


async def _serve(source: asyncio.StreamReader, back: asyncio.StreamWriter, delay: float) -> None:
    try:
        await asyncio.sleep(delay)
        there, to = await _connect(_destination(back.get_extra_info("socket")))
    except OSError:
        back.transport.abort()
        return
    await asyncio.gather(_pass_on(source, to, delay), _pass_on(there, back, delay))


async def _main(port: int, delay: float) -> None:
    server = await asyncio.start_server(lambda source, back: _serve(source, back, delay), "0.0.0.0", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]) / 1000))
