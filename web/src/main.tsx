import { render } from 'preact';
import { App } from './app.tsx';
import './styles/tokens.css';
import './styles/page.css';
import './styles/tables.css';
import './styles/controls.css';
import './styles/charts.css';

const host = document.getElementById('app');
if (host !== null) render(<App />, host);
