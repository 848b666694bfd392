import { render } from 'preact';
import { App } from './app.tsx';
import './styles/tokens.css';
import './styles/page.css';
import './styles/tables.css';
import './styles/controls.css';
import './styles/charts.css';
import './styles/quality.css';
import './styles/print.css';

const host = document.getElementById('app');
if (host !== null) {
  render(<App />, host);
  // The browser may keep a page that was left, and show it again after the sign-out. It keeps an empty one.
  addEventListener('pagehide', () => render(null, host));
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}
