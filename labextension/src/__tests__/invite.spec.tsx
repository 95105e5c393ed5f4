import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import React from 'react';

import type { Invitation } from '../api';
import { Invite, whyEnded } from '../components/Invite';

import { trans } from './fixtures';

afterEach(cleanup);

function makeInvitation(more: Partial<Invitation> = {}): Invitation {
  return {
    id: 'i1',
    role: 'candidate',
    name: null,
    created_at: '2026-01-01T10:00:00.000000Z',
    expires_at: null,
    max_uses: 1,
    uses: 0,
    revoked: false,
    ...more
  };
}

function show(known: Invitation[], more: Partial<Parameters<typeof Invite>[0]> = {}) {
  const props = {
    list: jest.fn(() => Promise.resolve(known)),
    make: jest.fn(() => Promise.resolve(makeInvitation({ url: '/interview/r#invite=s' }))),
    revoke: jest.fn(() => Promise.resolve()),
    link: (url: string) => `https://interview.example${url}`,
    trans,
    onClose: jest.fn(),
    ...more
  };
  render(<Invite {...props} />);
  return props;
}

describe('Invite', () => {
  it('makes what is chosen, shows its link, and looks again at all', async () => {
    const props = show([]);
    expect(await screen.findByText('None yet.')).toBeTruthy();
    fireEvent.change(screen.getByLabelText('Role'), { target: { value: 'spectator' } });
    fireEvent.change(screen.getByLabelText('Lets in'), { target: { value: '' } });
    fireEvent.change(screen.getByLabelText('Holds for'), { target: { value: '24' } });
    expect(props.make).not.toHaveBeenCalled();
    fireEvent.click(screen.getByRole('button', { name: 'Make the link' }));
    const field = await screen.findByLabelText<HTMLInputElement>('Link');
    expect(field.value).toBe('https://interview.example/interview/r#invite=s');
    expect(props.make).toHaveBeenCalledWith({ role: 'spectator', max_uses: null, expires_in: 86_400 });
    await waitFor(() => expect(props.list).toHaveBeenCalledTimes(2));
  });

  it('lets one person in for as long as the interview, if nothing is chosen', async () => {
    const props = show([]);
    fireEvent.click(screen.getByRole('button', { name: 'Make the link' }));
    await waitFor(() => expect(props.make).toHaveBeenCalledWith({ role: 'candidate', max_uses: 1 }));
    await screen.findByText('None yet.');
  });

  it('says why one could not be made', async () => {
    show([], { make: () => Promise.reject(new Error('Too many.')) });
    fireEvent.click(screen.getByRole('button', { name: 'Make the link' }));
    expect((await screen.findByRole('alert')).textContent).toBe('Too many.');
  });

  it('says that the list could not be had', async () => {
    show([], { list: () => Promise.reject(new Error('The server cannot be reached.')) });
    expect((await screen.findByRole('alert')).textContent).toBe('The server cannot be reached.');
    expect(screen.queryByText('Looking…')).toBeNull();
  });

  it('revokes what still lets in, and only that', async () => {
    const props = show([
      makeInvitation({ id: 'a', role: 'spectator', max_uses: null, uses: 3 }),
      makeInvitation({ id: 'b', uses: 1 }),
      makeInvitation({ id: 'c', revoked: true })
    ]);
    const lines = await screen.findAllByRole('listitem');
    expect(lines.map(line => line.querySelector('small')?.textContent)).toEqual([
      ' · used 3 times',
      ' · used 1 of 1 times · used up',
      ' · used 0 of 1 times · revoked'
    ]);
    fireEvent.click(screen.getByRole('button', { name: 'Revoke the invitation as Spectator' }));
    await waitFor(() => expect(props.revoke).toHaveBeenCalledWith('a'));
    expect(screen.getAllByRole('button', { name: /^Revoke/ })).toHaveLength(1);
    await waitFor(() => expect(props.list).toHaveBeenCalledTimes(2));
  });
});

describe('whyEnded', () => {
  const end = Date.parse('2026-01-01T11:00:00Z');

  it.each([
    [{}, null],
    [{ revoked: true, uses: 1 }, 'revoked'],
    [{ uses: 1 }, 'used up'],
    [{ expires_at: '2026-01-01T11:00:00.000000Z' }, 'expired'],
    [{ expires_at: '2026-01-01T11:00:00.001000Z' }, null],
    [{ max_uses: null, uses: 100 }, null]
  ])('of %j is %s', (more, why) => {
    expect(whyEnded(makeInvitation(more), end, trans)).toBe(why);
  });
});
