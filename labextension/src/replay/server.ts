/**
 * What does the server offer about a replay, and in which shapes?
 */
import type { ServerConnection } from '@jupyterlab/services';

import { InterviewApi } from '../api';

import type {
  Bookmark,
  Building,
  ExportFormat,
  Fork,
  Manifest,
  RawStory,
  ReplayActions,
  ReplaySource,
  Rerun
} from './record';
import type { Happening } from './position';

/** The part of the API that is about the replay of one room. Every method raises `ApiError`. */
export class ReplayServer extends InterviewApi implements ReplaySource, ReplayActions {
  constructor(
    settings: ServerConnection.ISettings,
    private readonly id: string
  ) {
    super(settings);
  }

  readonly actions: ReplayActions = this;

  manifest(): Promise<Manifest | Building> {
    return this.get(this.path('replay'));
  }

  frame(number: number, signal: AbortSignal): Promise<ArrayBuffer> {
    return this.body(this.path(`replay/frames/${number}`), signal);
  }

  story(): Promise<RawStory> {
    return this.get(this.path('replay/story'));
  }

  bookmarks(): Promise<Bookmark[]> {
    return this.get<{ bookmarks: Bookmark[] }>(this.path('bookmarks')).then(answer => answer.bookmarks);
  }

  addBookmark({ seq, ms }: Happening, note: string): Promise<Bookmark> {
    return this.send('POST', this.path('bookmarks'), { seq, ms, note });
  }

  changeBookmark(id: string, note: string): Promise<Bookmark> {
    return this.send('PATCH', this.path(`bookmarks/${id}`), { note });
  }

  removeBookmark(id: string): Promise<void> {
    return this.send('DELETE', this.path(`bookmarks/${id}`));
  }

  fork(seq: number, title: string, rerun: boolean): Promise<Fork> {
    return this.send('POST', this.path('fork'), { at: seq, ...(title ? { title } : {}), rerun });
  }

  rerun(fork: string): Promise<Rerun> {
    return this.get(this.path(`forks/${fork}`));
  }

  exportUrl(format: ExportFormat, seq: number): string {
    const at = format === 'ipynb' ? `&at=${seq}` : '';
    return `${this.url(this.path('export'))}?format=${format}${at}`;
  }

  private path(rest: string): string {
    return `rooms/${this.id}/${rest}`;
  }
}
