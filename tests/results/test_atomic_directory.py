"""A folder of results shows one complete version at every moment, and keeps what is not ours."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from momentvos.results import atomic_directory as module
from momentvos.results import in_place
from momentvos.results.atomic_directory import atomic_directory

OURS = re.compile(r"masks(/\d+\.png)?|a\.txt|b\.txt|c\.txt")
KILLS = Path(__file__).parents[2] / "benchmarks" / "kills.py"


def write(folder, version):
    (folder / "masks").mkdir()
    for number in range(3):
        (folder / "masks" / f"{number}.png").write_text(version)
    for name in ("a.txt", "b.txt" if version == "earlier" else "c.txt"):
        (folder / name).write_text(version)


def save(out, version="later"):
    with atomic_directory(out, OURS) as new:
        write(new, version)


def content(out):
    """Files as a reader sees them, but for what is being prepared."""
    return {
        str(Path(at, name).relative_to(out)): Path(at, name).read_text()
        for at, _, names in os.walk(out, followlinks=True)
        for name in names
        if not Path(at).relative_to(out).as_posix().startswith(".momentvos-")
        and Path(at, name).exists()
    }


@pytest.fixture
def out(tmp_path):
    """Earlier results with files of others."""
    out = tmp_path / "home" / "out"
    save(out, "earlier")
    (out / "masks" / "mine.txt").write_text("mine")
    (out / "masks" / "9.png").write_text("earlier")
    (out / "more" / "masks").mkdir(parents=True)
    (out / "more" / "masks" / "0.png").write_text("by hand")
    (out / "notes.txt").write_text("mine")
    (out / "link").symlink_to("notes.txt")
    (out / "more").chmod(0o711)
    return out


FOREIGN = {
    "masks/mine.txt": "mine",
    "more/masks/0.png": "by hand",
    "notes.txt": "mine",
    "link": "mine",
}
MASKS = [f"masks/{number}.png" for number in range(3)]
EARLIER = dict.fromkeys([*MASKS, "masks/9.png", "a.txt", "b.txt"], "earlier") | FOREIGN
LATER = dict.fromkeys([*MASKS, "a.txt", "c.txt"], "later") | FOREIGN


def check_later(out):
    assert content(out) == LATER
    assert (out / "link").is_symlink() and not (out / "a.txt").is_symlink()
    assert (out / "more").stat().st_mode & 0o777 == 0o711
    entries = [one.name for one in [*out.iterdir(), *out.parent.iterdir(), *out.rglob("*")]]
    assert not [name for name in entries if name.startswith(".momentvos-")]


@pytest.fixture(params=["exchange", "current folder", "no exchange", "no links", "neither"])
def place(request, out, monkeypatch):
    """Every way in which results come to their place, and the path by which it is asked for."""

    def no(*arguments, **options):
        raise OSError(22, "Invalid argument")

    if request.param == "current folder":
        monkeypatch.chdir(out)
        return Path()
    if request.param in ("no exchange", "neither"):
        monkeypatch.setattr(module, "exchange", no)
        monkeypatch.setattr(in_place, "exchange", no)
    if request.param in ("no links", "neither"):
        monkeypatch.setattr(os, "link", no)
    if request.param == "neither":
        monkeypatch.setattr(Path, "symlink_to", no)
    return out


def test_later_results_take_the_place_of_earlier_ones(place, out):
    save(place)
    check_later(out)
    save(place, "later")
    check_later(out)


def test_what_others_write_meanwhile_stays(place, out):
    with atomic_directory(place, OURS) as new:
        write(new, "later")
        (out / "notes.txt").unlink()
        (out / "notes.txt").write_text("anew")
        (out / "late.txt").write_text("late")
        (out / "masks" / "late.txt").write_text("late")
    assert content(out) == LATER | {
        "notes.txt": "anew",
        "link": "anew",
        "late.txt": "late",
        "masks/late.txt": "late",
    }


def test_what_others_do_in_the_moment_of_the_exchange_is_repeated(out, monkeypatch):
    exchange = module.exchange

    def late(one, other):
        (out / "notes.txt").unlink()
        (out / "more" / "masks" / "0.png").unlink()
        (out / "more" / "masks" / "0.png").write_text("anew")
        (out / "late").mkdir()
        (out / "late" / "late.txt").write_text("late")
        (out / "masks" / "late.txt").write_text("late")
        exchange(one, other)

    monkeypatch.setattr(module, "exchange", late)
    save(out)
    wanted = LATER | {"more/masks/0.png": "anew", "late/late.txt": "late", "masks/late.txt": "late"}
    assert content(out) == {name: wanted[name] for name in wanted.keys() - {"notes.txt", "link"}}


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_earlier_results_stay_where_the_block_fails(place, out, error):
    with pytest.raises(error), atomic_directory(place, OURS) as new:
        write(new, "later")
        raise error
    assert content(out) == EARLIER
    save(place)
    check_later(out)


def test_the_folder_itself_stays_where_it_is_the_current_one(out, monkeypatch):
    monkeypatch.chdir(out / "more")
    number = out.stat().st_ino
    save(out)
    assert out.stat().st_ino == number and Path("masks/0.png").read_text() == "by hand"
    check_later(out)


def test_a_folder_with_much_else_in_it_is_not_linked(out):
    for number in range(1100):
        (out / "more" / str(number)).touch()
    number = (out / "more").stat().st_ino
    save(out)
    assert (out / "more").stat().st_ino == number
    assert {name: text for name, text in content(out).items() if text} == LATER


def test_a_link_to_a_folder_stays_a_link(out, tmp_path):
    (tmp_path / "alias").symlink_to(out)
    save(tmp_path / "alias")
    assert (tmp_path / "alias").is_symlink()
    check_later(out)
    (tmp_path / "new").symlink_to(tmp_path / "elsewhere" / "out")
    save(tmp_path / "new", "later")
    assert (tmp_path / "elsewhere" / "out" / "a.txt").read_text() == "later"
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match="circle"):
        save(tmp_path / "circle")


def test_masks_that_are_a_link_are_replaced_and_their_folder_is_left_alone(out, tmp_path):
    (out / "masks").rename(tmp_path / "big")
    (out / "masks").symlink_to(tmp_path / "big")
    save(out)
    assert (out / "masks" / "0.png").read_text() == "later"
    assert (tmp_path / "big" / "0.png").read_text() == "earlier"


def test_rights_of_the_folder_stay(out):
    out.chmod(0o750)
    save(out)
    assert out.stat().st_mode & 0o777 == 0o750


def test_a_mount_point_keeps_its_place(out):
    mount = ["mount", "--bind", str(out), str(out)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount")
    try:
        save(out)
        assert os.path.ismount(out) or f" {out} " in Path("/proc/self/mountinfo").read_text()
        check_later(out)
    finally:
        subprocess.run(["umount", "-l", str(out)], check=True)


def test_of_two_saves_at_once_one_wins_whole(out):
    ready = threading.Barrier(2)

    def work(version):
        with atomic_directory(out, OURS) as new:
            (new / "masks").mkdir()
            (new / "masks" / "0.png").write_text(version)
            (new / "a.txt").write_text(version)
            ready.wait()

    threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = content(out)
    assert found["a.txt"] in ("one", "two")
    assert found == FOREIGN | dict.fromkeys(["masks/0.png", "a.txt"], found["a.txt"])
    assert [one.name for one in out.parent.iterdir()] == ["out"]


def test_a_save_that_still_runs_is_not_disturbed_and_a_dead_one_is_cleared(out):
    dead = out.parent / ".momentvos-0123456789ab"
    (dead / "new").mkdir(parents=True)
    (out.parent / ".momentvos-mine").mkdir()
    with atomic_directory(out, OURS) as slow:
        write(slow, "later")
        save(out, "earlier")
        assert slow.is_dir() and not dead.exists()
    (out.parent / ".momentvos-mine").rmdir()  # not of our naming, so left alone
    check_later(out)


def test_pointers_that_lead_elsewhere_are_not_followed(out, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").write_text("secret")
    left = out / ".momentvos-0123456789ab"
    left.mkdir()
    (left / "now").symlink_to(tmp_path / "secret")
    other = out / ".momentvos-ba9876543210"
    other.mkdir()
    (other / "now").symlink_to("old")
    (other / "old").symlink_to(tmp_path / "secret")
    save(out)
    check_later(out)
    assert (tmp_path / "secret" / "key").read_text() == "secret"


def killed_at(step, out, inside):
    """Whether a child that saves is killed at its `step`-th call to the file system."""
    child = os.fork()
    if not child:
        done = 0

        def hook(event, arguments):
            nonlocal done
            if any(str(out.parent) in str(one) or ".momentvos-" in str(one) for one in arguments):
                done += 1
                if done == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        os.chdir(out if inside else "/")
        sys.addaudithook(hook)
        try:
            save(Path() if inside else out)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.parametrize("inside", [False, True])
def test_a_kill_at_any_step_leaves_one_version_and_the_next_save_clears_up(out, tmp_path, inside):
    import shutil

    shutil.copytree(out, tmp_path / "template", symlinks=True)
    step, seen = 1, set()
    while killed_at(step, out, inside):
        found = content(out)
        assert found in (EARLIER, LATER), step
        seen.add(found == LATER)
        save(out)
        check_later(out)
        shutil.rmtree(out.parent)
        shutil.copytree(tmp_path / "template", out, symlinks=True)
        step += 1
    assert step > 30 and seen == {False, True}


@pytest.mark.slow
@pytest.mark.parametrize("where", [[], ["--in-place"]])
def test_save_is_killed_at_each_step_and_a_hundred_times_at_random(where):
    done = subprocess.run([sys.executable, KILLS, *where], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
