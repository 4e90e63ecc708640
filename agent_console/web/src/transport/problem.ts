import type { Problem } from './messages.gen'

/** A problem as it is sent: facts only where there are some. */
export type Told = Omit<Problem, 'facts'> & Partial<Pick<Problem, 'facts'>>

/** A failure that the server named, or that the console itself met on the way to it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'

  constructor(
    readonly problem: Told,
    readonly status: number | null = null,
  ) {
    super(problem.message)
  }

  /** True when nothing is wrong with the request: the same one may succeed later. */
  get transient(): boolean {
    const { error } = this.problem
    return TRANSIENT.has(error) || AWAY.test(error) || (this.status !== null && this.status >= 502)
  }

  get signedOut(): boolean {
    return this.status === 401
  }
}

/** Errors made by the console, beside those that the server names. */
export const OFFLINE = 'ConsoleOffline'
export const TIMED_OUT = 'ReplyTimedOut'

const TRANSIENT = new Set([OFFLINE, TIMED_OUT])
/** Errors of a part that is away carry it in their name: Unavailable, DatabaseAway, DatabaseBusy ... */
const AWAY = /(Away|Unavailable|Busy)$/

export function localError(error: string, message: string): ApiError {
  return new ApiError({ error, message, kept: '', next_step: '', field: null })
}

/** Whatever was thrown, as an error that can be shown. */
export function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  return localError('ConsoleError', thrown instanceof Error ? thrown.message : String(thrown))
}
