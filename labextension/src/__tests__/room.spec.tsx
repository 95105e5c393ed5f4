import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import React from 'react';

import { Banner, type BannerProps } from '../components/Banner';
import { Ended } from '../components/Ended';
import { PeoplePanel } from '../components/PeoplePanel';
import { RoomBar } from '../components/RoomBar';

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
    render(<RoomBar model={model} trans={trans} {...actions} />);
    return { model, ...actions };
  }

  it('gives interviewers their controls', async () => {
    const { onInvite, onObserve, onEnd } = bar();
    expect(screen.getByTestId('interview-title').textContent).toBe('Backend, round two');
    expect(screen.getByTestId('interview-timer').textContent).toMatch(/^\d+:\d\d/);
    fireEvent.change(screen.getByLabelText('Invite somebody as'), { target: { value: 'spectator' } });
    await waitFor(() => expect(onInvite).toHaveBeenCalledWith('spectator'));
    fireEvent.click(screen.getByLabelText('Observe only'));
    await waitFor(() => expect(onObserve).toHaveBeenCalledWith(true));
    fireEvent.click(screen.getByRole('button', { name: 'End interview' }));
    await waitFor(() => expect(onEnd).toHaveBeenCalled());
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

  it('names the files of the room', () => {
    const files = ['a.csv', 'b.json', 'c', 'd', 'e'].map(name => ({ name, size: 1, sha256: '' }));
    bar(cara, { room: makeRoom({ files: files.slice(0, 2) }) });
    expect(screen.getByTestId('interview-files').textContent).toBe('Files in ~/data: a.csv, b.json');
    cleanup();
    bar(cara, { room: makeRoom({ files }) });
    expect(screen.getByTestId('interview-files').textContent).toBe(
      'Files in ~/data: a.csv, b.json, c and 2 more'
    );
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
    render(<PeoplePanel model={model} trans={trans} onChange={onChange} onRemove={onRemove} />);
    return { onChange, onRemove };
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
        recovered={false}
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
    expect(banner({ channel: { kind: 'stopped', reason: 'removed' } })).toContain('removed you');
    expect(banner({ document: 'refused' })).toContain('Reload the page');
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
