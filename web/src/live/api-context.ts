import { createContext } from 'preact';
import { Api, type Me } from '../api.ts';

export const ApiContext = createContext(new Api((...request) => fetch(...request), Date.now, signIn));

/** Who is signed in; undefined until the portal has said it. */
export const MeContext = createContext<Me | undefined>(undefined);

/** Goes to the sign-in, which leads back to this page. */
function signIn(): void {
  location.assign(`sign-in?return_to=${encodeURIComponent(`/${location.hash}`)}`);
}
