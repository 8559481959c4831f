"""Every setting of Aether: one frozen tree with a sentence, a default and an environment name for each field.

Read by bootstrap (`load`: defaults < file < environment < flags); the settings window, `aether doctor` and the documentation are
made from the same declarations. Secrets are never written to the file: keys come from the environment.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import Meta

from kernel.errors import InvalidArgumentError, StorageError
from kernel.own_file import read_file
from kernel.protocol.ids import ApprovalMode

ClusterRole = Literal["hub", "node", "standalone"]
Theme = Literal["dark", "light", "system"]
DesktopSize = Literal["1024x768", "1280x800", "1440x900", "1600x900", "1920x1080", "2560x1440"]
UNKNOWN_SHOWN = 5
NAME_CHARACTERS = 80


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """A group of settings."""


def _doc(text: str, env: str = "", **limits: Any) -> Meta:
    return Meta(description=text, extra={"env": env}, **limits)


class AgentSettings(Section, frozen=True, kw_only=True):
    """How agents run."""

    max_steps: Annotated[int, _doc("Steps after which a run ends.", ge=1, le=100_000)] = 50
    pacing_s: Annotated[float, _doc("Pause between steps, in seconds.", ge=0, le=600)] = 0.0
    process_limit: Annotated[int, _doc("How many processes there may be at once.", ge=1, le=1_000_000)] = 4096
    token_budget: Annotated[int, _doc("Tokens after which an agent pauses and asks; 0 is no limit.", ge=0)] = 0
    time_budget_s: Annotated[float, _doc("Seconds of work after which an agent asks; 0 is no limit.", ge=0)] = 0.0
    repeat_limit: Annotated[int, _doc("Equal tool calls in a row after which an agent asks.", ge=2, le=1000)] = 5
    resume_at_start: Annotated[bool, _doc("Take up interrupted agents when Aether starts.")] = False
    private_pages: Annotated[bool, _doc("Let browse_web fetch addresses of this machine and its network.")] = False
    command_timeout_s: Annotated[float, _doc("Deadline of a command unless its agent sets one.", gt=0, le=86_400)] = 120.0


class ApprovalSettings(Section, frozen=True, kw_only=True):
    """When agents ask."""

    mode: Annotated[ApprovalMode, _doc("How new agents ask: ask, edits (writes in its home pass), yes or deny.")] = "ask"
    timeout_s: Annotated[float, _doc("Seconds after which no answer is a rejection; 0 waits for ever.", ge=0)] = 300.0


class SandboxSettings(Section, frozen=True, kw_only=True):
    """Limits of an agent's sandbox."""

    memory_mb: Annotated[int, _doc("Memory of all its processes, in MB.", ge=16)] = 1024
    cpu_cores: Annotated[float, _doc("Processor cores.", gt=0)] = 2.0
    disk_mb: Annotated[int, _doc("Home and /tmp together, in MB.", ge=1)] = 2048
    max_processes: Annotated[int, _doc("Processes and threads.", ge=4)] = 512
    desktop_size: Annotated[DesktopSize, _doc("Size of a graphical desktop in pixels, when it starts.")] = "1280x800"


class ProviderSettings(Section, frozen=True, kw_only=True):
    """Where models come from."""

    ollama_url: Annotated[str, _doc("Ollama's address.", "OLLAMA_HOST")] = "http://127.0.0.1:11434"
    lmstudio_url: Annotated[str, _doc("LM Studio's address.", "LMSTUDIO_URL")] = "http://127.0.0.1:1234/v1"
    vllm_url: Annotated[str, _doc("vLLM's address; empty tries ports 8000 and 8001.", "VLLM_URL")] = ""
    llamacpp_url: Annotated[str, _doc("llama.cpp's address.", "LLAMACPP_URL")] = "http://127.0.0.1:8080/v1"
    openai_url: Annotated[str, _doc("OpenAI's address, or that of a compatible server.", "OPENAI_BASE_URL")] = (
        "https://api.openai.com/v1"
    )
    anthropic_url: Annotated[str, _doc("Anthropic's address.", "ANTHROPIC_BASE_URL")] = "https://api.anthropic.com"
    gemini_url: Annotated[str, _doc("Gemini's address.", "GEMINI_BASE_URL")] = (
        "https://generativelanguage.googleapis.com"
    )
    model: Annotated[str, _doc("The remembered model; empty finds one.", "AETHER_MODEL")] = ""
    temperature: Annotated[float, _doc("Sampling temperature.", ge=0, le=2)] = 0.0
    context_size: Annotated[int, _doc("Context in tokens (num_ctx).", ge=512)] = 32_768
    max_tokens: Annotated[int, _doc("Longest answer in tokens; 0 leaves it to the server.", ge=0)] = 0
    top_p: Annotated[float, _doc("Nucleus sampling; 1 is off.", gt=0, le=1)] = 1.0


class GatewaySettings(Section, frozen=True, kw_only=True):
    """The network side of a kernel."""

    port: Annotated[int, _doc("Port of the gateway.", "AETHER_PORT", ge=1, le=65_535)] = 3001
    cluster_role: Annotated[ClusterRole, _doc("hub, node or standalone.", "AETHER_CLUSTER_ROLE")] = "standalone"
    hub_url: Annotated[str, _doc("The hub's address, for a node.", "AETHER_HUB_URL")] = ""
    node_host: Annotated[str, _doc("This node's name for the hub.", "AETHER_NODE_HOST")] = "localhost"
    node_capacity: Annotated[int, _doc("Processes of this node.", "AETHER_NODE_CAPACITY", ge=1)] = 16
    registration_open: Annotated[bool, _doc("Whether new users may sign up.", "AETHER_REGISTRATION_OPEN")] = True


class DesktopSettings(Section, frozen=True, kw_only=True):
    """The window."""

    theme: Annotated[Theme, _doc("dark, light or system.", "AETHER_THEME")] = "dark"
    reduced_motion: Annotated[bool, _doc("Nothing moves.", "AETHER_REDUCED_MOTION")] = False
    first_run_done: Annotated[bool, _doc("Whether the first-run page was answered.")] = False
    deploy: Annotated[dict[str, Any], _doc("The last values of the deploy dialog.")] = {}


class TerminalSettings(Section, frozen=True, kw_only=True):
    """Terminals."""

    scrollback: Annotated[int, _doc("Lines of history that a terminal keeps.", ge=0, le=200_000)] = 10_000
    theme: Annotated[str, _doc("Colours of terminals; auto follows the window's theme.", max_length=64)] = "auto"
    font_px: Annotated[int, _doc("Size of the font in terminals, in pixels.", ge=6, le=64)] = 13


class Config(Section, frozen=True, kw_only=True):
    """The whole tree."""

    agents: AgentSettings = AgentSettings()
    approvals: ApprovalSettings = ApprovalSettings()
    sandbox: SandboxSettings = SandboxSettings()
    providers: ProviderSettings = ProviderSettings()
    gateway: GatewaySettings = GatewaySettings()
    desktop: DesktopSettings = DesktopSettings()
    terminal: TerminalSettings = TerminalSettings()


class Setting(msgspec.Struct, frozen=True):
    """One field, described. name: dotted. env: its environment variable or ""."""

    name: str
    description: str
    default: Any
    env: str


def settings() -> Iterator[Setting]:
    """Every setting, in order."""
    for section_name, section_type in get_type_hints(Config).items():
        if not (isinstance(section_type, type) and issubclass(section_type, Section)):
            continue
        hints = get_type_hints(section_type, include_extras=True)
        for field in msgspec.structs.fields(section_type):
            meta = next(item for item in hints[field.name].__metadata__ if isinstance(item, Meta))
            default = field.default if field.default is not msgspec.NODEFAULT else {}
            env = (meta.extra or {}).get("env", "")
            yield Setting(f"{section_name}.{field.name}", meta.description or "", default, env)


class Loaded(msgspec.Struct, frozen=True):
    """What was found: `saved` is the file's own tree, `config` the one in force, `notice` a sentence about what does not count."""

    config: Config
    saved: Config
    notice: str | None


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """Defaults, then the file, then the environment. Raises InvalidArgumentError for a wrong value in the environment."""
    saved, notice = _read(path)
    config = saved
    for setting in settings():
        value = environ.get(setting.env) if setting.env else None
        if value:
            config = _from_environment(config, setting, value)
    return Loaded(config, saved, notice)


def _from_environment(config: Config, setting: "Setting", value: str) -> Config:
    tree = _with(msgspec.to_builtins(config), setting.name, _normalise(setting.name, value))
    try:
        return msgspec.convert(tree, Config, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidArgumentError(
            f"{setting.env}={value[:200]} cannot be: {error}.", f"{setting.description} Unset it or mend it."
        ) from error


def change(config: Config, name: str, value: Any) -> Config:
    """The tree with one setting changed. Raises InvalidArgumentError for an unknown name or a wrong value."""
    known = {setting.name for setting in settings()}
    if name not in known:
        import difflib

        near = difflib.get_close_matches(name, known, n=3)
        raise InvalidArgumentError(
            f"There is no setting {name!r}.", f"Did you mean {', '.join(near)}?" if near else "settings.get lists them."
        )
    try:
        return msgspec.convert(_with(msgspec.to_builtins(config), name, value), Config)
    except msgspec.ValidationError as error:
        raise InvalidArgumentError(f"{name} cannot be {value!r}: {error}.") from error


def save(config: Config, path: Path) -> None:
    """Write what differs from the defaults, atomically, readable by the owner only. Raises StorageError."""
    defaults: dict[str, Any] = msgspec.to_builtins(Config())
    current: dict[str, Any] = msgspec.to_builtins(config)
    changed = {
        section: {name: value for name, value in values.items() if value != defaults[section][name]}
        for section, values in current.items()
    }
    body = msgspec.json.format(msgspec.json.encode({key: value for key, value in changed.items() if value}))
    try:
        _replace(path, body)
    except OSError as error:
        raise StorageError(f"The settings could not be saved: {error.strerror}.", f"Look at {path.parent}.") from error


def _replace(path: Path, body: bytes) -> None:
    """Put a whole new file in the place of what is there, which is never opened. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".settings-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def flatten(config: Config) -> dict[str, Any]:
    """Dotted name -> value."""
    tree: dict[str, dict[str, Any]] = msgspec.to_builtins(config)
    return {f"{section}.{name}": value for section, values in tree.items() for name, value in values.items()}


def _read(path: Path) -> tuple[Config, str | None]:
    try:
        raw = read_file(path)
    except FileNotFoundError:
        return Config(), None
    except OSError as error:
        return Config(), f"The settings in {path} cannot be read ({error.strerror}); defaults are in force."
    try:
        return msgspec.json.decode(raw, type=Config), _unknown(msgspec.json.decode(raw))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        return Config(), f"The settings file was damaged ({error}); {_keep(path, raw)} and defaults are in force."


def _unknown(tree: dict[str, Any]) -> str | None:
    """A sentence about names in a file that are none of a setting, with the ones that may be meant; None where all are known."""
    import difflib

    sections = msgspec.to_builtins(Config())
    known = [setting.name for setting in settings()]
    strange: list[str] = []
    for section, values in tree.items():
        if section in sections:
            strange += [f"{section}.{name}" for name in values if name not in sections[section]]
        else:
            strange += [f"{section}.{name}" for name in values] if isinstance(values, dict) and values else [section]
    if not strange:
        return None
    said = []
    for name in strange[:UNKNOWN_SHOWN]:
        near = difflib.get_close_matches(name[:NAME_CHARACTERS], known if "." in name else [*sections, *known], n=1)
        said.append(f"{name[:NAME_CHARACTERS]!r}" + (f" (did you mean {near[0]}?)" if near else ""))
    more = f" and {len(strange) - UNKNOWN_SHOWN} more" if len(strange) > UNKNOWN_SHOWN else ""
    return f"The settings file has names that are no settings: {', '.join(said)}{more}. The rest of it is in force."


def _keep(path: Path, raw: bytes) -> str:
    """Keep a damaged file beside its place; the words that say so."""
    kept = path.with_suffix(".damaged.json")
    try:
        _replace(kept, raw)
    except OSError as error:
        return f"it could not be kept ({error.strerror})"
    return f"it is kept as {kept.name}"


def _with(tree: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    section, _, field = name.partition(".")
    return {**tree, section: {**tree.get(section, {}), field: value}}


def _normalise(name: str, value: str) -> str:
    """OLLAMA_HOST may be host:port without a scheme; 0.0.0.0 means this machine."""
    if name != "providers.ollama_url":
        return value
    url = value if "://" in value else f"http://{value}"
    return url.replace("//0.0.0.0", "//127.0.0.1").rstrip("/")
