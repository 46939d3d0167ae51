"""`python -m tests.matrix`: the table of faults and tests in docs/reliability.md, from the names of the tests."""

import ast
import re
import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- made by python -m tests.matrix -->\n", "<!-- until here -->\n"
IDS = re.compile(r"test_((?:[a-z]\d+_)+)")

PROMISES = {
    "R1": ("No upload is lost", "each file in the bucket becomes ready, rejected, failed or deleted, and says why"),
    "R2": ("Effects come once", "however often and in whatever order events come, there is one outcome"),
    "R3": (
        "A crash heals by itself",
        "whoever dies wherever, the next delivery completes the work and nothing is left over",
    ),
    "R4": ("A bad file costs one attempt", "it is rejected with a reason, and its siblings go through"),
    "R5": ("A passing fault heals", "three failures in a row of any service end in ready"),
    "R6": ("A retry is safe and noted", "twice is once; who, when and why are kept; one or many, at a bounded rate"),
    "R7": ("Records and mirror agree", "after any storm there is no drift, and the mirror can be rebuilt"),
}
EVENTS = {
    "A1": (
        "The same event many times, one after the other or at once",
        "one image, labelled once; the others are duplicates",
    ),
    "A2": ("Events out of order", "the newest version stays; an older one is superseded"),
    "A3": (
        "Sequencers of different lengths, or none",
        "compared padded; without one the bucket says which version is current",
    ),
    "A4": ("Odd keys: spaces, plus, per cent, any script, any direction", "decoded once, read byte for byte"),
    "A5": (
        "Keys of 1,024 bytes and more",
        "the first is taken in; a longer one, which S3 cannot have, is a dead letter",
    ),
    "A6": ("S3's test event", "passed over, no failure"),
    "A7": ("A batch with poison and with a passing fault", "only what can succeed later comes back"),
    "A8": ("Deleted before or after it was worked on", "the upload ends as deleted, its image goes out of use"),
    "A9": ("Replaced while it is worked on", "read by its version; what is superseded leaves nothing"),
    "A10": ("An event of another bucket", "a mistake of the setup, never read"),
    "A11": (
        "A rendition that is announced as an upload",
        "never taken in; one bucket for both is refused at the start",
    ),
    "A12": ("Huge and deep messages", "refused with a reason, within bounds"),
    "A13": (
        "Malformed events and unknown forms",
        "an error and a dead letter, never a success; minor versions are read",
    ),
    "A14": (
        "Removals, restores, transitions, tags",
        "followed or passed over by an explicit list; any other name is an error",
    ),
    "A15": ("SNS and EventBridge envelopes", "opened; EventBridge's keys are not decoded"),
    "A16": ("An event that never comes", "found by comparing bucket and records, and taken in"),
}
SERVICES = {
    "C1": ("The store answers SlowDown", "asked again with backoff; after that the file is delivered again"),
    "C2": ("A file that arrives in part", "never decoded; delivered again"),
    "C3": ("The store fails after some renditions", "nothing is recorded; the next attempt writes the same names"),
    "C4": ("The store takes a file, and its answer is lost", "the next attempt replaces it by itself"),
    "C5": ("Labels are throttled", "the image is ready without; the comparison asks for them later"),
    "C6": ("Labels are refused for good", "the image is ready and says why it has none"),
    "C7": ("Odd answers of the labeler", "bounded, and kept as text"),
    "C8": ("The mirror is throttled, overtaken, or full", "the records stay true; the clock pushes what lags"),
    "C9": (
        "The database is locked, gone, or silent after a commit",
        "delivered again; what was committed is found and not repeated",
    ),
    "C10": ("The queue does not take a retry", "the order stays and is asked for again"),
    "C11": ("A worker is killed at any step", "its lease ends, and the next delivery completes"),
    "C12": ("The function's time runs out", "nothing is begun that cannot end; the rest comes back"),
    "C13": (
        "The function is killed for its memory while it decodes",
        "a death like any other; sizes are refused from the header, and what kills every delivery comes to the desk",
    ),
    "C14": (
        "The disk is full, or holds leftovers",
        "delivered again; no file on the disk has a name that could be left",
    ),
    "C15": ("Two workers with one file at once", "one has the lease, the other delivery comes back"),
    "C16": ("A worker's clock is wrong, or it is 2038", "the fence lets one of them record"),
    "C17": (
        "The key is throttled or disabled, rights are missing",
        "throttling is tried again; a mistake stops work and keeps the messages",
    ),
    "C18": ("The original lies in an archive", "it says that it must be restored, and waits"),
    "C19": ("Bulk work is interrupted", "the same command, or the next worker, goes on where it was"),
    "C20": (
        "A retry of what still fails, or is gone",
        "back to the same item with its count raised, up to a limit; deleted",
    ),
    "C21": ("Dead letters that this version cannot read", "shown as they are; not sent again"),
    "C22": ("Two releases at once", "messages keep their form, and migrations take nothing away"),
}
DEPLOYMENT = {
    "E1": ("A bucket is opened: ACL, policy, a flag off", "the template's tests fail; each mutation is noticed"),
    "E2": ("Plain http", "refused by buckets and all in them, queues and topic"),
    "E3": (
        "Another encryption, or another key",
        "the bucket refuses the object; one that names none gets the bucket's key",
    ),
    "E4": (
        "A role that may more than it needs",
        "each action and resource is named; each role is probed for what it may not",
    ),
    "E5": (
        "Uploads from elsewhere than the listed addresses",
        "PutObject is refused through signed links too; reads are left alone",
    ),
    "E6": (
        "A secret in settings, template, package or message",
        "found by scans; references only; never quoted in an error",
    ),
    "E7": ("The secret store is gone, or a secret is missing", "the function does not start, and names the secret"),
    "E8": (
        "A function in the network lacks a way to a part",
        "the template has each endpoint that the code asks for, and no way out unless `Network=ipv6` opens one",
    ),
    "E9": ("No dead letters, kept too short, shown again too soon, all or nothing", "the template's tests fail"),
    "E10": ("An alarm is missing, tells nobody, or never rings", "each is there and evaluated by its own numbers"),
    "E11": ("What is made is announced as an upload", "only the upload bucket tells, under its prefix"),
    "E12": (
        "Lifecycles that lose or hoard",
        "originals only go to classes that are read at once; parts and old versions end",
    ),
    "E13": ("The stack is deleted", "what holds data is retained and protected"),
    "E14": ("DEBUG on, a guessable key", "the function does not start; `check --deploy` is clean"),
    "E15": ("A dependency that is unpinned or known as weak", "locks hold hashes; floors are kept"),
    "E16": ("The function is invoked with code, a command, or an unknown event", "refused before Zappa sees it"),
}


@cache
def tests() -> dict[str, list[tuple[str, str]]]:
    """The tests of each row, as pairs of file and name, from the ids at the head of their names."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            named = IDS.match(node.name) if isinstance(node, ast.FunctionDef) else None
            if named and isinstance(node, ast.FunctionDef):
                for row in named[1].upper().split("_")[:-1]:
                    found[row].append((path.relative_to(ROOT).as_posix(), node.name))
    return found


def table(title: str, rows: dict[str, tuple[str, str]]) -> str:
    """One table in Markdown; a row without a test shows that it has none."""
    of = tests()
    lines = [f"### {title}", "", "| | Fault or promise | What happens | Tests |", "| --- | --- | --- | --- |"]
    for row, (fault, outcome) in rows.items():
        links = [f"[{name.removeprefix('test_')}](../{path})" for path, name in of[row]]
        lines.append(f"| {row} | {fault} | {outcome} | {'<br>'.join(links) or 'none'} |")
    return "\n".join(lines) + "\n"


def matrix() -> str:
    """The three tables."""
    return "\n".join(
        [
            table("The promises", PROMISES),
            table("Events", EVENTS),
            table("Services and processes", SERVICES),
            table("Deployment", DEPLOYMENT),
        ]
    )


def main() -> int:
    """Write the tables where the document has their place."""
    head, _, rest = DOCUMENT.read_text().partition(BEGIN)
    tail = rest.partition(END)[2]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{matrix()}\n{END}{tail}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
