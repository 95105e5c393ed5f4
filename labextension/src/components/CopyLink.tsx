import React, { useRef, useState } from 'react';

import { isLocal, type Translations } from '../tokens';

/** Put text on the clipboard; `false` where the browser refuses (plain http, for instance). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** What to say of a link that nobody else can open. */
export function localHint(trans: Translations): string {
  return trans.__(
    'Only this machine can open this address. Open the server by the name that others know it by, and send that link.'
  );
}

/** A link to read, and a button that copies it. Where the browser cannot copy, the text is selected instead. */
export function CopyLink(props: {
  link: string;
  label: string;
  trans: Translations;
  /** It is there to be sent to somebody. */
  shared?: boolean;
}): JSX.Element {
  const { link, label, trans } = props;
  const field = useRef<HTMLInputElement>(null);
  const [told, tell] = useState('');
  const copy = async (): Promise<void> => {
    const copied = await copyText(link);
    if (!copied) {
      field.current?.select();
    }
    tell(copied ? trans.__('Copied') : trans.__('Press Ctrl+C to copy'));
  };
  return (
    <div className="jp-Interview-copy">
      <input
        ref={field}
        className="jp-mod-styled"
        readOnly
        value={link}
        aria-label={label}
        data-testid="interview-link"
        onFocus={event => event.target.select()}
      />
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        onClick={copy}
        data-testid="interview-copy"
      >
        {trans.__('Copy link')}
      </button>
      <span role="status">{told}</span>
      {props.shared && isLocal(link) && (
        <p className="jp-Interview-hint" data-testid="interview-local">
          {localHint(trans)}
        </p>
      )}
    </div>
  );
}
