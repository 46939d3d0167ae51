"""The product keeps the rules for functions and names, and the checks see what they should and nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import functions

SOURCES = functions.python_files("mediahub", "processing", "deploy", "bench")


def test_no_function_is_long_and_most_are_short() -> None:
    assert functions.long_functions(SOURCES) == []
    assert functions.share_within(SOURCES, lines=24) >= 0.9


def test_no_name_says_nothing() -> None:
    assert functions.banned_names(SOURCES) == []


def test_no_function_of_one_statement_exists_for_one_call() -> None:
    called_once = functions.one_statement_called_once([*SOURCES, *functions.python_files("tests")])
    assert [place for place in called_once if not place.startswith("tests/")] == []


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Path]]:
    """Write modules by name into a project of their own; give their paths."""
    monkeypatch.setattr(functions, "ROOT", tmp_path)

    def write_modules(**modules: str) -> list[Path]:
        paths = [tmp_path / f"{name}.py" for name in modules]
        for path, text in zip(paths, modules.values(), strict=True):
            path.write_text(text)
        return paths

    return write_modules


ONE_CALL = "def double(n):\n    return 2 * n\n\n\nprint(double(1))\n"


@pytest.mark.parametrize(
    "source",
    [
        ONE_CALL,
        ONE_CALL.replace("    return", '    """Return the double."""\n    return'),
        "def count(n):\n    def double():\n        return 2 * n\n    m = double()\n    return m\n",
        "class A:\n    def _f(self):\n        return 2\n    def run(self):\n        print(self._f())\n",
        "import x\nclass A(x.B):\n    def _f(self):\n        return 2\n    def run(self):\n        print(self._f())\n",
    ],
)
def test_a_function_for_one_call_is_seen(source: str, write: Callable[..., list[Path]]) -> None:
    assert len(functions.one_statement_called_once(write(a=source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        ONE_CALL + "print(double(2))\n",
        ONE_CALL + "print(max([1], key=double))\n",
        ONE_CALL.replace("def", "@cache\ndef"),
        ONE_CALL.replace("    return", "    n += 1\n    return"),
        ONE_CALL.replace("return 2 * n", "return [\n        n,\n        n,\n    ]"),
        ONE_CALL + 'getattr(module, "double")()\n',
        ONE_CALL + 'getattr(module, f"dou{rest}")()\n',
        ONE_CALL + 'HOOKS = {"zip": "a.double"}\n',
        "class A(Form):\n    def clean(self):\n        return 2\n\nx.clean()\n",
        "class P(Protocol):\n    def run(self): ...\n\nclass A:\n    def run(self):\n        return 2\n\nx.run()\n",
        "class A:\n    def __str__(self):\n        return 2\n\nA().__str__()\n",
        "class B:\n    def f(self):\n        pass\n\nclass A(B):\n    def f(self):\n        return 2\n\nx.f()\n",
    ],
)
def test_what_something_else_may_call_is_left_alone(source: str, write: Callable[..., list[Path]]) -> None:
    assert functions.one_statement_called_once(write(a=source)) == []


def test_what_another_module_calls_is_an_interface(write: Callable[..., list[Path]]) -> None:
    modules = {"a": ONE_CALL, "b": "from a import double as twice\nprint(twice(1))\n"}
    assert functions.one_statement_called_once(write(**modules)) == []
    assert functions.one_statement_called_once(write(a="def double(n):\n    return 2 * n\n", b=modules["b"])) == []
    # A function of the same name in another module is another one.
    assert functions.one_statement_called_once(write(a=ONE_CALL, c="def double(n):\n    pass\n\n\nx = 1\n")) == [
        "a.py:1 double"
    ]


def test_a_template_calls_by_name(write: Callable[..., list[Path]], tmp_path: Path) -> None:
    source = "class A:\n    def label(self):\n        return 2\n\nprint(A().label())\n"
    assert functions.one_statement_called_once(write(a=source)) == ["a.py:2 label"]
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("{{ a.label }}")
    assert functions.one_statement_called_once(write(a=source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "found = 1\n",
        "def f(held):\n    pass\n",
        "for one in []:\n    pass\n",
        "with x as done:\n    pass\n",
        "if made := 1:\n    pass\n",
        "[kept for kept in []]\n",
        "self._told = 1\n",
        "def _say():\n    pass\n",
        "lambda own: 1\n",
        "import a as wanted\n",
        "match x:\n    case [said]:\n        pass\n",
    ],
)
def test_a_name_that_says_nothing_is_seen(source: str, write: Callable[..., list[Path]]) -> None:
    assert len(functions.banned_names(write(a=source))) == 1


def test_names_that_say_something_are_left_alone(write: Callable[..., list[Path]]) -> None:
    source = "found_images = 1\nprint(done)\nnot_found = 2\nx.held()\nf(made=1)\ndone_at = 3\n"
    assert functions.banned_names(write(a=source)) == []


def test_lines_are_counted_from_def_to_end(write: Callable[..., list[Path]]) -> None:
    paths = write(a="@x\ndef f():\n" + "    pass\n" * 50 + "\n\ndef g():\n    pass\n")
    assert functions.long_functions(paths) == ["a.py:2 f has 51 lines"]
    assert functions.long_functions(paths, most=51) == []
    assert functions.share_within(paths, lines=24) == 0.5
