import { fetchAhead } from '../../replaypage/ahead';

describe('fetchAhead', () => {
  const asked = jest.fn((path: string) => Promise.resolve(`asked for ${path}`));

  beforeEach(() => {
    asked.mockClear();
    Object.assign(globalThis, { fetch: asked });
  });

  it('takes an answer that is on its way, whatever stands behind the path', async () => {
    const ahead = fetchAhead(
      new Map([['/interview/1/story', Promise.resolve('ahead' as unknown as Response)]])
    );
    expect(await ahead(`${window.location.origin}/interview/1/story?123`)).toBe('ahead');
    expect(asked).not.toHaveBeenCalled();
  });

  it('takes it once: who asks again wants to hear what is new', async () => {
    const ahead = fetchAhead(new Map([['/a', Promise.resolve('ahead' as unknown as Response)]]));
    await ahead('/a');
    expect(await ahead('/a')).toBe('asked for /a');
  });

  it('asks for everything else', async () => {
    expect(await fetchAhead(new Map())('/b')).toBe('asked for /b');
    expect(await fetchAhead(undefined)('/b')).toBe('asked for /b');
  });

  it('tells why there is none', async () => {
    const failed = Promise.reject(new TypeError('Failed to fetch'));
    await expect(fetchAhead(new Map([['/a', failed]]))('/a')).rejects.toThrow('Failed to fetch');
  });
});
