import { type IRenderMime, MimeModel } from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { BoundedRegistry } from '../../budgets/registry';
import { countValues, Unfolding, UNFOLDED, UNFOLDED_IN_ALL } from '../../budgets/unfolding';

const JSON_TYPE = 'application/json';

/** A renderer that says whether it was to unfold what it shows. */
class Tree extends Widget implements IRenderMime.IRenderer {
  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { expanded } = model.metadata[JSON_TYPE] as { expanded?: boolean };
    this.node.dataset.expanded = String(expanded);
    return Promise.resolve();
  }
}

function makeRegistry(): BoundedRegistry {
  const registry = new BoundedRegistry({ trans: nullTranslator.load('') });
  registry.addFactory({ safe: true, mimeTypes: [JSON_TYPE], createRenderer: () => new Tree() });
  return registry;
}

function makeModel(data: unknown, metadata = { expanded: true }): MimeModel {
  return new MimeModel({ data: { [JSON_TYPE]: data as never }, metadata: { [JSON_TYPE]: metadata } });
}

/** A tree of so many values. */
const tree = (values: number): number[] => Array.from({ length: values - 1 }, (_, index) => index);

describe('the values of JSON', () => {
  it.each([
    [1, 1],
    [[], 1],
    [{ a: [1, 2], b: null }, 5],
    ['text', 1]
  ])('are counted, %j as well', (value, count) => {
    expect(countValues(value, 100)).toBe(count);
  });

  it('are counted no further than is asked for', () => {
    expect(countValues(tree(1_000_000), 10)).toBeGreaterThan(10);
    expect(countValues({ a: { b: { c: [1, 2, 3] } } }, 3)).toBe(4);
  });
});

describe('what is unfolded', () => {
  it('is as much as can be looked at, in an output and in the page', () => {
    const unfolding = new Unfolding();
    const first = new Tree();
    expect(unfolding.takes(first, UNFOLDED + 1)).toBe(false);
    const rest = UNFOLDED_IN_ALL / UNFOLDED - 1;
    expect(unfolding.takes(first, UNFOLDED)).toBe(true);
    expect(Array.from({ length: rest }, () => unfolding.takes(new Tree(), UNFOLDED))).not.toContain(false);
    expect(unfolding.takes(new Tree(), 1)).toBe(false);
    expect(unfolding.takes(first, UNFOLDED)).toBe(true);
    first.dispose();
    expect(unfolding.takes(new Tree(), UNFOLDED)).toBe(true);
    expect(unfolding.takes(new Tree(), 0)).toBe(false);
  });

  it('is a short tree that asks for it, and not the next one when there are enough', async () => {
    const registry = makeRegistry();
    const shown: IRenderMime.IRenderer[] = [];
    const render = async (model: MimeModel): Promise<string | undefined> => {
      shown.push(registry.createRenderer(JSON_TYPE));
      await shown[shown.length - 1].renderModel(model);
      return shown[shown.length - 1].node.dataset.expanded;
    };
    expect(await render(makeModel(tree(UNFOLDED + 1)))).toBe('false');
    expect(await render(makeModel(tree(3), {} as never))).toBe('undefined');
    for (let count = 0; count < 10; count++) {
      expect(await render(makeModel(tree(UNFOLDED), { expanded: false }))).toBe('false');
    }
    const whole = UNFOLDED_IN_ALL / UNFOLDED;
    for (let count = 0; count < whole; count++) {
      expect(await render(makeModel(tree(UNFOLDED)))).toBe('true');
    }
    expect(await render(makeModel(tree(3)))).toBe('false');
    shown.forEach(renderer => renderer.dispose());
    expect(await render(makeModel(tree(3)))).toBe('true');
  });
});

it.each(['NaN', '0', 'false', 'null', '""'])('a value that is %s is shown as it was written', async text => {
  const renderer = makeRegistry().createRenderer(JSON_TYPE);
  await renderer.renderModel(makeModel({ $json: text }));
  expect(renderer.node.textContent).toBe(text);
  await renderer.renderModel(makeModel({ $json: '[1]' }));
  expect(renderer.node.textContent).toBe('');
});
