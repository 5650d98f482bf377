"""The policies of an installation: those that come along, and those that an operator saved instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lounge.errors import Forbidden
from lounge.paging.policy import DEFAULTS, Policy, check

if TYPE_CHECKING:
    from lounge.live.events import Urgency
    from lounge.members.accounts import Member
    from lounge.store import Store, Transaction

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Policy).decode


def policy_of(text: str, urgency: Urgency) -> Policy:
    """Return a stored policy; where it cannot be read, the one that comes along: a page must not hang on a row."""
    try:
        return _decode(text)
    except msgspec.MsgspecError:
        return DEFAULTS[urgency]


class Policies:
    """Which policy a search begins under."""

    def __init__(self, store: Store) -> None:
        """Take the store."""
        self._store = store

    async def all(self) -> dict[Urgency, Policy]:
        """Return the policy of each urgency."""
        rows = await self._store.rows("paging.policies")
        return {**DEFAULTS, **{row["urgency"]: policy_of(row["policy"], row["urgency"]) for row in rows}}

    async def save(self, member: Member, urgency: Urgency, policy: Policy) -> None:
        """Let new searches begin under `policy`; those under way go on under theirs.

        Raises Forbidden for whoever is no operator, Invalid where a page would end at nobody.
        """
        if member.role != "operator":
            raise Forbidden("only an operator may change how cases are paged")
        async with self._store.transaction() as transaction:
            check(policy, moderators=await transaction.value("paging.moderators"))
            await transaction.rows("paging.save_policy", urgency, _encode(policy).decode())

    async def begin(self, transaction: Transaction, case_id: str, urgency: Urgency) -> None:
        """Begin the search for responders to a case, in the transaction that opens it: its first step is due at once."""
        saved = await transaction.value("paging.policy", urgency)
        policy = DEFAULTS[urgency] if saved is None else policy_of(saved, urgency)
        await transaction.rows("paging.begin", case_id, _encode(policy).decode(), policy.wanted)
