import { ConsoleSocket, type Wire } from './socket'

function open(): Wire {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  return new WebSocket(`${scheme}://${location.host}/api/console`) as unknown as Wire
}

/** The one line of this page to the hub. Stores send over it; `console.ts` starts it and says who hears what. */
export const line = new ConsoleSocket(open)
