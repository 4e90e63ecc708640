import type { SaidQuestion } from '@/transport/api'

export function emptyQuestion(): SaidQuestion {
  return { q: '', without: '', leg: '', class_code: '', agent: '', said_from: null, said_to: null }
}

const FIELDS = Object.keys(emptyQuestion()) as (keyof SaidQuestion)[]
const DAY = /^\d{4}-\d{2}-\d{2}$/

/** The parts of a question that ask for something, as an address carries them. */
export function toQuery(question: SaidQuestion): Record<string, string> {
  return Object.fromEntries(FIELDS.filter((field) => question[field]).map((field) => [field, String(question[field])]))
}

/** The question that an address carries; what it does not know is left out. */
export function fromQuery(query: Record<string, unknown>): SaidQuestion {
  const text = (field: keyof SaidQuestion) => (typeof query[field] === 'string' ? query[field] : '')
  const day = (field: keyof SaidQuestion) => (DAY.test(text(field)) ? text(field) : null)
  const leg = text('leg')
  return {
    q: text('q'),
    without: text('without'),
    leg: leg === 'caller' || leg === 'seat' ? leg : '',
    class_code: text('class_code'),
    agent: text('agent'),
    said_from: day('said_from'),
    said_to: day('said_to'),
  }
}
