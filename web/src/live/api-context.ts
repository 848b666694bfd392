import { createContext } from 'preact';
import { Api } from '../api.ts';

export const ApiContext = createContext(new Api((...request) => fetch(...request), Date.now));
