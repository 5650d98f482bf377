import { Refused } from "./socket";
import type { Begin, Case, Correction, Draft, Message, OwnLine, Person, Resolution, Room } from "./messages";
import { PagerApi } from "./pager";
import type { Figures } from "./paging";
import type { World } from "./world";

export type Role = "member" | "moderator" | "operator";

export interface About { demo: boolean; name: string; version: string }
export interface DemoMember { handle: string; specialties: string[]; country: string; role: Role }
export interface Board { stream: string; specialty: string | null; scope: "all" | "members" }
export interface Me {
  handle: string; role: Role; languages: string[]; specialties: string[]; country: string; feed: string; boards: Board[]; epoch: string; time: number;
}
/** `synonyms` and what follows are missing in what a device kept of an older server. */
export interface Specialty {
  id: string; name: string; group: string; synonyms?: string[]; near?: { id: string; distance: number }[]; far?: string[];
}
export interface Catalogue { groups: { id: string; name: string }[]; specialties: Specialty[] }
export interface CasePage { cases: OwnLine[]; next: string | null; time: number }
export interface RoomPage { rooms: Room[]; next: string | null }
export interface CaseFilters {
  state?: readonly OwnLine["state"][]; specialty?: readonly string[]; urgency?: string; waiting?: boolean; mine?: boolean; followed?: boolean;
  order?: "newest" | "waiting";
}

const ME = "/api/v1/me";

/** The part of the server that is not live. Every method throws Refused. */
export class Api {
  constructor(
    private readonly world: World,
    /** Where answers are kept, for when the server cannot be reached. */
    private readonly kept: KeptAnswers,
  ) {}

  readonly pager = new PagerApi({ ask: (path) => this.request(path, {}), post: (path, body, headers) => this.post(path, body, headers) });

  /** What was last answered from the device, the server not being reached, by path. */
  readonly fromDevice = new Set<string>();

  about = (): Promise<About> => this.get("/api/v1/about");
  me = (): Promise<Me> => this.get(ME);
  catalogue = (): Promise<Catalogue> => this.get("/api/v1/specialties");
  demoMembers = (): Promise<{ members: DemoMember[] }> => this.get("/api/v1/demo/members");
  demoSignIn = (handle: string): Promise<unknown> => this.post("/api/v1/demo/sign-in", { handle });
  signIn = (token: string): Promise<unknown> => this.post("/api/v1/sign-in", { token });
  signOut = (): Promise<unknown> => this.post("/api/v1/sign-out", undefined);
  case = async (id: string): Promise<Case> => (await this.get<{ case: Case }>(`/api/v1/cases/${id}`)).case;
  /** One message of a room as it stands, with who wrote it; null where there is none. */
  async message(stream: string, seq: number): Promise<{ message: Message; person: Person | undefined } | null> {
    const page = await this.get<{ messages: Message[]; people: Person[] }>(`/api/v1/rooms/${stream}/messages?before=${seq + 1}&limit=1`);
    const message = page.messages[0];
    return message?.seq === seq ? { message, person: page.people.find((one) => one.n === message.by) } : null;
  }

  pulse = (): Promise<Figures> => this.get("/api/v1/pulse");
  rooms = (cursor: string | null): Promise<RoomPage> => this.get(`/api/v1/rooms${query({ cursor })}`);

  cases(filters: CaseFilters, cursor: string | null): Promise<CasePage> {
    return this.get(`/api/v1/cases${query({ ...filters, cursor, limit: 50 })}`);
  }

  async open(draft: Draft, key: string): Promise<Case> {
    return (await this.post<{ case: Case }>("/api/v1/cases", draft, { "Idempotency-Key": key })).case;
  }

  resolve = (id: string, resolution: Resolution, key: string) => this.change(id, "resolve", resolution, key);
  reopen = (id: string, key: string) => this.change(id, "reopen", undefined, key);
  withdraw = (id: string, key: string) => this.change(id, "withdraw", undefined, key);
  correct = (id: string, correction: Correction, key: string) => this.change(id, "corrections", correction, key);
  followUp = (id: string, body: string, key: string) => this.change(id, "follow-ups", { body }, key);
  view = (id: string): Promise<unknown> => this.post(`/api/v1/cases/${id}/views`, undefined);
  notify = (stream: string, notify: OwnLine["notify"]): Promise<unknown> => this.post(`/api/v1/rooms/${stream}/notify`, { notify });

  async begin(begin: Begin, key: string): Promise<string> {
    return (await this.post<{ stream: string }>("/api/v1/rooms", begin, { "Idempotency-Key": key })).stream;
  }

  private async change(id: string, what: string, body: unknown, key: string): Promise<Case> {
    return (await this.post<{ case: Case }>(`/api/v1/cases/${id}/${what}`, body, { "Idempotency-Key": key })).case;
  }

  /** Asks who is signed in, and takes no kept answer for one. */
  stillMe = (): Promise<Me> => this.request(ME, {});

  /** Reads; where the server cannot be reached, what it answered before. */
  private async get<T>(path: string): Promise<T> {
    try {
      const answer = await this.request<T>(path, {});
      this.fromDevice.delete(path);
      void this.kept.put("answers", path, answer);
      return answer;
    } catch (error) {
      if (!(error instanceof Refused) || !error.retry) throw error;
      const before = await this.kept.get<T>("answers", path);
      if (before === undefined) throw error;
      this.fromDevice.add(path);
      return before;
    }
  }

  private post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    const init: RequestInit = { method: "POST", headers: { ...headers, "Content-Type": "application/json" } };
    if (body !== undefined) init.body = JSON.stringify(body);
    return this.request<T>(path, init);
  }

  private async request<T>(path: string, init: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await this.world.fetch(path, { ...init, credentials: "same-origin" });
    } catch {
      throw new Refused("lost", "The server cannot be reached.", true);
    }
    if (response.status === 204) return undefined as T;
    const answer = (await response.json().catch(() => null)) as { error?: ErrorBody } | null;
    if (response.ok) return answer as T;
    const error = answer?.error;
    // Not ours, but of something between: the server is not there.
    if (error === undefined && response.status >= 500) throw new Refused("lost", "The server cannot be reached.", true);
    throw new Refused(
      error?.code ?? "internal", error?.message ?? "The server had a fault.", error?.retry ?? true, error?.retry_after ?? null,
    );
  }
}

interface KeptAnswers {
  get<T>(store: "answers", key: string): Promise<T | undefined>;
  put(store: "answers", key: string, value: unknown): Promise<void>;
}

interface ErrorBody { code: string; message: string; retry: boolean; retry_after?: number | null }

function query(fields: Record<string, string | number | boolean | readonly string[] | null | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text && `?${text}`;
}
