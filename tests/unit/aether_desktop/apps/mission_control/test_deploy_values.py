"""What is typed into the deploy dialog becomes a configuration, or one sentence for each field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from aether_desktop.apps.mission_control.deploy_values import (
    Defaults,
    DeployValues,
    check,
    config_of,
    copied,
    defaults_of,
    recalled,
    remembered,
)
from kernel.protocol.records import GOAL_LIMIT_CHARACTERS, AgentConfig, SandboxConfig, WorkspaceMount
from tests.fakes.kernel_client import make_info

GOOD = DeployValues(role="Tester", goal=" Break it. ")


def anywhere(_path: str) -> bool:
    return True


@pytest.mark.feature("MC05")
def test_a_goal_is_enough() -> None:
    config = check(GOOD, anywhere).config
    assert config is not None
    assert (config.role, config.goal, config.model, config.approval) == ("Tester", "Break it.", "", "ask")
    assert config.max_steps is None
    assert config.sandbox.network_access is False
    assert config.sandbox.mounts == ()


@pytest.mark.feature("MC05", "VN06")
def test_every_field_reaches_the_agent() -> None:
    values = replace(
        GOOD, model="ollama/q", max_steps="1 000", token_budget="2,000,000", time_budget_min="1.5", memory_mb="512",
        cpu_cores="0.5", network=True, gpu=True, graphical=True, approval="edits", folder="~/code", folder_read_only=False,
    )  # fmt: skip
    config = check(values, anywhere).config
    assert config is not None
    assert (config.model, config.max_steps, config.token_budget, config.time_budget_s) == ("ollama/q", 1000, 2_000_000, 90.0)
    sandbox = config.sandbox
    assert (sandbox.memory_limit_mb, sandbox.cpu_limit, sandbox.network_access) == (512, 0.5, True)
    assert sandbox.gpu and sandbox.graphical
    (mount,) = sandbox.mounts
    assert (mount.host_path, mount.guest_path, mount.read_only) == ("~/code", "work", False)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"goal": "  \n "}, "goal", "Say what"),
        ({"goal": "x" * (GOAL_LIMIT_CHARACTERS + 1)}, "goal", "100,001 characters; at most 100,000"),
        ({"max_steps": "many"}, "max_steps", "whole number"),
        ({"max_steps": "0"}, "max_steps", "1 to 100,000"),
        ({"max_steps": "٣"}, "max_steps", "whole number"),
        ({"token_budget": "-1"}, "token_budget", "whole number"),
        ({"token_budget": "9" * 400}, "token_budget", "whole number"),
        ({"time_budget_min": "nan"}, "time_budget_min", "A number"),
        ({"time_budget_min": "1e999"}, "time_budget_min", "A number"),
        ({"memory_mb": "4"}, "memory_mb", "16 to"),
        ({"cpu_cores": "0"}, "cpu_cores", "A number"),
        ({"folder": "work"}, "folder", "Begin with"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(changes: dict[str, Any], field: str, said: str) -> None:
    checked = check(replace(GOOD, **changes), anywhere)
    assert checked.config is None
    assert list(checked.problems) == [field]
    assert said in checked.problems[field]


def test_a_missing_folder_is_said() -> None:
    assert check(replace(GOOD, folder="/no"), lambda _path: False).problems == {"folder": "There is no such folder."}


def test_the_last_values_come_back_without_the_goal() -> None:
    values = replace(GOOD, max_steps="9", network=True, gpu=True, graphical=True, approval="deny", folder="/a", folder_read_only=False)
    assert recalled(remembered(values, "ask"), "ask") == replace(values, goal="")


@pytest.mark.parametrize(
    "kept",
    [
        None, 7, [], {"role": "King"}, {"role": ["Coder"]}, {"network": "yes"}, {"graphical": 1}, {"approval": "maybe"},
        {"model": "m" * 5000},
    ],
)
def test_whatever_was_kept_makes_a_form(kept: object) -> None:
    assert recalled(kept) == DeployValues()


@pytest.mark.feature("MC06", "VN06")
def test_deploying_again_copies_a_run() -> None:
    config = AgentConfig(
        role="Analyst", goal="Again", model="m", name="Ada", tools=("read_file",), max_steps=7, token_budget=9000, temperature=0.5,
        time_budget_s=90.0, approval="yes",
        sandbox=SandboxConfig(
            memory_limit_mb=512, cpu_limit=1.5, disk_limit_mb=64, network_access=True, gpu=True, graphical=True,
            mounts=(
                WorkspaceMount(host_path="/one", guest_path="one", read_only=True),
                WorkspaceMount(host_path="/two", guest_path="two"),
            ),
        ),
    )  # fmt: skip
    values = copied(config)
    assert (values.time_budget_min, values.cpu_cores, values.folder) == ("1.5", "1.5", "/one")
    assert check(values, lambda _path: True, config).config == config


@pytest.mark.feature("MC06")
def test_what_is_changed_in_a_copy_is_changed_and_the_rest_is_kept() -> None:
    first, second = WorkspaceMount(host_path="/one"), WorkspaceMount(host_path="/two", guest_path="two")
    before = AgentConfig(role="Coder", goal="Again", tools=("read_file",), sandbox=SandboxConfig(mounts=(first, second)))
    values = replace(copied(before), goal="Other", folder="")
    config = check(values, lambda _path: True, before).config
    assert config is not None
    assert (config.goal, config.tools, config.sandbox.mounts) == ("Other", ("read_file",), (second,))


def test_a_run_without_a_kept_configuration_is_copied_from_its_record() -> None:
    info = make_info(4, role="Analyst", goal="Again", model="m", max_steps=7, network_access=True, graphical=True, approval="yes")
    values = copied(config_of(info))
    assert (values.role, values.goal, values.model, values.max_steps) == ("Analyst", "Again", "m", "7")
    assert (values.network, values.gpu, values.graphical, values.approval, values.folder) == (True, False, True, "yes", "")


@pytest.mark.feature("MC05")
def test_the_approval_of_the_settings_counts_until_another_is_chosen_under_it() -> None:
    chosen = remembered(DeployValues(approval="edits"), "ask")
    assert recalled(chosen, "ask").approval == "edits"
    assert recalled(chosen, "deny").approval == "deny", "the setting was changed since"
    assert recalled({"approval": "yes"}, "ask").approval == "ask", "of a version that did not keep the setting"
    assert recalled(None, "yes").approval == "yes"


def test_defaults_say_what_the_settings_say() -> None:
    settings = {
        "approvals.mode": "edits", "agents.max_steps": 80, "agents.token_budget": 0, "agents.time_budget_s": 90.0,
        "sandbox.memory_mb": 2048, "sandbox.cpu_cores": 1.5,
    }  # fmt: skip
    defaults = defaults_of(settings)
    assert defaults.approval == "edits"
    assert defaults.numbers == {
        "max_steps": "80", "token_budget": "no limit", "time_budget_min": "1.5", "memory_mb": "2048", "cpu_cores": "1.5",
    }  # fmt: skip
    assert defaults_of({"approvals.mode": "whatever", "agents.max_steps": "x"}) == Defaults()
