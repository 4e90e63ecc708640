import { describe, expect, it } from 'vitest'
import { deliver, type Carrier, type Parcel } from '@/entities/outbox/send'
import { fitting, jpegName, LONGEST } from '@/entities/photo/shrink'
import type { CaseSummary, PatrolReport, PatrolResult } from '@/transport/messages.gen'

const photo = (id: string) => ({ id, name: `${id}.jpg`, blob: new Blob([id]) })
const parcel = (parts: Partial<Parcel>): Parcel => ({
  id: 'p', madeAt: 0, kind: 'photos', at: 'tasks/c/1', photos: [], internal: false, result: null, report: null, problem: null, ...parts,
})

/** A network that breaks before the call of this number; what came through stays. */
class Network implements Carrier {
  readonly heard: string[] = []
  calls = 0
  constructor(private readonly breaksAt = Infinity) {}

  private take(what: string): Promise<void> {
    this.calls += 1
    if (this.calls === this.breaksAt) return Promise.reject(new Error('away'))
    this.heard.push(what)
    return Promise.resolve()
  }

  photo = (at: string, { id }: { id: string }) => this.take(`${at} ${id}`)
  result = (at: string) => this.take(`${at} result`)
  report = async () => {
    await this.take('report')
    return { case_id: 'new' } as CaseSummary
  }
}

async function sendUntilDone(first: Parcel, breaksAt: number): Promise<string[]> {
  const heard: string[] = []
  let left = first
  for (const network of [new Network(breaksAt), new Network()]) {
    try {
      await deliver(left, network, (after) => ((left = after), Promise.resolve()))
      heard.push(...network.heard)
      break
    } catch {
      heard.push(...network.heard)
    }
  }
  return heard
}

describe('what waits for the network', () => {
  it('sends the photos before the result that needs them', async () => {
    const network = new Network()
    await deliver(parcel({ at: 'patrols/x', photos: [photo('a'), photo('b')], result: {} as PatrolResult }), network, () => Promise.resolve())
    expect(network.heard).toEqual(['patrols/x a', 'patrols/x b', 'patrols/x result'])
  })

  it('sends a report before the photos that belong to the case it becomes', async () => {
    const network = new Network()
    await deliver(parcel({ at: 'patrols/reports', photos: [photo('a')], report: {} as PatrolReport }), network, () => Promise.resolve())
    expect(network.heard).toEqual(['report', 'patrols/reports/new a'])
  })

  it.each([1, 2, 3, 4])('goes on where the network broke, at step %i', async (at) => {
    const whole = parcel({ at: 'patrols/x', photos: [photo('a'), photo('b')], result: {} as PatrolResult })
    expect(await sendUntilDone(whole, at)).toEqual(['patrols/x a', 'patrols/x b', 'patrols/x result'])
    const report = parcel({ at: 'patrols/reports', photos: [photo('a'), photo('b')], report: {} as PatrolReport })
    expect(await sendUntilDone(report, at)).toEqual(['report', 'patrols/reports/new a', 'patrols/reports/new b'])
  })
})

describe('a photo that is made smaller', () => {
  it('keeps its shape and is never made larger', () => {
    expect(fitting(4000, 3000)).toEqual({ width: LONGEST, height: 1200 })
    expect(fitting(3000, 4000)).toEqual({ width: 1200, height: LONGEST })
    expect(fitting(800, 600)).toEqual({ width: 800, height: 600 })
    expect(fitting(100_000, 10)).toEqual({ width: LONGEST, height: 1 })
  })

  it('is called what it is then', () => {
    expect(['IMG_1.HEIC', '现场.png', 'a', '.b', ''].map(jpegName)).toEqual(['IMG_1.jpg', '现场.jpg', 'a.jpg', '.b.jpg', 'photo.jpg'])
  })
})
