import { nullTranslator } from '@jupyterlab/translation';

import { ApiError } from '../../api';
import { Notice } from '../../replaypage/notice';

const trans = nullTranslator.load('jupyter_interview');

describe('Notice', () => {
  it('says what is waited for, and how far it is', () => {
    const root = document.createElement('div');
    const notice = new Notice(root, trans);
    expect(root.querySelector('[role=status]')?.textContent).toBe('Loading the replay…');
    notice.progress(0.256);
    expect(root.textContent).toBe('The replay of a long interview is being prepared: 26 %');
    notice.dispose();
    expect(root.childElementCount).toBe(0);
  });

  it('says why there is nothing to see, in place of whatever was there', () => {
    const root = document.createElement('div');
    const notice = new Notice(root, trans);
    notice.dispose();
    root.append(document.createElement('main'));
    notice.fail(new ApiError(404, 'not_found', 'No such <b>interview</b>.'), true);
    const alert = root.querySelector('[role=alert]');
    expect(root.childElementCount).toBe(1);
    expect(alert?.textContent).toContain('The replay could not be opened: No such <b>interview</b>.');
    expect(alert?.querySelector('button')?.textContent).toBe('Try again');
  });

  it('offers no other try where there is no server', () => {
    const root = document.createElement('div');
    new Notice(root, trans).fail(new Error('damaged'), false);
    expect(root.querySelector('button')).toBeNull();
  });
});
