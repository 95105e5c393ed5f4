import React, { useEffect, useMemo, useRef, useState } from 'react';

import { clock } from '../../format';
import { type Mark, marksOf } from '../../replay/landmarks';
import type { ReplayModel } from '../../replay/model';
import { LANES_HEIGHT, MARKS_HEIGHT, paint, paletteOf } from '../../replay/paint';
import { isDrawn, lanesOf, marksBetween, toMs, toX } from '../../replay/timeline';
import { markText, momentText, timeOfMoment } from '../../replay/words';
import type { Translations } from '../../tokens';
import { useSignals } from '../hooks';

/** A mark within this distance of the pointer is meant, in CSS pixels. */
const NEAR = 6;

/** How many marks a hint names. */
const NAMED = 5;

interface Props {
  model: ReplayModel;
  trans: Translations;
}

/** The interview as a strip: typing of each member, marks, and where we are. Click, drag or use the keys. */
export function Timeline(props: Props): JSX.Element {
  const { model, trans } = props;
  useSignals(model.changed);
  const strip = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [pointed, point] = useState<number | null>(null);
  const { manifest, bookmarks } = model;
  const marks = useMemo(() => marksOf(manifest, bookmarks), [manifest, bookmarks]);
  useEffect(() => {
    const node = strip.current;
    if (!node) {
      return;
    }
    const measure = (): void => setWidth(node.clientWidth);
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    measure();
    return () => observer.disconnect();
  }, []);
  const msAt = (event: React.PointerEvent): number =>
    toMs(event.clientX - (strip.current?.getBoundingClientRect().left ?? 0), model.duration, width);
  const seek = (event: React.PointerEvent): void => seekNear(model, marks, msAt(event), width);
  return (
    <div className="jp-Interview-timeline">
      <div
        ref={strip}
        className="jp-Interview-strip"
        style={{ height: LANES_HEIGHT + MARKS_HEIGHT }}
        data-testid="interview-replay-timeline"
        onPointerDown={event => {
          if (event.button === 0) {
            event.currentTarget.setPointerCapture?.(event.pointerId);
            model.pause();
            seek(event);
          }
        }}
        onPointerMove={event => {
          point(msAt(event));
          if (event.buttons & 1) {
            model.seekTime(msAt(event));
          }
        }}
        onPointerLeave={() => point(null)}
      >
        <Strip model={model} marks={marks} width={width} />
        <Playhead model={model} width={width} trans={trans} />
        {pointed !== null && <Hint model={model} marks={marks} ms={pointed} width={width} trans={trans} />}
      </div>
    </div>
  );
}

/** A click beside a mark means the mark. */
function seekNear(model: ReplayModel, marks: readonly Mark[], ms: number, width: number): void {
  const slack = toMs(NEAR, model.duration, width);
  const near = marksBetween(marks, ms - slack, ms + slack).filter(isDrawn);
  near.sort((a, b) => Math.abs(a.ms - ms) - Math.abs(b.ms - ms));
  if (near.length) {
    model.seek({ ms: near[0].ms, seq: near[0].seq });
  } else {
    model.seekTime(ms);
  }
}

/** The drawing; made anew when the record, the width or the theme changes. */
function Strip(props: { model: ReplayModel; marks: readonly Mark[]; width: number }): JSX.Element {
  const { model, marks, width } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const { manifest } = model;
  const lanes = useMemo(() => lanesOf(manifest), [manifest]);
  useEffect(() => {
    const draw = (): void => {
      if (canvas.current) {
        paint(canvas.current, width, { manifest, lanes, marks }, paletteOf(document.body));
      }
    };
    draw();
    return onTheme(draw);
  }, [manifest, lanes, marks, width]);
  return <canvas ref={canvas} aria-hidden="true" />;
}

/** Call back when the colours of the page change. */
function onTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light']
  });
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  // JupyterLab loads a theme's style sheet after it has named it.
  const late = (): number => window.setTimeout(changed, 300);
  dark.addEventListener('change', late);
  document.head.addEventListener('load', changed, true);
  return () => {
    observer.disconnect();
    dark.removeEventListener('change', late);
    document.head.removeEventListener('load', changed, true);
  };
}

/** Where we are. It moves with every picture while playing, so it is not rendered by React. */
function Playhead(props: Props & { width: number }): JSX.Element {
  const { model, width, trans } = props;
  const head = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const move = (): void => {
      const node = head.current;
      if (!node) {
        return;
      }
      node.style.transform = `translateX(${toX(model.ms, model.duration, width)}px)`;
      node.setAttribute('aria-valuenow', String(Math.floor(model.ms / 1000)));
      node.setAttribute('aria-valuetext', momentText(model.manifest, model.ms, trans));
    };
    move();
    model.moved.connect(move);
    return () => {
      model.moved.disconnect(move);
    };
  }, [model, model.manifest, width, trans]);
  return (
    <div
      ref={head}
      className="jp-Interview-playhead"
      role="slider"
      tabIndex={0}
      aria-label={trans.__('Moment of the interview')}
      aria-valuemin={0}
      aria-valuemax={Math.floor(model.duration / 1000)}
      aria-valuenow={Math.floor(model.ms / 1000)}
      data-testid="interview-replay-slider"
    />
  );
}

/** What is at the pointer. */
function Hint(props: {
  model: ReplayModel;
  marks: readonly Mark[];
  ms: number;
  width: number;
  trans: Translations;
}): JSX.Element {
  const { model, ms, width, trans } = props;
  const slack = toMs(NEAR, model.duration, width);
  const near = marksBetween(props.marks, ms - slack, ms + slack);
  const x = toX(ms, model.duration, width);
  return (
    <div
      className={`jp-Interview-hintBox${x > width / 2 ? ' jp-mod-left' : ''}`}
      style={x > width / 2 ? { right: width - x } : { left: x }}
      data-testid="interview-replay-hint"
    >
      <strong>
        {clock(ms)} <small>{timeOfMoment(model.manifest, ms)}</small>
      </strong>
      {near.slice(0, NAMED).map(mark => (
        <span key={`${mark.seq}/${mark.kind}`}>{markText(mark, model.manifest.members, trans)}</span>
      ))}
      {near.length > NAMED && <span>{trans.__('and %1 more', near.length - NAMED)}</span>}
    </div>
  );
}
