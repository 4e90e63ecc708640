import type { Problem } from './messages.gen'
import { ApiError, OFFLINE, localError } from './problem'

type Value = string | number | boolean | null | undefined
type Query = Record<string, Value | readonly string[]>

let onSignedOut: () => void = () => {}

/** Called once per answer 401, wherever it came from. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

function address(path: string, query: Query): string {
  const each = Object.entries(query).flatMap(([key, value]) => [value].flat().map((one): [string, Value] => [key, one as Value]))
  const given = each.filter(([, value]) => value !== undefined && value !== null && value !== '')
  const search = new URLSearchParams(given.map(([key, value]) => [key, String(value)]))
  return search.size ? `/api${path}?${search}` : `/api${path}`
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'error' in body && 'message' in body
}

async function failure(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null)
  if (isProblem(body)) return new ApiError(body, response.status)
  const error = response.status >= 502 ? 'Unavailable' : 'ServerError'
  return new ApiError(
    { error, message: `HTTP ${response.status}`, kept: '', next_step: '', field: null },
    response.status,
  )
}

/** A file that the server made, with the name that it gave it. */
export interface Download {
  name: string
  blob: Blob
}

async function call<Result>(method: string, path: string, query: Query = {}, body?: unknown): Promise<Result> {
  const response = await answer(method, path, query, body)
  return (response.status === 204 ? undefined : await response.json()) as Result
}

async function download(path: string, body: unknown): Promise<Download> {
  const response = await answer('POST', path, {}, body)
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'download'
  return { name, blob: await response.blob() }
}

async function answer(method: string, path: string, query: Query, body?: unknown): Promise<Response> {
  const request: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } }
  if (body instanceof Blob) request.body = body
  else if (body !== undefined) {
    request.body = JSON.stringify(body)
    request.headers = { accept: 'application/json', 'content-type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(address(path, query), request)
  } catch {
    throw localError(OFFLINE, 'The server cannot be reached.')
  }
  if (!response.ok) {
    const error = await failure(response)
    if (error.signedOut) onSignedOut()
    throw error
  }
  return response
}

export const rest = {
  get: <Result>(path: string, query?: Query) => call<Result>('GET', path, query),
  post: <Result>(path: string, body: unknown) => call<Result>('POST', path, {}, body),
  put: <Result>(path: string, body: unknown) => call<Result>('PUT', path, {}, body),
  /** Sends the bytes of a file as they are. */
  upload: <Result>(path: string, query: Query, file: Blob) => call<Result>('POST', path, query, file),
  /** Asks for a file. */
  download,
  remove: (path: string) => call<void>('DELETE', path),
}
