"""What is changed in the SQL of a rule to make a mutant: one small thing each, by the node of its syntax tree."""

from collections.abc import Callable, Iterator, Mapping

from sqlglot import exp

_NEIGHBOUR: Mapping[type[exp.Expression], type[exp.Binary]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
}
_OPPOSITE: Mapping[type[exp.Expression], type[exp.Binary]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.LTE: exp.GT,
    exp.GT: exp.LTE,
    exp.GTE: exp.LT,
}
_CONDITIONAL = (exp.Where, exp.Having, exp.Qualify, exp.And, exp.Or, exp.Not, exp.Paren, exp.If)
"""What a condition may stand directly in, beside the `on` of a join."""

Change = Callable[[exp.Expression], Iterator[tuple[str, exp.Expression | None]]]


def _comparisons(node: exp.Expression) -> Iterator[tuple[str, exp.Expression]]:
    for kinds in (_NEIGHBOUR, _OPPOSITE):
        if (other := kinds.get(type(node))) is not None:
            changed = other(this=node.this.copy(), expression=node.expression.copy())
            yield f"{_short(node)} becomes {_short(changed)}", changed


def _predicates(node: exp.Expression) -> Iterator[tuple[str, exp.Expression]]:
    """A condition that is part of another one is left out."""
    parent = node.parent
    if isinstance(parent, exp.And) or (
        isinstance(parent, exp.Where) and not isinstance(node, exp.And)
    ):
        yield f"without: {_short(node)}", exp.true()
    elif isinstance(parent, exp.Or):
        yield f"without: {_short(node)}", exp.false()


def _negations(node: exp.Expression) -> Iterator[tuple[str, exp.Expression]]:
    if isinstance(node, exp.Not):
        yield f"{_short(node)} becomes {_short(node.this)}", node.this
    elif isinstance(node, exp.In | exp.Exists | exp.Is | exp.Between) and not isinstance(
        node.parent, exp.Not
    ):
        yield f"{_short(node)} becomes its opposite", exp.Not(this=exp.Paren(this=node.copy()))
    elif _is_flag(node):
        yield f"{_short(node)} becomes its opposite", exp.Not(this=node.copy())


def _is_flag(node: exp.Expression) -> bool:
    """Whether a bare column is a whole condition."""
    parent = node.parent
    if not isinstance(node, exp.Column) or parent is None:
        return False
    if isinstance(parent, exp.If):
        return node.arg_key == "this" and not (
            isinstance(parent.parent, exp.Case) and parent.parent.this
        )
    return isinstance(parent, _CONDITIONAL) and not isinstance(parent, exp.Paren | exp.Not)


def _joins(node: exp.Expression) -> Iterator[tuple[str, exp.Expression]]:
    """Rows without a partner are lost. The reverse says nothing: a later condition drops them again."""
    if isinstance(node, exp.Join) and node.side == "LEFT":
        other = node.copy()
        other.set("side", None)
        yield f"{_short(node)} becomes an inner join", other


def _branches(node: exp.Expression) -> Iterator[tuple[str, exp.Expression | None]]:
    """A branch of a `case` is left out."""
    if (
        isinstance(node, exp.If)
        and isinstance(node.parent, exp.Case)
        and len(node.parent.args["ifs"]) > 1
    ):
        yield f"without: {_short(node)}", None


def _defaults(node: exp.Expression) -> Iterator[tuple[str, exp.Expression]]:
    if isinstance(node, exp.Coalesce) and node.expressions:
        yield f"{_short(node)} becomes {_short(node.this)}", node.this


CHANGES: tuple[Change, ...] = (_comparisons, _predicates, _negations, _joins, _branches, _defaults)


def _short(node: exp.Expression) -> str:
    text = " ".join(node.sql(dialect="duckdb").split())
    return text if len(text) <= 90 else f"{text[:87]}..."
