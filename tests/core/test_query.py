import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.query import (
    AllOf,
    AnyOf,
    Expression,
    HasId,
    Not,
    Pattern,
    Phrase,
    Query,
    Term,
    build_query,
    find_terms,
    find_triggers,
    negate,
)
from bot.errors import QueryError

A, B, C = (Phrase(name, (Pattern(name),)) for name in "abc")
ID = HasId("id:2512.00001", "2512.00001")

EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from([A, B, C]),
    lambda parts: st.one_of(
        parts.map(negate),
        st.builds(AllOf, st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def is_true(expression: Expression, held: set[Term]) -> bool:
    match expression:
        case Not(part):
            return not is_true(part, held)
        case AllOf(parts):
            return all(is_true(part, held) for part in parts)
        case AnyOf(parts):
            return any(is_true(part, held) for part in parts)
        case term:
            return term in held


def test_terms_come_in_the_order_written_and_say_whether_they_are_wanted() -> None:
    expression = AllOf((AnyOf((A, Not(B))), negate(AllOf((C, Not(ID)))), A))
    assert [*find_terms(expression)] == [
        (A, True),
        (B, False),
        (C, False),
        (ID, True),
        (A, True),
    ]


@pytest.mark.parametrize(
    ("expression", "triggers"),
    [
        (A, {A}),
        (Not(A), None),
        (AnyOf((A, B)), {A, B}),
        (AnyOf((A, Not(B))), None),
        (AllOf((AnyOf((A, B)), C)), {C}),
        (AllOf((Not(A), B)), {B}),
        (AllOf((Not(A), Not(B))), None),
        (AnyOf((AllOf((A, B)), AllOf((Not(A), C)))), {A, C}),
    ],
)
def test_a_trigger_hits_whenever_an_expression_holds(
    expression: Expression, triggers: set[Term] | None
) -> None:
    assert find_triggers(expression) == triggers


@given(EXPRESSIONS, st.sets(st.sampled_from([A, B, C])))
def test_no_expression_holds_without_one_of_its_triggers(
    expression: Expression, held: set[Term]
) -> None:
    triggers = find_triggers(expression)
    assert not (triggers and is_true(expression, held)) or triggers & held
    assert (triggers is None) == is_true(expression, set())


@given(EXPRESSIONS, st.sets(st.sampled_from([A, B, C])))
def test_a_negation_holds_where_the_expression_does_not(
    expression: Expression, held: set[Term]
) -> None:
    assert is_true(negate(expression), held) != is_true(expression, held)
    assert negate(negate(expression)) == expression


def test_a_query_keeps_its_text() -> None:
    assert build_query("a OR b", AnyOf((A, B))) == Query("a OR b", AnyOf((A, B)))


@pytest.mark.parametrize("expression", [Not(A), AnyOf((A, Not(B))), AllOf((Not(A), Not(B)))])
def test_a_query_that_almost_every_paper_matches_is_refused(expression: Expression) -> None:
    with pytest.raises(
        QueryError, match="would match almost every paper, as leaving out is enough for it: "
    ):
        build_query("text", expression)
