"""Five hundred naughty strings, made kind by kind; each carries a mark that its page, table, or line is searched for.

Where markup of a string becomes a tag, an attribute, or a script, its name holds the mark. What is computed of a string
is a number that stands in no string.
"""

from collections.abc import Iterator

MARK = "zq9x"
# What `{{7919*7907}}` and its like come to where somebody computes it.
COMPUTED = "62615533"
_SUM = "7919*7907"


def _markup() -> Iterator[str]:
    for tag in ("script", "img", "svg", "iframe", "object", "embed", "style", "link", "meta", "base", "form", "math"):
        yield f"<{tag} data-{MARK}>"
        yield f"</{tag}><{MARK}>"
        yield f'"><{tag} on{MARK}=alert(1)>'
        yield f"'><{tag} on{MARK}=alert(1) {MARK}>"
    for event in ("error", "load", "focus", "toggle", "animationend", "pointerover", "beforeinput", "hashchange"):
        yield f'" on{event}="{MARK}()" autofocus {MARK}="'
        yield f"' on{event}='{MARK}()' {MARK}='"
        yield f"<img src=x on{event}={MARK}()>"
    for begin, end in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<%", "%>"), ("<!DOCTYPE ", ">")):
        yield f"{begin}{MARK}{end}"
        yield f"{end}<{MARK}>"
    for closing in ("script", "title", "textarea", "style", "noscript", "template", "select", "option", "button", "a"):
        yield f"</{closing}><{MARK}>"
        yield f"</{closing.upper()}\t><{MARK}/>"
    for scheme in ("javascript:", "JaVaScRiPt:", "java\tscript:", "data:text/html,", "vbscript:", " javascript:"):
        yield f"{scheme}{MARK}()"
    yield from (f"&lt;{MARK}&gt;", f"&#60;{MARK}&#62;", f"&amp;lt;{MARK}&amp;gt;", f"%3C{MARK}%3E", f"\\x3c{MARK}\\x3e")
    yield from (
        f"\\u003c{MARK}\\u003e",
        f"＜{MARK}＞",
        f"‹{MARK}›",
        f"+ADw-{MARK}+AD4-",
        f"<\u200b{MARK}>",
        f"<{MARK}\n>",
    )


def _templates() -> Iterator[str]:
    for begin, end in (
        *(("{{", "}}"), ("{{ ", " }}"), ("${", "}"), ("#{", "}"), ("<%= ", " %>"), ("@(", ")"), ("{%print(", ")%}")),
        *(
            ("[[", "]]"),
            ("{{=", "}}"),
            ("*{", "}"),
            ("~{", "}"),
            ("$(", ")"),
            ("`", "`"),
            ("$((", "))"),
            ("#set($x=", ")"),
        ),
    ):
        yield f"{MARK} {begin}{_SUM}{end}"
    for text in (
        *(
            "{% debug %}",
            "{% load x %}",
            "{{ request.user.password }}",
            "{% include 'x' %}",
            "{{ settings.SECRET_KEY }}",
        ),
        *("{{ ''.__class__ }}", "{% csrf_token %}", "{% extends 'x' %}", "{# comment #}", "{% verbatim %}"),
        *("{{ messages }}", "{% url 'admin:index' %}", "{{ self }}", "{{ config }}", "{% raw %}"),
    ):
        yield f"{MARK} {text}"


def _formats() -> Iterator[str]:
    for text in (
        *("%s", "%d", "%n", "%x%x%x", "%(title)s", "%(name)d", "%", "%%", "%1$s", "%*d", "%c%c", "%.1000f", "%(n)"),
        *(
            "{0}",
            "{}",
            "{0.__class__}",
            "{title}",
            "{n:>999999}",
            "{!r}",
            "{",
            "}",
            "{{}}",
            "$title",
            "${title}",
            "\\1",
        ),
        *("\\g<0>", "\\", "\\\\", "\\n", "\\0", "%00", "%0d%0a", "%25", "&%s;", "%(csrf)s", "{request}", "%r", "%a"),
    ):
        yield f"{MARK} {text}"


def _databases() -> Iterator[str]:
    for text in (
        *(
            "' OR '1'='1",
            "'; DROP TABLE library_image; --",
            '" OR ""="',
            "1; SELECT pg_sleep(1)",
            "') UNION SELECT 1--",
        ),
        *(
            "\\'; --",
            "' || pg_sleep(1) || '",
            "%' OR '%'='",
            "_%_%",
            "\\",
            "E'\\047'",
            "$$x$$",
            "/*",
            "*/",
            "--",
            "#",
            ";",
        ),
        *("NULL", "null", "None", "true", "0x27", "CHAR(39)", "x' AND 1=CAST('a' AS int)--", "🦄' OR 1=1", "ʼ OR 1=1"),
        *(
            '{"$gt": ""}',
            "[$ne]",
            "*",
            "?",
            "(((((",
            ")))))",
            "AND",
            "OR NOT",
            "NEAR/9",
            'title:"',
            "a:*",
            "a & b | !c",
            "<->",
        ),
    ):
        yield f"{MARK} {text}"


def _shells() -> Iterator[str]:
    for text in (
        *(
            "; id",
            "| id",
            "&& id",
            "$(id)",
            "`id`",
            "\nid\n",
            "> /dev/null",
            "< /etc/passwd",
            "-rf",
            "--help",
            "-oProxy=x",
        ),
        *("../../etc/passwd", "..\\..\\x", "/etc/passwd", "C:\\x", "\\\\host\\share", "~root", "file:///etc/passwd"),
        *(
            "....//....//",
            "%2e%2e%2f",
            "%c0%ae%c0%ae/",
            "..;/",
            "CON",
            "nul.jpg",
            "a.php.jpg",
            ".htaccess",
            "x.jpg::$DATA",
        ),
        *(
            "@/etc/passwd",
            "@@x",
            "mvg:/etc/passwd",
            "ephemeral:x",
            "label:@x",
            "http://169.254.169.254/",
            "a.jpg\0.php",
        ),
        *("()", "{ :;};", "$IFS", "${PATH}", "%PATH%", "!!", "*.*", "?", "[a-z]", "~", "a b", "'", '"', "\\ "),
    ):
        yield f"{MARK} {text}"


def _tables() -> Iterator[str]:
    for sign in (
        "=",
        "+",
        "-",
        "@",
        "＝",
        "＋",
        "－",
        "＠",
        "﹦",
        "⁼",
        "﹢",
        "﹣",
        "\t=",
        "\r=",
        "\n=",
        " =",
        "\u00a0=",
        "\u200b=",
        "\ufeff=",
        "'=",
    ):
        yield f"{sign}{MARK}(1)"
    for formula in ("HYPERLINK(0)", "cmd|' /C calc'!A0", "WEBSERVICE(0)", "IMPORTXML(0)", "DDE(0)", 'A1&"', "1+1"):
        yield f"={formula} {MARK}"
        yield f'"={formula},{MARK}'
    yield from (
        f'{MARK}","=1',
        f"{MARK};=1",
        f"{MARK}\r\n=1",
        f'{MARK}"\n"=1',
        f"sep=;{MARK}",
        f"{MARK}\t=1",
        f"|{MARK}",
    )


def _lines() -> Iterator[str]:
    for end in (
        "\r\n",
        "\n",
        "\r",
        "\x0b",
        "\x0c",
        "\x1c",
        "\x85",
        "\u2028",
        "\u2029",
        "\n\r",
        "\r\n\r\n",
        "\\r\\n",
        "%0d%0a",
    ):
        yield f"{MARK}{end}Set-Cookie: {MARK}=1"
        yield f"{MARK}{end}2026-01-01 00:00:00,000 ERROR root: {MARK}"
    for control in ("\x01", "\x07", "\x08", "\x1b[31m", "\x1b]0;x\x07", "\x7f", "\x9b31m", "\x1a", "\x04", "\x0e"):
        yield f"{MARK}{control}end"


def _scripts() -> Iterator[str]:
    for text in (
        *(
            '"',
            "'",
            "`",
            "\\",
            '\\"',
            "\\'",
            '"}',
            '"};alert(1);//',
            "';alert(1);//",
            "${alert(1)}",
            "*/alert(1)/*",
            "//",
        ),
        *(
            "\\u0022",
            "\\x22",
            "</",
            "<!--",
            "]]>",
            '{"a":1}',
            "[]",
            "NaN",
            "Infinity",
            "-0",
            "1e999",
            "undefined",
            "9" * 40,
        ),
        *(
            "__proto__",
            "constructor",
            "toString",
            "hasOwnProperty",
            "then",
            "length",
            "0",
            "-1",
            "[object Object]",
            "\\u2028",
        ),
    ):
        yield f"{MARK} {text}"


def _characters() -> Iterator[str]:
    for name in (
        "\u202e",
        "\u202d",
        "\u202a",
        "\u202b",
        "\u2066",
        "\u2067",
        "\u2068",
        "\u200e",
        "\u200f",
        "\u061c",
        "\u202c",
        "\u2069",
    ):
        yield f"{MARK} {name}gpj.exe"
        yield f"{name}{MARK}"
    for name in (
        "\u200b",
        "\u200c",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "\u034f",
        "\u180e",
        "\u3164",
        "\ufe0f",
        "\U000e0041",
    ):
        yield f"{MARK}{name}end"
    yield f"{MARK} e" + "\u0301" * 200
    yield "".join(letter + "\u0335\u0321\u0489" * 4 for letter in MARK) + MARK
    for text in (
        *(
            "👩\u200d🚀",
            "👨\u200d👩\u200d👧\u200d👦",
            "🏴\U000e0067\U000e0062\U000e007f",
            "🇩🇪🇩",
            "❤\ufe0f",
            "👍🏽",
            "1\ufe0f\u20e3",
        ),
        *("ﬃ", "ı", "İ", "ß", "ǆ", "ſ", "K", "Å", "Ω", "①", "Ⅷ", "㍿", "ﷺ", "𝕬", "ａｂｃ", "＂＇＆", "⁄", "∕", "․․／"),
        *(
            "مرحبا",
            "שלום",
            "नमस्ते",
            "ไทย",
            "你好",
            "ᠮᠣᠩ",
            "ܫܠܡܐ",
            "ʇxǝʇ",
            "Ž͏",
            "\U00010400",
            "\U0010ffff",
            "\ufffd",
            "\ufffe",
            "\ufdd0",
        ),
        *("\ue000", "\U000f0000", "�", "\u0378", "\U0001f9ff" * 20),
    ):
        yield f"{MARK} {text}"


def _sizes() -> Iterator[str]:
    for length in (99, 100, 101, 255, 256, 300, 500, 1000, 2001, 9000):
        yield (MARK * (length // 4 + 1))[:length]
    for text in (
        "x" * 300,
        "W" * 200,
        "/" * 200,
        "." * 200,
        " " * 300,
        "-" * 200,
        "<" * 200,
        "&" * 200,
        "\u200b" * 300,
    ):
        yield f"{MARK}{text}"


def _unstorable() -> Iterator[str]:
    for text in ("\0", "\ud800", "\udfff", "\ud83d", "\udc00\ud800", "a\0b\0c"):
        yield f"{MARK}{text}"


def _values() -> Iterator[str]:
    texts = (
        "2147483648 1e400 0001-01-01 9999-12-31T23:59:59-23:59 ٣ ² ½ -1 0x10 1_000 Infinity . .. index me all on 0 1"
    )
    for text in texts.split():
        yield f"{MARK} {text}"


KINDS = {
    "markup": _markup,
    "templates": _templates,
    "formats": _formats,
    "databases": _databases,
    "shells": _shells,
    "tables": _tables,
    "lines": _lines,
    "scripts": _scripts,
    "characters": _characters,
    "sizes": _sizes,
    "unstorable": _unstorable,
    "values": _values,
}
NAUGHTY: tuple[str, ...] = tuple(dict.fromkeys(text for kind in KINDS.values() for text in kind()))
