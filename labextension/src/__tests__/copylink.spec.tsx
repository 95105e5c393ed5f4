import { cleanup, render, screen } from '@testing-library/react';
import React from 'react';

import { CopyLink } from '../components/CopyLink';
import { isLocal } from '../tokens';

import { trans } from './fixtures';

afterEach(cleanup);

describe('isLocal', () => {
  it.each([
    'http://localhost:8888/a',
    'http://127.0.0.1/',
    'http://127.1.2.3/',
    'http://[::1]:1/',
    'http://a.localhost/'
  ])('is true of %s', link => expect(isLocal(link)).toBe(true));
  it.each([
    'https://interview.example/',
    'http://10.0.0.1/',
    'http://127.example/',
    'http://localhost.example/'
  ])('is false of %s', link => expect(isLocal(link)).toBe(false));
});

describe('CopyLink', () => {
  it.each([
    ['http://localhost/interview/x', true, 1],
    ['https://interview.example/interview/x', true, 0],
    ['http://localhost/interview/x', false, 0]
  ])('warns of %s, where it is to be sent (%s)', (link, shared, count) => {
    render(<CopyLink link={link} label="Link" trans={trans} shared={shared} />);
    expect(screen.queryAllByTestId('interview-local')).toHaveLength(count);
  });
});
