import { openDB, type IDBPDatabase } from "idb";

/** What is kept on this device for one member. `at` of an entry is when it was last written, in milliseconds since 1970. */
export type Store = "outbox" | "drafts" | "rooms" | "answers";

export interface Entry<T> {
  at: number;
  value: T;
}

/** The storage of one member on this device. Reading and writing throw where the browser refuses. */
export interface Keep {
  get<T>(store: Store, key: string): Promise<Entry<T> | undefined>;
  /** All entries of a store with their keys, in the order of these. */
  all<T>(store: Store): Promise<[string, Entry<T>][]>;
  put(store: Store, key: string, entry: Entry<unknown>): Promise<void>;
  delete(store: Store, key: string): Promise<void>;
  close(): void;
}

/** Where such storages are, and how all of them are taken away. */
export interface Keeping {
  open(name: string): Promise<Keep>;
  /** Deletes every storage of this origin, whoever's; where the browser does not list them, the one of this name. */
  wipe(known: string | null): Promise<void>;
}

const STORES: readonly Store[] = ["outbox", "drafts", "rooms", "answers"];
const PREFIX = "lounge ";
const VERSION = 1;

/** IndexedDB. */
export function browserKeeping(): Keeping {
  return {
    open: async (name) => {
      const database = await openDB(PREFIX + name, VERSION, {
        upgrade: (fresh) => {
          for (const store of STORES) fresh.createObjectStore(store);
        },
        // Another tab signs out: what is held open here must not keep the database alive.
        blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
      });
      return new BrowserKeep(database);
    },
    wipe: async (known) => {
      const listed = "databases" in indexedDB ? await indexedDB.databases() : [];
      const names = new Set(listed.map((one) => one.name ?? "").filter((name) => name.startsWith(PREFIX)));
      if (known !== null) names.add(PREFIX + known);
      await Promise.all([...names].map(remove));
    },
  };
}

function remove(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error ?? new Error("not deleted"));
  });
}

class BrowserKeep implements Keep {
  constructor(private readonly database: IDBPDatabase) {}

  get<T>(store: Store, key: string): Promise<Entry<T> | undefined> {
    return this.database.get(store, key) as Promise<Entry<T> | undefined>;
  }

  async all<T>(store: Store): Promise<[string, Entry<T>][]> {
    const transaction = this.database.transaction(store);
    const [keys, entries] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
    return keys.map((key, index) => [String(key), entries[index] as Entry<T>]);
  }

  async put(store: Store, key: string, entry: Entry<unknown>): Promise<void> {
    // A post that is shown as kept is on the disk; for the rest a crash of the machine may cost the last moment.
    const durability = store === "outbox" ? "strict" : "relaxed";
    const transaction = this.database.transaction(store, "readwrite", { durability });
    const put = transaction.store.put(entry, key);
    // Not when the event comes, but now: the page may go any moment.
    transaction.commit();
    await Promise.all([put, transaction.done]);
  }

  async delete(store: Store, key: string): Promise<void> {
    await this.database.delete(store, key);
  }

  close(): void {
    this.database.close();
  }
}
