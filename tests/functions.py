"""Measure functions and names in source files: how long they are, which exist for one call, which names say nothing.

`python -m tests.functions FOLDER…` prints what the rules of the house forbid.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Files beside Python that call functions by name.
BY_NAME = (
    *("templates/**/*.html", "mediahub/**/templates/**/*.html"),
    *("zappa_settings.json", "pyproject.toml", "Makefile"),
)
LOOKUPS = {"getattr", "hasattr", "setattr", "attrgetter", "methodcaller"}
MOST_LINES = 50
# A statement that takes more lines than these is a table or a query: its name tells more than its place would.
SHORT = 2
VARIABLES = {"found", "held", "made", "done", "told", "kept", "wanted", "one", "own", "said", "meant"}
FUNCTIONS = VARIABLES | {"of", "say", "keep", "look", "again"}
SIMPLE = (ast.Return, ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Raise, ast.Delete, ast.Assert)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """One source file: its tree, all nodes of it, and what its imports stand for, as `module` or `module.name`."""

    path: Path
    name: str
    tree: ast.Module
    # Walking the tree takes longer than all that is asked of its nodes.
    nodes: list[ast.AST]
    imports: dict[str, str] = field(default_factory=dict)


def python_files(*folders: str) -> list[Path]:
    """Return the source files below these folders of the project, without migrations and what npm installed."""
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in paths if not {"migrations", "node_modules"} & set(path.parts)]


def long_functions(paths: Iterable[Path], most: int = MOST_LINES) -> list[str]:
    """Return each function with more lines than `most`, from its `def` to its end."""
    return [
        f"{_place(module, function)} has {_lines(function)} lines"
        for module in _read_modules(paths)
        for function in _functions(module)
        if _lines(function) > most
    ]


def share_within(paths: Iterable[Path], lines: int = 24) -> float:
    """Return the share of the functions that have at most so many lines."""
    lengths = [_lines(function) for module in _read_modules(paths) for function in _functions(module)]
    return sum(length <= lines for length in lengths) / len(lengths) if lengths else 1.0


def banned_names(paths: Iterable[Path]) -> list[str]:
    """Return each place that gives a variable, argument, attribute, function or class a name that says nothing."""
    return [
        f"{module.path.relative_to(ROOT).as_posix()}:{line} {name}"
        for module in _read_modules(paths)
        for line, name, kind in sorted(_bound_names(module.nodes))
        if name.strip("_").lower() in (FUNCTIONS if kind == "function" else VARIABLES)
    ]


def one_statement_called_once(paths: Iterable[Path]) -> list[str]:
    """Return each function of one short statement that these files call once, and that could stand where it is called.

    These could not, and are left out: functions with a decorator (it calls or registers them), special methods, methods
    that a base class or a protocol asks for, functions that are passed on as values, and functions that a string, a
    template or a configuration file names. A function that another module calls is its module's interface.
    """
    modules = _read_modules(paths)
    calls, values = _count_references(modules)
    names, prefixes = _names_in_texts(modules)
    protocols = _protocol_methods(modules)
    classes = {node.name: node for module in modules for node in module.nodes if isinstance(node, ast.ClassDef)}
    inlinable = []
    for module in modules:
        for function, owner, key in _definitions(module):
            if function.decorator_list or not _is_one_statement(function) or calls[key] != [module.name] or values[key]:
                continue
            if (key if owner is None else function.name) in names or function.name.startswith(prefixes):
                continue
            if owner is None or not (function.name in protocols or _may_override(owner, classes, function.name)):
                inlinable.append(_place(module, function))
    return sorted(inlinable)


def _read_modules(paths: Iterable[Path]) -> list[Module]:
    return [_parse(path, path.read_text(), ROOT) for path in paths]


@cache
def _parse(path: Path, source: str, root: Path) -> Module:
    name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    tree = ast.parse(source)
    module = Module(path, name, tree, list(ast.walk(tree)))
    module.imports = dict(_read_imports(module))
    return module


def _read_imports(module: Module) -> Iterator[tuple[str, str]]:
    for node in module.nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
        elif isinstance(node, ast.ImportFrom):
            parents = module.name.split(".")[: -node.level] if node.level else []
            source = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((alias.asname or alias.name, f"{source}.{alias.name}") for alias in node.names)


def _functions(module: Module) -> Iterator[Function]:
    return (node for node in module.nodes if isinstance(node, Function))


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _place(module: Module, function: Function) -> str:
    return f"{module.path.relative_to(ROOT).as_posix()}:{function.lineno} {function.name}"


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_one_statement(function: Function) -> bool:
    body = [statement for statement in function.body if not _is_docstring(statement)]
    if len(body) != 1 or not isinstance(body[0], SIMPLE):
        return False
    return (body[0].end_lineno or body[0].lineno) - body[0].lineno < SHORT


def _definitions(module: Module) -> Iterator[tuple[Function, ast.ClassDef | None, str]]:
    """Yield each function with its class, if it is a method, and the key under which its references are counted."""

    def walk(node: ast.AST, owner: ast.ClassDef | None) -> Iterator[tuple[Function, ast.ClassDef | None, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                yield from walk(child, child)
            elif isinstance(child, Function):
                # A function inside of another is known by its name in this file alone.
                yield child, owner, f".{child.name}" if owner else f"{module.name}.{child.name}"
                yield from walk(child, None)
            else:
                yield from walk(child, owner)

    return walk(module.tree, None)


def _count_references(modules: Sequence[Module]) -> tuple[Mapping[str, list[str]], Counter[str]]:
    """Return for each function the module of each call, and how often it is used as a value.

    The key is `module.name` where the imports tell the module, and `.name` for an attribute of anything else.
    """
    calls, values = defaultdict[str, list[str]](list), Counter[str]()
    by_name = {module.name: module for module in modules}
    for module in modules:
        called = {id(node.func) for node in module.nodes if isinstance(node, ast.Call)}
        for node in module.nodes:
            keys = []
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                keys = [_resolve(module, node.id, by_name)]
            elif isinstance(node, ast.Attribute):
                source = _resolve(module, _dotted(node.value), by_name)
                full = [_resolve(by_name[source], node.attr, by_name)] if source in by_name else []
                keys = [f".{node.attr}", *full]
            for key in keys:
                if id(node) in called:
                    calls[key].append(module.name)
                else:
                    values[key] += 1
    return calls, values


def _dotted(node: ast.expr) -> str:
    """Return a chain of names as it is written, such as `package.module`; an empty string for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{prefix}.{node.attr}" if (prefix := _dotted(node.value)) else ""
    return node.id if isinstance(node, ast.Name) else ""


def _resolve(module: Module, name: str, by_name: Mapping[str, Module]) -> str:
    """Return what a name in a module stands for, as `module.name`, through as many imports as it takes."""
    full = module.imports.get(name)
    if full is None:
        return name if name in by_name else f"{module.name}.{name}"
    source, _, attribute = full.rpartition(".")
    return _resolve(by_name[source], attribute, by_name) if source in by_name and full not in by_name else full


def _names_in_texts(modules: Sequence[Module]) -> tuple[set[str], tuple[str, ...]]:
    """Return what strings and other files may call: full and last names, and the prefixes of names put together."""
    names = {
        word for pattern in BY_NAME for path in ROOT.glob(pattern) for word in re.findall(r"[\w.]+", path.read_text())
    }
    prefixes = set()
    for module in modules:
        for node in module.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w.]+", node.value):
                names |= {node.value, f"{module.name}.{node.value}"}
            elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in LOOKUPS:
                parts = [argument.values[0] for argument in node.args if isinstance(argument, ast.JoinedStr)]
                prefixes |= {str(part.value) for part in parts if isinstance(part, ast.Constant)}
    return names | {name.rpartition(".")[2] for name in names if "." in name}, tuple(prefixes)


def _protocol_methods(modules: Sequence[Module]) -> set[str]:
    """Return the names that protocols ask for: whoever has them may be used through one."""
    return {
        method.name
        for module in modules
        for node in module.nodes
        if isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(base) for base in node.bases)
        for method in node.body
        if isinstance(method, Function)
    }


def _may_override(owner: ast.ClassDef, classes: Mapping[str, ast.ClassDef], name: str) -> bool:
    """Return whether something else may call the method: Python, or a base class, be it ours or a library's."""
    if name.startswith("__") and name.endswith("__"):
        return True
    for base in owner.bases:
        parent = classes.get(ast.unparse(base).split("[")[0].rpartition(".")[2])
        if parent is None or parent is owner:
            # A library asks for public names; those with an underscore are ours.
            if not name.startswith("_"):
                return True
        else:
            is_asked_for = name in {part.name for part in parent.body if isinstance(part, Function)}
            if is_asked_for or _may_override(parent, classes, name):
                return True
    return False


def _bound_names(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and kind of everything that a file gives a name of its own; a choice is a word of the pages."""
    choices = {
        id(target)
        for node in nodes
        if isinstance(node, ast.ClassDef) and any("Choices" in ast.unparse(base) for base in node.bases)
        for statement in node.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
    }
    for node in nodes:
        if id(node) in choices:
            continue
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name, "function"
            case ast.ClassDef(name=name):
                yield node.lineno, name, "class"
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name, "variable"
            case ast.alias(asname=str(name)):
                yield node.lineno, name, "variable"
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name, "variable"


def main(folders: Sequence[str]) -> int:
    """Print what is forbidden in these folders; return 1 when there is any of it."""
    paths = python_files(*folders)
    faults = [*long_functions(paths), *banned_names(paths), *one_statement_called_once(paths)]
    print("\n".join([*faults, f"{share_within(paths):.1%} of functions have at most 24 lines"]))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
