"""Pages fetched over real HTTP from servers on this machine, with a resolver that lies."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kernel.errors import AetherError, PermissionDeniedError, UnavailableError
from kernel.providers.http import HttpClient
from kernel.tools.browse_web import Response, WebPages

TLS = Path(__file__).resolve().parents[2] / "data/tls"
PUBLIC, SECOND = "93.184.215.14", "93.184.215.15"
STANDS_FOR = {PUBLIC: "127.0.0.2", SECOND: "127.0.0.3"}  # where "the internet" is in these tests


class Site:
    """A real server that remembers what it was asked."""

    def __init__(self, headers: str = "") -> None:
        self.headers = headers
        self.requests: list[str] = []
        self.names: list[str | None] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.requests.append(head)
        status = "302 Found" if "location" in self.headers.lower() else "200 OK"
        body = "the page"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n{self.headers}\r\n{body}".encode())
        await writer.drain()
        writer.close()

    def host(self) -> str:
        return next(line[6:] for line in self.requests[-1].split("\r\n") if line.lower().startswith("host: "))

    @asynccontextmanager
    async def on(self, address: str, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator["Site"]:
        server = await asyncio.start_server(self.serve, address, port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()


class Resolver:
    """Answers each name with the next of its answers."""

    def __init__(self, **answers: list[tuple[str, ...]]) -> None:
        self.answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        given = self.answers.get(host, [(host,)])
        return given.pop(0) if len(given) > 1 else given[0]


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.aclose()


def pages(http: HttpClient, resolver: Resolver, *, allow_private: bool = False) -> WebPages:
    async def get(url: str, address: str, timeout_s: float, limit: int) -> Response:
        found = await http.get_page(url, STANDS_FOR.get(address, address), timeout_s, limit)
        return found.status, found.headers, found.body

    return WebPages(get, allow_private=lambda: allow_private, resolve=resolver)


@pytest.mark.feature("TL06")
async def test_a_name_that_changes_its_mind_gains_nothing(http: HttpClient) -> None:
    resolver = Resolver(pages_test=[(PUBLIC,), ("127.0.0.1",)])
    async with Site().on("127.0.0.2") as honest, Site().on("127.0.0.1", honest.port) as trap:
        page = await pages(http, resolver).fetch(f"http://pages.test:{honest.port}/a?b=c")
        assert (page.text, page.url) == ("the page", f"http://pages.test:{honest.port}/a?b=c")
        assert resolver.asked == ["pages.test"]
        assert honest.requests[0].startswith("GET /a?b=c HTTP/1.1\r\n")
        assert honest.host() == f"pages.test:{honest.port}"
        with pytest.raises(PermissionDeniedError):  # the next fetch sees what the name says now
            await pages(http, resolver).fetch(f"http://pages.test:{honest.port}/")
        assert not trap.requests


@pytest.mark.parametrize(
    "answer",
    [("127.0.0.1",), (PUBLIC, "127.0.0.1"), ("::ffff:127.0.0.1",), ("0.0.0.0",), ("169.254.169.254",), ("100.64.0.1",), ("::1", PUBLIC)],
)
async def test_no_connection_is_made_for_a_name_with_one_wrong_address(http: HttpClient, answer: tuple[str, ...]) -> None:
    async with Site().on("127.0.0.1") as trap:
        with pytest.raises(PermissionDeniedError):
            await pages(http, Resolver(pages_test=[answer])).fetch(f"http://pages.test:{trap.port}/")
        assert not trap.requests


@pytest.mark.parametrize("target", ["http://inner.test:{port}/", "http://127.0.0.1:{port}/", "//inner.test:{port}/"])
async def test_a_redirect_is_judged_again(http: HttpClient, target: str) -> None:
    resolver = Resolver(pages_test=[(PUBLIC,)], inner_test=[("127.0.0.1",)])
    async with Site().on("127.0.0.1") as trap:
        async with Site(f"Location: {target.format(port=trap.port)}\r\n").on("127.0.0.2") as site:
            with pytest.raises(PermissionDeniedError):
                await pages(http, resolver).fetch(f"http://pages.test:{site.port}/")
            assert site.requests
        assert not trap.requests


@pytest.mark.feature("TL06")
async def test_a_redirect_to_another_host_is_told_and_not_followed(http: HttpClient) -> None:
    resolver = Resolver(pages_test=[(PUBLIC,)], www_pages_test=[(PUBLIC,)], other_test=[(SECOND,)])
    async with Site().on("127.0.0.3") as other, Site(f"Location: http://other.test:{other.port}/x\r\n").on("127.0.0.2") as site:
        page = await pages(http, resolver).fetch(f"http://www.pages.test:{site.port}/a")
        assert f"http://other.test:{other.port}/x" in page.text
        assert (page.status, len(site.requests), len(other.requests)) == (302, 1, 0)
    async with Site().on("127.0.0.2") as home, Site(f"Location: http://www.pages.test:{home.port}/\r\n").on("127.0.0.2") as site:
        assert (await pages(http, resolver).fetch(f"http://pages.test:{site.port}/")).text == "the page"


async def test_the_next_address_is_tried_where_the_first_does_not_answer(http: HttpClient) -> None:
    resolver = Resolver(pages_test=[(PUBLIC, SECOND)])
    async with Site().on("127.0.0.3") as site:
        assert (await pages(http, resolver).fetch(f"http://pages.test:{site.port}/")).text == "the page"
    with pytest.raises(UnavailableError, match=r"pages\.test"):
        await pages(http, resolver).fetch(f"http://pages.test:{site.port}/")


@pytest.mark.feature("TL06")
async def test_the_certificate_is_that_of_the_name_not_of_the_address(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "pages.test.crt"))
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "pages.test.crt", TLS / "pages.test.key")
    context.sni_callback = lambda _, name, __: names.append(name)
    resolver = Resolver(pages_test=[(PUBLIC,)], other_test=[(PUBLIC,)])
    async with Site().on("127.0.0.2", tls=context) as site:
        assert (await pages(http, resolver).fetch(f"https://pages.test:{site.port}/")).text == "the page"
        assert (names, site.host()) == (["pages.test"], f"pages.test:{site.port}")
        with pytest.raises(AetherError, match=r"other\.test"):  # the same address, another name: the certificate does not prove it
            await pages(http, resolver).fetch(f"https://other.test:{site.port}/")
        assert names[1] == "other.test"
        assert len(site.requests) == 1


async def test_no_proxy_of_the_environment_sees_the_pages(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Site().on("127.0.0.1") as proxy, Site().on("127.0.0.2") as site:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        await pages(http, Resolver(pages_test=[(PUBLIC,)])).fetch(f"http://pages.test:{site.port}/")
        assert (len(site.requests), len(proxy.requests)) == (1, 0)
