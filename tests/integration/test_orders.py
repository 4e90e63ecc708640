"""Orders on a real PostgreSQL: given once, taken once, and never carried out again, whatever breaks in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from backend.identity.models import User
from backend.identity.principal import Principal
from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError
from backend.orders import service
from backend.orders.errors import OrderRequestReused
from backend.orders.models import PbxOrder
from backend.orders.schemas import OrderState, OrderView
from backend.orders.service import LATEST, PATIENCE, Placed
from telephony.commands import DialOut, HangUpCall
from telephony.order import Order

from .hall import ConsoleHall

pytestmark = pytest.mark.integration

HOST = "hotline"
NOW = clock.now()
DIAL = DialOut(seat="8001", number="13800001234", shown_number="96010", call_id="out-1")


class Desk:
    """Somebody who gives orders, and the table in which they stand."""

    def __init__(self, database: Database, who: Principal) -> None:
        self.database = database
        self.who = who

    async def place(self, order_id: UUID, order: Order = DIAL) -> Placed:
        async with self.database.transaction() as tx:
            return await service.place(tx, order_id, order, self.who, NOW, host=HOST)

    async def take(self, *, after: timedelta = timedelta(0), taker: str = "leader") -> list[UUID]:
        async with self.database.transaction() as tx:
            return [taken.order_id for taken in await service.take(tx, HOST, taker, NOW + after)]

    async def finish(self, order_id: UUID, problem: HotlineError | None = None) -> bool:
        async with self.database.transaction() as tx:
            return await service.finish(tx, order_id, problem, NOW)

    async def disown(self, *in_hand: UUID) -> int:
        async with self.database.transaction() as tx:
            return await service.disown(tx, HOST, in_hand, NOW)

    async def look(self, order_id: UUID) -> OrderView:
        async with self.database.transaction() as tx:
            found = await service.find(tx, order_id)
        assert found is not None
        return found


@pytest.fixture
async def desk(database: Database) -> Desk:
    user = User(
        user_id=uuid4(), username="wang", display_name="王芳", password_hash="", roles=["agent"], active=True,
        created_at=NOW,
    )  # fmt: skip
    async with database.transaction() as tx:
        tx.session.add(user)
    return Desk(database, Principal(user.user_id, "wang", "王芳", ("agent",), frozenset(), uuid4(), NOW))


async def test_the_same_request_orders_once_however_often_it_comes_at_once(desk: Desk) -> None:
    order_id = uuid4()
    placed = await asyncio.gather(*(desk.place(order_id) for _ in range(6)))
    assert [each.fresh for each in placed].count(True) == 1
    assert {each.order.order_id for each in placed} == {order_id}
    assert await desk.take() == [order_id]
    with pytest.raises(OrderRequestReused):
        await desk.place(order_id, HangUpCall(call_id="c1"))


async def test_two_takers_never_get_the_same_order(desk: Desk) -> None:
    orders = {(await desk.place(uuid4())).order.order_id for _ in range(5)}
    taken = await asyncio.gather(*(desk.take(taker=f"process {n}") for n in range(4)))
    assert sorted(order for some in taken for order in some) == sorted(orders)
    assert await desk.take() == []


async def test_an_order_that_waited_too_long_is_never_carried_out(desk: Desk) -> None:
    placed = await desk.place(uuid4())
    assert await desk.take(after=LATEST) == []
    assert await desk.take() == []
    told = await desk.look(placed.order.order_id)
    assert (told.state, told.problem and told.problem.error) == (OrderState.EXPIRED, "OrderExpired")


async def test_an_order_is_late_on_a_machine_that_stood_still_but_expires_while_the_pbx_is_away(desk: Desk) -> None:
    late, lost = (await desk.place(uuid4())).order.order_id, uuid4()
    assert await desk.take(after=LATEST - timedelta(seconds=1)) == [late]
    await desk.place(lost)
    for after, expired in ((PATIENCE - timedelta(seconds=1), 0), (PATIENCE, 1), (PATIENCE, 0)):
        async with desk.database.transaction() as tx:
            assert await service.expire(tx, HOST, NOW + after) == expired
    assert (await desk.look(lost)).state is OrderState.EXPIRED
    assert await desk.take() == []


async def test_an_order_in_the_hands_of_a_process_that_died_is_told_as_unknown_and_not_repeated(desk: Desk) -> None:
    mine, dead = (await desk.place(uuid4())).order.order_id, (await desk.place(uuid4())).order.order_id
    assert sorted(await desk.take()) == sorted([mine, dead])
    assert await desk.disown(mine) == 1
    assert (await desk.look(mine)).state is OrderState.TAKEN
    lost = await desk.look(dead)
    assert (lost.state, lost.problem and lost.problem.error) == (OrderState.UNKNOWN, "OrderFateUnknown")
    assert await desk.take() == []
    assert not await desk.finish(dead), "what was declared lost is not done afterwards"
    assert await desk.finish(mine)
    assert (await desk.look(mine)).state is OrderState.DONE


@pytest.mark.parametrize(
    ("problem", "state"),
    [(None, OrderState.DONE), (HotlineError("no"), OrderState.FAILED), (service.fate_unknown(), OrderState.UNKNOWN)],
)
async def test_an_order_comes_out_once(desk: Desk, problem: HotlineError | None, state: OrderState) -> None:
    order_id = (await desk.place(uuid4())).order.order_id
    await desk.take()
    assert await desk.finish(order_id, problem)
    assert not await desk.finish(order_id)
    told = await desk.look(order_id)
    assert told.state is state
    assert (told.problem is None) is (problem is None)


async def test_an_order_of_another_version_fails_alone(desk: Desk) -> None:
    strange, usual = uuid4(), uuid4()
    await desk.place(strange)
    await desk.place(usual)
    async with desk.database.transaction() as tx:
        stored = await tx.session.get(PbxOrder, strange)
        assert stored is not None
        stored.kind = "unheard_of"
    assert await desk.take() == [usual]
    assert (await desk.look(strange)).state is OrderState.FAILED


async def test_who_gave_the_order_hears_how_it_goes_and_nobody_learns_the_number(hall: ConsoleHall) -> None:
    async with hall.console("wang") as wang, hall.console("boss") as boss:
        now = clock.now()
        async with hall.database.transaction() as tx:
            user_id = UUID(str((await wang.http.get("/api/session")).json()["user_id"]))
            who = Principal(user_id, "wang", "王芳", ("agent",), frozenset(), uuid4(), NOW)
            placed = await service.place(tx, uuid4(), DIAL, who, now, host=HOST)
        async with hall.database.transaction() as tx:
            await service.take(tx, HOST, "leader", now)
            await service.finish(tx, placed.order.order_id, None, now)
        await hall.all_heard(wang, boss)
    assert [body.order.state for body in wang.kinds("order_changed")] == ["ordered", "taken", "done"]
    assert boss.kinds("order_changed") == []
    assert "13800001234" not in str([body.model_dump() for body in wang.heard])
