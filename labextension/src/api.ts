/**
 * What does the server offer, and in which shapes? The only module that makes HTTP requests.
 *
 * Times are ISO 8601 strings in UTC.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export type Role = 'interviewer' | 'candidate' | 'spectator';
export type Permission = 'view' | 'edit' | 'run' | 'chat' | 'manage' | 'review';
export type Permissions = Record<Permission, boolean>;
export type RoomState = 'waiting' | 'live' | 'ended';
export type KernelState = 'absent' | 'starting' | 'idle' | 'busy' | 'dead' | 'unavailable';
export type RunStatus =
  'queued' | 'running' | 'ok' | 'error' | 'interrupted' | 'timeout' | 'died' | 'skipped';

/** Who did something. */
export interface Person {
  id: string;
  name: string;
  role: Role;
}

export interface Member extends Person {
  state: 'knocking' | 'gone' | 'seated' | 'removed';
  permissions: Permissions;
  presence: 'present' | 'away' | 'left';
  joined_at: string;
  left_at: string | null;
}

export interface Kernel {
  id: string | null;
  state: KernelState;
  message: string | null;
  /** The last restart that a member asked for; older servers do not tell. */
  restarted?: { by: Person; at: string } | null;
}

/** A file that a room holds for its kernels. */
export interface RoomFile {
  name: string;
  /** Bytes. */
  size: number;
  /** Of the content, in lower-case hex. */
  sha256: string;
}

export interface Room {
  id: string;
  /** Path or address of the bare link. */
  url: string;
  title: string;
  language: string;
  state: RoomState;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  settings: Record<string, unknown>;
  tags: string[];
  files: RoomFile[];
  has_password: boolean;
  members_online: number;
  members?: Member[];
  kernel?: Kernel;
}

export interface Message {
  seq: number;
  ts: string;
  sender: Person;
  /** Empty once it is hidden. */
  content: string;
  /** When an interviewer hid it, and who. */
  hidden?: { seq: number; ts: string; by: Person | null };
}

/** A budget of the room that is used up, or nearly; of one member's where it names one. */
export interface Notice {
  budget: string;
  used: number;
  limit: number;
  message: string;
  member?: string;
}

export interface Run {
  id: string;
  cell: string;
  status: RunStatus;
  member: Person;
  source: string;
  language: string;
  started_at: string | null;
  finished_at: string | null;
  duration_ms: number | null;
  execution_count: number | null;
  message: string | null;
  seq: number;
}

export interface Invitation {
  id: string;
  role: Role;
  name: string | null;
  /** With the secret in the fragment; only in the answer to its creation. */
  url?: string;
  created_at: string;
  expires_at: string | null;
  max_uses: number | null;
  uses: number;
  revoked: boolean;
}

/** What is asked for; it holds for the whole interview where there is no `expires_in`, in seconds. */
export interface NewInvitation {
  role: Role;
  expires_in?: number;
  /** How many it lets in; `null` for any number. */
  max_uses: number | null;
}

export interface Language {
  name: string;
  display_name: string;
  available: boolean;
  message: string | null;
}

/** What a new room can be made of. */
export interface Choices {
  languages: Language[];
  limits: Limits;
}

/** How much a new room can hold. */
export interface Limits {
  data_files: number;
  data_bytes: number;
}

/** A file of a new room; `data` is base64. */
export interface NewFile {
  name: string;
  data: string;
}

export interface NewRoom {
  title: string;
  language: string;
  password?: string;
  files?: NewFile[];
}

export interface MemberChange {
  permissions?: Partial<Record<'edit' | 'run' | 'chat', boolean>>;
  admitted?: boolean;
  role?: Role;
}

/** One cell to run; `source_hash` is the lower-case hex SHA-256 of its source in UTF-8. */
export interface RunRequest {
  cell: string;
  source_hash?: string;
}

/** How many events of a member are in the record. */
export interface Recorded {
  edits: number;
  cursors: number;
  messages: number;
  runs: number;
  joins: number;
}

/** A refusal by the server, or no answer at all (`status` 0, `code` "unreachable"). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {}
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The server's interview API, as this page may use it. Every method raises `ApiError`. */
export class InterviewApi {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  choices(): Promise<Choices> {
    return this.get('languages');
  }

  rooms(query: {
    q?: string;
    state?: RoomState | '';
    cursor?: string;
    limit?: number;
  }): Promise<{ rooms: Room[]; next: string | null }> {
    return this.get('rooms', query);
  }

  createRoom(room: NewRoom, signal?: AbortSignal): Promise<Room> {
    return this.send('POST', 'rooms', room, signal);
  }

  /** Let people in by the bare link again. */
  openLink(room: string, settings: Record<string, unknown>): Promise<Room> {
    return this.send('PATCH', `rooms/${room}`, { settings: { ...settings, link: 'open' } });
  }

  room(room: string): Promise<Room> {
    return this.get(`rooms/${room}`);
  }

  endRoom(room: string): Promise<Room> {
    return this.send('POST', `rooms/${room}/end`, {});
  }

  invite(room: string, wanted: NewInvitation): Promise<Invitation> {
    return this.send('POST', `rooms/${room}/invitations`, wanted);
  }

  /** All invitations of a room, without their secrets. */
  async invitations(room: string): Promise<Invitation[]> {
    return (await this.get<{ invitations: Invitation[] }>(`rooms/${room}/invitations`)).invitations;
  }

  /** Nobody comes by the invitation any more; who came stays. */
  revokeInvitation(room: string, invitation: string): Promise<void> {
    return this.send('DELETE', `rooms/${room}/invitations/${invitation}`);
  }

  members(room: string): Promise<Member[]> {
    return this.get<{ members: Member[] }>(`rooms/${room}/members`).then(answer => answer.members);
  }

  changeMember(room: string, member: string, change: MemberChange): Promise<Member> {
    return this.send('PATCH', `rooms/${room}/members/${member}`, change);
  }

  /** Nobody's page shows the text of the message any more; the record keeps it. */
  hideMessage(room: string, seq: number): Promise<Message> {
    return this.send('PATCH', `rooms/${room}/messages/${seq}`, { hidden: true });
  }

  removeMember(room: string, member: string): Promise<void> {
    return this.send('DELETE', `rooms/${room}/members/${member}`);
  }

  /** Address of the notebook for a download. */
  notebookUrl(room: string): string {
    return this.url(`rooms/${room}/notebook`);
  }

  /** Run cells of the room of this page, in this order; resolves when they are queued. */
  run(cells: RunRequest[]): Promise<Run[]> {
    const url = URLExt.join(this.settings.baseUrl, 'api/runs');
    return this.request<{ runs: Run[] }>(url, { method: 'POST', body: JSON.stringify({ cells }) }).then(
      answer => answer.runs
    );
  }

  /** How much is recorded of the member of this page. */
  recorded(): Promise<Recorded> {
    const url = URLExt.join(this.settings.baseUrl, 'api/me/recorded');
    return this.request(url, { method: 'GET', cache: 'no-store' });
  }

  /** Address of what is recorded of the member of this page. */
  get ownPartUrl(): string {
    return URLExt.join(this.settings.baseUrl, 'api/me/export');
  }

  protected url(path: string): string {
    return URLExt.join(this.settings.baseUrl, 'api/interview', path);
  }

  protected get<T>(
    path: string,
    query: Record<string, string | number | undefined> = {},
    signal?: AbortSignal
  ): Promise<T> {
    const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(entries.map(([name, value]) => [name, String(value)]));
    const tail = search.size ? `?${search.toString()}` : '';
    return this.request(this.url(path) + tail, { method: 'GET', cache: 'no-store', signal });
  }

  /** The body of an answer, as it is. */
  protected body(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    const init = { method: 'GET', cache: 'no-store', signal } as const;
    return this.answer(this.url(path), init, response => response.arrayBuffer());
  }

  protected send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return this.request(this.url(path), {
      method,
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    });
  }

  private request<T>(url: string, init: RequestInit): Promise<T> {
    return this.answer(url, init, async response =>
      response.status === 204 ? (undefined as T) : ((await response.json()) as T)
    );
  }

  private async answer<T>(
    url: string,
    init: RequestInit,
    read: (response: Response) => Promise<T>
  ): Promise<T> {
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch (reason) {
      if (init.signal?.aborted) {
        throw reason;
      }
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return read(response);
  }
}

/** The line for the user that a failure comes with. */
export function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

/** The `ApiError` that a refused request is. */
export async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; details?: Record<string, unknown> };
    };
    return new ApiError(response.status, error.code, error.message, error.details ?? {});
  } catch {
    return new ApiError(response.status, 'error', `${response.status} ${response.statusText}`.trim());
  }
}
