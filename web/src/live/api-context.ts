import { createContext } from 'preact';
import { Api, type Me } from '../api.ts';
import { News } from './news.ts';

export const ApiContext = createContext(new Api((...request) => fetch(...request), Date.now, signIn));

export const NewsContext = createContext(new News(() => new EventSource('api/v1/events')));

/** Who is signed in; undefined until the portal has said it. */
export const MeContext = createContext<Me | undefined>(undefined);

/** A form that the browser sends leaves this page. */
let isLeaving = false;
addEventListener('submit', ({ defaultPrevented }) => (isLeaving = !defaultPrevented));

/** Goes to the sign-in, which leads back to this page. A question that is refused during a sign-out changes nothing. */
function signIn(): void {
  if (isLeaving) return;
  location.assign(`sign-in?return_to=${encodeURIComponent(`/${location.hash}`)}`);
}
