"""What the use cases need of the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from backend.domain.callers import Caller
from backend.domain.claims import Identity, NewUser, User
from backend.domain.kept import Fill, KeptTask
from backend.domain.paging import Slice
from backend.domain.profiles import Profile, ProfileChanges
from backend.domain.requests import RequestKey
from backend.domain.sessions import Client, Inherited, Method, Session
from backend.domain.tasks import NewTask, Task, TaskChanges, TaskFilter
from backend.usecases.object_ports import ObjectIndex, UploadStore


class TaskStore(Protocol):
    """The tasks that the caller may see."""

    async def list(self, which: TaskFilter, part: Slice) -> Sequence[Task]:
        """The rows of `part`, and one more when a next page exists."""

    async def get(self, key: UUID) -> Task | None: ...

    async def create(self, task: NewTask, key: UUID) -> Task:
        """The task with this id, made if there was none."""

    async def update(self, key: UUID, changes: TaskChanges) -> Task | None: ...

    async def delete(self, key: UUID) -> bool: ...


class KeyStore(Protocol):
    """Answers that the caller's requests have had, by the key that each was sent with."""

    async def claim(self, key: RequestKey) -> Task | None:
        """None for a key that is new, which is the caller's from now on; else what was made with it.

        Raises Invalid when it came with another request. Of two at once, the second waits for the first.
        """

    async def remember(self, key: RequestKey, made: Task) -> None: ...


class ProfileStore(Protocol):
    """The caller's profile."""

    async def get(self) -> Profile | None: ...

    async def put(self, changes: ProfileChanges) -> Profile: ...


class Stores(Protocol):
    """The stores of one transaction."""

    @property
    def tasks(self) -> TaskStore: ...

    @property
    def keys(self) -> KeyStore: ...

    @property
    def profiles(self) -> ProfileStore: ...

    @property
    def objects(self) -> ObjectIndex: ...

    @property
    def uploads(self) -> UploadStore: ...


class Database(Protocol):
    """Where a caller's transactions are begun."""

    def acting_as(self, caller: Caller) -> AbstractAsyncContextManager[Stores]:
        """A transaction that row level security binds to `caller`; commits at the end, rolls back on an error."""

    def by_address(self, signed: bool) -> AbstractAsyncContextManager[ObjectIndex]:
        """A transaction for nobody in particular, which sees what is public, or what a signed address is for."""

    def by_itself(self) -> AbstractAsyncContextManager[UploadStore]:
        """A transaction of the service's own, which sees what is to be swept."""


class Buffer(Protocol):
    """Writes on the disk of this machine, in the order in which they came."""

    @property
    def fill(self) -> Fill: ...

    async def keep(self, wish: KeptTask) -> None:
        """On disk when it returns."""

    async def oldest(self) -> KeptTask | None: ...

    async def forget(self, wish: KeptTask) -> None: ...

    async def refuse(self, wish: KeptTask, reason: str) -> None:
        """Set it aside, with the reason, for people to look at."""


class UserStore(Protocol):
    """The rows of auth.users that are not deleted."""

    async def by_email(self, email: str) -> User | None:
        """Who logs in with this address; an account of a company's own login is not found by it."""

    async def by_id(self, key: UUID) -> User | None: ...

    async def identities(self, key: UUID) -> Sequence[Identity]: ...

    async def create(self, user: NewUser, now: datetime) -> User | None:
        """The user that was made; None when the address is taken."""

    async def delete(self, key: UUID) -> None:
        """Remove the user and what is theirs. Raises Conflict while they have objects in the store."""

    async def signed_in(self, key: UUID, stored: str | None, now: datetime) -> bool:
        """Note the moment of a login; False when `stored` is the user's password no more, or the user is gone."""

    async def set_password(self, key: UUID, stored: str, now: datetime) -> None: ...

    async def inherit(self, token: str, now: datetime) -> Inherited | None:
        """The session that a refresh token of Supabase's is good for, which is used up by this; None where it is for none."""

    async def inherited(self, session: UUID, now: datetime) -> Inherited | None:
        """A session of Supabase's while it is open, and as long as nobody has refreshed it here."""

    async def disinherit(self, key: UUID, session: UUID | None = None) -> None:
        """End one of the user's sessions of Supabase's, or all."""

    async def set_metadata(self, key: UUID, metadata: Mapping[str, Any], now: datetime) -> None: ...


class Logins(Protocol):
    """Where transactions on logins are begun."""

    def as_auth(self) -> AbstractAsyncContextManager[UserStore]:
        """A transaction that may see every login; commits at the end, rolls back on an error."""


class SessionStore(Protocol):
    """Open sessions, and the refresh tokens that keep them open."""

    async def open(
        self, user_id: UUID, now: datetime, client: Client, amr: tuple[Method, ...]
    ) -> tuple[Session, str]: ...

    async def take_over(self, session: Inherited, token: str, now: datetime) -> bool:
        """Open a session that was opened elsewhere, with the token that it had; False when it is here already."""

    async def owner(self, token: str) -> UUID | None:
        """Whose session a refresh token is of, whether it is good or not; None for one that is not known."""

    async def rotate(self, token: str, now: datetime) -> tuple[Session, str]:
        """The session, and the next token. Raises RefreshRefused."""

    async def get(self, id: UUID, now: datetime) -> Session | None: ...

    async def listed(self, user_id: UUID, now: datetime) -> list[Session]: ...

    async def revoke(self, id: UUID) -> bool: ...

    async def revoke_all(self, user_id: UUID, but: UUID | None = None) -> int: ...

    async def count(self, now: datetime) -> int:
        """How many are open, of all users."""


class Limits(Protocol):
    """How often something may be tried: each answers None, or the seconds to wait."""

    async def address(self, address: str) -> int | None:
        """Whether too many logins from this address have failed."""

    async def failed(self, address: str) -> int | None:
        """Count a failed login."""

    async def register(self, address: str) -> int | None: ...

    async def refresh(self, address: str) -> int | None: ...

    async def account(self, email: str) -> int | None: ...

    async def forgive(self, email: str) -> None:
        """Forget the tries of an account, after a right password."""


class Passwords(Protocol):
    """Passwords and their hashes; each takes tens of milliseconds on purpose."""

    async def verify(self, password: str, stored: str | None) -> bool: ...

    async def hashed(self, password: str) -> str: ...

    def outdated(self, stored: str | None) -> bool:
        """Whether a password that was right is to be stored anew."""

    def acceptable(self, password: str) -> str | None:
        """What is wrong with a new password, or None."""


class Tokens(Protocol):
    """Access tokens."""

    def issue(self, user: User, session: Session, now: datetime) -> tuple[str, datetime]:
        """The token, and when it expires."""

    def verify(self, token: str, now: datetime) -> Mapping[str, Any]:
        """Its claims. Raises AuthRefused."""

    def jwks(self) -> Mapping[str, Any]:
        """The public keys, for others to verify with."""
