/** The pages that share most of their code, and load together. */
export { QualityPage } from './quality.tsx';
export { SitePage } from './site.tsx';
