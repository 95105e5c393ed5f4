/**
 * How is the timeline drawn? On a canvas: an interview of eight hours has thousands of marks.
 */
import type { Mark } from './landmarks';
import { columns, isDrawn, type Lane, peakOf, toX, weight } from './timeline';
import type { Manifest } from './record';

/** Height of the row of marks, in CSS pixels. */
export const MARKS_HEIGHT = 18;

/** Height of all lanes of typing together, in CSS pixels. */
export const LANES_HEIGHT = 36;

/** Two marks that are nearer than this are drawn as one, in CSS pixels. */
const APART = 5;

/** What the timeline shows. */
export interface Picture {
  manifest: Manifest;
  lanes: readonly Lane[];
  marks: readonly Mark[];
}

/** Looks up a CSS colour that may be a variable of the theme. */
export type Palette = (color: string) => string;

/** The colours of the theme around an element. */
export function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const known = new Map<string, string>();
  return color => {
    let found = known.get(color);
    if (found === undefined) {
      const name = /^var\((--[\w-]+)\)$/.exec(color)?.[1];
      found = (name ? style.getPropertyValue(name).trim() : color) || 'gray';
      known.set(color, found);
    }
    return found;
  };
}

/** Draw the timeline; `width` in CSS pixels. */
export function paint(canvas: HTMLCanvasElement, width: number, picture: Picture, palette: Palette): void {
  const height = LANES_HEIGHT + MARKS_HEIGHT;
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = width > 0 ? canvas.getContext('2d') : null;
  if (!context) {
    return;
  }
  context.scale(scale, scale);
  context.clearRect(0, 0, width, height);
  paintIdle(context, width, picture, palette);
  paintLanes(context, width, picture, palette);
  paintMarks(context, width, picture, palette);
}

function paintIdle(
  context: CanvasRenderingContext2D,
  width: number,
  picture: Picture,
  palette: Palette
): void {
  const { idle, duration_ms: duration } = picture.manifest;
  context.fillStyle = palette('var(--jp-layout-color2)');
  for (const [from, to] of idle) {
    const left = toX(from, duration, width);
    const wide = toX(to, duration, width) - left;
    if (wide >= 1) {
      context.fillRect(left, 0, wide, LANES_HEIGHT);
    }
  }
}

function paintLanes(
  context: CanvasRenderingContext2D,
  width: number,
  picture: Picture,
  palette: Palette
): void {
  const { lanes, manifest } = picture;
  const { density, duration_ms: duration, members } = manifest;
  const peak = peakOf(lanes);
  const tall = LANES_HEIGHT / Math.max(1, lanes.length);
  lanes.forEach(({ member, bins }, lane) => {
    const bottom = (lane + 1) * tall;
    context.fillStyle = palette(members[member]?.color ?? 'var(--jp-ui-font-color3)');
    const span = { binMs: density.bin_ms, duration, width: Math.ceil(width), peak };
    columns(bins, span).forEach((part, column) => {
      if (part > 0) {
        const high = Math.max(1.5, part * (tall - 1));
        context.fillRect(column, bottom - high, 1, high);
      }
    });
  });
  context.fillStyle = palette('var(--jp-border-color1)');
  context.fillRect(0, LANES_HEIGHT, width, 1);
}

function paintMarks(
  context: CanvasRenderingContext2D,
  width: number,
  picture: Picture,
  palette: Palette
): void {
  const duration = picture.manifest.duration_ms;
  const slots = new Map<number, Mark>();
  for (const mark of picture.marks) {
    const slot = Math.round(toX(mark.ms, duration, width) / APART);
    const there = slots.get(slot);
    if (isDrawn(mark) && (!there || weight(mark) >= weight(there))) {
      slots.set(slot, mark);
    }
  }
  const y = LANES_HEIGHT + MARKS_HEIGHT / 2;
  for (const mark of slots.values()) {
    const x = Math.min(Math.max(4, toX(mark.ms, duration, width)), width - 4);
    const color = palette(colorOf(mark, picture.manifest));
    context.fillStyle = color;
    context.strokeStyle = color;
    drawMark(context, mark, x, y);
  }
}

function colorOf(mark: Mark, { members }: Manifest): string {
  switch (mark.kind) {
    case 'run_finished':
      return mark.status === 'ok' ? 'var(--jp-success-color1)' : 'var(--jp-error-color1)';
    case 'kernel_died':
      return 'var(--jp-error-color1)';
    case 'permission':
    case 'interrupt':
    case 'kernel_restarted':
    case 'clock_stepped':
    case 'remove':
      return 'var(--jp-warn-color1)';
    case 'bookmark':
      return 'var(--jp-brand-color1)';
    case 'end':
      return 'var(--jp-ui-font-color1)';
    default:
      return (
        members[('who' in mark ? mark.who : undefined) ?? mark.member]?.color ?? 'var(--jp-ui-font-color2)'
      );
  }
}

/** Each kind has a shape of its own: colour alone does not tell them apart. */
function drawMark(context: CanvasRenderingContext2D, mark: Mark, x: number, y: number): void {
  context.lineWidth = 2;
  context.beginPath();
  switch (mark.kind) {
    case 'run_finished':
      if (mark.status === 'ok') {
        polygon(context, [x - 3.5, y - 4.5], [x + 4.5, y], [x - 3.5, y + 4.5]);
      } else {
        cross(context, x, y);
      }
      break;
    case 'kernel_died':
      cross(context, x, y);
      break;
    case 'message':
      context.arc(x, y, 4, 0, 2 * Math.PI);
      context.fill();
      break;
    case 'join':
    case 'leave':
    case 'remove':
      context.moveTo(x, y - 7);
      context.lineTo(x, y + 7);
      context.stroke();
      break;
    case 'paste':
      context.fillRect(x - 3.5, y - 3.5, 7, 7);
      break;
    case 'bookmark':
      polygon(context, [x - 4, y - 8], [x + 4, y - 8], [x + 4, y + 6], [x, y + 2], [x - 4, y + 6]);
      break;
    case 'end':
      context.fillRect(x - 1, y - 8, 3, 16);
      break;
    default:
      polygon(context, [x, y - 5], [x + 5, y], [x, y + 5], [x - 5, y]);
  }
}

function cross(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.moveTo(x - 4, y - 4);
  context.lineTo(x + 4, y + 4);
  context.moveTo(x + 4, y - 4);
  context.lineTo(x - 4, y + 4);
  context.stroke();
}

function polygon(context: CanvasRenderingContext2D, ...points: [number, number][]): void {
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fill();
}
