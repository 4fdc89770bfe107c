"""Text: what is converted to it without asking, patterns, hashes."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import Expr, exp

from deployments.embedded.errors import unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites import dates, variants
from deployments.embedded.sql.rewrites.trees import Rule, func, gives_text
from deployments.embedded.sql.rewrites.types import text

_TEXT_FUNCTIONS: tuple[type[Expr], ...] = (
    exp.Upper,
    exp.Lower,
    exp.Trim,
    exp.Left,
    exp.Right,
    exp.Contains,
    exp.StartsWith,
    exp.EndsWith,
    exp.Like,
    exp.ILike,
    exp.SplitPart,
    exp.Reverse,
    exp.Initcap,
    exp.RegexpCount,
    exp.RegexpInstr,
    exp.Translate,
    exp.StrPosition,
    exp.Strtok,
)
_SHORT = 8


def text_argument(node: Expr) -> Expr:
    """`UPPER("V":name)`: a number or a VARIANT is converted to text, without the quotes of JSON."""
    node.set("this", text(node.this))
    return node


def substring(node: exp.Substring) -> Expr:
    """`SUBSTR("S", 0, n)` begins at 1, a length below 0 is 0: what is written as numbers is no question."""
    start, length = node.args.get("start"), node.args.get("length")
    if isinstance(start, exp.Literal) and start.name != "0" and (length is None or isinstance(length, exp.Literal)):
        node.set("zero_start", False)
    return text_argument(node)


def repeat(node: exp.Repeat) -> Expr:
    """`REPEAT("S", 3)`: an error where the text would be longer than Snowflake's longest."""
    value = text(node.this)
    return func("repeat", value, call("sf_repeats", value.copy(), node.args["times"]))


def space(node: exp.Space) -> Expr:
    """`SPACE(3)`."""
    return func("repeat", " ", call("sf_within", node.this))


def random_text(node: exp.Randstr) -> Expr:
    """`RANDSTR(5, RANDOM())`."""
    node.set("this", call("sf_within", node.this))
    return node


def replace(node: exp.Replace) -> Expr:
    """`REPLACE("S", 'a', "B")`: what can grow little is not measured first."""
    text_argument(node)
    put = node.args["replacement"]
    if isinstance(put, exp.Literal) and len(put.name) <= _SHORT:
        return node
    return call("sf_replace", node.this, text(node.expression), text(put))


def pad(node: exp.Pad) -> Expr:
    """`LPAD("S", 5, '0')`: an error where the text would be longer than Snowflake's longest."""
    node.set("expression", call("sf_within", node.expression))
    return text_argument(node)


def concat(node: Expr) -> Expr:
    """`CONCAT("A", "B")` and `"A" || "B"`: NULL if one part is; numbers and VARIANT become text."""
    parts = [node.this, node.expression] if isinstance(node, exp.DPipe) else node.expressions
    joined = text(parts[0])
    for part in parts[1:]:
        joined = exp.DPipe(this=joined, expression=text(part))
    return exp.Paren(this=joined)


def md5(node: Expr) -> Expr:
    """`MD5("N")` hashes the text of a number."""
    return func("md5", node.this) if gives_text(node.this, by_columns=True) else call("sf_md5", node.this)


def sha2(node: exp.SHA2) -> Expr:
    """`SHA2("S")` and `SHA2("S", 256)`; DuckDB has no other length."""
    length = node.args.get("length")
    if length is not None and length.name not in {"256", "0"}:
        raise unsupported(f"SHA2 of {length.name} bits", "Use 256.")
    return func("sha256", text(node.this))


def regexp_replace(node: exp.RegexpReplace) -> Expr:
    """`REGEXP_REPLACE("S", 'x', 'y')` replaces every match; backslash groups stay."""
    if node.args.get("position") or node.args.get("occurrence"):
        raise unsupported("REGEXP_REPLACE from a position or for one occurrence")
    options = "g" + (node.args["modifiers"].name if node.args.get("modifiers") else "")
    replacement = node.args.get("replacement") or exp.Literal.string("")
    return func("regexp_replace", text(node.this), node.expression, replacement, options)


def regexp_like(node: exp.RegexpLike) -> Expr:
    """`REGEXP_LIKE("S", 'x.*')` and RLIKE match the whole text."""
    options = node.args.get("flag")
    arguments = [text(node.this), node.expression, *([options] if options else [])]
    return func("regexp_full_match", *arguments)


def regexp_substr(node: Expr) -> Expr:
    """`REGEXP_SUBSTR("S", '(x)', 1, 1, 'e', 1)`: NULL where nothing matches."""
    position = node.args.get("position") or exp.Literal.number(1)
    occurrence = node.args.get("occurrence") or exp.Literal.number(1)
    parameters = node.args.get("parameters")
    options = parameters.name if parameters is not None else "c"
    group = node.args.get("group")
    number = int(group.name) if group is not None else 0
    if number == 0 and "e" in options:
        number = 1
    found = func(
        "regexp_extract_all",
        func("substr", text(node.this), position),
        node.expression,
        number,
        options.replace("e", ""),
    )
    return func("list_extract", found, occurrence)


def listagg(node: exp.GroupConcat) -> Expr:
    """`LISTAGG("S", ',')`: empty text where there is nothing to join, no separator unless given."""
    if node.args.get("separator") is None:
        node.set("separator", exp.Literal.string(""))
    inner = node.this
    holder: Expr = node
    while isinstance(inner, (exp.Distinct, exp.Order)):
        holder, inner = inner, inner.expressions[0] if isinstance(inner, exp.Distinct) else inner.this
    if isinstance(inner, exp.Column) and not isinstance(holder, exp.Distinct):
        inner.replace(call("sf_text", inner.copy()))
    return node


def length(node: exp.Length) -> Expr:
    """`LENGTH("S")`: characters of a text, bytes of a BINARY."""
    return func("length", node.this) if gives_text(node.this, by_columns=True) else call("sf_length", node.this)


def _refuse(name: str) -> Callable[[exp.Anonymous], Expr]:
    def refuse(node: exp.Anonymous) -> Expr:
        raise unsupported(name)

    return refuse


ANONYMOUS: dict[str, Callable[[exp.Anonymous], Expr]] = {
    "HASH": lambda node: call("sf_signed", func("hash", *node.expressions)),
    "CONDITIONAL_CHANGE_EVENT": _refuse("CONDITIONAL_CHANGE_EVENT"),
}


def hash_agg(node: exp.HashAgg) -> Expr:
    """`HASH_AGG("A")` is not done."""
    raise unsupported("HASH_AGG", "Compare the rows, or SUM(HASH(…)).")


def rewrite_unknown_function(node: exp.Anonymous) -> Expr:
    """Rewrite a function that the parser does not know."""
    if own := ANONYMOUS.get(node.name.upper()):
        return own(node)
    return dates.timestamp_function(node) or variants.type_predicate(node) or variants.variant_function(node) or node


def collate(node: exp.Collate) -> Expr:
    """`"S" COLLATE 'en-ci'` is not done: texts are compared letter by letter."""
    raise unsupported("COLLATE", "Compare UPPER of both sides.")


RULES: dict[type[Expr], Rule] = {
    **dict.fromkeys(_TEXT_FUNCTIONS, text_argument),
    exp.Substring: substring,
    exp.Repeat: repeat,
    exp.Space: space,
    exp.Pad: pad,
    exp.Randstr: random_text,
    exp.Replace: replace,
    exp.Concat: concat,
    exp.DPipe: concat,
    exp.Length: length,
    exp.ByteLength: lambda node: func("octet_length", call("sf_bytes", node.this)),
    exp.MD5: md5,
    exp.SHA2: sha2,
    exp.SHA: lambda node: func("sha1", text(node.this)),
    exp.RegexpReplace: regexp_replace,
    exp.RegexpLike: regexp_like,
    exp.RegexpExtract: regexp_substr,
    exp.GroupConcat: listagg,
    exp.HashAgg: hash_agg,
    exp.Collate: collate,
    exp.Anonymous: rewrite_unknown_function,
}
