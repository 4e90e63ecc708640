import { computed } from 'vue'
import { useSession } from './store'

/** The PBX hosts of this installation. Most have one; the screen names hosts only where there are several. */
export function useHosts() {
  const session = useSession()
  const hosts = computed(() => session.options?.hosts ?? [])
  return {
    hosts,
    several: computed(() => hosts.value.length > 1),
    titleOf: (name: string) => hosts.value.find((host) => host.name === name)?.title ?? name,
  }
}
