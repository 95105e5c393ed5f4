/**
 * Where does a replay that is a file on disk come from? From elements of its own page; there is no server.
 *
 * An element `interview-<name>` holds JSON, or base64 of gzip of JSON where its type is application/octet-stream.
 */
import { ApiError } from '../api';

import type { Frame } from './moment';
import type { Bookmark, Manifest, RawStory, ReplaySource } from './record';

export class EmbeddedReplay implements ReplaySource {
  constructor(private readonly page: Document = document) {}

  readonly actions = null;

  manifest(): Promise<Manifest> {
    return this.read('manifest');
  }

  story(): Promise<RawStory> {
    return this.read('story');
  }

  async bookmarks(): Promise<Bookmark[]> {
    const answer = await this.read<{ bookmarks: Bookmark[] }>('bookmarks');
    return answer.bookmarks;
  }

  frame(number: number): Promise<Frame> {
    return this.read(`frame-${number}`);
  }

  private async read<T>(name: string): Promise<T> {
    const element = this.page.getElementById(`interview-${name}`);
    if (!element) {
      throw new ApiError(0, 'not_found', `This file does not contain the part “${name}”.`);
    }
    const content = element.textContent ?? '';
    const packed = element.getAttribute('type') === 'application/octet-stream';
    try {
      return JSON.parse(packed ? await unpack(content) : content) as T;
    } catch {
      throw new ApiError(0, 'damaged', `The part “${name}” of this file is damaged.`);
    }
  }
}

/** The text of base64 of gzip. */
export async function unpack(base64: string): Promise<string> {
  const binary = atob(base64.replace(/\s+/g, ''));
  const bytes = Uint8Array.from(binary, character => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}
