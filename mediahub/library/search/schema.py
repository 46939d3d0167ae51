"""The index of words in each database, made of the rows of SearchEntry by the database itself.

Neither needs an extension: full-text search is in PostgreSQL's core, and FTS5 in the SQLite that Python brings.
"""

from typing import Any

# The most words of each field, and on PostgreSQL where the positions of a field begin, so that fields do not touch.
# PostgreSQL counts to 16,383. Its weights tell fields apart; there are four, so the words of file names stand a second
# time behind a slash, which no word holds.
MOST_WORDS = {"title": 1000, "tags": 2500, "credit": 1500, "file": 500, "text": 8000}
WEIGHTS = {"title": "A", "tags": "B", "credit": "C", "file": "D", "text": "D"}
STARTS = {"title": 0, "tags": 1100, "credit": 3700, "file": 5300, "text": 5900}
FILE_MARK = "/"
# Two words that follow each other stand there once more as one, with this before each, which no word holds. Otherwise
# PostgreSQL would read each row that has the words of a phrase, to see whether they follow each other.
PAIR_MARK = "_"
# So much of each word: on PostgreSQL all that is looked for in a row may have a megabyte.
PAIRED_LETTERS = 15

_WEIGH = """
CREATE FUNCTION library_weigh_words(words text, mark text, weight text, start integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        string_agg('''' || mark || word || ''':' || least(start + place, 16383) || weight, ' '), ''
    )
    FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS list (word, place)
    WHERE word NOT IN ('', '¦')
$$
"""
_PAIR = """
CREATE FUNCTION library_pair_words(words text, mark text, letters integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        string_agg(DISTINCT '''' || mark || left(word, letters) || mark || left(following, letters) || '''', ' '), ''
    )
    FROM (
        SELECT word, lead(word) OVER (ORDER BY place) AS following
        FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS list (word, place)
    ) AS pairs
    WHERE word NOT IN ('', '¦') AND following NOT IN ('', '¦')
$$
"""


def create_index(_apps: Any, editor: Any) -> None:
    """Create the index of words."""
    for statement in _postgresql() if editor.connection.vendor == "postgresql" else _sqlite():
        # What stands there is no template: signs of percent are none.
        editor.execute(statement, params=None)


def drop_index(_apps: Any, editor: Any) -> None:
    """Drop the index of words."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE library_searchentry DROP COLUMN vector", params=None)
        editor.execute("DROP FUNCTION library_weigh_words(text, text, text, integer)", params=None)
        editor.execute("DROP FUNCTION library_pair_words(text, text, integer)", params=None)
        return
    for event in ("insert", "update", "delete"):
        editor.execute(f"DROP TRIGGER library_searchentry_{event}", params=None)
    editor.execute("DROP TABLE library_searchindex", params=None)


def _postgresql() -> list[str]:
    parts = [f"library_weigh_words({name}, '', '{WEIGHTS[name]}', {STARTS[name]})" for name in MOST_WORDS]
    parts.append(f"library_weigh_words(file, '{FILE_MARK}', 'D', {STARTS['file']})")
    parts += [f"library_pair_words({name}, '{PAIR_MARK}', {PAIRED_LETTERS})" for name in MOST_WORDS]
    vector = " || ' ' || ".join(parts)
    return [
        _WEIGH,
        _PAIR,
        f"ALTER TABLE library_searchentry ADD COLUMN vector tsvector GENERATED ALWAYS AS (({vector})::tsvector) STORED",
        "CREATE INDEX search_by_words ON library_searchentry USING gin (vector)",
    ]


def _sqlite() -> list[str]:
    names = ", ".join(MOST_WORDS)
    new = ", ".join(f"new.{name}" for name in MOST_WORDS)
    old = ", ".join(f"old.{name}" for name in MOST_WORDS)
    add = f"INSERT INTO library_searchindex (rowid, {names}) VALUES (new.id, {new});"  # noqa: S608 - names of this module
    all_names = f"library_searchindex, rowid, {names}"
    remove = f"INSERT INTO library_searchindex ({all_names}) VALUES ('delete', old.id, {old});"  # noqa: S608
    trigger = "CREATE TRIGGER library_searchentry_{} AFTER {} ON library_searchentry BEGIN {} END"
    # The words are folded and cut already: this tokenizer splits at spaces, and takes every other sign as it is.
    table = f"fts5({names}, content='library_searchentry', content_rowid='id', tokenize='ascii', prefix='2 3')"
    return [
        f"CREATE VIRTUAL TABLE library_searchindex USING {table}",
        trigger.format("insert", "INSERT", add),
        trigger.format("update", "UPDATE", f"{remove} {add}"),
        trigger.format("delete", "DELETE", remove),
    ]
