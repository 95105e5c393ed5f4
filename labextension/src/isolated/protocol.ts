/**
 * What do a page and its isolated frames say to each other?
 *
 * A chart or a diagram is a program: what draws it interprets what a member wrote. So it is drawn in a frame of opaque
 * origin, which gets the program and gives back a height, or why it could not. Nothing that comes out of a frame is ever
 * taken for anything but a number or a short text.
 */

/** What a frame draws; also the name of its script. */
export type Kind = 'chart' | 'diagram';

/** To a frame, as often as it says that it is there, and when the theme changes. */
export interface Draw {
  type: 'draw';
  /** JSON of a chart, text of a diagram: it is only parsed in the frame. */
  program: string;
  /** Of a chart: the grammar it is written in. */
  grammar?: Grammar;
  dark: boolean;
}

export type Grammar = 'vega' | 'vega-lite';

/** From a frame. */
export type Answer =
  /** Its script runs; it may say so again, because a frame that is moved on its page loads anew. */
  | { type: 'ready' }
  /** The program is drawn, and so many CSS pixels high; again whenever that changes. */
  | { type: 'drawn'; height: number }
  /** It could not be drawn. */
  | { type: 'failed'; message: string };

/** Limits of what is drawn and of what is believed. */
export const LIMITS = {
  /** Characters of a chart as JSON, and of a diagram. */
  program: { chart: 500_000, diagram: 20_000 },
  /** Edges of a diagram; Mermaid counts them. */
  edges: 200,
  /** Height of a frame in CSS pixels; what is higher scrolls inside. */
  height: 2_000,
  /** Characters of a reason. */
  message: 300,
  /** Answers of a frame in a second. */
  answers: 150,
  /** Characters that are shown of a program which is not drawn. */
  shown: 20_000,
  /** Frames that a page has at a time; those out of sight make way. */
  frames: 12
} as const;

/** After so many milliseconds without an answer a frame is taken away. */
export const PATIENCE_MS = 15_000;

/** The answer that a frame gave; `null` if it is none. */
export function toAnswer(data: unknown): Answer | null {
  if (typeof data !== 'object' || data === null) {
    return null;
  }
  const { type, height, message } = data as Record<string, unknown>;
  switch (type) {
    case 'ready':
      return { type };
    case 'drawn':
      return typeof height === 'number' && Number.isFinite(height)
        ? { type, height: Math.min(Math.max(Math.ceil(height), 0), LIMITS.height) }
        : null;
    case 'failed':
      return { type, message: typeof message === 'string' ? message.slice(0, LIMITS.message) : '' };
    default:
      return null;
  }
}
