/**
 * Which pictures stand for our things? They take their colours from the theme.
 */
import { LabIcon } from '@jupyterlab/ui-components';

const svg = (path: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" d="${path}"/></svg>`;

export const interviewIcon = new LabIcon({
  name: 'jupyter-interview:interview',
  svgstr: svg(
    'M4 4h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9l-4 3.5V14H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zm15 5h1a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2h-1v3l-4-3h-4v-2h6a2 2 0 0 0 2-2z'
  )
});

export const pastIcon = new LabIcon({
  name: 'jupyter-interview:past',
  svgstr: svg(
    'M13 3a9 9 0 0 0-9 9H1l4 4 4-4H6a7 7 0 1 1 2 5l-1.5 1.4A9 9 0 1 0 13 3zm-1 5v5l4.3 2.5.7-1.2-3.5-2.1V8z'
  )
});
