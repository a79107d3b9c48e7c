"""Losses to plant in a copy, one of each kind that a move can have, and the sentence by which a proof must name each."""

from __future__ import annotations

from tests.support.supabase.losses.contents import CONTENTS
from tests.support.supabase.losses.definitions import DEFINITIONS
from tests.support.supabase.losses.rights import RESTRICTING, RIGHTS
from tests.support.supabase.losses.seen import SEEN

__all__ = ["FOLLOWS", "LOSSES", "RESTRICTING", "SEEN"]

LOSSES = (*DEFINITIONS, *RIGHTS, *CONTENTS)
# What else such a loss is: what is found twice, from another side.
FOLLOWS = frozenset(
    {
        'definitions: table public."Übersicht ""quoted""": missing',
        "definitions: column public.tasks.slug: generated is none, expected s",
        "definitions: sequence public.task_tags_position_seq: missing",
        "sequences: public.task_tags_position_seq: missing",
        "logins: user 00000000-0000-4000-8000-000000000001: another encrypted_password",
    }
)
