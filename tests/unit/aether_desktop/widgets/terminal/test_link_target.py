"""What a person is told about an address before it is opened."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl

from aether_desktop.widgets.terminal.link_target import link_target, url_of


@pytest.mark.parametrize(
    "address",
    [
        "https://a@b@c/", "https:evil.org", "https:///evil.org", "https://evil.org\\x", "https://a%2fb.org/", "https://a..b/",
        "", "javascript:alert(1)", "data:text/html,x", "ssh://host", "vscode://x", "https://", "http:///path", "//host/x",
        "file://", "file:relative", "https://ho\u202est/", "https://host/a b", "https://host/\x1b[0m", "http://[::1",
        "http://host:99999/", "https://host/" + "x" * 3000, "https://" + "ä" * 300 + ".org/", "https://host/\u200bx",
    ],
)  # fmt: skip
def test_what_is_never_opened(address: str) -> None:
    assert link_target(address) is None


@pytest.mark.parametrize("address", ["https://example.org/a?b=c#d", "http://127.0.0.1:8080/", "mailto:ada@example.org", "file:///srv/x"])
def test_plain_addresses_have_no_warning(address: str) -> None:
    target = link_target(address)
    assert target is not None and target.warnings == () and target.shown == address


@pytest.mark.feature("TT01")
def test_mixed_scripts_are_named_and_the_host_is_shown_as_it_is_looked_up() -> None:
    target = link_target("https://ex\u0430mple.org/login")
    assert target is not None
    assert "several scripts" in target.warnings[0]
    assert target.shown == "https://xn--exmple-4nf.org/login"
    hidden = link_target("https://xn--exmple-4nf.org/login")
    assert hidden is not None and "several scripts" in hidden.warnings[0]


def test_a_host_in_one_other_script_is_said_to_be_so() -> None:
    target = link_target("https://пример.рф/")
    assert target is not None and "plain letters" in target.warnings[0] and "xn--" in target.shown


def test_percent_signs_are_undone_where_nothing_hides() -> None:
    assert link_target("https://h.org/%C3%BCber%20uns").shown == "https://h.org/über uns"  # type: ignore[union-attr]
    assert link_target("https://h.org/%E2%80%AEx").shown == "https://h.org/%E2%80%AEx"  # type: ignore[union-attr]
    assert link_target("https://h.org/%ff%fe").shown == "https://h.org/%FF%FE"  # type: ignore[union-attr]
    assert link_target("https://h.org/%2541").shown == "https://h.org/%2541"  # type: ignore[union-attr]


def test_a_name_before_the_host_and_another_text_are_warned_of() -> None:
    target = link_target("https://bank.example@198.51.100.7/x", "https://bank.example/x")
    assert target is not None and len(target.warnings) == 2
    assert all("198.51.100.7" in warning for warning in target.warnings)
    same = link_target("https://bank.example/x?y", "https://bank.example/x")
    assert same is not None and same.warnings == ()


def test_a_file_of_another_machine_is_warned_of() -> None:
    target = link_target("file://server/share/x")
    assert target is not None and "server" in target.warnings[0]


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://fa\u00df.de/login", "xn--fa-hia.de"),
        ("https://ex%61mple.org/", "example.org"),
        ("https://a%2Eexample.org/", "a.example.org"),
        ("https://127.1/", "127.0.0.1"),
        ("https://EXAMPLE\u3002org/", "example.org"),
        ("https://evil.org\\@example.org/", "example.org"),
        ("https://example.org:8080@evil.org:1/x@y", "evil.org"),
        ("https://[::1]:80/x", "[::1]"),
    ],
)
def test_the_host_that_shows_is_the_one_that_is_opened(written: str, host: str) -> None:
    target = link_target(written)
    assert target is not None and target.host == host
    assert url_of(target.address).host(QUrl.ComponentFormattingOption.FullyEncoded) == host.strip("[]")
    assert target.shown.startswith(target.before + host) and target.address.startswith(target.before + host)
    # What a browser makes of it: a backslash is a slash to it, and what it drops or decodes is not there any more.
    assert target.address.isascii() and "\\" not in target.address
    assert link_target(target.address) == target


def test_the_text_of_a_link_is_compared_as_it_would_be_opened() -> None:
    assert link_target("https://xn--fa-hia.de/", "https://fa\u00df.de/").warnings == (  # type: ignore[union-attr]
        "The host fa\u00df.de is not in plain letters; it is xn--fa-hia.de.",
    )
    other = link_target("https://fass.de/", "https://fa\u00df.de/")
    assert other is not None and other.warnings == ("Its text names another address than fass.de.",)


def test_what_is_written_from_right_to_left_cannot_turn_the_host_round() -> None:
    target = link_target("https://h.org/\u05d0/com.bank")
    assert target is not None and target.shown == "https://h.org/%D7%90/com.bank"
