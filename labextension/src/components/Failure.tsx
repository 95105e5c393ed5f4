import React from 'react';

/** A line for a refused action. */
export function Failure(props: { text: string | null }): JSX.Element | null {
  return props.text ? (
    <span className="jp-Interview-error" role="alert">
      {props.text}
    </span>
  ) : null;
}
