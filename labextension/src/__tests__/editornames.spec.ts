import { nullTranslator } from '@jupyterlab/translation';

import { editorName } from '../editornames';

const trans = nullTranslator.load('');

describe('the name of an editor', () => {
  it('says of which cell it is, and of which kind', () => {
    document.body.innerHTML = `<div>
      <div class="jp-Cell jp-CodeCell"><i></i></div><hr>
      <div class="jp-Cell jp-MarkdownCell"><i></i></div>
      <div class="jp-Cell jp-RawCell"><i></i></div>
    </div>`;
    expect([...document.querySelectorAll('i')].map(dom => editorName(dom, trans))).toEqual([
      'Code of cell 1',
      'Markdown of cell 2',
      'Raw text of cell 3'
    ]);
  });

  it('is there before the editor has its place', () => {
    expect(editorName(document.createElement('i'), trans)).toBe('Source of a cell');
  });
});
