import { z } from 'zod';

/** Links of a page, perhaps with one of `rel: next`. */
export const linksSchema = z.array(z.object({ rel: z.string(), href: z.string() })).optional();
