import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api } from '@/transport/api'
import type { Me, Options } from '@/transport/messages.gen'

export type Permission =
  | 'desk.sit'
  | 'calls.read'
  | 'calls.read_own'
  | 'recordings.play'
  | 'transcripts.read'
  | 'transcripts.search'
  | 'recordings.clip'
  | 'numbers.reveal'
  | 'cases.read'
  | 'cases.file'
  | 'cases.dispatch'
  | 'cases.coordinate'
  | 'cases.grant'
  | 'cases.supervise'
  | 'cases.verify'
  | 'appeals.review'
  | 'tasks.handle'
  | 'patrols.walk'
  | 'tasks.agree'
  | 'cases.export'
  | 'callbacks.read'
  | 'callbacks.schedule'
  | 'callbacks.evaluate'
  | 'calls.dial'
  | 'seats.watch'
  | 'seats.force'
  | 'seats.sign_out'
  | 'notices.send'
  | 'calls.listen'
  | 'calls.whisper'
  | 'calls.barge'
  | 'calls.take_over'
  | 'calls.end'
  | 'seats.skills'
  | 'calls.dial'
  | 'figures.read'
  | 'leaders.read'
  | 'leaders.open'
  | 'missed.read'
  | 'missed.end'
  | 'blacklist.read'
  | 'blacklist.ask'
  | 'blacklist.decide'
  | 'rounds.write'
  | 'rounds.read'
  | 'special.read'
  | 'special.manage'
  | 'special.check'
  | 'quality.read'
  | 'quality.read_own'
  | 'quality.try'
  | 'quality.rules'
  | 'reviews.judge'
  | 'reviews.read_own'
  | 'reviews.assign'
  | 'boards.read'
  | 'boards.read_group'
  | 'users.manage'
  | 'recognition.watch'
  | 'recognition.retry'
  | 'system.watch'

const RENEW_WITHIN_MS = 5_000

/** Who is signed in, what the roles allow, and what the menus offer. */
export const useSession = defineStore('session', () => {
  const me = shallowRef<Me | null>(null)
  const options = shallowRef<Options | null>(null)
  /** Why the last session ended, to be said on the sign-in page. */
  const endedBecause = ref<string | null>(null)

  let renewal: ReturnType<typeof setTimeout> | undefined

  const granted = computed(() => new Set(me.value?.permissions ?? []))
  const can = (permission: Permission) => granted.value.has(permission)
  const canAny = (permissions: readonly Permission[]) => permissions.some(can)

  async function signIn(username: string, password: string): Promise<void> {
    me.value = await api.signIn(username, password)
    endedBecause.value = null
  }

  /** Takes up the session that the browser's cookie still holds, if any. */
  async function resume(): Promise<void> {
    me.value = await api.me()
  }

  async function signOut(): Promise<void> {
    await api.signOut()
    forget(null)
  }

  function forget(reason: string | null): void {
    me.value = null
    options.value = null
    endedBecause.value = reason
  }

  async function loadOptions(): Promise<Options> {
    options.value = await api.options()
    return options.value
  }

  /** Asks anew for what the menus offer, each console at its own moment: all of them hear of a new version at once. */
  function renewOptions(): void {
    clearTimeout(renewal)
    renewal = setTimeout(() => me.value && void loadOptions().catch(() => {}), Math.random() * RENEW_WITHIN_MS)
  }

  return { me, options, endedBecause, can, canAny, signIn, signOut, resume, forget, loadOptions, renewOptions }
})
