import { LIMITS, toAnswer } from '../../isolated/protocol';

describe('what a frame says', () => {
  it('is believed as far as it is a bounded number or a short text', () => {
    expect(toAnswer({ type: 'ready', more: 1 })).toEqual({ type: 'ready' });
    expect(toAnswer({ type: 'drawn', height: 120.2 })).toEqual({ type: 'drawn', height: 121 });
    expect(toAnswer({ type: 'drawn', height: 1e12 })).toEqual({ type: 'drawn', height: LIMITS.height });
    expect(toAnswer({ type: 'drawn', height: -5 })).toEqual({ type: 'drawn', height: 0 });
    expect(toAnswer({ type: 'failed', message: 'x'.repeat(5_000) })).toEqual({
      type: 'failed',
      message: 'x'.repeat(LIMITS.message)
    });
    expect(toAnswer({ type: 'failed', message: { toString: () => 'x' } })).toEqual({
      type: 'failed',
      message: ''
    });
  });

  it.each([
    null,
    undefined,
    1,
    'ready',
    [],
    {},
    { type: 'drawn' },
    { type: 'drawn', height: NaN },
    { type: 'drawn', height: Infinity },
    { type: 'drawn', height: '12' },
    { type: 'drawn', height: { valueOf: () => 1 } },
    { type: 'html', html: '<b>' },
    { type: '__proto__' }
  ])('is nothing where it is something else: %p', data => {
    expect(toAnswer(data)).toBeNull();
  });
});
