"""Which entries of a dump are restored."""

from __future__ import annotations

from slipway.supabase.copying import entries
from slipway.supabase.copying.leave import Left

LISTING = """;
; Archive created at 2026-12-01
;
2; 3079 16384 EXTENSION - pgcrypto
3; 0 0 COMMENT - EXTENSION pgcrypto
10; 2615 2200 SCHEMA - public pg_database_owner
11; 2615 17000 SCHEMA - extensions postgres
12; 2615 17001 SCHEMA - billing postgres
20; 1259 18000 TABLE public tasks postgres
21; 0 18000 TABLE DATA public tasks postgres
30; 2620 18010 TRIGGER public tasks tasks webhook postgres
31; 0 0 COMMENT public TRIGGER "tasks webhook" ON tasks postgres
32; 2620 18011 TRIGGER public tasks touch postgres
33; 0 0 COMMENT public TRIGGER touch ON tasks postgres
40; 0 0 ACL public TABLE tasks postgres
41; 826 18020 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES postgres
42; 0 0 USER MAPPING - USER MAPPING postgres SERVER warehouse postgres
43; 3466 18030 EVENT TRIGGER - mine postgres
50; 0 0 COMMENT public TABLE tasks postgres
"""


def test_what_stays_behind_goes_with_its_comment_and_what_is_made_otherwise_goes_too():
    left = Left(frozenset({(2620, 18010)}), ())
    assert entries.chosen(LISTING, left) == [10, 12, 20, 21, 32, 33, 50]


def test_numbers_of_another_catalog_do_not_count():
    assert 20 in entries.chosen(LISTING, Left(frozenset({(2620, 18000)}), ()))
