"""Which addresses pages may be fetched from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import PermissionDeniedError, UnavailableError
from kernel.tools.web_addresses import judge, resolve

NEVER = (
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
)
PRIVATE = (
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2001:0:7f00:1::",
    "192.0.2.1",
    "198.18.0.1",
    "240.0.0.1",
    "2001:db8::1",
)
PUBLIC = ("93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::5db8:d70e", "::ffff:93.184.215.14")


@pytest.mark.parametrize("address", NEVER)
def test_metadata_and_what_is_no_server_are_never_fetched(address: str) -> None:
    for allow in (True, False):
        with pytest.raises(PermissionDeniedError):
            judge("a.test", (address,), allow_private=allow)


@pytest.mark.parametrize("address", PRIVATE)
def test_this_machine_and_its_network_need_the_setting(address: str) -> None:
    with pytest.raises(PermissionDeniedError, match="this machine or its network"):
        judge("a.test", (address,), allow_private=False)
    assert judge("a.test", (address,), allow_private=True) == (address,)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_network_is_allowed(address: str) -> None:
    assert judge("a.test", (address,), allow_private=False) == (address,)


@given(st.sampled_from(PUBLIC), st.sampled_from((*NEVER, *PRIVATE)), st.booleans())
def test_one_wrong_address_refuses_the_name(good: str, bad: str, first: bool) -> None:
    with pytest.raises(PermissionDeniedError):
        judge("a.test", (bad, good) if first else (good, bad), allow_private=False)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_no_address_is_read_as_two_things(address: object) -> None:
    try:
        judge("a.test", (str(address),), allow_private=False)
    except PermissionDeniedError:
        return
    mapped = f"::ffff:{address}" if ":" not in str(address) else str(address)
    assert judge("a.test", (mapped,), allow_private=False)


def test_a_name_without_addresses_is_refused() -> None:
    with pytest.raises(UnavailableError):
        judge("a.test", (), allow_private=True)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "localhost", "017700000001"])
async def test_other_spellings_of_this_machine_are_seen_through(host: str) -> None:
    with pytest.raises(PermissionDeniedError):
        judge(host, await resolve(host, 80), allow_private=False)


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "no-such-name.invalid"])
async def test_names_that_are_none_are_said(host: str) -> None:
    with pytest.raises(UnavailableError, match="was not found"):
        await resolve(host, 80)
