import React from 'react';

import type { Translations } from '../tokens';

/** What somebody who was logged out is told, and where they log in: in a window of its own, what is typed here stays. */
export function LoggedOut(props: { login: string; trans: Translations }): JSX.Element {
  const { login, trans } = props;
  return (
    <span className="jp-Interview-error" role="alert" data-testid="interview-logged-out">
      {trans.__('You were logged out: by a new password, for instance, or in another window.')}{' '}
      <a href={login} target="_blank" rel="noreferrer">
        {trans.__('Log in again')}
      </a>
    </span>
  );
}

/** A line for a refused action. */
export function Failure(props: { text: string | null }): JSX.Element | null {
  return props.text ? (
    <span className="jp-Interview-error" role="alert">
      {props.text}
    </span>
  ) : null;
}
