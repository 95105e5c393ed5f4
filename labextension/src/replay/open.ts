/**
 * How is a replay opened, while the server may still be preparing it?
 */
import { type ISignal, Signal } from '@lumino/signaling';

import type { Opened } from './model';
import { isBuilding, readStory, type ReplaySource } from './record';

/** Pause between two questions whether the replay is ready, in milliseconds. */
export const ASK_MS = 500;

/** A record that is on its way: it is asked for before there is anything to show it. */
export class Opening {
  constructor(readonly source: ReplaySource) {
    this.opened = openReplay(source, part => this._progressed.emit(part));
    // Whoever waits for it hears why it does not come.
    this.opened.catch(() => undefined);
  }

  readonly opened: Promise<Opened>;

  /** The server prepares it, and is so far; from 0 to 1. */
  get progressed(): ISignal<this, number> {
    return this._progressed;
  }

  private readonly _progressed = new Signal<this, number>(this);
}

/** Read everything but the frames. `progress` is told how far the server is, from 0 to 1. */
export async function openReplay(source: ReplaySource, progress: (part: number) => void): Promise<Opened> {
  // The story does not wait for the manifest: it is asked for again only if the frames were not ready.
  let story = source.story();
  story.catch(() => undefined);
  const bookmarks = source.bookmarks();
  bookmarks.catch(() => undefined);
  let manifest = await source.manifest();
  while (isBuilding(manifest)) {
    progress(manifest.progress);
    await new Promise(resolve => window.setTimeout(resolve, ASK_MS));
    manifest = await source.manifest();
    story = source.story();
    story.catch(() => undefined);
  }
  return { manifest, story: readStory(await story), bookmarks: await bookmarks };
}
