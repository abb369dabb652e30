// Changes that the server has not stored yet, in the browser's own database, each on the disk a few
// milliseconds after it was made: they outlive the page and a browser that is killed. Storage of the
// simple kind (localStorage) need not: a browser may write that seconds later.

const NAME = "momentvos-studio";
const STORE = "changes";

let opened = null;

function open() {
  opened ??= new Promise((done, fail) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "key" }).createIndex("item", "item");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  return opened;
}

/** The result of a request once its transaction is complete: strictly, that is on the disk. */
async function within(mode, work) {
  const database = await open();
  return new Promise((done, fail) => {
    const transaction = database.transaction(STORE, mode, { durability: "strict" });
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => done(request.result);
    transaction.onerror = transaction.onabort = () => fail(transaction.error);
  });
}

// A browser may have no storage; the server has everything that says "saved".
const quietly = (work) => work.catch(() => undefined);

/** Changes of an item that are left from before, the first one first: [{key, version, change}]. */
export async function left(item) {
  const found = await quietly(within("readonly", (store) => store.index("item").getAll(item)));
  return (found ?? []).sort((one, other) => one.at - other.at);
}

/** Where changes were made that are left, the newest of each item: [{item, address}]. */
export async function everywhere(user) {
  const found = await quietly(within("readonly", (store) => store.getAll()));
  const mine = (found ?? []).filter((one) => one.item.startsWith(`${user}.`));
  return [...new Map(mine.map(({ item, address }) => [item, { item, address }])).values()];
}

/** Keep a change of an item, or another content of one that is kept. */
export function keep(item, entry) {
  entry.item = item;
  entry.at ??= performance.timeOrigin + performance.now();
  entry.address ??= location.hash;
  return quietly(within("readwrite", (store) => store.put(entry)));
}

/** Forget a change: its author knows what became of it. */
export const forget = (key) => quietly(within("readwrite", (store) => store.delete(key)));
