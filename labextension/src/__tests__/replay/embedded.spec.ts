import { gzipSync } from 'zlib';

import { EmbeddedReplay } from '../../replay/embedded';

import { makeFrames, makeManifest, STORY } from './fixtures';

/** What Node.js has and jsdom lacks. */
const node = jest.requireActual<{ Blob: typeof Blob }>('buffer');
const web = jest.requireActual<{ DecompressionStream: typeof DecompressionStream }>('stream/web');

class TextOf {
  constructor(private readonly stream: AsyncIterable<Uint8Array>) {}
  async text(): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of this.stream) {
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  }
}

beforeAll(() => {
  Object.assign(globalThis, {
    Blob: node.Blob,
    DecompressionStream: web.DecompressionStream,
    Response: TextOf
  });
});

function put(name: string, content: unknown, packed = false, text?: string): void {
  const element = document.createElement('script');
  element.id = `interview-${name}`;
  element.type = packed ? 'application/octet-stream' : 'application/json';
  const json = JSON.stringify(content);
  element.textContent = text ?? (packed ? gzipSync(json).toString('base64').replace(/.{76}/g, '$&\n') : json);
  document.body.append(element);
}

beforeEach(() => document.body.replaceChildren());

describe('a replay in a file', () => {
  it('reads JSON, and base64 of gzip with line breaks', async () => {
    const [frame] = makeFrames();
    put('manifest', makeManifest());
    put('story', STORY, true);
    put('bookmarks', { bookmarks: [] });
    put('frame-1', { ...frame, note: 'ä🎉' }, true);
    const source = new EmbeddedReplay();
    expect((await source.manifest()).last_seq).toBe(12);
    expect(await source.story()).toEqual(STORY);
    expect(await source.bookmarks()).toEqual([]);
    expect(await source.frame(1)).toEqual({ ...frame, note: 'ä🎉' });
    expect(source.actions).toBeNull();
  });

  it('says which part is missing or damaged', async () => {
    put('frame-2', null, true, 'H4sIAAAA');
    put('frame-3', null, false, '{');
    const source = new EmbeddedReplay();
    await expect(source.frame(1)).rejects.toThrow('does not contain the part “frame-1”');
    await expect(source.frame(2)).rejects.toThrow('The part “frame-2” of this file is damaged.');
    await expect(source.frame(3)).rejects.toThrow('The part “frame-3” of this file is damaged.');
  });
});
