/**
 * How is a replay opened, while the server may still be preparing it?
 */
import type { Opened } from './model';
import { isBuilding, readStory, type ReplaySource } from './record';

/** Pause between two questions whether the replay is ready, in milliseconds. */
export const ASK_MS = 500;

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
