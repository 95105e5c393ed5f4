/**
 * What happened beside the edits, in the order in which it happened?
 */
import { compare, type Happening } from './position';
import type { Bookmark, Manifest, Marker, Story } from './record';

/** Everything that is known without the frames; one per event. */
export function landmarks(record: { manifest: Manifest; story: Story }): Happening[] {
  const { manifest, story } = record;
  const all = new Map<number, Happening>();
  for (const { ms, seq } of [...manifest.markers, ...story.messages, ...story.people, ...story.permissions]) {
    all.set(seq, { ms, seq });
  }
  for (const run of story.runs) {
    all.set(run.seq, { ms: run.ms, seq: run.seq });
    if (run.finished_seq !== null && run.finished_ms !== null) {
      all.set(run.finished_seq, { ms: run.finished_ms, seq: run.finished_seq });
    }
  }
  return [...all.values()].sort(compare);
}

/** A marker of the timeline; bookmarks are shown like what happened. */
export type Mark = Marker | (Happening & { kind: 'bookmark'; member: number; note: string; id: string });

/** All marks of the timeline, in order. */
export function marksOf(manifest: Manifest, bookmarks: readonly Bookmark[]): Mark[] {
  const own = bookmarks.map(({ ms, seq, note, id }) => ({
    ms,
    seq,
    note,
    id,
    member: 0,
    kind: 'bookmark' as const
  }));
  return [...manifest.markers, ...own].sort(compare);
}
