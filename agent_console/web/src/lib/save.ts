import type { Download } from '@/transport/rest'

/** Hands a file that is here already to the browser, as a click on a link to it would. */
export function save({ name, blob }: Download): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
