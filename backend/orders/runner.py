"""Carries orders out, in the process that leads the PBX: takes them, sends their actions once, stores how it went."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Protocol
from uuid import UUID

import structlog

from backend.kernel import clock
from backend.kernel.database import Database
from backend.kernel.errors import HotlineError, Unavailable
from backend.orders import service
from backend.orders.errors import OrderFateUnknown
from backend.orders.service import Taken
from telephony.ami import AmiDisconnected, AmiEvent, AmiReply, AmiTimeout, Headers
from telephony.call import Call
from telephony.commands import actions_of, origination_problem
from telephony.order import SEAT_ANSWERS_WITHIN_S, Action

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
"""How often the table is looked at when nobody tells of a new order."""
ORIGINATION_WITHIN_S = SEAT_ANSWERS_WITHIN_S + 5.0
STORE_AGAIN_S = 0.5


class Pbx(Protocol):
    """The PBX as orders see it."""

    @property
    def ready(self) -> bool:
        """Whether orders can be sent now, by a process that may do so."""

    @property
    def connection(self) -> int | None:
        """The number of the present connection, None while there is none: news of an earlier one will not come."""

    @property
    def calls(self) -> Mapping[str, Call]:
        """The calls that it holds now."""

    def action(self, headers: Headers) -> Awaitable[AmiReply]:
        """Send one action once; raises what `AmiLink.action` raises."""


class OrderRunner:
    """Carries out the orders for one PBX, each in a task of its own, none twice."""

    def __init__(self, database: Database, host: str, pbx: Pbx) -> None:
        self._database = database
        self._host = host
        self._pbx = pbx
        self._taker = f"{host}/{os.getpid()}"
        self._in_hand: set[UUID] = set()
        self._originations: dict[str, asyncio.Future[AmiEvent]] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """An order may have been given."""
        self._wake.set()

    def originated(self, event: AmiEvent) -> None:
        """The PBX tells how a call to a seat's phone came out (OriginateResponse)."""
        waiting = self._originations.get(event["ActionID"])
        if waiting is not None and not waiting.done():
            waiting.set_result(event)

    async def run(self) -> None:
        """Take and carry out orders for ever; what a cancelled run leaves in hand, the next leader declares unknown."""
        async with asyncio.TaskGroup() as group:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._wake.wait()
                self._wake.clear()
                try:
                    for taken in await self._take():
                        self._in_hand.add(taken.order_id)
                        group.create_task(self._carry_out(taken), name=f"order {taken.order_id}")
                except Unavailable as error:
                    log.info("orders wait", reason=error.message)
                except Exception:  # orders must not end the process that follows all calls
                    log.exception("orders could not be taken")

    async def _take(self) -> list[Taken]:
        now = clock.now()
        ready = self._pbx.ready
        async with self._database.transaction() as tx:
            lost = await service.disown(tx, self._host, self._in_hand, now)
            taken = await service.take(tx, self._host, self._taker, now) if ready else []
            if not ready:
                await service.expire(tx, self._host, now)
        if lost:
            log.warning("orders whose fate is unknown", orders=lost)
        return taken

    async def _carry_out(self, taken: Taken) -> None:
        problem = await self._send(taken)
        log.info("order carried out", kind=taken.order.kind, problem=problem.name if problem else None)
        while True:
            try:
                async with self._database.transaction() as tx:
                    await service.finish(tx, taken.order_id, problem, clock.now())
                break
            except Unavailable:
                await asyncio.sleep(STORE_AGAIN_S)
            except Exception:  # given up here, it is declared unknown at the next look
                log.exception("the end of an order could not be stored", kind=taken.order.kind)
                break
        self._in_hand.discard(taken.order_id)

    async def _send(self, taken: Taken) -> HotlineError | None:
        """Send the actions of an order, each once and only while the one before it went well; what went wrong."""
        try:
            for action in actions_of(taken.order, str(taken.order_id), self._pbx.calls):
                await self._send_one(action)
        except (AmiTimeout, AmiDisconnected, OrderFateUnknown):
            return service.fate_unknown()
        except HotlineError as problem:
            return problem
        except Exception as error:  # one order that we misread must not end all
            log.exception("order failed", kind=taken.order.kind)
            return HotlineError(f"The order could not be carried out: {type(error).__name__}.")
        return None

    async def _send_one(self, action: Action) -> None:
        if action["Action"] != "Originate":
            await self._pbx.action(action)
            return
        key, connection = str(action["ActionID"]), self._pbx.connection
        response = self._originations[key] = asyncio.get_running_loop().create_future()
        try:
            await self._pbx.action(action)
            async with asyncio.timeout(ORIGINATION_WITHIN_S):
                while not (await asyncio.wait({response}, timeout=LOOK_EVERY_S))[0]:
                    if self._pbx.connection != connection:
                        raise service.fate_unknown()
            event = response.result()
        except TimeoutError:
            raise service.fate_unknown() from None
        finally:
            del self._originations[key]
        problem = origination_problem(event)
        if problem is not None:
            raise problem
