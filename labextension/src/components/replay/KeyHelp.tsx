import React from 'react';

import { KEYS } from '../../replay/keys';
import type { Translations } from '../../tokens';

/** The keys of the replay. */
export function KeyHelp(props: { trans: Translations; onClose: () => void }): JSX.Element {
  const { trans, onClose } = props;
  return (
    <div data-testid="interview-replay-keys">
      <table className="jp-Interview-keys">
        <tbody>
          {KEYS.map(({ names, text }) => (
            <tr key={names[0]}>
              <td>
                {names.map(name => (
                  <kbd key={name}>{name}</kbd>
                ))}
              </td>
              <th scope="row">{text(trans)}</th>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}
