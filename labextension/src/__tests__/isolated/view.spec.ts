import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { IsolatedFrames } from '../../isolated/frames';
import { LIMITS, PATIENCE_MS } from '../../isolated/protocol';
import { servedFrames } from '../../isolated/source';
import type { IsolatedView, Program } from '../../isolated/view';

const CHART: Program = { kind: 'chart', grammar: 'vega-lite', text: '{"mark":"bar"}' };
const FOLDER = new URL('http://localhost/interview/static/isolated/');

/** Tells what is in sight when a test says so. */
class Sight {
  constructor(readonly tell: (entries: { isIntersecting: boolean }[]) => void) {
    sights.push(this);
  }

  observe(): void {
    this.tell([{ isIntersecting: true }]);
  }

  disconnect(): void {
    this.tell = () => undefined;
  }
}

const sights: { tell: (entries: { isIntersecting: boolean }[]) => void }[] = [];
const before = globalThis.IntersectionObserver;
const owner = {};
const theme = { themeChanged: new Signal<object, void>(owner) };
const trans = nullTranslator.load('x');
let frames: IsolatedFrames;
let views: IsolatedView[];

/** A program on the page, once its frame is there. */
async function shown(program: Program = CHART): Promise<IsolatedView> {
  const view = frames.show(program);
  views.push(view);
  document.body.append(view.node);
  await jest.advanceTimersByTimeAsync(0);
  return view;
}

function iframeOf(view: IsolatedView): HTMLIFrameElement {
  const frame = view.node.querySelector('iframe');
  if (!frame) {
    throw new Error('there is no frame');
  }
  return frame;
}

/** Something arrives at the page's window. */
function say(view: IsolatedView, data: unknown, origin = 'null', source = view.window): void {
  window.dispatchEvent(new MessageEvent('message', { data, origin, source }));
}

/** What the page sends to the frame from now on. */
function sentTo(view: IsolatedView): jest.SpyInstance {
  return jest.spyOn(view.window as Window, 'postMessage').mockImplementation(() => undefined);
}

beforeEach(() => {
  jest.useFakeTimers();
  globalThis.IntersectionObserver = Sight as never;
  sights.length = 0;
  views = [];
  frames = new IsolatedFrames({ source: servedFrames(FOLDER), theme, trans });
  document.body.dataset.jpThemeLight = 'true';
});

afterEach(() => {
  views.forEach(view => view.dispose());
  expect(document.querySelectorAll('iframe')).toHaveLength(0);
  jest.useRealTimers();
  globalThis.IntersectionObserver = before;
});

describe('a program', () => {
  it('is drawn in a frame that may run its script and nothing else', async () => {
    const view = await shown();
    const frame = iframeOf(view);
    expect(frame.getAttribute('sandbox')).toBe('allow-scripts');
    expect(frame.title).toBe('Chart');
    expect(frame.hasAttribute('src')).toBe(false);
    const inside = new DOMParser().parseFromString(frame.srcdoc, 'text/html');
    const policy = inside.querySelector('meta[http-equiv=Content-Security-Policy]')?.getAttribute('content');
    expect(policy).toContain(`default-src 'none'; script-src ${FOLDER.href};`);
    expect(policy).not.toMatch(/unsafe-eval|connect-src|frame-src|worker-src|img-src[^;]*http/);
    expect([...inside.scripts].map(script => script.src)).toEqual([`${FOLDER.href}chart.js`]);
    expect(frame.srcdoc).not.toContain('mark');
  });

  it('goes to the frame when that is there, again when it has loaded anew, and with each theme', async () => {
    const view = await shown();
    const sent = sentTo(view);
    expect(sent).not.toHaveBeenCalled();
    say(view, { type: 'ready' });
    expect(sent.mock.calls).toEqual([
      [{ type: 'draw', program: CHART.text, grammar: 'vega-lite', dark: false }, '*']
    ]);
    say(view, { type: 'drawn', height: 321 });
    expect(view.node.dataset.state).toBe('drawn');
    expect(iframeOf(view).style.height).toBe('321px');
    say(view, { type: 'ready' });
    document.body.dataset.jpThemeLight = 'false';
    theme.themeChanged.emit();
    expect(sent).toHaveBeenCalledTimes(3);
    expect(sent.mock.lastCall).toEqual([expect.objectContaining({ dark: true }), '*']);
    expect(iframeOf(view).style.colorScheme).toBe('dark');
  });

  it('is told of by its own frame only', async () => {
    const view = await shown();
    const other = await shown();
    say(view, { type: 'ready' }, 'null', window);
    say(view, { type: 'ready' }, 'http://localhost');
    say(view, { type: 'drawn', height: 5 }, 'null', null);
    expect(view.node.dataset.state).toBe('drawing');
    say(other, { type: 'drawn', height: 5 });
    expect(view.node.dataset.state).toBe('drawing');
    expect(other.node.dataset.state).toBe('drawn');
  });

  it('is announced when it takes a while, and shown as text when it takes too long', async () => {
    const view = await shown();
    expect(view.node.textContent).toBe('');
    await jest.advanceTimersByTimeAsync(1_000);
    expect(view.node.querySelector('[role=status]')?.textContent).toBe('Drawing…');
    await jest.advanceTimersByTimeAsync(PATIENCE_MS);
    expect(view.node.querySelector('iframe')).toBeNull();
    expect(view.node.textContent).toContain('This chart is shown as text. Drawing it took too long.');
    expect(view.node.querySelector('pre')?.textContent).toBe(CHART.text);
  });

  it('is shown as text where it cannot be drawn, and its reason is no markup', async () => {
    const view = await shown();
    say(view, { type: 'failed', message: '<img src=x onerror=y>' });
    expect(view.node.querySelector('img, iframe')).toBeNull();
    expect(view.node.textContent).toContain('<img src=x onerror=y>');
  });

  it('is shown as the picture that came with it where it cannot be drawn', async () => {
    const view = await shown({ ...CHART, picture: 'AAAA' });
    say(view, { type: 'failed', message: '' });
    expect(view.node.querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,AAAA');
  });

  it.each(['chart', 'diagram'] as const)('over the limit never gets a frame: %s', async kind => {
    const view = await shown({ kind, text: 'x'.repeat(LIMITS.program[kind] + 1) });
    expect(view.node.dataset.state).toBe('failed');
    expect(view.node.querySelector('iframe')).toBeNull();
    expect(view.node.querySelector('pre')?.textContent?.length).toBeLessThanOrEqual(LIMITS.shown + 1);
  });

  it('whose frame talks without end loses it', async () => {
    const view = await shown();
    for (let count = 0; count <= LIMITS.answers; count += 1) {
      say(view, { type: 'drawn', height: count });
    }
    expect(view.node.dataset.state).toBe('failed');
    expect(view.node.querySelector('iframe')).toBeNull();
  });
});

describe('a page', () => {
  it('has a limited number of frames; who waits gets one when another goes', async () => {
    for (let count = 0; count < LIMITS.frames; count += 1) {
      await shown();
    }
    const late = await shown();
    expect(document.querySelectorAll('iframe')).toHaveLength(LIMITS.frames);
    expect(late.node.textContent).toContain('fewer charts');
    views[0].dispose();
    await jest.advanceTimersByTimeAsync(0);
    expect(iframeOf(late)).toBeTruthy();
    expect(document.querySelectorAll('iframe')).toHaveLength(LIMITS.frames);
  });

  it('takes the frame of what is out of sight for what comes into it, and gives it back', async () => {
    for (let count = 0; count < LIMITS.frames; count += 1) {
      await shown();
    }
    views.forEach(view => say(view, { type: 'drawn', height: 100 }));
    sights[3].tell([{ isIntersecting: false }]);
    expect(iframeOf(views[3])).toBeTruthy();
    const late = await shown();
    expect(iframeOf(late)).toBeTruthy();
    expect(views[3].node.querySelector('iframe')).toBeNull();
    sights[5].tell([{ isIntersecting: false }]);
    sights[3].tell([{ isIntersecting: true }]);
    await jest.advanceTimersByTimeAsync(0);
    expect(iframeOf(views[3])).toBeTruthy();
    expect(views[5].node.querySelector('iframe')).toBeNull();
  });

  it('does not wait for a drawing that was taken from it', async () => {
    const view = await shown();
    sights[0].tell([{ isIntersecting: false }]);
    await jest.advanceTimersByTimeAsync(2 * PATIENCE_MS);
    expect(view.node.dataset.state).toBe('waiting');
    sights[0].tell([{ isIntersecting: true }]);
    await jest.advanceTimersByTimeAsync(0);
    expect(view.node.dataset.state).toBe('drawing');
  });
});
