"""Entries of a dump as files by kind, and rights as few statements."""

from __future__ import annotations

import itertools
import random

from slipway.supabase.kinds import cut, granting
from slipway.supabase.kinds.cut import Entry, File

LISTING = """;
; Selected TOC Entries:
;
1; 0 0 ENCODING - ENCODING
2; 1262 5 DATABASE - postgres postgres
3; 0 0 COMMENT - DATABASE postgres postgres
;	depends on: 2
10; 1259 100 TABLE auth users supabase_auth_admin
;	depends on: 9
11; 0 100 ROW SECURITY auth users supabase_auth_admin
;	depends on: 10
12; 0 0 COMMENT auth TABLE users supabase_auth_admin
;	depends on: 10
13; 2620 101 TRIGGER auth users made postgres
;	depends on: 10 20
20; 1255 102 FUNCTION public made() postgres
21; 0 0 COMMENT public FUNCTION made() postgres
;	depends on: 20
30; 1259 103 TABLE public tasks postgres
;	depends on: 20 9
31; 0 0 TABLE ATTACH public tasks_1 postgres
;	depends on: 30
32; 1255 104 FUNCTION public find(public.tasks) postgres
;	depends on: 30
33; 3602 105 TEXT SEARCH CONFIGURATION public russian postgres
34; 9999 106 SOMETHING NEW public x postgres
"""


def entry(number: int, kind: str, *after: int) -> Entry:
    return Entry(number, frozenset(after), kind, (1, number))


def test_a_listing_is_read_with_kinds_and_what_each_entry_needs() -> None:
    found = {each.number: each for each in cut.read(LISTING)}
    kinds = {number: each.kind for number, each in found.items()}
    tables, functions = {10, 12, 30, 31}, {20, 21, 32}
    assert {number for number, kind in kinds.items() if kind == "tables"} == tables
    assert {number for number, kind in kinds.items() if kind == "functions"} == functions
    assert (kinds[11], kinds[13], kinds[33], kinds[34]) == ("policies", "triggers", "types", "others")
    assert found[13].after == {10, 20} and found[11].object == (0, 100)


def test_parts_go_where_their_object_goes_and_triggers_on_what_is_gone_stay() -> None:
    entries = cut.read(LISTING)
    chosen = [each.number for each in entries if each.number != 30]
    kept = cut.kept(entries, chosen, {(1259, 100), (0, 100)})
    assert [each.number for each in kept] == [13, 20, 21, 32, 33, 34]


def test_a_kind_has_a_second_file_where_it_needs_what_comes_later() -> None:
    entries = [
        entry(1, "tables", 2),
        entry(2, "functions"),
        entry(3, "functions", 1),
        entry(4, "tables", 3),
        entry(5, "tables", 1),
    ]
    assert list(cut.cut(entries)) == [
        File("functions", (2,)),
        File("tables", (1, 5)),
        File("functions", (3,)),
        File("tables", (4,)),
    ]


def test_a_ring_is_in_the_order_of_the_dump() -> None:
    entries = [entry(1, "tables", 2), entry(2, "views", 1), entry(3, "types", 2)]
    assert [each.numbers for each in cut.cut(entries)] == [(1,), (2,), (3,)]


def test_whatever_depends_on_what_each_entry_comes_once_and_after_its_needs() -> None:
    chance = random.Random(7)
    for size in range(1, 60):
        entries = [
            entry(at, chance.choice(list(cut.KINDS)), *chance.sample(range(at), min(at, chance.randrange(4))))
            for at in range(size)
        ]
        order = list(itertools.chain.from_iterable(each.numbers for each in cut.cut(entries)))
        assert sorted(order) == list(range(size))
        assert all(order.index(need) < order.index(each.number) for each in entries for need in each.after)


def test_rights_that_are_alike_are_one_statement_and_those_of_public_are_said() -> None:
    names = {0: "PUBLIC", 1: "anon", 2: "reporting"}
    both = [[1, "SELECT", False], [2, "SELECT", False], [7, "SELECT", False]]
    lists = [
        ("TABLE", "a", False, both),
        ("TABLE", "b", False, both),
        ("TABLE", "c", False, [[2, "UPDATE", False], [2, "SELECT", False], [2, "DELETE", True]]),
        ("ROUTINE", "f()", True, [[0, "EXECUTE", False], [1, "EXECUTE", False]]),
        ("ROUTINE", "g()", True, [[1, "EXECUTE", False]]),
        ("SCHEMA", "s", False, [[0, "USAGE", False]]),
    ]
    assert list(granting.together(lists, names)) == [
        "REVOKE ALL ON ROUTINE g() FROM PUBLIC",
        "GRANT SELECT ON TABLE\n    a,\n    b\nTO anon, reporting",
        "GRANT SELECT, UPDATE ON TABLE c TO reporting",
        "GRANT DELETE ON TABLE c TO reporting WITH GRANT OPTION",
        "GRANT EXECUTE ON ROUTINE f() TO PUBLIC, anon",
        "GRANT EXECUTE ON ROUTINE g() TO anon",
        "GRANT USAGE ON SCHEMA s TO PUBLIC",
    ]
