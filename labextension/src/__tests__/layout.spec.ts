import { AT_END, keepAtEnd } from '../layout';

/** An area of 100 px that shows `height` px of content. */
function makeArea(height: number) {
  const area = document.createElement('div');
  let content = height;
  Object.defineProperties(area, { clientHeight: { value: 100 }, scrollHeight: { get: () => content } });
  keepAtEnd(area);
  const grow = async (by: number): Promise<void> => {
    content += by;
    area.append(document.createElement('p'));
    await Promise.resolve();
  };
  const scroll = (to: number): void => {
    area.scrollTop = to;
    area.dispatchEvent(new Event('scroll'));
  };
  return { area, grow, scroll };
}

describe('keepAtEnd', () => {
  it('follows growing content, also when the scroll event comes late', async () => {
    const { area, grow } = makeArea(100);
    await grow(200);
    expect(area.scrollTop).toBe(300);
    await grow(500);
    area.dispatchEvent(new Event('scroll'));
    await grow(10);
    expect(area.scrollTop).toBe(810);
  });

  it('stays where the reader went, until they come back to the end', async () => {
    const { area, grow, scroll } = makeArea(1000);
    await grow(0);
    scroll(900);
    expect(area.classList).toContain(AT_END);
    scroll(300);
    await grow(100);
    expect(area.scrollTop).toBe(300);
    expect(area.classList).not.toContain(AT_END);
    scroll(1000);
    expect(area.classList).toContain(AT_END);
    await grow(100);
    expect(area.scrollTop).toBe(1200);
  });
});
