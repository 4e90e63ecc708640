/** What waits for the network, photos included, in a database of this browser; a browser without one keeps it in the page. */
export interface Kept<Item> {
  all: () => Promise<Item[]>
  put: (item: Item) => Promise<void>
  remove: (id: string) => Promise<void>
}

const STORE = 'waiting'

function opened(name: string): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' })
    request.onsuccess = () => done(request.result)
    request.onerror = () => fail(request.error ?? new Error('no database'))
  })
}

export function keepIn<Item extends { id: string }>(name: string): Kept<Item> {
  const database = opened(name)
  database.catch(() => {})

  async function work<Result>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
    const transaction = (await database).transaction(STORE, mode)
    const request = ask(transaction.objectStore(STORE))
    return new Promise((done, fail) => {
      transaction.oncomplete = () => done(request.result)
      transaction.onabort = transaction.onerror = () => fail(transaction.error ?? new Error('not kept'))
    })
  }

  return {
    all: () => work('readonly', (store) => store.getAll() as IDBRequest<Item[]>),
    put: async (item) => void (await work('readwrite', (store) => store.put(item))),
    remove: async (id) => void (await work('readwrite', (store) => store.delete(id))),
  }
}
