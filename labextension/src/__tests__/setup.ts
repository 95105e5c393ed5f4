/** What browsers have and jsdom lacks. */
import { TextDecoder, TextEncoder } from 'util';
import { webcrypto } from 'crypto';

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

const missing: Record<string, unknown> = {
  TextDecoder,
  TextEncoder,
  ResizeObserver: NoObserver,
  IntersectionObserver: NoObserver,
  DragEvent: class extends Event {},
  fetch: () => Promise.reject(new Error('no network in tests')),
  Request: class {},
  Response: class {},
  Headers: class {}
};
for (const [name, value] of Object.entries(missing)) {
  if (!(name in globalThis)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
Object.defineProperty(globalThis, 'crypto', { value: webcrypto, configurable: true, writable: true });
(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

// Upstream: @jupyter/ydoc reads cells before it adds them to the document, and JupyterLab looks for a clipboard.
const KNOWN = ['Invalid access: Add Yjs type', 'Clipboard API not available'];
const warn = console.warn.bind(console);
console.warn = (...words: unknown[]): void => {
  if (!KNOWN.some(text => String(words[0]).startsWith(text))) {
    warn(...words);
  }
};

// An editor that is on the page measures its text; here nothing has a size.
Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
Range.prototype.getBoundingClientRect = () => document.body.getBoundingClientRect();

Object.defineProperty(window, 'matchMedia', {
  value: (media: string) => ({
    media,
    matches: false,
    addEventListener: () => {},
    removeEventListener: () => {}
  })
});

// Nothing is painted here.
HTMLCanvasElement.prototype.getContext = (() => null) as typeof HTMLCanvasElement.prototype.getContext;
