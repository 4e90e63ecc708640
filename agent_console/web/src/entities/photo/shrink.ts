/** The longer side of a photo that is sent, px, and its quality: enough for a number plate, a tenth of the bytes. */
export const LONGEST = 1600
const QUALITY = 0.82

/** The measures of a picture that fits into a square of this side; one that fits already stays as it is. */
export function fitting(width: number, height: number, longest = LONGEST): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height, 1))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** The name of a photo once it is a JPEG. */
export function jpegName(name: string): string {
  const dot = name.lastIndexOf('.')
  return `${dot > 0 ? name.slice(0, dot) : name || 'photo'}.jpg`
}

export interface Picked {
  /** The request under which it is sent, however often. */
  id: string
  name: string
  blob: Blob
}

/** A file as it is sent: a picture made smaller, upright and without where and when it was taken; all else as it is. */
export async function prepared(file: File): Promise<Picked> {
  const id = crypto.randomUUID()
  if (!file.type.startsWith('image/')) return { id, name: file.name, blob: file }
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const { width, height } = fitting(picture.width, picture.height)
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width, height })
    canvas.getContext('2d')?.drawImage(picture, 0, 0, width, height)
    picture.close()
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY))
    if (blob?.size) return { id, name: jpegName(file.name), blob }
  } catch {
    // a browser that cannot read it leaves it to the server to say what it is
  }
  return { id, name: file.name, blob: file }
}
