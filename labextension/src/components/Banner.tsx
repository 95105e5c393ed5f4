import React from 'react';

import type { ChannelState } from '../channel';
import type { Translations } from '../tokens';

import { useTicker } from './hooks';

/** What the document provider is doing: its socket is separate from the channel's. */
export type DocumentState = 'synced' | 'lost' | 'stopped' | 'refused';

export interface BannerProps {
  channel: ChannelState;
  document: DocumentState;
  /** Why the server refused something, as it says it. */
  reason?: string;
  /** Address where one logs in. */
  login: string;
  /** So many chat messages were not taken over. */
  unsent: number;
  /** The connection was lost and is not back yet. */
  lost: boolean;
  /** The connection came back a moment ago. */
  recovered: boolean;
  /** The server takes long to store what happens. */
  late: boolean;
  /** A note from before a reload. */
  note: string | null;
  trans: Translations;
  onDismiss: () => void;
  onReload: () => void;
}

/** One line about the connection; nothing while all is well. */
export function Banner(props: BannerProps): JSX.Element | null {
  const { channel, document, trans } = props;
  useTicker(channel.kind === 'waiting');
  const text = bannerText(props);
  if (!text) {
    return null;
  }
  const kind =
    channel.kind === 'stopped' ? 'stopped' : isWell(channel, document) && !props.late ? 'well' : 'lost';
  return (
    <div className={`jp-Interview-banner jp-mod-${kind}`} role="status" data-testid="interview-banner">
      <span>{text}</span>
      {channel.kind === 'stopped' && channel.reason === 'loggedout' && (
        <a className="jp-Interview-button" href={props.login} data-testid="interview-log-in">
          {trans.__('Log in again')}
        </a>
      )}
      {document === 'refused' && (
        <button type="button" className="jp-mod-styled" onClick={props.onReload}>
          {trans.__('Reload the page')}
        </button>
      )}
      {props.note && isWell(channel, document) && (
        <button type="button" className="jp-mod-styled" onClick={props.onDismiss}>
          {trans.__('Close')}
        </button>
      )}
    </div>
  );
}

function isWell(channel: ChannelState, document: DocumentState): boolean {
  return channel.kind === 'open' && document === 'synced';
}

/** The text of the banner; the empty string when there is nothing to say. */
export function bannerText(props: Omit<BannerProps, 'onDismiss' | 'onReload' | 'login'>): string {
  const { channel, document, trans } = props;
  if (channel.kind === 'stopped') {
    const text = {
      removed: trans.__('An interviewer removed you from this interview.'),
      ended: '',
      gone: trans.__('You are no longer in this interview. Open its link again to ask for a seat.'),
      loggedout: trans.__('You were logged out: by a new password, for instance, or in another window.')
    }[channel.reason];
    return text && `${text} ${fateText(props)}`.trim();
  }
  if (document === 'refused') {
    const text = trans.__(
      'Your last edit was refused. Reload the page to see the notebook as the others see it.'
    );
    return props.reason ? `${props.reason} ${text}` : text;
  }
  if (channel.kind === 'waiting' || (channel.kind === 'connecting' && props.lost)) {
    const left = channel.kind === 'waiting' ? channel.retryAt - Date.now() : 0;
    const seconds = Math.max(0, Math.ceil(left / 1000));
    return seconds
      ? trans.__('Connection lost, trying again in %1 s. Your changes are kept.', seconds)
      : trans.__('Connection lost, trying again. Your changes are kept.');
  }
  if (document === 'lost') {
    return trans.__('The notebook is not connected, trying again. Your changes are kept.');
  }
  if (props.late) {
    return trans.__(
      'The server takes long to store what you do. It is kept here, and others see it once it is stored.'
    );
  }
  return props.note ?? (props.recovered ? trans.__('Reconnected.') : '');
}

/** What became of what was typed, for somebody who is not let in any more. */
function fateText({
  channel,
  lost,
  unsent,
  trans
}: Omit<BannerProps, 'onDismiss' | 'onReload' | 'login'>): string {
  const parts: string[] = [];
  if (lost) {
    parts.push(trans.__('What you typed since the connection was lost was not stored: copy it from here.'));
  } else if (channel.kind === 'stopped' && channel.reason === 'loggedout') {
    parts.push(trans.__('What you typed until then is stored.'));
  }
  if (unsent > 0) {
    parts.push(trans._n('A chat message was not sent.', '%1 chat messages were not sent.', unsent, unsent));
  }
  return parts.join(' ');
}
