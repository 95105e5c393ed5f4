/**
 * What becomes of a link that leads out of a room, a replay, or a replay's file?
 *
 * These pages open no windows: a window of this server could be reached by script of the page, and what the page shows
 * comes from others. So a link is shown with its whole address, to be read and copied. A file has no server to protect,
 * and a reader who is as well served by seeing first where a link leads.
 */
import React from 'react';

import { CopyLink } from './components/CopyLink';
import { openModal } from './components/modal';
import type { Translations } from './tokens';

/** Show links out of the page instead of following them. */
export function showOutsideLinks(trans: Translations): void {
  const show = (event: MouseEvent): void => {
    const link = event.target instanceof Element ? event.target.closest('a, area') : null;
    const address = link && addressOf(link);
    if (event.defaultPrevented || !link || !address) {
      return;
    }
    if (!opensWindow(link, event) && !leadsOut(address, new URL(window.location.href))) {
      return;
    }
    event.preventDefault();
    void openModal(trans.__('A link to another page'), close => (
      <Outside address={address.href} trans={trans} onClose={close} />
    ));
  };
  document.addEventListener('click', show);
  // The middle button, which opens a window.
  document.addEventListener('auxclick', event => event.button === 1 && show(event));
}

/** Where a link leads, in HTML or SVG; `null` where it leads nowhere. */
function addressOf(link: Element): URL | null {
  const href = link.getAttribute('href') ?? link.getAttribute('xlink:href');
  return href === null ? null : parsed(href);
}

function parsed(href: string): URL | null {
  try {
    return new URL(href, document.baseURI);
  } catch {
    return null;
  }
}

function opensWindow(link: Element, event: MouseEvent): boolean {
  const target = link.getAttribute('target') ?? '';
  const byHand = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
  return !['', '_self'].includes(target.toLowerCase()) || byHand;
}

/**
 * Whether an address is not the page's own: of its server, or of a file, which has none, all but places in it.
 *
 * What the page made itself to be downloaded (`blob:`) is its own.
 */
export function leadsOut(address: URL, page: URL): boolean {
  if (address.protocol === 'blob:') {
    return false;
  }
  if (page.protocol === 'file:') {
    return address.href.split('#')[0] !== page.href.split('#')[0];
  }
  return address.origin !== page.origin;
}

function Outside(props: { address: string; trans: Translations; onClose: () => void }): JSX.Element {
  const { trans } = props;
  return (
    <div data-testid="interview-outside">
      <p>
        {trans.__('This page opens no other pages by itself. Copy the address and open it in a new tab.')}
      </p>
      <CopyLink link={props.address} label={trans.__('Address of the link')} trans={trans} />
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={props.onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}
