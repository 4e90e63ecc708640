import { watch } from 'vue'
import { useAttempt } from '@/entities/attempt/store'
import { useCall } from '@/entities/call/store'
import { useCaptions } from '@/entities/caption/store'
import { useFiling } from '@/entities/case/filing'
import { useDrafts } from '@/entities/draft/store'
import { useHall } from '@/entities/hall/store'
import { useOutbox } from '@/entities/outbox/store'
import { useNotices } from '@/entities/notice/store'
import { useSeat } from '@/entities/seat/store'
import { useConnection } from '@/entities/session/connection'
import { useSession } from '@/entities/session/store'
import { setServerTime } from '@/lib/clock'
import { tell, type Kind } from '@/lib/live'
import { usePhone } from '@/softphone/store'
import { line } from '@/transport/line'
import type { Event, SeatView, Welcome } from '@/transport/messages.gen'
import { whenSignedOut } from '@/transport/rest'

type Body = Event['body']
type Handlers = { [Each in Kind]: (body: Extract<Body, { kind: Each }>) => void }

/** Wires the line to the hub with the stores: the one map from an event's kind to what it does. */
export function startConsole(): { enter: () => void; leave: (reason: string | null) => void } {
  const session = useSession()
  const connection = useConnection()
  const seat = useSeat()
  const hall = useHall()
  const notices = useNotices()
  const call = useCall()
  const captions = useCaptions()
  const attempt = useAttempt()
  const drafts = useDrafts()
  const filing = useFiling()
  const outbox = useOutbox()
  const phone = usePhone()

  const handlers: Handlers = {
    call_ringing: ({ card }) => call.show(card),
    // who may read all calls hears of every answer; the desk shows the own seat's alone
    call_answered: ({ call_id, seat: at, answered_at, card }) => {
      if (seat.mine && at === seat.mine.seat) call.answered(call_id, answered_at, card ?? null)
      attempt.moved()
    },
    call_ended: ({ call_id, ended_at }) => {
      call.ended(call_id, ended_at)
      attempt.moved()
    },
    seat_changed: ({ seat: moved }) => {
      hall.changed(moved)
      // another tab of mine, or the shift leader, may have moved me
      const isMine = moved.user_id === session.me?.user_id
      if (isMine) phone.reachable(moved.phone_registered)
      if (!isMine && moved.seat !== seat.mine?.seat) return
      seat.mine = isMine ? moved : null
      if (isMine) call.seatMoved(moved)
      attempt.moved()
    },
    queue_changed: ({ queue }) => (connection.queue = queue),
    link_changed: ({ link }) => connection.linkChanged(link),
    case_filed: ({ case: summary }) => call.filed(summary),
    draft_saved: ({ draft, discarded }) => drafts.changed(draft, discarded),
    hall_call_changed: ({ call: moved }) => hall.callChanged(moved),
    hall_call_gone: ({ call_id }) => hall.callGone(call_id),
    call_supervised: ({ call_id, supervisors }) => call.supervised(call_id, supervisors),
    seat_alert: ({ alert }) => hall.alerted(alert),
    seat_forced: (body) => (seat.forced = body),
    notice_arrived: ({ notice }) => notices.arrived(notice),
    notice_sent: ({ notice }) => hall.noticeSent(notice),
    notice_read: ({ notice_id, receipt }) => {
      hall.noticeRead(notice_id, receipt)
      if (receipt.user_id === session.me?.user_id) notices.wasRead(notice_id, receipt.read_at)
    },
    case_changed: () => {},
    export_changed: () => {},
    call_checked: () => {},
    trial_changed: () => {},
    recheck_changed: () => {},
    round_changed: () => {},
    special_changed: () => {},
    review_changed: () => {},
    coaching_changed: () => {},
    tasks_changed: () => {},
    patrols_changed: () => {},
    deadline_warned: () => {},
    callback_changed: () => {},
    recording_changed: () => {},
    transcript_changed: () => {},
    recording_pause_changed: ({ call_id, paused_at }) => call.recordingPaused(call_id, paused_at ?? null),
    order_changed: ({ order }) => {
      phone.ordered(order)
      attempt.moved()
    },
    phone_changed: ({ seat: at, call: moved }) => {
      if (seat.mine?.seat === at) phone.told(seat.mine.phone_registered, moved ?? null)
    },
    attempt_changed: () => void attempt.refresh(),
    data_loaded: () => session.renewOptions(),
  }

  function openPhone(mine: SeatView): void {
    phone.open(mine.seat, mine.phone)
    phone.reachable(mine.phone_registered)
  }

  let firstWelcome = true

  function welcome({ server_time, me, desk }: Welcome): void {
    setServerTime(server_time)
    session.me = me
    if (!session.options) void session.loadOptions().catch(() => {})
    seat.mine = desk.seat
    connection.queue = desk.queue
    connection.links = desk.links
    hall.welcome(desk.hall)
    notices.welcome(desk.notices)
    drafts.welcome(desk.call?.draft ? [...desk.drafts, desk.call.draft] : desk.drafts)
    call.welcome(desk.call)
    captions.welcome(desk.captions)
    if (desk.seat) phone.told(desk.seat.phone_registered, desk.phone ?? null)
    if (desk.call) call.supervised(desk.call.call_id, desk.supervisors)
    if (firstWelcome && !desk.call) drafts.showLatest()
    firstWelcome = false
    void filing.drain()
    void outbox.drain()
    void attempt.refresh()
  }

  const heard = () => (connection.heardAt = Date.now())

  function enter(): void {
    const me = session.me
    if (!me) return
    firstWelcome = true
    drafts.open(me.user_id)
    filing.open(me.user_id)
    void outbox.open(me.user_id)
    line.start({
      welcome: (message) => (heard(), welcome(message)),
      event: ({ body }) => {
        heard()
        ;(handlers[body.kind] as (body: Body) => void)(body)
        tell(body)
      },
      ring: ({ card }) => (heard(), call.ring(card)),
      caption: (message) => (heard(), captions.said(message)),
      captionsStand: (message) => (heard(), captions.stands(message)),
      captionsSoFar: ({ view }) => (heard(), captions.welcome(view)),
      tick: ({ server_time, links }) => {
        heard()
        setServerTime(server_time)
        if (links.length) connection.links = links
      },
      signedOut: (reason) => leave(reason),
      link: (state) => {
        connection.changed(state, Date.now())
        if (state === 'offline') drafts.offline()
      },
      outdated: () => (connection.outdated = true),
    })
  }

  function leave(reason: string | null): void {
    line.stop()
    phone.close()
    seat.mine = null
    seat.forced = null
    hall.welcome(null)
    notices.welcome([])
    call.clear()
    captions.clear()
    attempt.clear()
    drafts.close()
    filing.close()
    outbox.close()
    session.forget(reason)
  }

  whenSignedOut(() => session.me && leave('expired'))
  watch(
    () => seat.mine?.seat ?? null,
    (at) => (at && seat.mine ? openPhone(seat.mine) : phone.close()),
    { flush: 'sync' },
  )
  window.addEventListener('online', () => line.resync())
  return { enter, leave }
}
