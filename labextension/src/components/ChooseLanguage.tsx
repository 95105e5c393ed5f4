import React, { useId } from 'react';

import type { Language } from '../api';
import type { Translations } from '../tokens';

/** The language that the form begins with: Python, else the first that can be had. */
export function preferred(languages: readonly Language[]): string {
  const available = languages.filter(one => one.available).map(one => one.name);
  return available.includes('python') ? 'python' : (available[0] ?? '');
}

/** All languages; what is missing for those that cannot be had is said below. */
export function ChooseLanguage(props: {
  languages: readonly Language[];
  value: string;
  onChange: (language: string) => void;
  trans: Translations;
}): JSX.Element {
  const { languages, trans } = props;
  const id = useId();
  const missing = languages.filter(one => !one.available);
  const reasons = new Map<string, string[]>();
  for (const { display_name, message } of missing) {
    const reason = message || trans.__('Ask who runs this server.');
    reasons.set(reason, [...(reasons.get(reason) ?? []), display_name]);
  }
  return (
    <>
      <label htmlFor={id}>{trans.__('Language')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        required
        value={props.value}
        onChange={event => props.onChange(event.target.value)}
        data-testid="interview-form-language"
      >
        {languages.map(one => (
          <option
            key={one.name}
            value={one.name}
            disabled={!one.available}
            title={one.available ? undefined : (one.message ?? '')}
          >
            {one.available ? one.display_name : trans.__('%1 – not available here', one.display_name)}
          </option>
        ))}
      </select>
      {missing.length > 0 && (
        <details
          className="jp-Interview-hint"
          open={missing.length === languages.length}
          data-testid="interview-form-missing"
        >
          <summary>
            {trans.__('Not available here: %1', missing.map(one => one.display_name).join(', '))}
          </summary>
          <ul>
            {[...reasons].map(([reason, names]) => (
              <li key={reason}>
                {names.length < languages.length && `${names.join(', ')}: `}
                {reason}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
