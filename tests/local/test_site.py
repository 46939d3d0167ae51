"""`manage.py local` and `manage.py demo` as a person runs them: in processes of their own, from an empty folder."""

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from django.conf import settings

from mediahub.local.emulator import find_free_port, is_port_taken
from mediahub.local.management.commands.local import choose_port
from tests.pictures import jpeg, with_iptc

# A shell that names another AWS, which the local site must neither use nor be confused by.
SHELL = {"LOCAL": "true", "AWS_PROFILE": "company", "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIACOMPANY"}
# What a page that is opened leaves behind.
OPENED = "a-page-was-opened"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


def shell(**more: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COV")}
    return {**own, "MEDIAHUB_ENV_FILE": "", **SHELL, **more}


def command(*words: str, stdin: int = subprocess.DEVNULL, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=shell(**more),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]", seconds: float = 600) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


@dataclass
class Running:
    process: "subprocess.Popen[str]"
    state: Path
    port: int
    aws_port: int
    greeting: str

    def page(self, path: str) -> requests.Response:
        browser = requests.Session()
        login = f"http://127.0.0.1:{self.port}/admin/login/"
        browser.get(login, timeout=300)
        password = json.loads((self.state / "sign-in.json").read_text())["editor"]
        form = {"username": "editor", "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        browser.post(login, form, headers={"Referer": login}, timeout=300)
        assert "sessionid" in browser.cookies
        return browser.get(f"http://127.0.0.1:{self.port}{path}", timeout=300)

    def demo(self, *words: str) -> tuple[int, str, str]:
        sign_in = ("--sign-in", str(self.state / "sign-in.json"))
        return ended(command("demo", *sign_in, *words, MEDIAHUB_ENV_FILE=str(self.state / "env")))


@contextmanager
def site(state: Path) -> Iterator[Running]:
    port, aws_port = find_free_port(), find_free_port()
    words = ("local", "--port", str(port), "--aws-port", str(aws_port), "--state", str(state))
    process = command(*words, BROWSER=f"touch {state / OPENED} %s")
    lines: list[str] = []
    assert process.stdout
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Press Ctrl-C"):
            break
    try:
        yield Running(process, state, port, aws_port, "".join(lines))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=300)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with site(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "one.jpg").write_bytes(jpeg(1200, 800))
    (tmp_path / "more" / "two.jpg").write_bytes(jpeg(300, 400, orientation=6))
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "notes.txt").write_text("no picture, and not named")
    return tmp_path


def test_it_says_where_it_is_and_who_may_sign_in(running: Running) -> None:
    assert f"MediaHub is at http://127.0.0.1:{running.port}/" in running.greeting
    for name, password in json.loads((running.state / "sign-in.json").read_text()).items():
        assert f"sign in as {name}" in running.greeting
        assert password in running.greeting


def test_it_says_what_it_is_doing_and_opens_no_page(running: Running) -> None:
    steps = ("Starting the local AWS", "Deploying the stack", "Preparing database and static files", "Starting web and")
    places = [running.greeting.find(step) for step in steps]
    assert -1 not in places
    assert places == sorted(places)
    assert not (running.state / OPENED).exists()


def test_an_editor_signs_in_and_sees_the_upload_page(running: Running) -> None:
    answer = running.page("/admin/upload/")
    assert answer.status_code == 200
    assert 'id="drop"' in answer.text


def test_only_the_owner_reads_its_secrets(running: Running) -> None:
    for name in ("env", "secret-key", "sign-in.json"):
        assert (running.state / name).stat().st_mode & 0o077 == 0


def test_the_demo_says_what_became_of_each_file(running: Running, pictures: Path) -> None:
    code, out, err = running.demo("--json", str(pictures))
    rows = {row["file"]: row for row in map(json.loads, out.splitlines())}
    assert (code, set(rows)) == (0, {"one.jpg", "two.jpg", "text.jpg"}), err
    assert {row["state"] for name, row in rows.items() if name != "text.jpg"} == {"ready"}
    assert rows["text.jpg"]["state"] == "rejected"
    assert "is not supported" in rows["text.jpg"]["reason"]
    assert set(rows["one.jpg"]) == {"file", "state", "reason", "renditions", "labels", "seconds"}
    large = rows["two.jpg"]["renditions"][0]
    assert set(large) == {"name", "format", "width", "height", "bytes", "key"}
    assert (large["width"], large["height"]) == (300, 400)


def test_the_demo_prints_a_table_for_people(running: Running, pictures: Path) -> None:
    (pictures / "one.jpg").write_bytes(with_iptc({25: ["Lighthouse"]}, data=jpeg(1201, 800)))
    code, out, err = running.demo(str(pictures / "one.jpg"), str(pictures / "notes.txt"))
    assert code == 0, err
    assert "one.jpg" in out
    assert "Lighthouse" in out
    assert "notes.txt is not an image in a supported format" in out
    assert "1 of 2 ready" in out


@pytest.mark.parametrize(
    ("option", "said"),
    [("--port", " is in use. Stop the program"), ("--state", "A site is already running with")],
    ids=["port", "state"],
)
def test_what_another_site_holds_is_refused_with_what_to_do(
    running: Running, tmp_path: Path, option: str, said: str
) -> None:
    wanted = {"--port": str(find_free_port()), "--aws-port": str(find_free_port()), "--state": str(tmp_path)}
    wanted[option] = {"--port": str(running.port), "--state": str(running.state)}[option]
    code, _out, err = ended(command("local", *(word for pair in wanted.items() for word in pair)))
    assert code == 1
    assert said in err


def test_a_person_is_asked_before_another_port_is_taken(running: Running, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(text: str) -> Callable[[str], str]:
        return lambda question: asked.append(question) or text  # type: ignore[func-returns-value]

    other = choose_port(running.port, "--port", answer("\n"))
    assert other > running.port
    assert not is_port_taken(other)
    assert choose_port(other, "--port", answer("no one is asked")) == other
    assert asked == [f"Port {running.port} is in use. Use {other} instead? [Y/n] "]

    terminal, stdin = pty.openpty()
    words = ("local", "--port", str(running.port), "--aws-port", str(find_free_port()), "--state", str(tmp_path))
    os.write(terminal, b"n\n")
    code, out, err = ended(command(*words, stdin=stdin))
    os.close(stdin)
    os.close(terminal)
    assert (code, f"Port {running.port} is in use. Use" in out) == (1, True)
    assert "Nothing was started" in err


def test_ctrl_c_stops_all_of_it_and_a_second_start_keeps_the_data(tmp_path: Path, pictures: Path) -> None:
    with site(tmp_path / "state") as first:
        assert first.demo(str(pictures / "one.jpg"))[0] == 0
        password = (first.state / "sign-in.json").read_text()
        first.process.send_signal(signal.SIGINT)
        assert ended(first.process)[0] == 0
        assert not is_port_taken(first.port)
        assert not is_port_taken(first.aws_port)
    with site(tmp_path / "state") as second:
        assert (second.state / "sign-in.json").read_text() == password
        assert "one" in second.page("/admin/library/image/").text
        assert second.demo(str(pictures / "more" / "two.jpg"))[0] == 0
        child = subprocess.run(["pgrep", "-P", str(second.process.pid), "-f", "runserver"], capture_output=True)
        os.kill(int(child.stdout), signal.SIGKILL)
        code, _out, err = ended(second.process)
        assert code == 1
        assert "web ended by itself" in err
        assert not is_port_taken(second.aws_port)


def test_the_demo_alone_leaves_a_running_site_alone(running: Running, tmp_path: Path) -> None:
    (tmp_path / "apart.jpg").write_bytes(jpeg(300, 200))
    words = ("demo", "--alone", "--json", str(tmp_path / "apart.jpg"))
    code, out, err = ended(command(*words, MEDIAHUB_ENV_FILE=str(running.state / "env")))
    assert code == 0, err
    [row] = map(json.loads, out.splitlines())
    assert row["state"] == "ready"
    assert "apart" not in running.page("/admin/library/image/").text


@pytest.mark.parametrize(
    ("words", "said"),
    [((), "no image to upload"), (("nowhere.jpg",), "does not exist"), ((__file__,), "make run")],
    ids=["no file", "no such file", "no site"],
)
def test_a_demo_that_cannot_begin_says_why(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    code, out, err = ended(command("demo", "--sign-in", str(tmp_path / "none.json"), *words))
    assert (code, out) == (1, "")
    assert said in err


def test_a_database_that_is_not_there_is_told_and_all_is_stopped(tmp_path: Path) -> None:
    aws_port = find_free_port()
    words = ("local", "--port", str(find_free_port()), "--aws-port", str(aws_port), "--state", str(tmp_path))
    code, _out, err = ended(command(*words, DATABASE_URL=f"postgres://nobody@127.0.0.1:{find_free_port()}/none"))
    assert code == 1
    assert "manage.py prepare_site failed" in err
    assert "Connection refused" in err
    assert not is_port_taken(aws_port)
