"""The package runs where Lambda runs it, whatever machine and Python made it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click import ClickException
from zappa.cli import ZappaCLI
from zappa.core import Zappa

from deploy import hooks
from deploy.errors import DeployError
from deploy.package import binaries, build, contents, elf, wheels
from tests.aws.binary_files import MACH_O, WINDOWS, make_elf, make_wheel

# Of one release, as PyPI has them: other machines, other systems, other Pythons, and a glibc that Lambda does not have.
TAGS = (
    "cp311-cp311-manylinux_2_17_x86_64",
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp313-cp313-manylinux_2_17_x86_64",
    "cp313-cp313-manylinux_2_39_x86_64",
    "cp313-cp313-manylinux_2_17_aarch64",
    "cp313-cp313-musllinux_1_2_x86_64",
    "cp313-cp313-macosx_11_0_arm64",
    "cp313-cp313-win_amd64",
)
SETTINGS: dict[str, dict[str, Any]] = json.loads((build.ROOT / "zappa_settings.json").read_text())


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give uv a folder of wheels in place of the network, and a place for what it installs."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(wheels, "VAR", tmp_path / "package")
    monkeypatch.setattr(wheels, "LOCK", tmp_path / "lock.txt")
    return folder


def write_lock(*lines: tuple[str, list[str]]) -> None:
    rows = [f"{pin} {' '.join(f'--hash=sha256:{digest}' for digest in digests)}" for pin, digests in lines]
    wheels.LOCK.write_text("\n".join(rows) + "\n")


def installed(folder: Path) -> Path:
    """Return where the Python that runs here, and Zappa in it, looks for the wheels."""
    return folder / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"


def test_the_wheels_are_those_of_the_function_whatever_the_machine(index: Path) -> None:
    digests = [make_wheel(index, "mediahub_sample", tag) for tag in TAGS]
    backport = make_wheel(index, "mediahub_backport", "py3-none-any")
    write_lock(("mediahub-sample==1.0", digests), ('mediahub-backport==1.0 ; python_version < "3.13"', [backport]))
    folder = installed(wheels.install_wheels())
    assert "cp313-cp313-manylinux_2_17_x86_64" in (folder / "mediahub_sample.py").read_text()
    # Nothing of this machine: neither a wheel for its Python alone, nor what the installer notes.
    assert sorted(path.name for path in folder.iterdir()) == ["mediahub_sample-1.0.dist-info", "mediahub_sample.py"]
    assert {path.name for path in (folder / "mediahub_sample-1.0.dist-info").iterdir()} == {"METADATA", "WHEEL"}


def test_the_wheels_change_with_the_lock_and_only_then(index: Path) -> None:
    write_lock(("mediahub-sample==1.0", [make_wheel(index, "mediahub_sample", TAGS[2])]))
    folder = wheels.install_wheels()
    (installed(folder) / "seen").write_text("")
    assert (installed(wheels.install_wheels()) / "seen").is_file()
    write_lock(("mediahub-other==1.0", [make_wheel(index, "mediahub_other", "py3-none-any")]))
    assert {path.name for path in installed(wheels.install_wheels()).glob("*.py")} == {"mediahub_other.py"}


def test_a_release_without_a_wheel_is_named(index: Path) -> None:
    digests = [make_wheel(index, "mediahub_sample", tag) for tag in TAGS if "manylinux_2_17_x86_64" not in tag]
    write_lock(("mediahub-sample==1.0", digests))
    with pytest.raises(DeployError, match=r"no wheel of mediahub-sample for Python 3\.13 on x86_64-manylinux"):
        wheels.install_wheels()
    assert list(wheels.VAR.iterdir()) == []


def test_a_release_that_cannot_be_fetched_is_named(index: Path) -> None:
    write_lock(("mediahub-nowhere==1.0", ["0" * 64]))
    with pytest.raises(DeployError, match=r"(?s)could not be fetched.*mediahub-nowhere"):
        wheels.install_wheels()


def test_a_machine_without_uv_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeployError, match=r"uv is missing.*make setup"):
        wheels.find_uv()


def test_plain_zappa_packages_the_wheels_of_the_function(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lock(("mediahub-sample==1.0", [make_wheel(index, "mediahub_sample", TAGS[2])]))
    root = index.parent
    (root / "static").mkdir()
    (root / "static" / "staticfiles.json").write_text("{}")
    monkeypatch.setattr(build, "ROOT", root)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    assert SETTINGS["base"]["prebuild_script"] == "deploy.hooks.prepare"
    build.prepare_package()
    chosen = Zappa.get_current_venv()
    assert chosen
    assert (installed(chosen) / "mediahub_sample.py").is_file()
    # Zappa takes any file in the project that imports its WebSockets for a handler, and its own lies among the wheels.
    (installed(chosen) / "handler.py").write_text("from zappa.websocket import on_connect\n")
    monkeypatch.chdir(root)
    assert ZappaCLI._detect_websocket_usage() is None


def test_the_stages_run_on_the_system_that_is_packaged_for() -> None:
    for stage in SETTINGS.values():
        assert stage.get("runtime", contents.RUNTIME) == contents.RUNTIME
        assert stage.get("architecture", contents.ARCHITECTURE) == contents.ARCHITECTURE
        assert stage.get("callbacks", {"zip": "deploy.hooks.seal"})["zip"] == "deploy.hooks.seal"
    assert SETTINGS["base"]["runtime"] == contents.RUNTIME
    # Zappa would fetch wheels of its own choice, without a hash.
    assert SETTINGS["base"]["use_precompiled_packages"] is False


GOOD = "PIL/_imaging.cpython-313-x86_64-linux-gnu.so"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        (GOOD, make_elf(machine=elf.AARCH64), "is made for ARM64 of 64 bits"),
        (GOOD, make_elf(machine=3, bits=32), "is made for x86 of 32 bits"),
        (GOOD, make_elf(machine=elf.AARCH64, order=">"), "is made for ARM64 of 64 bits"),
        (GOOD, MACH_O, "is made for macOS"),
        ("PIL/_imaging.cpython-313-darwin.so", MACH_O, "is made for macOS"),
        ("PIL/_imaging.cp313-win_amd64.pyd", WINDOWS, "is made for Windows"),
        ("PIL/tool", WINDOWS, "is made for Windows"),
        (GOOD, make_elf(versions=("GLIBC_2.17", "GLIBC_2.38")), "needs GLIBC_2.38"),
        (GOOD, make_elf(versions=("GLIBC_ABI_DT_RELR",)), "needs GLIBC_ABI_DT_RELR"),
        ("x.libs/libx.so.1", make_elf(versions=("GLIBC_2.35",)), "needs GLIBC_2.35"),
        (GOOD, make_elf(libraries=("libc.so.6", "libjpeg.so.62")), "needs libjpeg.so.62"),
        ("PIL/_imaging.cpython-312-x86_64-linux-gnu.so", make_elf(), "its tag is cpython-312-x86_64-linux-gnu"),
        ("PIL/_imaging.cpython-313-aarch64-linux-gnu.so", make_elf(), "its tag is cpython-313-aarch64-linux-gnu"),
        ("PIL/_imaging.so", make_elf(), "its tag is missing"),
        (GOOD, make_elf()[:200], "ends too early"),
        (GOOD, b"not machine code", "is not an ELF file"),
    ],
)
def test_a_binary_that_lambda_cannot_load_is_refused(name: str, data: bytes, says: str) -> None:
    faults = binaries.check_binaries({name: data}).faults
    assert len(faults) == 1
    assert faults[0].startswith(f"{name} ")
    assert says in faults[0]


def test_a_binary_of_the_function_passes() -> None:
    files = {
        GOOD: make_elf(versions=("GLIBC_2.2.5", "GLIBC_2.34", "LIBX_9"), libraries=("libx.so.1", "libm.so.6")),
        "x.libs/libx.so.1": make_elf(versions=("GLIBC_2.14",)),
        "x/_rust.abi3.so": make_elf(),
        "x/text.py": b"ELF",
    }
    report = binaries.check_binaries(files)
    assert (report.faults, report.count, report.glibc) == ((), 3, (2, 34))
    assert report.sha256 == binaries.check_binaries({**dict(reversed(files.items())), "x/text.py": b"changed"}).sha256
    assert report.sha256 != binaries.check_binaries({**files, GOOD: make_elf()}).sha256


@pytest.mark.skipif(not shutil.which("readelf"), reason="binutils are not here")
def test_real_libraries_are_read_as_readelf_reads_them() -> None:
    environment = Path(sys.prefix) / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages"
    paths = [*environment.glob("PIL/_imaging.*.so"), *environment.glob("psycopg_binary*/**/*.so*")]
    assert len(paths) > 5
    for path in paths:
        if path.read_bytes()[:4] != elf.MAGIC:
            continue
        command = ["readelf", "--wide", "--dynamic", "--version-info", str(path)]
        text = subprocess.run(command, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True).stdout
        needs = text.partition("Version needs section")[2]
        words = [line.split() for line in text.splitlines()]
        libraries = [line[-1].strip("[]") for line in words if "(NEEDED)" in line]
        versions = {line.partition("Name: ")[2].split()[0] for line in needs.splitlines() if "Name: " in line}
        binary = elf.read_binary(path.read_bytes())
        assert (sorted(binary.libraries), set(binary.versions)) == (sorted(libraries), versions)


def wheel_files(name: str, *tags: str) -> dict[str, bytes]:
    return {f"{name}.dist-info/WHEEL": "".join(f"Tag: {tag}\n" for tag in tags).encode()}


@pytest.mark.parametrize(
    ("tags", "runs"),
    [
        (["py3-none-any"], True),
        (["py2-none-any", "py3-none-any"], True),
        (["cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64"], True),
        (["cp39-abi3-manylinux_2_34_x86_64"], True),
        (["cp312-cp312-manylinux_2_17_x86_64"], False),
        (["cp314-abi3-manylinux_2_17_x86_64"], False),
        (["cp313-cp313-manylinux_2_35_x86_64"], False),
        (["cp313-cp313-manylinux_2_17_aarch64"], False),
        # Built on this machine, by whatever compiler and libraries it has.
        (["cp313-cp313-linux_x86_64"], False),
        (["py2-none-any"], False),
    ],
)
def test_a_wheel_for_another_system_is_refused(tags: list[str], runs: bool) -> None:
    faults = binaries.check_wheels(wheel_files("sample-1.0", *tags), "sample==1.0 --hash=sha256:0\n")
    assert (faults == []) is runs


def test_what_is_packaged_is_what_is_locked() -> None:
    files = {**wheel_files("ministack-1.5.33", "py3-none-any"), **wheel_files("Sample_Two-2.0", "py3-none-any")}
    faults = binaries.check_wheels(files, "sample-two==2.0 \\\n    --hash=sha256:0\nsample==1.0 \\\n")
    assert faults == ["ministack 1.5.33 is not in requirements/lambda.txt", "sample 1.0 is missing"]


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def complete_files() -> dict[str, bytes]:
    """Return files that a package must have: a wheel for each pin, and Zappa's settings."""
    pins = binaries.read_pins(wheels.LOCK.read_text())
    files = {"zappa_settings.py": b"ENVIRONMENT_VARIABLES={'AWS_REGION': 'us-east-1'}\n", GOOD: make_elf()}
    for name, version in pins:
        files |= wheel_files(f"{name.replace('-', '_')}-{version}", "py3-none-any")
    return files


def test_equal_contents_make_equal_packages(tmp_path: Path) -> None:
    files, stage = complete_files(), SETTINGS["base"]
    first = write_zip(tmp_path / "first.zip", {**files, "package_info.json": b'{"build_user": "anna"}'})
    second = write_zip(tmp_path / "second.zip", {"package_info.json": b"{}", **dict(reversed(files.items()))})
    assert contents.seal_package(first, stage).sha256 == contents.seal_package(second, stage).sha256
    assert first.read_bytes() == second.read_bytes()
    assert "anna" not in str(zipfile.ZipFile(first).namelist())
    assert "package_info.json" not in zipfile.ZipFile(first).namelist()


@pytest.mark.parametrize(
    ("files", "stage", "says"),
    [
        ({GOOD: make_elf(machine=elf.AARCH64)}, {}, "is made for ARM64"),
        ({"x/y.cpython-311-x86_64-linux-gnu.so": make_elf()}, {}, "is not a module of Python 3.13"),
        (wheel_files("ministack-1.5.33", "py3-none-any"), {}, "is not in requirements/lambda.txt"),
        ({}, {"runtime": "python3.12"}, "is built for python3.13 on x86_64"),
        ({}, {"architecture": "arm64"}, "is built for python3.13 on x86_64"),
        ({}, {"aws_environment_variables": {"DATABASE_IAM": "true"}}, "rds-ca.pem is missing"),
        ({"zappa_settings.py": b"WEBSOCKET_HANDLER_MODULE='var.handler'\n"}, {}, "Zappa mistook var.handler for"),
        ({"rds-ca.pem": b""}, {}, "rds-ca.pem lacks Amazon Root CA 1"),
    ],
)
def test_zappa_sends_no_package_with_a_fault(
    tmp_path: Path, files: dict[str, bytes], stage: dict[str, Any], says: str
) -> None:
    path = write_zip(tmp_path / "build.zip", {**complete_files(), **files})
    with pytest.raises(DeployError, match=says):
        contents.seal_package(path, {**SETTINGS["base"], **stage})


def test_zappa_ends_with_the_fault_and_not_with_a_traceback(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "build.zip", {**complete_files(), GOOD: MACH_O})
    with pytest.raises(ClickException, match=r"The package was not sent:\n✗ .* is made for macOS"):
        hooks.seal(SimpleNamespace(zip_path=str(path), stage_config=SETTINGS["base"]))
