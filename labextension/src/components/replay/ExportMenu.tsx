import React, { useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';

import type { ExportFormat } from '../../replay/record';
import type { Translations } from '../../tokens';

import { Icon } from './Icon';

/** Address of a download; `null` where there is none at this moment. */
export type ExportUrl = (format: ExportFormat) => string | null;

/** Downloads of the interview. */
export function ExportMenu(props: { url: ExportUrl; trans: Translations }): JSX.Element {
  const { url, trans } = props;
  const [open, show] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) {
      return;
    }
    const outside = (event: Event): void => {
      const where = event.target as Node;
      if (!menu.current?.contains(where) && !button.current?.contains(where)) {
        show(false);
      }
    };
    menu.current?.querySelector<HTMLElement>('a')?.focus();
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);
  const label = trans.__('Export');
  const press = (event: React.KeyboardEvent): void => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      show(false);
      button.current?.focus();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const items = [...(menu.current?.querySelectorAll<HTMLElement>('a') ?? [])];
      const at = items.indexOf(document.activeElement as HTMLElement);
      const by = event.key === 'ArrowDown' ? 1 : -1;
      items[(at + by + items.length) % items.length]?.focus();
    }
  };
  return (
    <>
      <button
        ref={button}
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
      {open &&
        // The row that the button is in cuts off what hangs below it.
        createPortal(
          <div
            ref={menu}
            className="jp-Interview-menu"
            style={below(button.current)}
            role="menu"
            tabIndex={-1}
            aria-label={label}
            onKeyDown={press}
          >
            {choices(url, trans).map(([format, href, name, hint]) => (
              <a
                key={format}
                role="menuitem"
                tabIndex={-1}
                href={href ?? undefined}
                aria-disabled={href === null}
                download
                onClick={() => show(false)}
                data-testid={`interview-export-${format}`}
              >
                {name} <small>{hint}</small>
              </a>
            ))}
          </div>,
          document.body
        )}
    </>
  );
}

/** Of each download: format, address, name and what it is. */
function choices(url: ExportUrl, trans: Translations): [ExportFormat, string | null, string, string][] {
  const notebook = url('ipynb');
  return [
    [
      'ipynb',
      notebook,
      trans.__('Notebook'),
      notebook === null ? trans.__('has not begun at this moment') : trans.__('as it stands at this moment')
    ],
    ['html', url('html'), trans.__('Replay as one file'), trans.__('opens without a server')],
    ['jsonl', url('jsonl'), trans.__('Event log'), trans.__('every event, one a line')],
    ['zip', url('zip'), trans.__('Everything'), trans.__('for another server, or the archive')]
  ];
}

/** Where a menu hangs below its button: from the right edge, so that it stays on a narrow page. */
function below(button: HTMLElement | null): React.CSSProperties {
  const rect = button?.getBoundingClientRect();
  return rect ? { top: rect.bottom, right: Math.max(0, window.innerWidth - Math.max(rect.right, 208)) } : {};
}
