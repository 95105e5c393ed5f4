"""What becomes of an update that a member sends?

*Attributed apply*: whose it is was authenticated, whose operations it carries is checked, and what its author may not
write is left out (`.gate`) before it is applied. A change over a limit is taken back: it is left out as a whole, its
sender's copy is told to delete it, and the conversation goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..core.errors import BadMessage, InterviewError, TooLarge
from ..core.models import Member
from ..core.quantities import as_count, as_size
from . import wire
from .gate import Verdict, changes_cells, judge, take_back
from .healing import Healing
from .operations import Operations
from .places import Part
from .rewrite import deletion, rewritten
from .settled import is_settled
from .updates import Claims, inspect
from .wire import Malformed, TooMuch

if TYPE_CHECKING:
    from ..managers.live import LiveRoom
    from .document import NotebookDocument

_CLIENTS_PER_MEMBER = 1_000
_CONTENTION, _CONTENTION_IN_ALL = 100_000, 5_000_000
_DEAR = 4.0
"""How many times what cannot be interrupted counts on a member's share of the event loop."""
_PARTS_PER_MEMBER = 60_000
"""Each takes up to a kilobyte of memory as long as the room is open."""
_BAD = "This change is not one that this page makes."

Send = Callable[[bytes], None]


class Edits:
    """Takes members' updates into a document.

    Args:
        document: which one.
        live: its room.
        owners: whose each Yjs client id is, by the members' keys.
    """

    def __init__(self, document: NotebookDocument, live: LiveRoom, owners: dict[int, int]) -> None:
        self._document = document
        self._live = live
        self._owners = owners
        self._clients = Counter(owners.values())
        self._parts: Counter[int] = Counter()
        for client, parts in document.operations.parts.items():
            self._parts[owners.get(client, 0)] += parts
        self._healing = Healing(document)

    def read(self, update: bytes) -> Claims:
        """The claims of an update.

        Raises:
            TooLarge: it has too many parts.
            Malformed: it is none.
        """
        limit = self._live.limits.document_message_parts
        try:
            # A page that connects again sends all that it knows to be removed.
            return inspect(update, limit, limit + 2 * self._document.operations.pieces_removed)
        except TooMuch as error:
            raise TooLarge(f"A change can have at most {as_count(limit)} parts.", limit=limit) from error
        except Malformed as error:
            if len(update) <= (most := self._live.limits.document_message_bytes):
                raise
            raise TooLarge(f"A change can have at most {as_size(most)}.", limit=most) from error

    def take(self, member: Member, connection: int, update: bytes, send: Send, *, away: bool = False) -> bool:
        """Apply what of an update may be, and tell its sender of the rest; ``away``: it was made without a connection.

        Returns:
            Whether it was applied; if not, the sender has to be asked for what is missing.

        Raises:
            BadMessage: it is in somebody else's name.
            TooLarge: it is refused, and its sender's copy cannot be put right.
            Malformed: it is no update for a notebook.
        """
        claims = self.read(update)
        operations = self._document.operations
        for client in claims.news(operations.state):
            if self._owners.get(client, member.key) != member.key:
                self._live.deny(member.key, connection, "document_update", reason="client id of another", client=client)
                raise BadMessage("This browser sends changes in somebody else's name.", code="forbidden")
        plan = operations.plan(claims)
        if plan is None:
            return False
        self._check_clients(member, plan)
        self._check_contention(plan)
        if plan.splits(claims) or (plan.cost and not self._is_settled(member, plan, update)):
            raise Malformed("it puts something where no page puts it")
        verdict = judge(operations, plan, claims)
        refusal: InterviewError | None = None
        try:
            self._check_size(member, plan, verdict, claims, update)
        except InterviewError as error:
            if verdict.removed:
                # Its page has let go of whole cells: it has to ask for the notebook anew.
                raise
            # Its traceback would keep this call, and the whole message in it, until it is collected.
            refusal = error.with_traceback(None)
            take_back(plan, verdict)
        self._apply(member, connection, update, claims, plan, verdict, refused=refusal is not None, away=away)
        if verdict.dropped:
            send(wire.sync(wire.UPDATE, deletion(claims, verdict.dropped)))
        if verdict.refused is not None and refusal is None:
            self._live.deny(member.key, connection, "document_update", reason=verdict.refused)
            refusal = BadMessage(_BAD)
        if refusal is not None:
            self._live.tell(member.id, "document_refused", {"code": refusal.error_code, "message": refusal.message})
        return True

    def finish(self) -> None:
        """Write what is still to be put right after members' updates."""
        self._healing.finish()

    def unwanted(self, update: bytes) -> bool:
        """Whether an update of somebody who may not edit would change a cell.

        Every page of JupyterLab writes a little when it opens (the document's id, the kernel's language): that is
        passed over.
        """
        claims = self.read(update)
        plan = self._document.operations.plan(claims)
        return plan is not None and changes_cells(self._document.operations, plan, claims)

    def _check_clients(self, member: Member, plan: Operations) -> None:
        strangers = sum(client not in self._owners for client in plan.state)
        if strangers and self._clients[member.key] + strangers > _CLIENTS_PER_MEMBER:
            raise TooLarge("Too many editors were opened by one member.", limit=_CLIENTS_PER_MEMBER)

    def _is_settled(self, member: Member, plan: Operations, update: bytes) -> bool:
        with self._document.shares.spending(member.key, _DEAR):
            return is_settled(self._document.doc, self._document.operations, plan, update)

    def _check_contention(self, plan: Operations) -> None:
        """Nothing that takes the square of its length to apply, now and each time the notebook is opened."""
        in_all = self._document.operations.cost + plan.cost
        if plan.cost > _CONTENTION or (plan.cost and in_all > _CONTENTION_IN_ALL):
            raise TooLarge("Too many changes contend for one place of the notebook.", limit=_CONTENTION)

    def _check_size(self, member: Member, plan: Operations, verdict: Verdict, claims: Claims, update: bytes) -> None:
        limits, operations = self._live.limits, self._document.operations
        self._live.log.budget.check(member.key, len(update))
        self._check_parts(member, plan, claims)
        if len(update) > limits.document_message_bytes:
            limit = limits.document_message_bytes
            raise TooLarge(f"A change can have at most {as_size(limit)}. It was taken back.", limit=limit)
        if not plan.placed:
            return
        cells = operations.cells + plan.cells - len(verdict.removed)
        if plan.cells > 0 and cells > limits.cells and cells > operations.cells:
            raise TooLarge(
                f"A notebook can have at most {as_count(limits.cells)} cells. The new one was taken back.",
                limit=limits.cells,
            )
        removed: Counter[object] = Counter()
        for _, start, end, place in operations.live(claims.ranges):
            removed[place.within] += end - start if place.part is Part.SOURCE else 0
        for text, units in plan.lengths.items():
            length = operations.lengths.get(text, 0) + units - removed[text]
            if units > removed[text] and length > limits.code_bytes:
                limit = limits.code_bytes
                raise TooLarge(
                    f"A cell can have at most {as_count(limit)} characters. The change was taken back.", limit=limit
                )
        if plan.size > 0 and operations.size + plan.size - removed.total() > limits.document_bytes:
            limit = limits.document_bytes
            raise TooLarge(f"The notebook can have at most {as_size(limit)}. The change was taken back.", limit=limit)

    def _check_parts(self, member: Member, plan: Operations, claims: Claims) -> None:
        if self._parts[member.key] + self._parts_of(plan, claims) > _PARTS_PER_MEMBER:
            raise TooLarge(
                f"One member's changes can have at most {as_count(_PARTS_PER_MEMBER)} parts in all. "
                "The change was taken back.",
                limit=_PARTS_PER_MEMBER,
            )

    def _parts_of(self, plan: Operations, claims: Claims) -> int:
        return plan.parts.total() + sum(1 for _ in self._document.operations.live(claims.ranges))

    def _apply(
        self,
        member: Member,
        connection: int,
        update: bytes,
        claims: Claims,
        plan: Operations,
        verdict: Verdict,
        *,
        refused: bool,
        away: bool,
    ) -> None:
        operations = self._document.operations
        self._healing.before(operations, claims, verdict, refused=refused)
        if verdict.rewritten:
            update = rewritten(update, claims, verdict.dropped, verdict.kept)
            again = operations.plan(inspect(update))
            assert again is not None
            plan = again
        self._parts[member.key] += self._parts_of(plan, claims)
        self._document.apply(update, plan, member.key, connection, away=away)
        for client in plan.state:
            if client not in self._owners:
                self._owners[client] = member.key
                self._clients[member.key] += 1
        self._healing.after(operations, verdict, member.key)
