import { describe, expect, it } from 'vitest'
import { emptyFilter, fromQuery, narrowings, pieces, toQuery, wordsOf } from '@/entities/case/filter'

describe('a filter in an address', () => {
  it('comes back as it went, and carries only what asks for something', () => {
    const filter = { ...emptyFilter(), q: '电梯 "3 号楼"', status: 'handling' as const, mine: true, filed_from: '2026-11-01' }
    expect(toQuery(filter)).toEqual({ q: '电梯 "3 号楼"', status: 'handling', mine: 'true', filed_from: '2026-11-01' })
    expect(fromQuery(toQuery(filter))).toEqual(filter)
    expect(toQuery(emptyFilter())).toEqual({})
  })

  it('never carries a number, nor what it does not know', () => {
    const query = { status: 'lost', urgency: 'very', filed_to: 'tomorrow', number: '13812341234', q: ['a', 'b'] }
    expect(fromQuery(query)).toEqual(emptyFilter())
  })

  it('counts what is not in sight', () => {
    expect(narrowings({ ...emptyFilter(), number: '' })).toBe(0)
    expect(narrowings({ ...emptyFilter(), q: '电梯', status: 'closed', street: '110101001', overdue: true, number: ' 138 ' })).toBe(3)
  })
})

describe('marks', () => {
  const marked = (text: string, typed: string) =>
    pieces(text, wordsOf(typed)).map(({ text: said, hit }) => (hit ? `[${said}]` : said)).join('')

  it('stand where the words are, also where two overlap', () => {
    expect(marked('电梯坏了，电梯困人', '电梯')).toBe('[电梯]坏了，[电梯]困人')
    expect(marked('电梯坏了', '电梯 梯坏')).toBe('[电梯坏]了')
    expect(marked('忠实里 3号楼', '“里 3” ')).toBe('忠实[里 3]号楼')
    expect(marked('ABC', 'b')).toBe('A[B]C')
    expect(marked('路灯', '')).toBe('路灯')
  })
})
