import React from 'react';

/** Shapes in a square of 24; they take the colour of the text around them. */
const PATHS = {
  play: 'M7 4.5v15l12.5-7.5z',
  pause: 'M6 5h4.5v14H6zM13.5 5H18v14h-4.5z',
  back: 'M15.5 5.5 9 12l6.5 6.5-1.6 1.6L5.8 12l8.1-8.1z',
  on: 'M8.5 5.5 15 12l-6.5 6.5 1.6 1.6L18.2 12l-8.1-8.1z',
  link: 'M3.9 12a3.1 3.1 0 0 1 3.1-3.1h4V7H7a5 5 0 0 0 0 10h4v-1.9H7A3.1 3.1 0 0 1 3.9 12zM8 13h8v-2H8zm9-6h-4v1.9h4a3.1 3.1 0 0 1 0 6.2h-4V17h4a5 5 0 0 0 0-10z',
  bookmark: 'M6 3h12v18l-6-4.5L6 21z',
  fork: 'M7 3a3 3 0 0 1 1 5.8V11h8V8.8a3 3 0 1 1 2 0V13h-5v2.2a3 3 0 1 1-2 0V13H6V8.8A3 3 0 0 1 7 3z',
  download: 'M11 3h2v9l3.6-3.5L18 10l-6 6-6-6 1.4-1.5L11 12zM5 18h14v2.5H5z',
  help: 'M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm1 16h-2v-2h2zm2-7.2-.9 1A3.5 3.5 0 0 0 13 14.5h-2v-.6c0-1 .4-2 1.2-2.7l1.2-1.3A2 2 0 1 0 10 8.5H8a4 4 0 1 1 7 2.3z',
  refresh: 'M12 5V1.5L7 6.5l5 5V7.5a4.6 4.6 0 1 1-4.6 4.6H5A7.1 7.1 0 1 0 12 5z'
} as const;

export type IconName = keyof typeof PATHS;

export function Icon(props: { name: IconName }): JSX.Element {
  return (
    <svg className="jp-Interview-icon" viewBox="0 0 24 24" width="16" height="16" aria-hidden="true">
      <path fill="currentColor" d={PATHS[props.name]} />
    </svg>
  );
}
