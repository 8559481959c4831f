"""The pure parts below the dialects: bytes to lines to events, JSON of any kind, assembly of a turn, error bodies."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.providers import addresses, extractive, failures, wire_json
from kernel.providers.base import (
    Finished,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
)
from kernel.providers.http import LineSplitter, SseEvent, SseParser, TransportFailure, public_place, public_url
from kernel.providers.redaction import Redactor
from kernel.providers.turn import TurnAssembler, TurnLimits

REMEDIES = failures.Remedies(auth="Set KEY.", unknown_model="Pull {model}.", refused="Start it.")


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, position = [], 0
    while position < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[position : position + size])
        position += size
    return pieces


@given(
    st.lists(st.text().map(lambda text: text.replace("\n", "").rstrip("\r").encode("utf-8", "replace"))),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_lines_survive_any_cut(lines: list[bytes], sizes: list[int]) -> None:
    data = b"".join(line + (b"\r\n" if index % 2 else b"\n") for index, line in enumerate(lines)) + b"tail"
    splitter = LineSplitter(10**6)
    found = [line for piece in cut(data, sizes) for line in splitter.feed(piece)]
    assert found == lines and splitter.rest() == b"tail" and splitter.rest() == b""


def test_line_separators_of_text_are_not_line_ends() -> None:
    line = 'data: {"a":"\u2028\u2029\x85\x0b\x0c\x1c"}'.encode()
    assert LineSplitter(1000).feed(line + b"\n") == [line]


@pytest.mark.parametrize(
    "pieces", [[b"x" * 11], [b"x" * 6, b"x" * 6], [b"\n" + b"x" * 11], [b"a\n" + b"x" * 11 + b"\nb\n"]]
)
def test_a_line_without_end_is_refused(pieces: list[bytes]) -> None:
    splitter = LineSplitter(10)
    with pytest.raises(TransportFailure) as caught:
        for piece in pieces:
            splitter.feed(piece)
    assert caught.value.kind == "flood"


def test_a_long_line_in_small_pieces_is_not_searched_again_and_again() -> None:
    splitter = LineSplitter(10**8)
    started = time.process_time()
    for _ in range(200_000):
        splitter.feed(b"x" * 20)
    assert splitter.feed(b"\n")[0] == b"x" * 4_000_000
    assert time.process_time() - started < 5


def test_server_sent_events() -> None:
    parser = SseParser(1000)
    lines = [
        "\ufeff: hello",
        "",
        ":",
        "event: one",
        "data: a",
        "data:b",
        "id: 7",
        "retry: 9",
        "novel",
        "",
        "",
        "data:  two",
        "",
    ]
    events = [event for line in lines if (event := parser.feed(line.encode()))]
    assert events == [SseEvent("one", b"a\nb"), SseEvent("", b" two")]
    parser.feed(b"data: unfinished")
    assert parser.flush() == SseEvent("", b"unfinished") and parser.flush() is None
    with pytest.raises(TransportFailure):
        for _ in range(200):
            parser.feed(b"data: " + b"x" * 10)


@given(st.binary(max_size=200))
def test_nothing_breaks_the_json_reader(data: bytes) -> None:
    wire_json.load(data)
    arguments, error = wire_json.parse_arguments(data.decode("latin-1"), "tool")
    assert isinstance(arguments, dict) and (not error or arguments == {})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('{"a": "line\nbreak\ttab"}', {"a": "line\nbreak\ttab"}),
        ('{"a": "\\ud83d"}', {"a": "?"}),
        ('{"a": "\\ud83d\\ude80"}', {"a": "🚀"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        ("[NaN]", None),
        ("{", None),
        ("", None),
        ("[" * 100_000, None),
        ('{"a":' * 100_000, None),
        ("1" * 5000, None),
        ('"x"', "x"),
    ],
)
def test_json_of_every_kind(text: str | bytes, value: object) -> None:
    found = wire_json.load(text)
    assert found == value
    json.dumps(found).encode()


def test_a_frame_that_is_no_json_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    lenient = json.loads

    def counted(text: str, **options: object) -> object:
        read.append(text)
        return lenient(text, **options)

    monkeypatch.setattr(wire_json.json, "loads", counted)
    assert wire_json.load_frame(b"<html>") is None
    assert wire_json.load_frame(b'{"a": NaN, "b": [Infinity, -Infinity, 1]}') == {"a": None, "b": [None, None, 1]}
    assert wire_json.load_frame(b"[1, 2]") == [1, 2]
    assert len(read) == 2


@pytest.mark.parametrize(
    ("text", "arguments", "error"),
    [
        ("", {}, ""),
        (" ", {}, ""),
        ('{"a":1}', {"a": 1}, ""),
        (json.dumps('{"a":1}'), {"a": 1}, ""),
        ("[1]", {}, "array"),
        ("3", {}, "value"),
        ('{"a":', {}, "(Expecting value at its end)"),
        ('{"a":"b', {}, "(Unterminated string starting at character 6 of 7)"),
        ("null", {}, "JSON"),
    ],
)
def test_arguments(text: str, arguments: dict[str, object], error: str) -> None:
    found, said = wire_json.parse_arguments(text, "write_file")
    assert found == arguments and (error in said if error else not said)


def test_a_turn_is_put_together_in_order() -> None:
    turn = TurnAssembler(TurnLimits(), {"used"})
    chunks = [*turn.reasoning("r"), *turn.reasoning(""), *turn.text("t")]
    chunks += turn.call("a", call_id="used", arguments='{"x"')
    chunks += turn.call("b", call_id="ok", name="second")
    chunks += turn.call("a", name="first", arguments=":1}")
    turn.usage(Usage(1, 1))
    turn.usage(Usage(2, 3))
    chunks += turn.end("stop", {"dialect": "d"})
    kinds = [type(chunk) for chunk in chunks]
    assert kinds == [
        ReasoningDelta, TextDelta, ToolCallStarted, ToolCallStarted, ToolCallDelta, ToolCallDelta, ToolCallFinished, ToolCallFinished,
        Usage, Finished,
    ]  # fmt: skip
    second, first = (chunk.call for chunk in chunks if isinstance(chunk, ToolCallFinished))
    assert (second.name, second.id, second.arguments) == ("second", "ok", {})
    assert first.name == "first" and first.id not in ("used", "") and first.arguments == {"x": 1}
    assert chunks[-2] == Usage(2, 3) and chunks[-1] == Finished("tool_calls", {"dialect": "d"})


def test_a_call_without_a_name_is_an_error_for_the_model() -> None:
    turn = TurnAssembler(TurnLimits())
    turn.call(0, arguments="{}")
    calls = [chunk.call for chunk in turn.end("tool_calls") if isinstance(chunk, ToolCallFinished)]
    assert len(calls) == 1 and "names no tool" in calls[0].error


def test_tool_calls_without_a_call_are_a_stop() -> None:
    assert TurnAssembler(TurnLimits()).end("tool_calls") == [Finished("stop")]


BODIES = [
    (
        400,
        b'{"error":{"code":400,"type":"exceed_context_size_error","message":"request","n_ctx":2048}}',
        "context_overflow",
    ),
    (
        400,
        b'{"error":{"message":"This model\'s maximum context length is 4096 tokens","code":"context_length_exceeded"}}',
        "context_overflow",
    ),
    (
        400,
        b'{"error":"{\\"error\\":{\\"code\\":400,\\"message\\":\\"request (8889 tokens) exceeds the available context size\\"}}"}',
        "context_overflow",
    ),
    (500, b'{"error":"the input length exceeds the context length"}', "context_overflow"),
    (413, b"", "context_overflow"),
    (401, b"", "auth"),
    (403, b'{"detail":"Forbidden"}', "auth"),
    (
        400,
        b'[{"error":{"status":"INVALID_ARGUMENT","message":"API key not valid. Please pass a valid API key."}}]',
        "auth",
    ),
    (404, b'{"error":"model \'x\' not found"}', "unknown_model"),
    (404, b'{"error":{"message":"The model `x` does not exist","code":"model_not_found"}}', "unknown_model"),
    (404, b'{"detail":"Not Found"}', "unsupported"),
    (402, b"", "quota"),
    (429, b'{"error":{"code":"insufficient_quota","message":"no credit"}}', "quota"),
    (429, b"slow down", "rate_limited"),
    (408, b"", "timeout"),
    (504, b"<html>", "timeout"),
    (409, b"", "overloaded"),
    (503, b'{"error":{"message":"Loading model"}}', "overloaded"),
    (503, b'{"error":{"message":"not supported right now"}}', "overloaded"),
    (529, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "overloaded"),
    (400, b'{"error":"x does not support tools"}', "unsupported"),
    (400, b'{"error":{"message":"bad"}}', "unsupported"),
    (302, b"", "bad_response"),
    (500, b'{"error":null}', "overloaded"),
    (500, b"[]", "overloaded"),
    (500, b"[[[[", "overloaded"),
    (500, b'"just text"', "overloaded"),
]


@pytest.mark.parametrize(("status", "body", "kind"), BODIES)
def test_error_bodies_of_every_shape(status: int, body: bytes, kind: str) -> None:
    fault = failures.read_fault(status, {}, body, 0.0)
    error = failures.classify(fault, provider="P", model="m", remedies=REMEDIES, redact=Redactor())
    assert error.kind == kind and error.status == status and error.message.startswith("P ")
    assert error.retryable is (kind in ("rate_limited", "timeout", "overloaded"))


@pytest.mark.parametrize(("status", "waits"), [(413, None), (429, 7.0)])
def test_what_waiting_does_not_change_is_not_waited_for(status: int, waits: float | None) -> None:
    fault = failures.read_fault(status, {"retry-after": "7"}, b"", 0.0)
    error = failures.classify(fault, provider="P", model="m", remedies=REMEDIES, redact=Redactor())
    assert error.retry_after_s == waits


@given(
    st.integers(300, 599),
    st.binary(max_size=300),
    st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), st.text(max_size=30)),
)
def test_no_error_body_breaks_the_reader(status: int, body: bytes, headers: dict[str, str]) -> None:
    fault = failures.read_fault(status, headers, body, 0.0)
    error = failures.classify(fault, provider="P", model="m", remedies=REMEDIES, redact=Redactor())
    assert error.hint and (error.retry_after_s is None or error.retry_after_s >= 0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "overloaded_error", "message": "x"}, "overloaded"),
        ({"code": 503, "message": "x"}, "overloaded"),
        ("llama runner process has terminated", "overloaded"),
        ({"type": "rate_limit_error"}, "rate_limited"),
        ("the model crashed", "overloaded"),
        (None, "bad_response"),
        ([1], "bad_response"),
        ({"code": 10**400, "message": "x"}, "overloaded"),
    ],
)
def test_errors_inside_a_stream(error: object, kind: str) -> None:
    found = failures.classify(
        failures.read_stream_fault(error), provider="P", model="m", remedies=REMEDIES, redact=Redactor()
    )
    assert found.kind == kind and found.retryable


def test_keys_are_taken_out_of_messages() -> None:
    body = json.dumps(
        {"error": {"message": "Bad key topsecret123 at http://x/?key=abc&b=1 for sk-proj-abc***xyz, AIzaSyA1234567890"}}
    ).encode()
    fault = failures.read_fault(401, {}, body, 0.0)
    error = failures.classify(fault, provider="P", model="m", remedies=REMEDIES, redact=Redactor("topsecret123"))
    for secret in ("topsecret123", "abc&", "sk-proj", "AIzaSy"):
        assert secret not in f"{error} {error!r} {error.hint}"
    assert "topsecret123" not in repr(Redactor("topsecret123"))


@pytest.mark.parametrize(
    ("said", "shown"), [("invalid api key provided", "provided. Set KEY."), ("No.", ": No. Set KEY."), ("", "(status 401). Set KEY.")]
)
def test_a_hint_begins_behind_a_full_stop(said: str, shown: str) -> None:
    fault = failures.read_fault(401, {}, json.dumps({"error": {"message": said}}).encode(), 0.0)
    error = failures.classify(fault, provider="P", model="m", remedies=REMEDIES, redact=Redactor())
    assert str(error).endswith(shown)


def test_addresses_of_messages_hold_no_password() -> None:
    assert public_url("http://user:pw@host:1/v1?key=x#f") == "http://host:1/v1"
    assert public_place("http://user:pw@host:1/v1?key=x") == "host:1"
    assert public_url("http://[broken") == "(unreadable address)" and public_place("http://[broken") == "the server"


@pytest.mark.parametrize(
    ("written", "root", "base"),
    [
        ("localhost", "http://localhost:11434", "http://localhost:11434/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        (":9000", "http://127.0.0.1:9000", "http://127.0.0.1:9000/v1"),
        ("[::]:9000", "http://127.0.0.1:9000", "http://127.0.0.1:9000/v1"),
        ("[::1]:9000", "http://[::1]:9000", "http://[::1]:9000/v1"),
        ("http://box.lan/", "http://box.lan", "http://box.lan/v1"),
        ("https://api.x.com/openai/v1/", "https://api.x.com/openai/v1", "https://api.x.com/openai/v1"),
        ("ftp://x", "", ""),
        ("http://x:99999", "", ""),
        ("  ", "", ""),
        ("http://[oops", "", ""),
    ],
)
def test_addresses_as_people_write_them(written: str, root: str, base: str) -> None:
    assert addresses.server_root(written, 11434) == root and addresses.openai_base(written, 11434) == base


def test_what_is_local() -> None:
    assert all(
        addresses.is_local(url)
        for url in (
            "http://localhost:1",
            "http://127.0.0.1",
            "http://192.168.1.5:8",
            "http://[::1]:9",
            "http://gpu:8000",
        )
    )
    assert not any(addresses.is_local(url) for url in ("https://api.openai.com/v1", "http://8.8.8.8", "http://[oops"))


STORY = """# Otters

Otters are mammals that live in rivers and eat fish. The weather was fine on Monday. Dr. Smith, e.g. in his book, says that
otters hold hands while they sleep in rivers. My lunch was cold.

```python
otters = rivers.sleep()  # Otters never read code in rivers.
```

| otters | rivers |
|---|---|

- Otters hunt fish in rivers every day. Nothing else happened.
- [Otters](http://example.org) are protected in many rivers of Europe.
"""


def test_summaries_are_made_of_the_texts_own_sentences() -> None:
    plain = " ".join(STORY.split())
    chosen = extractive.summarise(STORY, 3)
    assert len(chosen) == 3 and all("tters" in sentence for sentence in chosen)
    assert all(sentence in plain or sentence.startswith("Otters are protected") for sentence in chosen)
    assert not any("code" in sentence or "|" in sentence for sentence in chosen)
    assert any(sentence.startswith("Dr. Smith, e.g. in his book") for sentence in extractive.sentences(STORY))
    assert extractive.keywords(STORY)[0] in ("otters", "rivers")
    assert extractive.summarise("") == [] and extractive.summarise("Hi.") == []


@pytest.mark.parametrize("unit", ["A b c d. ", "word ", ".\n", "```", "| a |\n", "Aa. " * 3, "(((", "\n- "])
def test_summaries_of_large_texts_are_quick(unit: str) -> None:
    started = time.process_time()
    extractive.summarise(unit * (2_000_000 // len(unit)))
    extractive.keywords(unit * 1000)
    assert time.process_time() - started < 5


@settings(max_examples=100)
@given(st.text(max_size=500))
def test_nothing_breaks_the_summary(text: str) -> None:
    assert isinstance(extractive.summarise(text), list)


def test_errors_are_errors_of_aether() -> None:
    from kernel.errors import ProviderError as Base

    error = ProviderError("auth", "No key.", "Set it.")
    assert isinstance(error, Base) and str(error) == "No key. Set it." and error.retryable is False
    assert (
        ProviderError("timeout", "x").retryable is True
        and ProviderError("timeout", "x", retryable=False).retryable is False
    )


def test_a_request_above_the_limit_of_a_minute_is_shortened_and_not_sent_again() -> None:
    said = (
        "Request too large for gpt-x on tokens per min (TPM): Limit 10000, Requested 20000. "
        "The input or output tokens must be reduced in order to run successfully."
    )
    body = json.dumps({"error": {"message": said, "type": "tokens", "code": "rate_limit_exceeded"}}).encode()
    fault = failures.read_fault(429, {"retry-after": "60"}, body, 0)
    error = failures.classify(fault, provider="OpenAI", model="m", remedies=REMEDIES, redact=Redactor())
    assert (error.kind, error.retryable, error.retry_after_s) == ("context_overflow", False, None)


@pytest.mark.parametrize("before", range(285, 301))
def test_no_part_of_a_key_is_left_where_a_page_is_cut(before: int) -> None:
    key = "Zq7wXv9Kp2Lm4Nd8"
    page = b"<html>" + b"a " * (before // 2) + b"." * (before % 2) + key.encode() + b" was refused" + b" b" * 1_000
    fault = failures.read_fault(500, {}, page, 0)
    error = failures.classify(fault, provider="Server", model="m", remedies=REMEDIES, redact=Redactor(key))
    assert key[:3] not in str(error) and len(error.message) < 700


def test_what_a_server_says_stands_on_one_line_without_controls() -> None:
    body = json.dumps({"error": {"message": "bad\n\u001b[31mrequest\r\u0085now"}}).encode()
    error = failures.classify(
        failures.read_fault(400, {}, body, 0), provider="Server", model="m", remedies=REMEDIES, redact=Redactor()
    )
    assert error.message == "Server does not accept the request (status 400): bad [31mrequest now."
