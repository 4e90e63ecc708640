import { describe, expect, it } from 'vitest'
import { caseForm, parentOf, validate } from '@/entities/case/form'
import { outlookAsked, worthAsking } from '@/entities/case/outlook'
import { emptyContent, holdsWords } from '@/entities/draft/sync'
import type { ChannelOption } from '@/transport/messages.gen'

const MAILBOX: ChannelOption = { code: 'mailbox', title: '区长信箱', title_en: 'Mailbox', by_call: false, by_entry: false, reference: 'required' }
const LETTER = { ...emptyContent(), channel: 'mailbox', source_reference: ' 117 ', citizen_number: '13900002222' }

describe('what is asked while a form is typed', () => {
  it('is nothing while the form says neither where nor of what class', () => {
    expect(worthAsking(outlookAsked({ ...emptyContent(), what: '电梯坏了' }, null))).toBe(false)
  })

  it('begins with a street, a class, a call or a source', () => {
    for (const said of [{ street_code: '110101013' }, { class_code: '0101' }, { source_reference: '117' }])
      expect(worthAsking(outlookAsked({ ...emptyContent(), ...said }, null))).toBe(true)
    expect(worthAsking(outlookAsked(emptyContent(), 'call-1'))).toBe(true)
  })

  it('names the place as a point, without the words of the address field', () => {
    const place = { text: '3号楼', place_code: null, grid_name: '网格', unit_grid_code: '110101013007003', longitude: 1, latitude: 2 }
    expect(Object.keys(outlookAsked({ ...emptyContent(), place }, null).place ?? {})).not.toContain('text')
  })
})

describe('a case without a call', () => {
  it('names its source where its channel asks for it', () => {
    expect(validate({ ...LETTER, source_reference: ' ' }, 0, null, MAILBOX).source_reference).toBeTruthy()
    expect(validate(LETTER, 0, null, MAILBOX).source_reference).toBeUndefined()
  })

  it('takes channel, source and number along, and one with a call takes none of them', () => {
    const sent = caseForm(LETTER, 'r', 'd', null)
    expect([sent.channel, sent.source_reference, sent.citizen_number]).toEqual(['mailbox', '117', '13900002222'])
    const called = caseForm(LETTER, 'r', 'd', 'call-1')
    expect([called.channel, called.source_reference, called.citizen_number]).toEqual(['', '', ''])
  })

  it('is a draft worth keeping once its source is typed', () => {
    expect(holdsWords({ ...emptyContent(), source_reference: '117' })).toBe(true)
  })
})

describe('a case that is filed under another one', () => {
  const parent = { case_id: 'c', number: '96010-1' }

  it('goes there, unless it is answered at once', () => {
    expect(parentOf({ ...emptyContent(), parent })).toBe('c')
    expect(parentOf({ ...emptyContent(), parent, answered_at_once: true })).toBeNull()
    expect(parentOf(emptyContent())).toBeNull()
  })
})
