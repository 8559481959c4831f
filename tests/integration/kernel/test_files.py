"""The file system that people see, on a real kernel: what it does, and that nothing leads out of it."""

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kernel.bootstrap import build_kernel
from kernel.errors import AetherError, InvalidArgumentError, LimitReachedError, NotFoundError, PermissionDeniedError
from kernel.principal import Principal
from kernel.protocol import agent, fs
from kernel.protocol.base import Command
from kernel.protocol.process import ProcessReaped, ProcessSpawn
from kernel.protocol.records import AgentConfig
from tests.fakes.scripts import call, turn, write_script
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="done"))
ALICE, BOB = Principal("alice"), Principal("bob")


@pytest.fixture
async def home(bench: Bench) -> str:
    """The virtual path of an agent's home."""
    pid = await bench.deploy(turn("", call("run_command", command="sleep 60")))
    return f"/home/agent_{pid}"


async def refused(bench: Bench, command: Command[object]) -> AetherError:
    with pytest.raises(AetherError) as caught:
        await bench.execute(command)
    assert "inside Aether" not in str(caught.value)
    return caught.value


@pytest.mark.feature("FS01", "FS05")
async def test_every_verb_works_on_real_files(bench: Bench, home: str) -> None:
    real = bench.root / home[1:]
    await bench.execute(fs.FsMkdir(path=f"{home}/a/b", recursive=True))
    await bench.execute(fs.FsWrite(path=f"{home}/a/b/x.txt", content="héllo 🚀"))
    assert (real / "a/b/x.txt").read_text() == "héllo 🚀"
    read = await bench.execute(fs.FsRead(path=f"{home}/a/b/x.txt"))
    assert (read.content, read.size, read.binary) == ("héllo 🚀", len("héllo 🚀".encode()), False)
    await bench.execute(fs.FsCp(from_=f"{home}/a", to=f"{home}/copy"))
    await bench.execute(fs.FsMv(from_=f"{home}/copy/b/x.txt", to=f"{home}/moved.txt"))
    assert (real / "moved.txt").read_text() == "héllo 🚀"
    assert not (real / "copy/b/x.txt").exists()
    found = await bench.execute(fs.FsStat(path=f"{home}/moved.txt"))
    assert (found.path, found.type, found.size, found.uid) == (f"{home}/moved.txt", "file", 11, home[6:])
    await bench.execute(fs.FsRm(path=f"{home}/a"))
    assert not (real / "a").exists()
    assert (await bench.execute(fs.FsRead(path=f"{home}/moved.txt"))).content == "héllo 🚀"


@pytest.mark.feature("FS01")
async def test_files_of_the_host_are_there_and_survive_a_restart(make_bench: MakeBench) -> None:
    first = await make_bench()
    await first.execute(fs.FsWrite(path="/shared/kept.txt", content="kept"))
    await first.kernel.stop()
    (first.root / "shared/from-outside").write_text("seen")
    second = await make_bench()
    assert (await second.execute(fs.FsRead(path="/shared/kept.txt"))).content == "kept"
    assert (await second.execute(fs.FsRead(path="/shared/from-outside"))).content == "seen"
    await second.kernel.stop()


@pytest.mark.feature("FS06", "FS03")
async def test_folders_come_first_then_names_and_hidden_is_marked(bench: Bench, home: str) -> None:
    for name in ("b.txt", "A.txt", ".hidden", "ñ"):
        await bench.execute(fs.FsWrite(path=f"{home}/Documents/{name}", content=""))
    await bench.execute(fs.FsMkdir(path=f"{home}/Documents/zoo"))
    listed = (await bench.execute(fs.FsLs(path=f"{home}/Documents"))).entries
    assert [entry.name for entry in listed] == ["zoo", ".hidden", "A.txt", "b.txt", "ñ"]
    assert [entry.is_hidden for entry in listed] == [False, True, False, False, False]
    top = (await bench.execute(fs.FsLs(path="/"))).entries
    assert [entry.name for entry in top] == ["etc", "home", "shared", "tmp", "var"]


@pytest.mark.feature("FS07")
async def test_every_change_is_said(bench: Bench, home: str) -> None:
    await bench.execute(fs.FsWrite(path=f"{home}/n", content="1"))
    await bench.execute(fs.FsWrite(path=f"{home}/n", content="2"))
    await bench.execute(fs.FsMv(from_=f"{home}/n", to=f"{home}/m"))
    await bench.execute(fs.FsRm(path=f"{home}/m"))
    said = [(item.path.rsplit("/", 1)[1], item.change_type) for item in bench.events if isinstance(item, fs.FsChanged)]
    assert said == [("n", "create"), ("n", "modify"), ("n", "delete"), ("m", "create"), ("m", "delete")]


@pytest.mark.feature("FS05", "FS07")
async def test_changes_made_by_others_are_said_while_watched(bench: Bench, home: str) -> None:
    real = bench.root / home[1:]
    await bench.execute(fs.FsWatch(path=home))
    await bench.execute(fs.FsWatch(path=home))

    async def said(name: str, change: str) -> fs.FsChanged:
        def fits(event: fs.FsChanged) -> bool:
            return (event.path, event.change_type) == (f"{home}/{name}", change)

        past = [event for event in bench.events if isinstance(event, fs.FsChanged) and fits(event)]
        return past[0] if past else await bench.kernel.bus.wait(fs.FsChanged, fits, timeout_s=5)

    (real / "new.txt").write_text("x")
    assert (await said("new.txt", "create")).owner_uid == "local"
    (real / "later").mkdir()
    await said("later", "create")
    (real / "later/inner").write_text("x")
    await said("later/inner", "create")
    os.close(os.open(os.fsencode(real) + b"/caf\xe9", os.O_CREAT | os.O_WRONLY))
    await said("caf\ufffd", "create")
    for _ in range(200):
        (real / "flicker").mkdir()
        (real / "flicker").rmdir()
    (real / "new.txt").unlink()
    await said("new.txt", "delete")
    await bench.execute(fs.FsUnwatch(path=home))
    (real / "still.txt").write_text("x")
    await said("still.txt", "create")
    await bench.execute(fs.FsUnwatch(path=home))
    (real / "silent.txt").write_text("x")
    await asyncio.sleep(0.1)
    assert not [item for item in bench.events if isinstance(item, fs.FsChanged) and "silent" in item.path]


async def test_watching_everything_says_nothing_of_the_kernels_own_files(bench: Bench) -> None:
    await bench.execute(fs.FsWatch(path="/"))
    pid = await bench.deploy(turn("", call("write_file", path="seen", content="x")), DONE)
    await bench.ended(pid)
    paths = {item.path for item in bench.events if isinstance(item, fs.FsChanged)}
    assert f"/home/agent_{pid}/seen" in paths
    assert not [path for path in paths if path.startswith("/var/kernel")]


WAYS_OUT = (
    "{home}/../agent_9/x",
    "/home/../../etc/passwd",
    "..",
    "/../x",
    "/home/./../var/kernel/aether.db",
    "/var/kernel/aether.db",
    "/var//kernel/./aether.db",
    "/etc/../etc/passwd",
    "/nothing/x",
    "{home}/a\x00b",
    "{home}/" + "n" * 300,
    "{home}/link-to-etc/passwd",
    "{home}/link-to-sibling/x",
    "{home}/relative-out/var/kernel/aether.db",
)
SPECIAL_FILES = ("link-to-shadow", "loop", "proc-link", "fifo", "socket", "null")


def lay_traps(home: Path, sibling: Path) -> None:
    """Everything in a home that could lead out of it, or hold up who opens it."""
    sibling.mkdir()
    (sibling / "x").write_text("the sibling's")
    (home / "link-to-etc").symlink_to("/etc")
    (home / "link-to-shadow").symlink_to("/etc/shadow")
    (home / "link-to-sibling").symlink_to(f"../{sibling.name}")
    (home / "relative-out").symlink_to("../..")
    (home / "loop").symlink_to("loop")
    (home / "proc-link").symlink_to("/proc/self/root/etc/passwd")
    os.mkfifo(home / "fifo")
    os.mknod(home / "socket", 0o600 | stat.S_IFSOCK)
    if os.geteuid() == 0:
        os.mknod(home / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))


@pytest.mark.feature("FS04")
async def test_nothing_leads_out(bench: Bench, home: str) -> None:
    real = bench.root / home[1:]
    sibling = real.with_name(real.name + "0")
    lay_traps(real, sibling)
    special = [f"{home}/{name}" for name in SPECIAL_FILES if os.path.lexists(real / name)]
    for path in (*(way.format(home=home) for way in WAYS_OUT), *special):
        await asyncio.wait_for(refused(bench, fs.FsRead(path=path)), 5)
        await asyncio.wait_for(refused(bench, fs.FsWrite(path=path, content="overwritten")), 5)
        if path not in special:
            await refused(bench, fs.FsMkdir(path=f"{path}/new", recursive=True))
            await refused(bench, fs.FsCp(from_=path, to=f"{home}/stolen"))
            await refused(bench, fs.FsMv(from_=f"{home}/.profile", to=path))
            await refused(bench, fs.FsWatch(path=path))
    assert (sibling / "x").read_text() == "the sibling's"
    assert not (real / "stolen").exists()
    assert (real / ".profile").exists()


@pytest.mark.feature("FS04")
async def test_a_link_is_removed_not_what_it_points_to(bench: Bench, home: str, tmp_path: Path) -> None:
    real = bench.root / home[1:]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (real / "folder").mkdir()
    (real / "folder/out").symlink_to(outside)
    (real / "folder/file-out").symlink_to(outside / "kept")
    copied = await bench.execute(fs.FsCp(from_=f"{home}/folder", to=f"{home}/copied"))
    assert list((real / "copied").iterdir()) == []
    assert (copied.left_out, copied.left_out_count) == (("file-out", "out"), 2)
    await bench.execute(fs.FsRm(path=f"{home}/folder"))
    assert (outside / "kept").read_text() == "kept"
    assert not (real / "folder").exists()


@pytest.mark.feature("FS01", "FS04")
async def test_a_move_between_homes_takes_all_or_nothing(bench: Bench, home: str) -> None:
    real = bench.root / home[1:]
    other = await bench.deploy(turn("", call("run_command", command="sleep 60")))
    there = bench.root / f"home/agent_{other}"
    (real / "project/bin").mkdir(parents=True)
    (real / "project/bin/run").write_text("#!/bin/sh")
    (real / "project/bin/run").chmod(0o755)
    (real / "project/bin/link").symlink_to("run")
    os.mkfifo(real / "project/fifo")
    refusal = await refused(bench, fs.FsMv(from_=f"{home}/project", to=f"/home/agent_{other}/project"))
    assert "bin/link, fifo" in str(refusal)
    assert not (there / "project").exists()
    assert (real / "project/bin/link").is_symlink()
    await refused(bench, fs.FsMv(from_=f"{home}/project/bin/link", to=f"/home/agent_{other}/link"))
    assert not (there / "link").exists()
    (real / "project/bin/link").unlink()
    (real / "project/fifo").unlink()
    await bench.execute(fs.FsMv(from_=f"{home}/project", to=f"/home/agent_{other}/project"))
    assert (there / "project/bin/run").read_text() == "#!/bin/sh"
    assert os.access(there / "project/bin/run", os.X_OK)
    assert not (real / "project").exists()
    await refused(bench, fs.FsMv(from_=f"/home/agent_{other}", to="/shared/all"))
    assert not (bench.root / "shared/all").exists()


def unreadable(path: Path, outside: Path) -> None:
    """A file that the kernel does not read; for root it must be a second name of somebody else's."""
    if os.geteuid() == 0:
        (outside / "theirs").write_text("theirs")
        os.chown(outside / "theirs", 1, 1)
        os.link(outside / "theirs", path)
    else:
        path.write_text("closed")
        path.chmod(0)


@pytest.mark.feature("FS04")
async def test_a_copy_that_fails_leaves_nothing_half_done(bench: Bench, home: str, tmp_path: Path) -> None:
    real = bench.root / home[1:]
    (real / "folder").mkdir()
    (real / "folder/a").write_text("a")
    (real / "folder/large").write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    assert "large" in str(await refused(bench, fs.FsCp(from_=f"{home}/folder", to="/shared/folder")))
    assert not (bench.root / "shared/folder").exists()
    (real / "folder/large").unlink()
    unreadable(real / "folder/z", tmp_path)
    await refused(bench, fs.FsMv(from_=f"{home}/folder", to="/shared/folder"))
    assert not (bench.root / "shared/folder").exists()
    assert (real / "folder/a").read_text() == "a"


@pytest.mark.feature("FS04")
async def test_writing_never_goes_through_a_hard_link(bench: Bench, home: str, tmp_path: Path) -> None:
    real = bench.root / home[1:]
    outside = tmp_path / "precious"
    outside.write_text("precious")
    os.link(outside, real / "innocent")
    await bench.execute(fs.FsWrite(path=f"{home}/innocent", content="overwritten"))
    assert outside.read_text() == "precious"
    assert (real / "innocent").read_text() == "overwritten"


@pytest.mark.feature("FS08")
async def test_a_file_has_at_most_ten_megabytes(bench: Bench, home: str) -> None:
    ten = 10 * 1024 * 1024
    await bench.execute(fs.FsWrite(path=f"{home}/ten", content="x" * ten))
    with pytest.raises(LimitReachedError):
        await bench.execute(fs.FsWrite(path=f"{home}/more", content="x" * (ten + 1)))
    with (bench.root / home[1:] / "huge").open("wb") as file:
        file.truncate(ten + 1)
    with pytest.raises(LimitReachedError, match="larger than 10 MB"):
        await bench.execute(fs.FsRead(path=f"{home}/huge"))
    assert (await bench.execute(fs.FsRead(path=f"{home}/ten"))).size == ten


@pytest.mark.feature("FS09")
async def test_no_other_user_of_the_machine_reaches_the_agents_files(bench: Bench, home: str) -> None:
    pid = int(home.rsplit("_", 1)[1])
    await bench.execute(fs.FsCreateShared(name="plans", owner_pid=pid))
    await bench.execute(fs.FsWrite(path="/shared/plans/a.txt", content="ours"))
    await bench.execute(fs.FsWrite(path=f"{home}/b.txt", content="mine"))
    for folder in ("shared", "home", "tmp", home[1:], f"tmp/agent_{pid}"):
        assert stat.S_IMODE((bench.root / folder).stat().st_mode) == 0o700, folder
    if os.geteuid() != 0:
        assert stat.S_IMODE((bench.root / "shared/plans").stat().st_mode) == 0o700
        return
    for above in bench.root.parents[:3]:
        above.chmod(above.stat().st_mode | 0o755)  # pytest's own folders are private; the agents' must be by themselves
    for path in ("shared", "shared/plans", "shared/plans/a.txt", home[1:], f"{home[1:]}/b.txt", "var/kernel/aether.db"):
        tried = subprocess.run(["ls", str(bench.root / path)], user=65534, group=65534, extra_groups=[], capture_output=True, text=True)
        assert "Permission denied" in tried.stderr, path
    tried = subprocess.run(["ls", str(bench.root)], user=65534, group=65534, extra_groups=[], capture_output=True, text=True)
    assert "shared" in tried.stdout, "the way there is open, so the refusals above are the folders' own"


async def test_folders_deeper_than_any_path_are_removed_with_all_in_them(bench: Bench, home: str) -> None:
    real = bench.root / home[1:]
    dig = "import os; os.mkdir('deep'); os.chdir('deep')\nfor _ in range(2100): os.mkdir('d'); os.chdir('d'); open('f', 'w').close()"
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", dig], cwd=real, check=True, timeout=30)
    (real / "deep/closed").mkdir(mode=0o000)
    await bench.execute(fs.FsRm(path=f"{home}/deep"))
    assert not (real / "deep").exists()


async def test_an_agents_deep_tmp_is_cleared_when_it_is_reaped(bench: Bench) -> None:
    dig = "import os; os.chdir('/tmp')\nfor _ in range(1500): os.mkdir('d'); os.chdir('d'); open('f', 'w').close()"
    pid = await bench.deploy(turn("", call("run_command", command=f'python3 -c "{dig}"')), DONE)
    await bench.ended(pid)
    assert bench.of(pid, agent.AgentObservation)[0].exit_code == 0
    await bench.wait(ProcessReaped, pid)
    assert not (bench.root / f"tmp/agent_{pid}").exists()


@pytest.mark.expects_records
async def test_a_new_database_never_gives_an_old_home_away(make_bench: MakeBench) -> None:
    first = await make_bench()
    pid = await first.deploy(turn("", call("write_file", path="precious.txt", content="kept")), DONE)
    await first.ended(pid)
    await first.kernel.stop()
    for file in (first.root / "var/kernel").glob("aether.db*"):
        file.unlink()
    second = await make_bench()
    newer = await second.deploy(DONE)
    await second.ended(newer)
    await second.kernel.stop()
    assert newer > pid
    assert (first.home(pid) / "precious.txt").read_text() == "kept"


@pytest.mark.feature("FS09")
async def test_people_see_only_their_own_agents_files(tmp_path: Path) -> None:
    kernel = build_kernel(tmp_path / "root", {})
    await kernel.start()
    model = write_script(tmp_path, turn("", call("run_command", command="sleep 60")))
    command = ProcessSpawn(config=AgentConfig(role="Coder", goal="x", model=model))
    hers = (await kernel.execute(command, ALICE)).pid
    his = (await kernel.execute(command, BOB)).pid
    await kernel.execute(fs.FsWrite(path=f"/home/agent_{hers}/mine", content="x"), ALICE)
    for command_of_bob in (
        fs.FsRead(path=f"/home/agent_{hers}/mine"),
        fs.FsWrite(path=f"/home/agent_{hers}/mine", content="y"),
        fs.FsLs(path=f"/home/agent_{hers}"),
        fs.FsRm(path=f"/home/agent_{hers}/mine"),
        fs.FsCp(from_=f"/home/agent_{hers}/mine", to=f"/home/agent_{his}/x"),
        fs.FsWatch(path=f"/home/agent_{hers}"),
        fs.FsWatch(path="/"),
        fs.FsRead(path="/etc/hostname"),
        fs.FsLs(path="/var"),
    ):
        with pytest.raises((PermissionDeniedError, NotFoundError)):
            await kernel.execute(command_of_bob, BOB)
    assert [entry.name for entry in (await kernel.execute(fs.FsLs(path="/home"), BOB)).entries] == [f"agent_{his}"]
    queue = kernel.subscribe(BOB)
    await kernel.execute(fs.FsWatch(path=f"/home/agent_{hers}"), ALICE)
    (tmp_path / f"root/home/agent_{hers}/secret-name").touch()
    await kernel.bus.wait(fs.FsChanged, lambda event: "secret-name" in event.path, timeout_s=5)
    assert not [event for event in queue.take()[0] if isinstance(event, fs.FsChanged)]
    await kernel.stop()


async def test_a_full_disk_is_said_and_what_was_there_stays(bench: Bench, home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.execute(fs.FsWrite(path=f"{home}/report", content="the old one"))
    real_fdopen = os.fdopen

    def full(fd: int, *args: object, **kwargs: object) -> object:
        if args and args[0] == "wb":
            os.close(fd)
            raise OSError(28, "No space left on device")
        return real_fdopen(fd, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr("kernel.vfs.tree.os.fdopen", full)
    error = await refused(bench, fs.FsWrite(path=f"{home}/report", content="the new one"))
    assert "disk is full" in str(error)
    assert (bench.root / home[1:] / "report").read_text() == "the old one"
    assert not list((bench.root / home[1:]).glob(".*.part"))


async def test_a_listing_of_a_flooded_folder_is_bounded(bench: Bench, home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.vfs.tree.MAX_ENTRIES", 20)
    for number in range(21):
        (bench.root / home[1:] / f"Documents/{number}").touch()
    with pytest.raises(LimitReachedError, match="more than 20 entries"):
        await bench.execute(fs.FsLs(path=f"{home}/Documents"))


async def test_names_in_any_script(bench: Bench, home: str) -> None:
    for name in ("emoji 🚀👩‍👩‍👧", "עברית", "العربية", "a\nb", "-rf", "$(x)", "' \"", "\u202egpj.exe"):
        await bench.execute(fs.FsWrite(path=f"{home}/{name}", content=name))
        assert (await bench.execute(fs.FsRead(path=f"{home}/{name}"))).content == name
        assert name in [entry.name for entry in (await bench.execute(fs.FsLs(path=home))).entries]
        await bench.execute(fs.FsRm(path=f"{home}/{name}"))


async def test_wrong_targets_are_refused_clearly(bench: Bench, home: str) -> None:
    for command, words in (
        (fs.FsRead(path=f"{home}/none"), "There is no"),
        (fs.FsRead(path=home), "folder"),
        (fs.FsMkdir(path=f"{home}/Documents"), "exists already"),
        (fs.FsMkdir(path=f"{home}/no/such/parent"), "There is no"),
        (fs.FsWrite(path=f"{home}/Documents", content="x"), "not a regular file"),
        (fs.FsWrite(path=f"{home}/.profile/x", content="x"), "There is no"),
        (fs.FsLs(path=f"{home}/.profile"), "There is no"),
        (fs.FsMv(from_=f"{home}/none", to=f"{home}/x"), "There is no"),
        (fs.FsCp(from_=f"{home}/Documents", to=f"{home}/Documents/inner"), "into itself"),
        (fs.FsRm(path=f"{home}"), "top folder"),
        (fs.FsRm(path="/home"), "top folder"),
        (fs.FsMv(from_=f"{home}/Documents", to=f"{home}/Documents/inner"), ""),
    ):
        error = await refused(bench, command)
        assert isinstance(error, (NotFoundError, InvalidArgumentError, PermissionDeniedError))
        assert words in str(error)


async def test_agents_write_events_carry_the_beginning_only(bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("write_file", path="big", content="z" * 200_000)), DONE)
    await bench.ended(pid)
    assert len(bench.of(pid, agent.AgentFileCreated)[0].content) == 10_000
