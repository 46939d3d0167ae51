"""`pytest -n 2 -p tests.measuring`: write which lines and branches of the product each process of tests reached.

SlipCover puts probes into the bytecode of what is imported, and takes those out that were reached. So a measured test
takes hardly longer, where Python's tracing slows every line down, those of Django and botocore as well. The plugin is
named on the command line, because the product must not be imported before it.
"""

import ast
import json
import os
from pathlib import Path

from slipcover import FileMatcher, ImportManager, Slipcover, branch

ROOT = Path(__file__).resolve().parent.parent
# One file of each process, in SlipCover's format.
FOLDER = ROOT / "var" / "coverage"
SOURCES = [str(ROOT / "processing"), str(ROOT / "mediahub")]
OMITTED = ["*/migrations/*"]


class PairsAsCalls(ast.NodeTransformer):
    """Writes `(26, 28)` as `tuple([26, 28])`.

    Up to Python 3.11 SlipCover 1.1 marks a branch with the pair of its lines as a constant, and replaces that constant
    by its probe. Where the function has the same pair for a purpose of its own, it would be given the probe as well.
    """

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        self.generic_visit(node)
        if len(node.elts) != 2 or not all(isinstance(part, ast.Constant) for part in node.elts):
            return node
        return ast.Call(ast.Name("tuple", ast.Load()), [ast.List(node.elts, ast.Load())], [])


def mark_branches(tree: ast.Module) -> ast.Module:
    """Return the tree with a mark at each branch, as SlipCover expects it."""
    marked: ast.Module = _mark_branches(ast.fix_missing_locations(PairsAsCalls().visit(tree)))
    return marked


_mark_branches = branch.preinstrument
branch.preinstrument = mark_branches

# The process that hands out the tests runs none.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    slipcover = Slipcover(branch=True, source=SOURCES, omit=OMITTED)
    ImportManager(slipcover, FileMatcher(SOURCES, OMITTED)).__enter__()


def pytest_sessionfinish() -> None:
    """Write what was reached."""
    if worker:
        (FOLDER / f"{worker}-{os.getpid()}.json").write_text(json.dumps(slipcover.get_coverage()))
