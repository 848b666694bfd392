import { useContext, useState } from 'preact/hooks';
import type { Me } from '../../api.ts';
import { DAY_MS } from '../../format.ts';
import { ApiContext } from '../../live/api-context.ts';
import { reasonOf } from '../../live/live-query.ts';
import { rolesForTokens, roleWords, type Role } from '../../live/roles.ts';

interface NewTokenFormProps {
  me: Me;
  onMade: () => void;
}

interface MadeToken {
  name: string;
  token: string;
}

const LIFETIMES = [
  { days: 30, label: 'in 30 days' },
  { days: 90, label: 'in 90 days' },
  { days: 365, label: 'in a year' },
  { days: 0, label: 'never' },
];

/** Makes a token with roles that the person has, and shows its secret once. */
export function NewTokenForm({ me, onMade }: NewTokenFormProps) {
  const api = useContext(ApiContext);
  const [made, setMade] = useState<MadeToken | undefined>(undefined);
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const make = async (form: HTMLFormElement) => {
    const roles = rolesForTokens(me);
    setFailure(undefined);
    setMade(undefined);
    try {
      const asked = tokenOf(new FormData(form), roles, api.nowMs());
      setMade({ name: asked.name, token: (await api.createToken(asked)).token });
      form.reset();
      onMade();
    } catch (error) {
      setFailure(reasonOf(error));
    }
  };
  return (
    <>
      <h3>A new token</h3>
      <form
        class="new-token"
        onSubmit={(event) => {
          event.preventDefault();
          void make(event.currentTarget);
        }}
      >
        <label class="select">
          <span>Program that will use it</span>
          <input name="name" type="text" required maxLength={100} autocomplete="off" />
        </label>
        <RoleChoice roles={rolesForTokens(me)} />
        <label class="select">
          <span>Expires</span>
          <select name="days">
            {LIFETIMES.map(({ days, label }) => (
              <option key={days} value={days}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="more">
          Make the token
        </button>
      </form>
      <div role="status">
        {failure !== undefined && <p class="notice notice-bad">{failure}</p>}
        {made !== undefined && <Secret made={made} />}
      </div>
    </>
  );
}

function RoleChoice({ roles }: { roles: readonly Role[] }) {
  return (
    <fieldset class="choice">
      <legend>Roles</legend>
      <div class="role-options">
        {roles.map((role, index) => (
          <label key={roleWords(role)}>
            <input name="role" type="checkbox" value={index} defaultChecked={index === 0} /> {roleWords(role)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function tokenOf(form: FormData, roles: readonly Role[], nowMs: number) {
  const chosen = form.getAll('role').flatMap((index) => roles[Number(index)] ?? []);
  if (chosen.length === 0) throw new Error('Choose at least one role for the token.');
  const days = Number(form.get('days'));
  const expires = days === 0 ? {} : { expires: new Date(nowMs + days * DAY_MS).toISOString() };
  const name = form.get('name');
  return { name: typeof name === 'string' ? name : '', roles: chosen, ...expires };
}

function Secret({ made: { name, token } }: { made: MadeToken }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(token);
    setCopied(true);
  };
  return (
    <div class="notice notice-good">
      <p>
        <strong>The token “{name}”.</strong> Copy it now: nobody can read it again.
      </p>
      <p class="secret">
        <code>{token}</code>{' '}
        <button type="button" class="more" onClick={() => void copy().catch(() => undefined)}>
          {copied ? 'Copied' : 'Copy'}
        </button>
      </p>
    </div>
  );
}
