import { nullTranslator } from '@jupyterlab/translation';
import { PageConfig } from '@jupyterlab/coreutils';
import { act } from 'react';

import { leadsOut, showOutsideLinks } from '../outside';
import { entrance } from '../tokens';

beforeAll(() => {
  HTMLDialogElement.prototype.showModal = jest.fn();
  showOutsideLinks(nullTranslator.load('jupyter_interview'));
});

afterEach(() => {
  document.body.replaceChildren();
});

async function click(html: string, options: MouseEventInit = {}): Promise<MouseEvent> {
  document.body.innerHTML = html;
  const event = new MouseEvent('click', { bubbles: true, cancelable: true, ...options });
  await act(async () => {
    document.body.querySelector('#it')?.dispatchEvent(event);
    await Promise.resolve();
  });
  return event;
}

describe('a link that would open a window', () => {
  it('is shown with its whole address', async () => {
    const event = await click('<a href="https://example.org/a" target="_blank"><b id="it">harmless</b></a>');
    expect(event.defaultPrevented).toBe(true);
    const field = document.querySelector<HTMLInputElement>('[data-testid=interview-outside] input');
    expect(field?.value).toBe('https://example.org/a');
  });

  it('is shown when a key asks for the window', async () => {
    const event = await click('<a id="it" href="https://example.org/">there</a>', { ctrlKey: true });
    expect(event.defaultPrevented).toBe(true);
  });
});

describe('a link out of the page', () => {
  it.each([
    '<a id="it" href="https://example.org/">there</a>',
    '<a id="it" href="https://example.org/" target="_self">there</a>',
    '<svg><a href="https://example.org/"><text id="it">there</text></a></svg>',
    '<svg><a xlink:href="https://example.org/"><text id="it">there</text></a></svg>'
  ])('is shown, too: %s', async html => {
    expect((await click(html)).defaultPrevented).toBe(true);
    const field = document.querySelector<HTMLInputElement>('[data-testid=interview-outside] input');
    expect(field?.value).toBe('https://example.org/');
  });

  it('is all but the file itself, in a file', () => {
    const file = new URL('file:///home/ada/interview.html#at=7');
    for (const address of ['https://example.org/', 'file:///home/ada/other.html', 'mailto:ada@example.org']) {
      expect(leadsOut(new URL(address), file)).toBe(true);
    }
    expect(leadsOut(new URL('#at=9', file), file)).toBe(false);
    expect(leadsOut(new URL('blob:null/1'), file)).toBe(false);
  });

  it('is what another server has, on a page of a server', () => {
    const page = new URL('https://a.example/interview/one/');
    expect(leadsOut(new URL('https://b.example/'), page)).toBe(true);
    expect(leadsOut(new URL('http://a.example/'), page)).toBe(true);
    expect(leadsOut(new URL('replay', page), page)).toBe(false);
  });
});

describe('a click with the middle button', () => {
  it('opens no window either', async () => {
    document.body.innerHTML = '<a id="it" href="/there">there</a>';
    const event = new MouseEvent('auxclick', { bubbles: true, cancelable: true, button: 1 });
    await act(async () => {
      document.querySelector('#it')?.dispatchEvent(event);
      await Promise.resolve();
    });
    expect(event.defaultPrevented).toBe(true);
  });
});

describe('other links', () => {
  it('lead where they lead', async () => {
    for (const html of [
      '<a id="it" href="#down">down</a>',
      '<a id="it">nowhere</a>',
      '<p id="it">text</p>'
    ]) {
      expect((await click(html)).defaultPrevented).toBe(false);
      expect(document.querySelector('[data-testid=interview-outside]')).toBeNull();
    }
  });
});

describe('where an interviewer enters', () => {
  afterEach(() => PageConfig.setOption('interviewHome', ''));

  it('is here, whatever the origin of the rooms', () => {
    expect(entrance('/interview/one')).toBe(`${window.location.origin}/interview/one`);
    expect(entrance('https://rooms.example/base/interview/one')).toBe(
      `${window.location.origin}/base/interview/one`
    );
  });

  it('is where they logged in, on a page of the rooms', () => {
    PageConfig.setOption('interviewHome', 'https://home.example');
    expect(entrance('https://rooms.example/interview/one')).toBe('https://home.example/interview/one');
  });
});
