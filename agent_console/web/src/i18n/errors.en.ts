import type { ErrorText } from './errors.zh-CN'

const KEPT = 'All that you typed is kept.'

/** Only the errors that the console itself makes: the server names its own in English. */
export const errors: Record<string, ErrorText> = {
  ConsoleOffline: {
    message: 'The server cannot be reached.',
    kept: KEPT,
    next_step: 'It goes on by itself once it is back; you may also try again later.',
  },
  ReplyTimedOut: { message: 'The server did not answer in time.', kept: KEPT, next_step: 'Try again.' },
  ConsoleError: { message: 'The page met an error.', next_step: 'Reload the page.' },
  ServerError: { message: 'The server met an error.', kept: KEPT, next_step: 'Try again, or ask the administrator.' },
  PositionUnknown: { message: 'The device does not tell where it is.', next_step: 'Allow it, or write the address below.' },
  RecordingUnplayable: {
    message: 'The recording cannot be played.',
    kept: 'It is still stored.',
    next_step: 'Reload the page, or ask the administrator.',
  },
}
