"""Hold measured code to what it does when nothing is measured."""

from tests.children import python

PROGRAM = """
import ast
from slipcover import Slipcover
from tests.measuring import mark_branches

source = '''def choose(first):
    if first:
        return (2, 3)
    return (2, 4)
'''
slipcover, names = Slipcover(branch=True), {}
exec(slipcover.instrument(compile(mark_branches(ast.parse(source)), "choose.py", "exec")), names)
print([names["choose"](first) for first in (True, False, True)], sorted(slipcover.get_coverage()["files"]))
"""


def test_a_pair_of_numbers_is_no_branch_between_lines_of_these_numbers() -> None:
    assert python(PROGRAM, PYTEST_XDIST_WORKER="") == "[(2, 3), (2, 4), (2, 3)] ['choose.py']"
