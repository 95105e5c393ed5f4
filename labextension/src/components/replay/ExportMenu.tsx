import React, { useEffect, useRef, useState } from 'react';

import type { ExportFormat } from '../../replay/record';
import type { Translations } from '../../tokens';

import { Icon } from './Icon';

/** Downloads of the interview. */
export function ExportMenu(props: {
  url: (format: ExportFormat) => string;
  trans: Translations;
}): JSX.Element {
  const { url, trans } = props;
  const [open, show] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) {
      return;
    }
    const outside = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) {
        show(false);
      }
    };
    box.current?.querySelector<HTMLElement>('a')?.focus();
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);
  const formats: [ExportFormat, string, string][] = [
    ['ipynb', trans.__('Notebook'), trans.__('as it stands at this moment')],
    ['html', trans.__('Replay as one file'), trans.__('opens without a server')],
    ['jsonl', trans.__('Event log'), trans.__('every event, one a line')],
    ['zip', trans.__('Everything'), trans.__('for another server, or the archive')]
  ];
  const label = trans.__('Export');
  return (
    <div
      ref={box}
      className="jp-Interview-menuBox"
      onKeyDown={event => {
        if (open && (event.key === 'Escape' || event.key === 'Tab')) {
          show(false);
          box.current?.querySelector('button')?.focus();
        } else if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
          event.preventDefault();
          const items = [...(box.current?.querySelectorAll<HTMLElement>('a') ?? [])];
          const at = items.indexOf(document.activeElement as HTMLElement);
          const by = event.key === 'ArrowDown' ? 1 : -1;
          items[(at + by + items.length) % items.length]?.focus();
        }
      }}
      role="presentation"
    >
      <button
        type="button"
        className="jp-mod-styled jp-Interview-iconButton"
        title={label}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => show(!open)}
        data-testid="interview-replay-export"
      >
        <Icon name="download" />
      </button>
      {open && (
        <div className="jp-Interview-menu" role="menu" aria-label={label}>
          {formats.map(([format, name, hint]) => (
            <a
              key={format}
              role="menuitem"
              tabIndex={-1}
              href={url(format)}
              download
              onClick={() => show(false)}
              data-testid={`interview-export-${format}`}
            >
              {name} <small>{hint}</small>
            </a>
          ))}
        </div>
      )}
    </div>
  );
}
