import type { UA, WebSocketInterface } from 'jssip'
import { LineWatch } from './linewatch'

/** JsSIP's sockets report their end by this handler, which its transport sets. */
interface Ending {
  ondisconnect?: (error: boolean, code?: number, reason?: string) => void
}

type Asking = { sendOptions(target: string, body: null, options: { eventHandlers: Record<string, () => void> }): void }

/** The signalling line of a phone, watched: `alive` is called at each sign of life of the PBX. */
export class Line extends LineWatch {
  constructor(ua: UA, socket: WebSocketInterface, uri: string, alive: () => void) {
    super({
      connected: () => ua.isConnected(),
      ask: () =>
        new Promise<void>((resolve) => {
          const answered = () => (alive(), resolve())
          const eventHandlers = { succeeded: answered, failed: answered }
          ;(ua as unknown as Asking).sendOptions(uri, null, { eventHandlers })
        }),
      reconnect: () => {
        socket.disconnect()
        ;(socket as unknown as Ending).ondisconnect?.(true, 1006, 'silent')
      },
    })
  }
}
