import type { CaseClass } from '@/transport/messages.gen'

/** Anything that an agent can find by its name, its full pinyin or its initials. */
export interface Spelt {
  name: string
  pinyin: string
  initials: string
  aliases?: string[]
}

const plain = (text: string) => text.toLowerCase().replace(/[\s'’-]/g, '')

interface Plain {
  names: string[]
  initials: string
  pinyin: string
}

/** What each item is found by, worked out when it is first looked at: there are hundreds, and each key asks them all. */
const worked = new WeakMap<Spelt, Plain>()

function plainOf(item: Spelt): Plain {
  let words = worked.get(item)
  if (!words) {
    const names = [item.name, ...(item.aliases ?? [])].map(plain)
    words = { names, initials: plain(item.initials), pinyin: plain(item.pinyin) }
    worked.set(item, words)
  }
  return words
}

/** How well `item` fits the words typed: smaller is better, null is no fit. A name comes before a spelling. */
function fit(item: Spelt, words: string): number | null {
  const { names, initials, pinyin } = plainOf(item)
  if (names.includes(words)) return 0
  if (names.some((name) => name.startsWith(words))) return 1
  if (initials.startsWith(words)) return 2
  if (pinyin.startsWith(words)) return 3
  if (names.some((name) => name.includes(words))) return 4
  return initials.includes(words) || pinyin.includes(words) ? 5 : null
}

/** Those items that fit, best first and otherwise in the order given; all of them when nothing was typed. */
export function find<Item extends Spelt>(items: readonly Item[], typed: string): Item[] {
  const words = plain(typed)
  if (!words) return [...items]
  return items
    .map((item) => ({ item, rank: fit(item, words) }))
    .filter((each): each is { item: Item; rank: number } => each.rank !== null)
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

/** Classes that fit by themselves come before those that fit only by a class above them. */
export function findClasses(classes: readonly CaseClass[], typed: string): CaseClass[] {
  const words = plain(typed)
  const direct = find(classes, typed)
  if (!words) return direct
  const found = new Set(direct.map((each) => each.code))
  const above = ({ group_name, path }: CaseClass) => [group_name, ...path].some((name) => plain(name).includes(words))
  const below = classes.filter((each) => !found.has(each.code) && above(each))
  return [...direct, ...below]
}
