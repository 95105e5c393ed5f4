import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import React from 'react';

import { BookmarksPanel } from '../../components/replay/BookmarksPanel';
import { ForkForm } from '../../components/replay/ForkForm';
import { type BarActions, ReplayBar } from '../../components/replay/ReplayBar';
import { ReplaySide } from '../../components/replay/ReplaySide';
import { RecordedPanel } from '../../components/Recorded';
import type { Renderers } from '../../replay/outputs';
import type { Bookmark, Manifest, ReplayActions } from '../../replay/record';
import type { Happening } from '../../replay/position';

import { makeMember, makeModel, trans } from '../fixtures';
import { makeReplay, settleReplay, STORY } from './fixtures';

afterEach(cleanup);

const nothing: BarActions = {
  copyLink: jest.fn(),
  help: jest.fn(),
  bookmark: null,
  fork: null,
  refresh: null,
  toggleSide: jest.fn(),
  exportUrl: null
};

const renderers: Renderers = {
  outputs: (host, outputs) => {
    host.textContent = JSON.stringify(outputs);
    return () => host.replaceChildren();
  },
  markdown: (host, text) => {
    host.textContent = text;
    return () => host.replaceChildren();
  }
};

async function bar(more: Partial<Manifest> = {}, actions: Partial<BarActions> = {}) {
  const made = makeReplay(more);
  await settleReplay(made);
  render(
    <ReplayBar model={made.model} actions={{ ...nothing, ...actions }} on={{ shown: 12 }} trans={trans} />
  );
  return made;
}

/** Click, and let the answer of the server arrive. */
const press = (button: HTMLElement): Promise<void> =>
  act(async () => {
    fireEvent.click(button);
    await Promise.resolve();
  });

const settle = (made: ReturnType<typeof makeReplay>) => act(() => settleReplay(made));

describe('ReplayBar', () => {
  it('is a slider in words', async () => {
    jest.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1000);
    const made = await bar();
    const slider = screen.getByRole('slider', { name: 'Moment of the interview' });
    expect(slider.getAttribute('aria-valuetext')).toMatch(/^0:22 of 0:22, at /);
    act(() => made.model.seekTime(5000));
    await settle(made);
    expect(slider.getAttribute('aria-valuetext')).toMatch(/^0:05 of 0:22, at /);
    expect([slider.getAttribute('aria-valuenow'), slider.getAttribute('aria-valuemax')]).toEqual(['5', '22']);
    expect(slider.style.transform).toMatch(/^translateX\(227\.\d+px\)$/);
    expect(screen.getByTestId('interview-replay-moment').textContent).toContain('event 8 of 12');
    expect(screen.getByTestId('interview-replay-bar').dataset.seq).toBe('8');
  });

  it('steps, plays, and switches', async () => {
    const made = await bar();
    fireEvent.click(screen.getByRole('button', { name: 'Previous run' }));
    await settle(made);
    expect(made.model.seq).toBe(6);
    fireEvent.click(screen.getByRole('button', { name: 'Next edit' }));
    await settle(made);
    expect(made.model.seq).toBe(7);
    fireEvent.change(screen.getByLabelText('Speed'), { target: { value: '8' } });
    fireEvent.click(screen.getByLabelText('Skip idle'));
    fireEvent.click(screen.getByLabelText('Follow'));
    fireEvent.click(screen.getByRole('button', { name: 'Who wrote this' }));
    const { speed, skipIdle, follow, whoWrote } = made.model;
    expect([speed, skipIdle, follow, whoWrote]).toEqual([8, false, false, true]);
    expect(screen.getByRole('button', { name: 'Who wrote this', pressed: true })).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Play' }));
    expect(screen.getByRole('button', { name: 'Pause' })).toBeTruthy();
    act(() => made.model.pause());
  });

  it('offers only what can be done here', async () => {
    await bar();
    for (const name of ['refresh', 'bookmark', 'fork', 'export']) {
      expect(screen.queryByTestId(`interview-replay-${name}`)).toBeNull();
    }
    cleanup();
    const fork = jest.fn();
    await bar({ live: true }, { fork, exportUrl: format => `/export?format=${format}` });
    expect(screen.getByText('Live')).toBeTruthy();
    fireEvent.click(screen.getByTestId('interview-replay-fork'));
    expect(fork).toHaveBeenCalled();
    fireEvent.click(screen.getByRole('button', { name: 'Export' }));
    const items = screen.getAllByRole<HTMLAnchorElement>('menuitem');
    expect(items.map(item => new URL(item.href).search)).toEqual(
      ['ipynb', 'html', 'jsonl', 'zip'].map(format => `?format=${format}`)
    );
    expect(document.activeElement).toBe(items[0]);
    fireEvent.keyDown(items[0], { key: 'ArrowUp' });
    expect(document.activeElement).toBe(items[3]);
    fireEvent.keyDown(items[3], { key: 'Escape' });
    expect(screen.queryByRole('menuitem')).toBeNull();
  });

  it('offers no notebook where there is none yet', async () => {
    await bar({}, { exportUrl: format => (format === 'ipynb' ? null : `/export?format=${format}`) });
    fireEvent.click(screen.getByRole('button', { name: 'Export' }));
    const [notebook, file] = screen.getAllByRole('menuitem');
    expect([notebook, file].map(item => item.hasAttribute('href'))).toEqual([false, true]);
    expect(notebook.getAttribute('aria-disabled')).toBe('true');
    expect(notebook.textContent).toBe('Notebook has not begun at this moment');
  });

  it('says clearly where the record does not hold', async () => {
    await bar({ damage: { seq: 9, reason: 'its hash is another' } });
    expect(screen.getByRole('alert').textContent).toBe(
      'The record does not hold from event 9 on: its hash is another. What is shown ends before it.'
    );
  });

  it('says when nothing was recorded', async () => {
    await bar({ frames: [] });
    expect(screen.getByRole('status').textContent).toBe('Nothing was recorded.');
  });

  it('offers to try again what failed', async () => {
    let broken = true;
    const made = makeReplay({}, { frame: () => Promise.reject(new Error(broken ? 'gone' : 'still gone')) });
    await settleReplay(made);
    render(<ReplayBar model={made.model} actions={nothing} on={{}} trans={trans} />);
    expect(screen.getByRole('alert').textContent).toContain('gone');
    broken = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle(made);
    expect(screen.getByRole('alert').textContent).toContain('still gone');
  });
});

describe('ReplaySide', () => {
  const side = async (more: Partial<Manifest> = {}) => {
    const made = makeReplay(more);
    await settleReplay(made);
    render(<ReplaySide model={made.model} renderers={renderers} trans={trans} />);
    return made;
  };

  it('follows the moment with people and chat', async () => {
    const made = await side();
    expect(screen.getByTestId('interview-replay-people').textContent).toContain(
      'may run, chat; may not edit'
    );
    expect(screen.getByTestId('interview-replay-chat').textContent).toContain('Why?');
    act(() => made.model.seekTime(0));
    await settle(made);
    await waitFor(() =>
      expect(screen.getByTestId('interview-replay-people').textContent).not.toContain('Cara')
    );
    expect(screen.getByTestId('interview-replay-chat').textContent).toContain('No messages yet.');
  });

  it('shows a hidden message until it was hidden', async () => {
    const made = makeReplay(
      {},
      {
        messages: [{ ...STORY.messages[0], hidden: { seq: 9, ms: 20_000, member: 1 } }]
      }
    );
    await settleReplay(made);
    render(<ReplaySide model={made.model} renderers={renderers} trans={trans} />);
    const chat = screen.getByTestId('interview-replay-chat');
    expect(chat.textContent).toContain('This message was hidden by the interviewer');
    expect(chat.textContent).not.toContain('Why?');
    act(() => made.model.seekTime(10_000));
    await settle(made);
    await waitFor(() => expect(chat.textContent).toContain('Why?'));
    expect(screen.queryByTestId('interview-message-hidden')).toBeNull();
  });

  it('turns its tabs by arrows', async () => {
    await side();
    const tabs = screen.getAllByRole('tab');
    expect(tabs.map(tab => tab.textContent)).toEqual(['Room', 'Runs (1)', 'Authors', 'Bookmarks']);
    fireEvent.keyDown(tabs[0], { key: 'ArrowLeft' });
    expect(document.activeElement).toBe(tabs[3]);
    expect(screen.getByRole('tab', { selected: true })).toBe(tabs[3]);
    expect(screen.getByRole('tabpanel').textContent).toContain('No bookmarks yet.');
  });

  it('lists runs with their outputs as they ended, and flags', async () => {
    const made = await side();
    fireEvent.click(screen.getByRole('tab', { name: 'Runs (1)' }));
    const run = screen.getByTestId('interview-run-r1');
    expect(run.textContent).toContain('edited since');
    fireEvent.click(within(run).getByText('startx'));
    await waitFor(() => expect(run.textContent).toContain('"text":"one"'));
    fireEvent.click(within(run).getByRole('button', { name: '0:03' }));
    await settle(made);
    expect(made.model.seq).toBe(6);
    await waitFor(() => expect(screen.getByTestId('interview-run-r1').dataset.status).toBe('running'));
  });

  it('tells who wrote how much', async () => {
    const made = await side();
    fireEvent.click(screen.getByRole('tab', { name: 'Authors' }));
    expect(screen.getByTestId('interview-author-1').textContent).toContain('6 characters · 6 pasted');
    expect(screen.getByTestId('interview-author-1').textContent).toContain('75 %');
    expect(screen.getByTestId('interview-author-2').textContent).toContain('2 characters');
    expect(screen.getByText('Starter text: 5 characters')).toBeTruthy();
    fireEvent.click(screen.getByLabelText('Colour the text by its authors'));
    expect(made.model.whoWrote).toBe(true);
  });
});

describe('BookmarksPanel', () => {
  const mark: Bookmark = { id: 'b1', ms: 5000, seq: 8, note: 'Look', author: 'Ivan', created_at: '' };

  it('adds, goes to, changes and deletes', async () => {
    const actions: Partial<ReplayActions> = {
      addBookmark: jest.fn(({ seq }: Happening, note: string) =>
        Promise.resolve({ ...mark, seq, note, id: 'b2', ms: 22_000 })
      ),
      changeBookmark: jest.fn((id: string, note: string) => Promise.resolve({ ...mark, id, note })),
      removeBookmark: jest.fn(() => Promise.resolve())
    };
    const made = makeReplay({}, { actions, bookmarks: [mark] });
    await settleReplay(made);
    render(<BookmarksPanel model={made.model} trans={trans} />);
    fireEvent.change(screen.getByLabelText('Note for this moment'), { target: { value: ' The end ' } });
    await press(screen.getByRole('button', { name: 'Add' }));
    expect(actions.addBookmark).toHaveBeenCalledWith(made.model, 'The end');
    const texts = (): (string | null)[] => screen.getAllByRole('listitem').map(item => item.textContent);
    expect(texts()).toEqual(['0:05Look IvanEditDelete', '0:22The end IvanEditDelete']);
    fireEvent.click(screen.getByRole('button', { name: '0:05' }));
    expect(made.model.seq).toBe(8);
    fireEvent.click(screen.getByRole('button', { name: 'Edit the note “Look”' }));
    const field = screen.getByLabelText('Note');
    expect(document.activeElement).toBe(field);
    fireEvent.change(field, { target: { value: 'Look here' } });
    await press(screen.getByRole('button', { name: 'Save' }));
    expect(texts()[0]).toContain('Look here');
    await press(screen.getByRole('button', { name: /Delete the bookmark “The end”/ }));
    expect(texts()).toHaveLength(1);
  });

  it('keeps the note when it is refused', async () => {
    const actions: Partial<ReplayActions> = { addBookmark: () => Promise.reject(new Error('Too long.')) };
    const made = makeReplay({}, { actions });
    render(<BookmarksPanel model={made.model} trans={trans} />);
    fireEvent.change(screen.getByLabelText('Note for this moment'), { target: { value: 'x' } });
    await press(screen.getByRole('button', { name: 'Add' }));
    expect(screen.getByText('Too long.')).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>('Note for this moment').value).toBe('x');
  });

  it('only shows them where there is no server', () => {
    const made = makeReplay({}, { bookmarks: [mark] });
    render(<BookmarksPanel model={made.model} trans={trans} />);
    expect(screen.getByText('Look')).toBeTruthy();
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(screen.queryByRole('button', { name: /Edit/ })).toBeNull();
  });
});

describe('ForkForm', () => {
  it('makes a room and lists what differs', async () => {
    jest.useFakeTimers();
    const rerun = jest
      .fn()
      .mockResolvedValueOnce({ state: 'running', done: 0, total: 2, differences: [] })
      .mockResolvedValue({
        state: 'done',
        done: 2,
        total: 2,
        differences: [
          {
            run: 'r1',
            source: 'import random',
            recorded: [{ output_type: 'stream', text: '4\n' }],
            now: [{ output_type: 'error', ename: 'NameError', evalue: 'x' }]
          }
        ]
      });
    const fork = jest.fn(() => Promise.resolve({ id: 'new', url: '/interview/new', title: 'Again' }));
    const made = makeReplay();
    const actions = { fork, rerun } as unknown as ReplayActions;
    render(<ForkForm model={made.model} actions={actions} trans={trans} onClose={jest.fn()} />);
    expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe('Two Sum (from 0:22)');
    fireEvent.click(screen.getByRole('checkbox'));
    fireEvent.change(screen.getByLabelText('Title'), { target: { value: 'Again' } });
    await press(screen.getByRole('button', { name: 'Create' }));
    expect(fork).toHaveBeenCalledWith(12, 'Again', true);
    expect(screen.getByRole<HTMLAnchorElement>('link').pathname).toBe('/interview/new');
    for (let second = 0; second < 4; second++) {
      await act(() => jest.advanceTimersByTimeAsync(1000));
    }
    const list = screen.getByTestId('interview-fork-differences');
    expect(list.textContent).toContain('2 runs done again; not as recorded: 1');
    expect(
      within(list)
        .getAllByRole('definition')
        .map(part => part.textContent)
    ).toEqual(['4\n', 'NameError: x']);
    expect(rerun).toHaveBeenCalledTimes(2);
    jest.useRealTimers();
  });

  it('says why there is none', async () => {
    const actions = { fork: () => Promise.reject(new Error('No kernel.')) } as unknown as ReplayActions;
    render(<ForkForm model={makeReplay().model} actions={actions} trans={trans} onClose={jest.fn()} />);
    await press(screen.getByRole('button', { name: 'Create' }));
    expect(screen.getByText('No kernel.')).toBeTruthy();
  });
});

describe('RecordedPanel', () => {
  it('says in plain words what is recorded, and how much of it there is', async () => {
    const counts = jest.fn(() => Promise.resolve({ edits: 12, cursors: 3, messages: 1, runs: 2, joins: 1 }));
    const model = makeModel(makeMember('Cara'));
    render(<RecordedPanel model={model} counts={counts} visible exportUrl="/me/export" trans={trans} />);
    await waitFor(() => expect(screen.getAllByRole('definition')[0].textContent).toBe('12'));
    expect(screen.getAllByRole('definition').map(part => part.textContent)).toEqual([
      '12',
      '3',
      '1',
      '2',
      '1'
    ]);
    expect(screen.getByText('where your cursor stands')).toBeTruthy();
    expect(screen.getByRole<HTMLAnchorElement>('link', { name: 'Download my part' }).pathname).toBe(
      '/me/export'
    );
    model.dispose();
  });

  it('asks for nothing while nobody looks, and at once when somebody does', async () => {
    const counts = jest.fn(() => Promise.resolve({ edits: 5, cursors: 0, messages: 0, runs: 0, joins: 1 }));
    const model = makeModel(makeMember('Cara'));
    const panel = (visible: boolean): JSX.Element => (
      <RecordedPanel model={model} counts={counts} visible={visible} exportUrl="/me/export" trans={trans} />
    );
    const { rerender } = render(panel(false));
    expect(counts).not.toHaveBeenCalled();
    rerender(panel(true));
    await waitFor(() => expect(screen.getAllByRole('definition')[0].textContent).toBe('5'));
    rerender(panel(false));
    expect(counts).toHaveBeenCalledTimes(1);
    model.dispose();
  });

  it('says it without numbers where they cannot be had', async () => {
    const counts = jest.fn(() => Promise.reject(new Error('gone')));
    const model = makeModel(makeMember('Cara'));
    render(<RecordedPanel model={model} counts={counts} visible exportUrl="/me/export" trans={trans} />);
    await waitFor(() => expect(counts).toHaveBeenCalled());
    expect(screen.getAllByRole('definition').map(part => part.textContent)).toEqual(['', '', '', '', '']);
    model.dispose();
  });
});
