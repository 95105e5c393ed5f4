/**
 * How is somebody invited, and what became of the invitations so far?
 */
import React, { useCallback, useEffect, useState } from 'react';

import { type Invitation, messageOf, type NewInvitation, type Role } from '../api';
import { roleName } from '../format';
import type { Translations } from '../tokens';

import { CopyLink } from './CopyLink';
import { Failure } from './Failure';
import { useAction } from './hooks';

const ROLES: readonly Role[] = ['candidate', 'interviewer', 'spectator'];
const HOUR = 3_600;

export interface InviteProps {
  list: () => Promise<Invitation[]>;
  make: (wanted: NewInvitation) => Promise<Invitation>;
  revoke: (id: string) => Promise<void>;
  /** The whole address of an invitation. */
  link: (url: string) => string;
  trans: Translations;
  onClose: () => void;
}

/** Makes an invitation, shows its link once, and lists all with a way to take them back. */
export function Invite(props: InviteProps): JSX.Element {
  const { list, trans } = props;
  const [known, know] = useState<readonly Invitation[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [made, setMade] = useState<Invitation | null>(null);
  const look = useCallback(
    () =>
      list().then(
        found => {
          know(found);
          setError(null);
        },
        (reason: unknown) => setError(messageOf(reason))
      ),
    [list]
  );
  useEffect(() => void look(), [look]);
  const make = async (wanted: NewInvitation): Promise<void> => {
    setMade(await props.make(wanted));
    await look();
  };
  return (
    <div className="jp-Interview-invite">
      <NewInvitationForm trans={trans} make={make} />
      {made?.url !== undefined && (
        <section aria-label={trans.__('Link of the invitation')} aria-live="polite">
          <p>{trans.__('Copy this link now and send it to that person only: it is not shown again.')}</p>
          <CopyLink key={made.id} link={props.link(made.url)} label={trans.__('Link')} trans={trans} shared />
        </section>
      )}
      <Failure text={error} />
      <h3>{trans.__('Invitations so far')}</h3>
      {known === null && error === null && <p role="status">{trans.__('Looking…')}</p>}
      {known?.length === 0 && <p>{trans.__('None yet.')}</p>}
      {known !== null && known.length > 0 && (
        <ul aria-label={trans.__('Invitations')}>
          {known.map(invitation => (
            <Given
              key={invitation.id}
              invitation={invitation}
              trans={trans}
              onRevoke={async () => {
                await props.revoke(invitation.id);
                await look();
              }}
            />
          ))}
        </ul>
      )}
      <div className="jp-Interview-buttons">
        <button type="button" className="jp-mod-styled" onClick={props.onClose}>
          {trans.__('Close')}
        </button>
      </div>
    </div>
  );
}

function NewInvitationForm(props: {
  make: (wanted: NewInvitation) => Promise<void>;
  trans: Translations;
}): JSX.Element {
  const { trans } = props;
  const [role, setRole] = useState<Role>('candidate');
  const [uses, setUses] = useState('1');
  const [hours, setHours] = useState('');
  const { busy, error, act } = useAction();
  const wanted: NewInvitation = {
    role,
    max_uses: uses ? Number(uses) : null,
    ...(hours && { expires_in: Number(hours) * HOUR })
  };
  return (
    <form
      className="jp-Interview-form"
      onSubmit={event => {
        event.preventDefault();
        act(() => props.make(wanted));
      }}
    >
      <Choice label={trans.__('Role')} value={role} onChange={value => setRole(value as Role)}>
        {ROLES.map(each => [each, roleName(each, trans)])}
      </Choice>
      <Choice label={trans.__('Lets in')} value={uses} onChange={setUses}>
        {[
          ['1', trans.__('one person')],
          ['5', trans.__('5 people')],
          ['20', trans.__('20 people')],
          ['', trans.__('any number')]
        ]}
      </Choice>
      <Choice label={trans.__('Holds for')} value={hours} onChange={setHours}>
        {[
          ['1', trans.__('an hour')],
          ['24', trans.__('a day')],
          ['168', trans.__('a week')],
          ['', trans.__('as long as the interview')]
        ]}
      </Choice>
      <Failure text={error} />
      <button
        type="submit"
        className="jp-mod-styled jp-mod-accept"
        disabled={busy}
        data-testid="interview-invite-make"
      >
        {trans.__('Make the link')}
      </button>
    </form>
  );
}

function Choice(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  children: readonly (readonly string[])[];
}): JSX.Element {
  return (
    <label>
      {props.label}
      <select
        className="jp-mod-styled"
        value={props.value}
        onChange={event => props.onChange(event.target.value)}
      >
        {props.children.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Given(props: {
  invitation: Invitation;
  trans: Translations;
  onRevoke: () => Promise<void>;
}): JSX.Element {
  const { invitation, trans } = props;
  const { busy, error, act } = useAction();
  const role = roleName(invitation.role, trans);
  const ended = whyEnded(invitation, Date.now(), trans);
  return (
    <li>
      <span>
        {invitation.name ? `${role}: ${invitation.name}` : role}
        <small>
          {' '}
          · {[usesText(invitation, trans), ended ?? endText(invitation, trans)].filter(Boolean).join(' · ')}
        </small>
      </span>
      {ended === null && (
        <button
          type="button"
          className="jp-mod-styled"
          disabled={busy}
          onClick={() => act(props.onRevoke)}
          aria-label={trans.__('Revoke the invitation as %1', role)}
        >
          {trans.__('Revoke')}
        </button>
      )}
      <Failure text={error} />
    </li>
  );
}

function usesText({ uses, max_uses }: Invitation, trans: Translations): string {
  return max_uses === null
    ? trans.__('used %1 times', uses)
    : trans.__('used %1 of %2 times', uses, max_uses);
}

function endText({ expires_at }: Invitation, trans: Translations): string {
  return expires_at === null ? '' : trans.__('until %1', new Date(expires_at).toLocaleString());
}

/** Why an invitation lets nobody in any more; `null` while it does. */
export function whyEnded(invitation: Invitation, now: number, trans: Translations): string | null {
  const { revoked, expires_at, uses, max_uses } = invitation;
  if (revoked) {
    return trans.__('revoked');
  }
  if (max_uses !== null && uses >= max_uses) {
    return trans.__('used up');
  }
  return expires_at !== null && Date.parse(expires_at) <= now ? trans.__('expired') : null;
}
