import { assign, placed, placeFor, spareLacking, spareNeeded, SPARES } from '../../replay/slots';

const [c, m] = ['code', 'markdown'];

describe('slots', () => {
  it('are taken in order, and a few of another type are passed over', () => {
    expect(assign([c, c, c], [c, c])).toEqual([0, 1]);
    expect(assign([c, m, c], [m, c])).toEqual([1, 2]);
    expect(assign([c], [c, c])).toEqual([0, -1]);
    expect(assign([], [m])).toEqual([-1]);
    expect(assign([c, c, c, c, c, m], [m, c])).toEqual([-1, 0]);
  });

  it('are made where they belong', () => {
    const places = assign([c, m], [c, c, m]);
    expect(places).toEqual([0, -1, 1]);
    expect(placeFor(1, places, 2)).toBe(1);
    expect(placed(1, 1, places)).toEqual([0, 1, 2]);
    expect(placeFor(0, [-1, -1], 5)).toBe(5);
    expect(placeFor(1, [3, -1], 5)).toBe(4);
  });

  it('are made ahead: one of the rare type is never out of reach', () => {
    expect(spareNeeded([c, c, c], m)).toBe(-1);
    expect(spareNeeded([c, c, c, c], m)).toBe(3);
    expect(spareNeeded([c, m, c, c, c, c], m)).toBe(5);
    expect(spareNeeded([c, c, c, m, c, c, c], m)).toBe(-1);
  });

  it('are made ahead: some are left behind the last one that is needed', () => {
    const spares = Array.from({ length: SPARES }, () => c);
    expect(spareLacking([c, ...spares], [0], c)).toBe(false);
    expect(spareLacking([c, ...spares], [0, 1], c)).toBe(true);
    expect(spareLacking([c, m, ...spares.slice(1), m], [0], c)).toBe(true);
    expect(spareLacking([], [], c)).toBe(true);
    expect(spareLacking(spares, [], c)).toBe(false);
  });
});
