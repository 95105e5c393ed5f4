import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import React from 'react';

import { ApiError, type Language, type NewRoom, type Room } from '../api';
import { NewInterview, type NewInterviewProps } from '../components/NewInterview';
import { PastInterviews, REFRESH_MS } from '../components/PastInterviews';

import { makeMember, makeRoom, settle, trans } from './fixtures';

const ivan = makeMember('Ivan', 'interviewer');
const cara = makeMember('Cara');

afterEach(cleanup);

describe('NewInterview', () => {
  const java = { name: 'java', display_name: 'Java', available: false, message: 'Install a JDK.' };
  const go = { name: 'go', display_name: 'Go', available: true, message: '' };
  const python = { name: 'python', display_name: 'Python 3', available: true, message: null };

  function form(
    create: NewInterviewProps['create'],
    opens = true,
    languages: Language[] = [java, go, python, { ...java, name: 'c', display_name: 'C', message: null }]
  ) {
    return render(
      <NewInterview
        choices={() => Promise.resolve({ languages, limits: { data_files: 3, data_bytes: 2_000 } })}
        create={create}
        open={() => opens}
        link={room => `http://host${room.url}`}
        enter={room => `http://host${room.url}`}
        onClose={() => undefined}
        trans={trans}
      />
    );
  }

  const title = (): void => {
    fireEvent.change(screen.getByLabelText('Title'), { target: { value: ' Round two ' } });
  };

  const submit = async (): Promise<void> => {
    const button = screen.getByRole('button', { name: 'Create' });
    await waitFor(() => expect((button as HTMLButtonElement).disabled).toBe(false));
    await act(async () => {
      fireEvent.click(button);
      await settle();
    });
  };

  it('offers what is available and says what is missing', async () => {
    form(() => Promise.resolve(makeRoom()));
    const options = await screen.findAllByRole<HTMLOptionElement>('option');
    expect(options.map(option => [option.value, option.disabled, option.title])).toEqual([
      ['java', true, 'Install a JDK.'],
      ['go', false, ''],
      ['python', false, ''],
      ['c', true, '']
    ]);
    expect(options[0].textContent).toBe('Java – not available here');
    expect(screen.getByText('Not available here: Java, C')).toBeTruthy();
    expect(screen.getByText('Java: Install a JDK.')).toBeTruthy();
    expect(screen.getByTestId<HTMLDetailsElement>('interview-form-missing').open).toBe(false);
    expect(screen.getByLabelText<HTMLSelectElement>('Language').value).toBe('python');
    expect(document.activeElement).toBe(screen.getByLabelText('Title'));
  });

  it('begins with another language where there is no Python', async () => {
    form(() => Promise.resolve(makeRoom()), true, [java, go]);
    await screen.findAllByRole('option');
    expect(screen.getByLabelText<HTMLSelectElement>('Language').value).toBe('go');
  });

  it('says why nothing can be had, and creates nothing', async () => {
    form(() => Promise.resolve(makeRoom()), true, [java, { ...java, name: 'c', display_name: 'C' }]);
    await screen.findAllByRole('option');
    expect(screen.getByTestId<HTMLDetailsElement>('interview-form-missing').open).toBe(true);
    expect(screen.getByText('Install a JDK.')).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Create' }).disabled).toBe(true);
  });

  it('creates the room and shows its link', async () => {
    const create = jest.fn((room: NewRoom) => Promise.resolve(makeRoom({ title: room.title })));
    form(create);
    title();
    await submit();
    expect(create).toHaveBeenCalledWith({ title: 'Round two', language: 'python' }, expect.any(AbortSignal));
    expect((await screen.findByLabelText<HTMLInputElement>('Link of the interview')).value).toBe(
      'http://host/interview/room-1'
    );
  });

  it('offers a link where the browser blocked the tab', async () => {
    form(() => Promise.resolve(makeRoom()), false);
    title();
    await submit();
    const link = await screen.findByRole<HTMLAnchorElement>('link', { name: 'Open the interview' });
    expect(link.href).toBe('http://host/interview/room-1');
  });

  it('shows a refusal in place and keeps the form', async () => {
    form(() => Promise.reject(new ApiError(400, 'bad_request', 'The title is too long.')));
    title();
    await submit();
    expect((await screen.findByRole('alert')).textContent).toBe('The title is too long.');
    expect(screen.getByLabelText<HTMLInputElement>('Title').value).toBe(' Round two ');
  });

  const choose = (...files: File[]): void => {
    fireEvent.change(screen.getByLabelText('Add files'), { target: { files } });
  };
  const chosen = (): string[] =>
    within(screen.getByTestId('interview-form-chosen'))
      .queryAllByRole('listitem')
      .map(item => item.querySelector('.jp-Interview-fileName')?.textContent ?? '');

  it('sends the files that were chosen and not removed', async () => {
    const create = jest.fn(() => Promise.resolve(makeRoom()));
    form(create);
    title();
    await screen.findByText(/At most 3 files, 2\.0 kB together/);
    choose(new File(['1,2\n'], 'a.csv'), new File([], 'empty'));
    choose(new File(['x'], 'b.json'));
    expect(chosen()).toEqual(['a.csv', 'empty', 'b.json']);
    fireEvent.click(screen.getByRole('button', { name: 'Remove b.json' }));
    expect(chosen()).toEqual(['a.csv', 'empty']);
    expect(document.activeElement).toBe(screen.getByLabelText('Add files'));
    await submit();
    const files = [
      { name: 'a.csv', data: 'MSwyCg==' },
      { name: 'empty', data: '' }
    ];
    await waitFor(() =>
      expect(create).toHaveBeenCalledWith(
        { title: 'Round two', language: 'python', files },
        expect.any(AbortSignal)
      )
    );
  });

  it('refuses too many, too large and doubles before anything is sent', async () => {
    form(() => Promise.reject(new Error('nothing may be sent')));
    title();
    await screen.findByText(/At most 3 files/);
    const create = screen.getByRole<HTMLButtonElement>('button', { name: 'Create' });
    choose(new File([new Uint8Array(1_001)], 'a'), new File([new Uint8Array(1_000)], 'b'));
    expect(screen.getByRole('alert').textContent).toBe(
      'These files are 1 B too large: an interview can have at most 2.0 kB together.'
    );
    expect(create.disabled).toBe(true);
    choose(new File([], 'b'));
    expect(screen.getByText('A file of this name is in the list: b.')).toBeTruthy();
    expect(chosen()).toEqual(['a', 'b']);
    fireEvent.click(screen.getByRole('button', { name: 'Remove a' }));
    expect(screen.queryByRole('alert')).toBeNull();
    expect(create.disabled).toBe(false);
    choose(new File([], 'c'), new File([], 'd'), new File([], 'e'));
    expect(screen.getByRole('alert').textContent).toBe('These are 4 files; an interview can have at most 3.');
    expect(create.disabled).toBe(true);
  });

  it('says that it sends once that takes a while, and stops when it is closed', async () => {
    let signal: AbortSignal | undefined;
    const { unmount } = form((_, given) => {
      signal = given;
      return new Promise<Room>(() => undefined);
    });
    title();
    await screen.findByText(/At most 3 files/);
    choose(new File(['123'], 'a'));
    await submit();
    expect(screen.queryByText('Sending 3 B…')).toBeNull();
    expect(await screen.findByText('Sending 3 B…', {}, { timeout: 3_000 })).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Remove a' }).disabled).toBe(true);
    expect(signal?.aborted).toBe(false);
    unmount();
    expect(signal?.aborted).toBe(true);
  });
});

describe('PastInterviews', () => {
  const noNames = (): Promise<Language[]> => Promise.reject(new Error('not now'));
  const again = jest.fn();
  const show = (list: React.ComponentProps<typeof PastInterviews>['list'], languages = noNames): void => {
    render(
      <PastInterviews
        list={list}
        languages={languages}
        link={room => room.url}
        replay={room => `${room.url}/replay`}
        notebook={room => `/notebook/${room.id}`}
        copy={() => undefined}
        login="/interview/login"
        onAgain={again}
        visible={true}
        trans={trans}
      />
    );
  };

  it('lists rooms with who is in them and what can be done', async () => {
    const live = makeRoom({ members: [ivan, { ...cara, presence: 'left' }], tags: ['backend'] });
    const ended = makeRoom({ id: 'old', title: 'Old', state: 'ended', ended_at: '2026-01-01T11:00:00Z' });
    show(() => Promise.resolve({ rooms: [live, ended], next: null }));
    const first = within(await screen.findByTestId('interview-room-room-1'));
    expect(first.getByText('backend')).toBeTruthy();
    expect(first.getByText(/Ivan/).textContent).not.toContain('Cara');
    expect(first.getByRole('link', { name: /^Open/ })).toBeTruthy();
    const second = within(screen.getByTestId('interview-room-old'));
    expect(second.queryByRole('link', { name: /^Open/ })).toBeNull();
    expect(second.getByRole<HTMLAnchorElement>('link', { name: 'Replay Old' }).pathname).toBe(
      '/interview/room-1/replay'
    );
    expect(second.getByText(/1:00:00/)).toBeTruthy();
  });

  it('calls languages as people do, where it knows how', async () => {
    const known = { name: 'cpp', display_name: 'C++', available: true, message: null };
    const rooms = [makeRoom({ language: 'cpp' }), makeRoom({ id: 'old', language: 'cobol' })];
    show(
      () => Promise.resolve({ rooms, next: null }),
      () => Promise.resolve([known])
    );
    expect(within(await screen.findByTestId('interview-room-room-1')).getByText(/^C\+\+ · /)).toBeTruthy();
    expect(within(screen.getByTestId('interview-room-old')).getByText(/^cobol · /)).toBeTruthy();
  });

  it('searches, filters and loads more', async () => {
    const list = jest.fn((query: { q: string; cursor?: string }) =>
      Promise.resolve({
        rooms: [makeRoom({ id: query.cursor ?? 'first', title: query.q || 'All' })],
        next: query.cursor ? null : 'second'
      })
    );
    show(list);
    fireEvent.click(await screen.findByRole('button', { name: 'Show more' }));
    await screen.findByTestId('interview-room-second');
    expect(screen.getByTestId('interview-room-first')).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Show more' })).toBeNull();
    fireEvent.change(screen.getByLabelText('Search interviews'), { target: { value: 'zoë' } });
    fireEvent.change(screen.getByLabelText('State'), { target: { value: 'ended' } });
    await waitFor(() =>
      expect(list).toHaveBeenLastCalledWith(expect.objectContaining({ q: 'zoë', state: 'ended' }))
    );
  });

  it('says to whoever was logged out where to log in, and asks no more until they try again', async () => {
    jest.useFakeTimers();
    let out = true;
    const list = jest.fn(() =>
      out
        ? Promise.reject(new ApiError(401, 'unauthorized', 'Log in first.'))
        : Promise.resolve({ rooms: [], next: null })
    );
    show(list);
    await act(settle);
    expect(screen.getByRole('alert').textContent).toContain('You were logged out');
    expect(screen.getByRole<HTMLAnchorElement>('link', { name: 'Log in again' }).pathname).toBe(
      '/interview/login'
    );
    await act(async () => {
      jest.advanceTimersByTime(10 * REFRESH_MS);
      await settle();
    });
    expect(list).toHaveBeenCalledTimes(1);
    out = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await act(settle);
    expect(again).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole('alert')).toBeNull();
    await act(async () => {
      jest.advanceTimersByTime(REFRESH_MS);
      await settle();
    });
    expect(list).toHaveBeenCalledTimes(3);
    jest.useRealTimers();
  });

  it('says that there is nothing, and what failed', async () => {
    let fails = true;
    show(() =>
      fails
        ? Promise.reject(new Error('The server cannot be reached.'))
        : Promise.resolve({ rooms: [], next: null })
    );
    expect((await screen.findByRole('alert')).textContent).toBe('The server cannot be reached.');
    fails = false;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/No interviews yet/)).toBeTruthy();
  });
});
