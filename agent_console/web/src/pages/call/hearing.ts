import { useTemplateRef, watch, type ShallowRef } from 'vue'
import type RecordingPlayer from './RecordingPlayer.vue'

interface Hearing {
  player: Readonly<ShallowRef<InstanceType<typeof RecordingPlayer> | null>>
  hear: (fromMs: number, untilMs?: number | null) => void
}

/** The `RecordingPlayer` of a page whose call may still be on its way: what one asks to hear before it came is heard then. */
export function useHearing(name = 'player'): Hearing {
  const player = useTemplateRef<InstanceType<typeof RecordingPlayer>>(name)
  let wanted: [number, number | null] | null = null

  function hear(fromMs: number, untilMs: number | null = null): void {
    wanted = player.value ? null : [fromMs, untilMs]
    player.value?.seek(fromMs, untilMs)
  }
  watch(player, (came) => {
    if (came && wanted) hear(...wanted)
  })

  return { player, hear }
}
