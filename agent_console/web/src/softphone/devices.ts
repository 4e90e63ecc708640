/** Which microphone, loudspeaker and ringing device this browser uses; '' is the system's choice. */
export interface Devices {
  microphone: string
  speaker: string
  ringer: string
}

const KEY = 'hotline.devices'
const SYSTEM: Devices = { microphone: '', speaker: '', ringer: '' }

export function keptDevices(): Devices {
  try {
    return { ...SYSTEM, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Devices>) }
  } catch {
    return { ...SYSTEM }
  }
}

export function keepDevices(devices: Devices): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(devices))
  } catch {
    // A forbidden storage: the choice holds until the page is closed.
  }
}

/** The microphone for a call; a device that was unplugged gives way to the system's. */
export function voiceOf({ microphone }: Devices): MediaStreamConstraints {
  const audio: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
  if (microphone) audio.deviceId = { ideal: microphone }
  return { audio, video: false }
}

interface Sink {
  setSinkId?: (id: string) => Promise<void>
}

/** Lets an audio element or context sound on a device; one that is gone leaves it on the system's. */
export async function soundOn(sink: object, device: string): Promise<void> {
  const { setSinkId } = sink as Sink
  await setSinkId?.call(sink, device).catch(() => setSinkId.call(sink, '').catch(() => {}))
}

/** What is plugged in now. Names are known only once the microphone was allowed. */
export async function plugged(): Promise<{ microphones: MediaDeviceInfo[]; speakers: MediaDeviceInfo[] }> {
  const all = await navigator.mediaDevices.enumerateDevices()
  const real = (kind: MediaDeviceKind) => all.filter((each) => each.kind === kind && each.deviceId !== 'default' && each.deviceId)
  return { microphones: real('audioinput'), speakers: real('audiooutput') }
}
