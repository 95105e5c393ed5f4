import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import React from 'react';

import { Attention } from '../attention';
import { Banner, type BannerProps } from '../components/Banner';
import { Ended } from '../components/Ended';
import { PeoplePanel } from '../components/PeoplePanel';
import { RoomBar } from '../components/RoomBar';
import { NOTICE_MS } from '../model';

import { FakeSocket, makeMember, makeModel, makeRoom, trans } from './fixtures';

const ivan = makeMember('Ivan', 'interviewer');
const cara = makeMember('Cara');
const sam = makeMember('Sam', 'spectator');

afterEach(cleanup);

describe('RoomBar', () => {
  function bar(you = ivan, more = {}) {
    const model = makeModel(you, more);
    const actions = {
      onCopy: jest.fn(() => Promise.resolve()),
      onInvite: jest.fn(() => Promise.resolve()),
      onEnd: jest.fn(() => Promise.resolve()),
      onObserve: jest.fn(() => Promise.resolve()),
      onRunAll: jest.fn(),
      onToggleSide: jest.fn()
    };
    const attention = new Attention(model, () => false, trans);
    render(<RoomBar model={model} attention={attention} trans={trans} {...actions} />);
    return { model, attention, ...actions };
  }

  it('gives interviewers their controls', async () => {
    const { onInvite, onObserve, onEnd } = bar();
    expect(screen.getByTestId('interview-title').textContent).toBe('Backend, round two');
    expect(screen.getByTestId('interview-timer').textContent).toMatch(/^\d+:\d\d/);
    fireEvent.click(screen.getByRole('button', { name: 'Invite…' }));
    await waitFor(() => expect(onInvite).toHaveBeenCalled());
    fireEvent.click(screen.getByLabelText('Observe only'));
    await waitFor(() => expect(onObserve).toHaveBeenCalledWith(true));
    fireEvent.click(screen.getByRole('button', { name: 'End interview' }));
    await waitFor(() => expect(onEnd).toHaveBeenCalled());
  });

  it('says who else is here, and how much waits for this member', () => {
    bar(ivan, { members: [ivan] });
    expect(screen.getByTestId('interview-company').textContent).toBe('Nobody else is here.');
    expect(screen.queryByTestId('interview-badge')).toBeNull();
    act(() => void FakeSocket.last.say({ type: 'join', content: cara }));
    expect(screen.getByTestId('interview-company').textContent).toBe('With Cara');
    act(() => void FakeSocket.last.say({ type: 'member_updated', content: { ...sam, state: 'knocking' } }));
    expect(screen.getByTestId('interview-badge').textContent).toBe('1new');
  });

  it('gives candidates none, and says what they may do', () => {
    const { model } = bar(cara);
    expect(screen.queryByRole('button', { name: 'End interview' })).toBeNull();
    expect(screen.getByTestId('interview-permission').textContent).toBe('You may edit and run code.');
    const off = { ...cara, permissions: { ...cara.permissions, run: false, edit: false } };
    act(() => void FakeSocket.last.say({ type: 'member_updated', content: off }));
    expect(screen.getByTestId('interview-permission').textContent).toContain('switched off');
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Run all' }).disabled).toBe(true);
    model.dispose();
  });

  it('knows when the server takes long to store what happens', () => {
    const { model } = bar(cara);
    for (const late of [true, false]) {
      act(() => void FakeSocket.last.say({ type: 'storing', content: { late } }));
      expect(model.late).toBe(late);
    }
    model.dispose();
  });

  it('says which budget of the room is nearly used up', () => {
    jest.useFakeTimers();
    const budget = { used: 8, limit: 10, message: 'The log will soon be full.', budget: 'log_bytes' };
    const { model } = bar(ivan, { notices: [budget] });
    const shown = (): string | null => screen.getByTestId('interview-notice').textContent;
    expect(shown()).toBe('The log will soon be full.');
    const hers = { ...budget, budget: 'log_minute_bytes', member: cara.id, message: 'Cara: too much.' };
    act(() => void FakeSocket.last.say({ type: 'notice', content: hers }));
    expect(shown()).toBe('Cara: too much.');
    act(() => void jest.advanceTimersByTime(NOTICE_MS));
    expect(shown()).toBe('The log will soon be full.');
    act(() => void FakeSocket.last.say({ type: 'room_ended', content: makeRoom({ state: 'ended' }) }));
    expect(screen.queryByTestId('interview-notice')).toBeNull();
    model.dispose();
    jest.useRealTimers();
  });

  it('names the files of the room', () => {
    const files = ['a.csv', 'b.json', 'c', 'd', 'e'].map(name => ({ name, size: 1, sha256: '' }));
    bar(cara, { room: makeRoom({ files: files.slice(0, 2) }) });
    expect(screen.getByTestId('interview-files').textContent).toBe('Files in ~/data: a.csv, b.json');
    cleanup();
    bar(cara, { room: makeRoom({ files }) });
    expect(screen.getByTestId('interview-files').textContent).toBe(
      'Files in ~/data: a.csv, b.json, c and 2 more'
    );
    // Each in a direction of its own.
    const isolated = screen.getByTestId('interview-files').querySelectorAll('bdi');
    expect([...isolated].map(each => each.textContent)).toEqual(['a.csv', 'b.json', 'c']);
    expect(screen.getByTestId('interview-files').title).toBe('a.csv\nb.json\nc\nd\ne');
    cleanup();
    bar();
    expect(screen.queryByTestId('interview-files')).toBeNull();
  });

  it('shows a kernel that cannot be had with the reason', () => {
    const kernel = { id: null, state: 'unavailable', message: 'Install bubblewrap.' };
    bar(ivan, { room: makeRoom({ kernel: kernel as never }) });
    expect(screen.getByTestId('interview-kernel').textContent).toBe('No kernel: Install bubblewrap.');
  });
});

describe('PeoplePanel', () => {
  function panel(you: typeof ivan, members: (typeof ivan)[], room = makeRoom()) {
    const model = makeModel(you, { members, room });
    const onChange = jest.fn(() => Promise.resolve());
    const onRemove = jest.fn(() => Promise.resolve());
    const onOpenLink = jest.fn(() => Promise.resolve());
    render(<PeoplePanel {...{ model, trans, onChange, onRemove, onOpenLink }} />);
    return { onChange, onRemove, onOpenLink };
  }

  it('switches what others may do', async () => {
    const { onChange, onRemove } = panel(ivan, [ivan, cara, sam]);
    fireEvent.click(screen.getByLabelText('Cara may run code'));
    await waitFor(() => expect(onChange).toHaveBeenCalledWith(cara.id, { permissions: { run: false } }));
    fireEvent.click(screen.getByLabelText('Sam may chat'));
    await waitFor(() => expect(onChange).toHaveBeenCalledWith(sam.id, { permissions: { chat: true } }));
    expect(screen.queryByLabelText('Sam may edit')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Remove Cara' }));
    await waitFor(() => expect(onRemove).toHaveBeenCalledWith(expect.objectContaining({ id: cara.id })));
  });

  it('lets interviewers admit who knocks, in the role they choose', async () => {
    const { onChange } = panel(ivan, [ivan, makeMember('Zoë', 'candidate', { state: 'knocking' })]);
    fireEvent.change(screen.getByLabelText('Role for Zoë'), { target: { value: 'spectator' } });
    fireEvent.click(screen.getByRole('button', { name: 'Admit Zoë' }));
    await waitFor(() =>
      expect(onChange).toHaveBeenCalledWith('m-zoë', { admitted: true, role: 'spectator' })
    );
  });

  it('shows interviewers that the link is closed, and opens it', async () => {
    const closed = makeRoom({ settings: { link: 'closed' } });
    const { onOpenLink } = panel(ivan, [ivan], closed);
    // It closes by a denied knock as well: nobody need have been removed.
    expect(screen.getByTestId('interview-link-closed').textContent).toContain('removed or not let in');
    fireEvent.click(screen.getByRole('button', { name: 'Open the link again' }));
    await waitFor(() => expect(onOpenLink).toHaveBeenCalled());
  });

  it('says nothing about the link to others, or while it is open', () => {
    panel(sam, [ivan, sam], makeRoom({ settings: { link: 'closed' } }));
    panel(ivan, [ivan, sam], makeRoom({ settings: { link: 'open' } }));
    expect(screen.queryByTestId('interview-link-closed')).toBeNull();
  });

  it('does not show whose knock has ended', () => {
    panel(ivan, [ivan, makeMember('Zoë', 'candidate', { state: 'gone' })]);
    expect(screen.queryByText('Zoë')).toBeNull();
  });

  it('lists the files of the room for everybody', () => {
    panel(sam, [ivan, sam], makeRoom({ files: [{ name: 'a.csv', size: 12_345, sha256: 'ab' }] }));
    const files = within(screen.getByRole('region', { name: 'Files in ~/data' }));
    expect(files.getByRole('listitem').textContent).toBe('a.csv 12 kB');
    expect(files.getByRole('listitem').title).toBe('SHA-256 ab');
    cleanup();
    panel(sam, [ivan, sam]);
    expect(screen.queryByRole('region', { name: 'Files in ~/data' })).toBeNull();
  });

  it('shows candidates who is here, and no switch', () => {
    panel(cara, [ivan, cara]);
    expect(screen.getByText(/Cara \(you\)/)).toBeTruthy();
    expect(screen.queryByRole('checkbox')).toBeNull();
    act(() => {
      FakeSocket.last.say({
        type: 'typing',
        sender: { id: ivan.id, name: 'Ivan', role: 'interviewer' },
        content: true
      });
    });
    expect(within(screen.getByTestId('interview-member-m-ivan')).getByText('typing…')).toBeTruthy();
  });
});

describe('Banner', () => {
  const banner = (props: Partial<BannerProps>): string => {
    cleanup();
    render(
      <Banner
        channel={{ kind: 'open' }}
        document="synced"
        lost={false}
        login="/interview/login"
        unsent={0}
        recovered={false}
        late={false}
        note={null}
        trans={trans}
        onDismiss={() => undefined}
        onReload={() => undefined}
        {...props}
      />
    );
    return screen.queryByRole('status')?.textContent ?? '';
  };

  it('speaks of the connection, and is silent when all is well', () => {
    expect(banner({})).toBe('');
    expect(banner({ channel: { kind: 'connecting' } })).toBe('');
    expect(banner({ channel: { kind: 'waiting', retryAt: Date.now() + 3500 } })).toContain('in 4 s');
    expect(banner({ channel: { kind: 'connecting' }, lost: true })).toContain('trying again');
    expect(banner({ document: 'lost' })).toContain('Your changes are kept');
    expect(banner({ recovered: true })).toBe('Reconnected.');
    expect(banner({ recovered: true, late: true })).toContain('takes long to store');
    expect(banner({ late: true, channel: { kind: 'waiting', retryAt: 0 } })).toContain('Connection lost');
    expect(banner({ channel: { kind: 'stopped', reason: 'removed' } })).toContain('removed you');
    expect(banner({ document: 'refused' })).toContain('Reload the page');
  });

  it('says to whoever was logged out where to log in, and what became of what was typed', () => {
    const channel = { kind: 'stopped', reason: 'loggedout' } as const;
    const text = banner({ channel, document: 'stopped' });
    expect(text).toContain('You were logged out');
    expect(text).toContain('What you typed until then is stored.');
    expect(screen.getByRole<HTMLAnchorElement>('link', { name: 'Log in again' }).pathname).toBe(
      '/interview/login'
    );
    expect(banner({ channel, unsent: 1 })).toContain('A chat message was not sent.');
    const away = banner({ channel, document: 'stopped', lost: true });
    expect(away).toContain('was not stored');
    expect(away).not.toContain('is stored');
    expect(banner({ channel: { kind: 'stopped', reason: 'gone' }, lost: true })).toContain('was not stored');
    expect(screen.queryByRole('link')).toBeNull();
  });
});

describe('Ended', () => {
  const ended = (you: typeof ivan): void => {
    const model = makeModel(you, { room: makeRoom({ state: 'ended', ended_at: '2026-01-01T10:30:00Z' }) });
    render(
      <Ended model={model} replay="/interview/room-1/replay" notebook="/n" ownPart="/me" trans={trans} />
    );
  };

  it('gives interviewers the replay', () => {
    ended(ivan);
    expect(screen.getByRole('alert').textContent).toContain('The interview has ended.');
    expect(screen.getByRole('alert').textContent).toContain('30:00');
    expect(screen.getByRole('link', { name: 'Open the replay' })).toBeTruthy();
  });

  it('thanks candidates', () => {
    ended(cara);
    const links = screen
      .getAllByRole<HTMLAnchorElement>('link')
      .map(link => [link.textContent, link.pathname]);
    expect(links).toEqual([['Download what was recorded of me', '/me']]);
    expect(screen.getByText(/Thank you/)).toBeTruthy();
  });
});
