"""The one tree of settings."""

from pathlib import Path

import msgspec
import pytest

from kernel.config import Config, change, flatten, load, save, settings
from kernel.errors import InvalidArgumentError, StorageError
from kernel.settings import Settings
from tests.unit.kernel.test_own_file import PRESENT


@pytest.mark.feature("CF01")
def test_every_setting_is_described_and_its_default_is_in_force() -> None:
    found = list(settings())
    values = flatten(Config())
    assert [setting.name for setting in found] == list(values)
    for setting in found:
        assert len(setting.description) > 5
        assert values[setting.name] == setting.default
    variables = {setting.env for setting in found if setting.env}
    assert {"AETHER_PORT", "AETHER_MODEL", "OLLAMA_HOST", "AETHER_REGISTRATION_OPEN", "AETHER_CLUSTER_ROLE"} <= variables
    assert not any("KEY" in name or "SECRET" in name for name in variables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("agents.max_steps", 0),
        ("agents.max_steps", "9"),
        ("agents.max_steps", None),
        ("agents.max_steps", 1.5),
        ("approvals.mode", "sometimes"),
        ("gateway.port", 65_536),
        ("gateway.cluster_role", "king"),
        ("desktop.theme", "blue"),
        ("desktop.deploy", []),
        ("providers.top_p", 0),
        ("agents", {}),
        ("agents.max_steps.x", 1),
        ("agents.__class__", 1),
    ],
)
def test_a_wrong_change_is_refused_with_the_setting_named(name: str, value: object) -> None:
    with pytest.raises(InvalidArgumentError, match=name.split(".")[0]):
        change(Config(), name, value)


def test_a_misspelt_name_is_answered_with_its_neighbours() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        change(Config(), "agents.max_step", 3)
    assert "agents.max_steps" in caught.value.hint


def test_only_what_differs_from_the_defaults_is_written(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    save(change(Config(), "providers.model", "ollama/גמא 🚀"), path)
    assert msgspec.json.decode(path.read_bytes()) == {"providers": {"model": "ollama/גמא 🚀"}}
    assert path.stat().st_mode & 0o777 == 0o600
    assert load(path, {}).config.providers.model == "ollama/גמא 🚀"


@pytest.mark.feature("CF01")
async def test_a_persons_choice_is_written_and_what_the_environment_says_is_not(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    save(change(Config(), "gateway.port", 3005), path)
    loaded = load(path, {"AETHER_PORT": "4000", "AETHER_MODEL": "a/b"})
    held = Settings(loaded.config, path, loaded.saved)
    assert held.current().gateway.port == 4000
    told: list[Config] = []
    held.on_change(told.append)
    await held.change("desktop.theme", "light")
    assert msgspec.json.decode(path.read_bytes()) == {"gateway": {"port": 3005}, "desktop": {"theme": "light"}}
    assert told[-1].gateway.port == 4000
    await held.change("gateway.port", 5000)
    assert held.current().gateway.port == 5000
    assert load(path, {}).config.gateway.port == 5000
    assert load(path, {}).config.providers.model == ""


@pytest.mark.parametrize(("raw", "value"), [("false", False), ("0", False), ("TRUE", True), ("1", True)])
def test_yes_and_no_in_the_environment(tmp_path: Path, raw: str, value: bool) -> None:
    assert load(tmp_path / "none", {"AETHER_REGISTRATION_OPEN": raw}).config.gateway.registration_open is value


def test_an_empty_variable_is_no_value(tmp_path: Path) -> None:
    assert load(tmp_path / "none", {"AETHER_PORT": ""}).config.gateway.port == 3001


def test_settings_of_a_newer_version_are_passed_over_and_named(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text('{"later": {"x": 1}, "agents": {"max_steps": 3, "unknown": true}}')
    loaded = load(path, {})
    assert loaded.config.agents.max_steps == 3
    assert "'later.x', 'agents.unknown'. The rest" in str(loaded.notice)


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.json").mkdir()
    assert "cannot be read" in str(load(tmp_path / "c.json", {}).notice)


@pytest.mark.feature("ST01")
@pytest.mark.parametrize("kind", PRESENT)
def test_what_is_no_file_is_said_and_the_next_change_takes_its_place_where_it_can(tmp_path: Path, kind: str) -> None:
    make, words = PRESENT[kind]
    path = tmp_path / "c.json"
    make(path)
    loaded = load(path, {"AETHER_PORT": "4000"})
    assert f"(it {words}); defaults are in force" in str(loaded.notice) and str(path) in str(loaded.notice)
    assert loaded.saved == Config() and loaded.config.gateway.port == 4000
    if kind == "folder":
        with pytest.raises(StorageError):
            save(Config(), path)
    else:
        save(change(Config(), "gateway.port", 3005), path)
        assert path.is_file() and not path.is_symlink() and load(path, {}).config.gateway.port == 3005


@pytest.mark.parametrize("kind", PRESENT)
def test_what_lies_where_a_damaged_file_is_kept_is_never_opened(tmp_path: Path, kind: str) -> None:
    (tmp_path / "c.json").write_text("{damaged")
    PRESENT[kind][0](tmp_path / "c.damaged.json")
    notice = str(load(tmp_path / "c.json", {}).notice)
    assert "damaged" in notice
    if kind == "folder":
        assert "could not be kept" in notice
    else:
        assert (tmp_path / "c.damaged.json").read_text() == "{damaged"
    assert not list(tmp_path.glob(".settings-*"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"agent":{"resume_at_start":true},"gateway":{"port":4444}}', "'agent.resume_at_start' (did you mean agents.resume_at_start?)"),
        ('{"gateway":{"port":4444,"prot":1}}', "'gateway.prot' (did you mean gateway.port?)"),
        ('{"agnets":{},"gateway":{"port":4444}}', "'agnets' (did you mean agents?)"),
        ('{"max_steps":3,"gateway":{"port":4444}}', "'max_steps' (did you mean agents.max_steps?)"),
        ('{"\\u001b[2J":[1],"gateway":{"port":4444}}', "'\\x1b[2J'."),
        ('{"gateway":{"port":4444' + "".join(f',"qq{n}":1' for n in range(9)) + "}}", " and 4 more."),
    ],
)
def test_a_name_that_is_no_setting_is_said_and_the_rest_counts(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    loaded = load(path, {})
    assert said in str(loaded.notice)
    assert loaded.config.gateway.port == 4444
    assert path.read_text() == content
    path.write_text('{"gateway":{"port":4444},"desktop":{"deploy":{"anything":1}}}')
    assert load(path, {}).notice is None
